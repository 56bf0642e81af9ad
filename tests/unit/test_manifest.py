"""Record tables on disk: what is written is what is read, and anything else is refused with its name."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.unit.test_files import full_disk

from fgresq.errors import ManifestError, OutputError
from fgresq.manifest import (
    SCHEMA,
    Manifest,
    check,
    images_from_csv,
    joined,
    pairs_from_csv,
    read_manifest,
    write_csv,
    write_manifest,
)
from fgresq.records import ImageRecord, Pair, Preference, RestorationTask


def image(identity: str, content: str = "one", **other: Any) -> ImageRecord:
    values: dict[str, Any] = {
        "image_id": identity,
        "path": f"images/{identity}.png",
        "source": "first",
        "task": RestorationTask.DENOISING,
        "content": content,
        "algorithm": "mean, of 3x3",
        **other,
    }
    return ImageRecord(**values)


IMAGES = (
    image("a", mos=1520.0648, reference="pristine/one.png"),
    image("b", mos=-0.1),
    image('q"uoted, näme 大'),
    image("d", "two", task=RestorationTask.SUPER_RESOLUTION, source="second", mos=0.1 + 0.2),
    image("e", "two", task=RestorationTask.SUPER_RESOLUTION, source="second"),
)
PAIRS = (
    Pair("a", "b", Preference.A),
    Pair("b", 'q"uoted, näme 大', Preference.EQUAL),
    Pair("e", "d", Preference.B),
    Pair("d", "e", None),
)
ABOUT = {"labels": "made up", "licence": "none needed", "counts": [5, 4], "größe": "大"}


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    manifest = Manifest(tmp_path / "data", IMAGES, PAIRS, ABOUT)
    manifest.root.mkdir()
    write_manifest(manifest)
    return manifest


def test_what_is_written_is_read(manifest: Manifest) -> None:
    assert read_manifest(manifest.root) == manifest
    assert {path.name for path in manifest.root.iterdir()} == {"images.parquet", "pairs.parquet", "manifest.json"}


def test_an_empty_manifest_is_one(tmp_path: Path) -> None:
    empty = Manifest(tmp_path, (), (), {})
    write_manifest(empty)
    assert read_manifest(tmp_path) == empty


def test_paths_start_from_the_folder_unless_they_are_absolute(manifest: Manifest) -> None:
    assert manifest.path_of(IMAGES[0]) == manifest.root / "images" / "a.png"
    assert manifest.path_of(replace(IMAGES[0], path="/elsewhere/a.png")) == Path("/elsewhere/a.png")


def test_the_same_records_make_the_same_hashes(manifest: Manifest, tmp_path: Path) -> None:
    again = replace(manifest, root=tmp_path)
    write_manifest(again)
    first, second = (json.loads((m.root / "manifest.json").read_text()) for m in (manifest, again))
    assert first == second
    for name, digest in first["sha256"].items():
        assert digest == hashlib.sha256((tmp_path / f"{name}.parquet").read_bytes()).hexdigest()


def change(manifest: Manifest, edit: Callable[[dict[str, Any]], object]) -> None:
    path = manifest.root / "manifest.json"
    document = json.loads(path.read_text())
    edit(document)
    path.write_text(json.dumps(document))


def put(manifest: Manifest, name: str, content: bytes) -> None:
    """A table made by another program, with its right hash."""
    (manifest.root / f"{name}.parquet").write_bytes(content)
    change(manifest, lambda document: document["sha256"].update({name: hashlib.sha256(content).hexdigest()}))


def put_table(manifest: Manifest, name: str, table: pl.DataFrame) -> None:
    path = manifest.root / "table"
    table.write_parquet(path)
    content = path.read_bytes()
    path.unlink()
    put(manifest, name, content)


def refuse(manifest: Manifest, message: str) -> None:
    with pytest.raises(ManifestError, match=message) as caught:
        read_manifest(manifest.root)
    assert str(caught.value).startswith(str(manifest.root))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["images", "pairs"])
def test_a_changed_table_is_not_read(manifest: Manifest, name: str) -> None:
    path = manifest.root / f"{name}.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    refuse(manifest, rf"{name}\.parquet: doesn't match the SHA-256 in manifest\.json")
    path.unlink()
    refuse(manifest, rf"{name}\.parquet: can't be read \(No such file")


def test_a_table_without_a_hash_is_not_read(manifest: Manifest) -> None:
    change(manifest, lambda document: document["sha256"].pop("pairs"))
    refuse(manifest, r"pairs\.parquet: doesn't match the SHA-256")


@pytest.mark.parametrize("schema", [SCHEMA + 1, 0, "1", None])
def test_another_schema(manifest: Manifest, schema: object) -> None:
    change(manifest, lambda document: document.update(schema=schema))
    refuse(manifest, rf"manifest\.json: has schema {schema!r}; this version of fgresq reads {SCHEMA}")


@pytest.mark.parametrize("key", ["sha256", "about"])
def test_parts_of_the_json_that_are_something_else(manifest: Manifest, key: str) -> None:
    change(manifest, lambda document: document.update({key: "nothing"}))
    refuse(manifest, rf"manifest\.json: {key} must be an object")


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b"\xff\xfe", b"nothing"])
def test_what_is_no_json_of_ours(manifest: Manifest, content: bytes) -> None:
    (manifest.root / "manifest.json").write_bytes(content)
    refuse(manifest, r"manifest\.json: (isn't readable JSON|has schema None)")


def test_a_folder_without_a_manifest(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(ManifestError, match=r"holds no manifest\.json; a data set's folder is needed"):
            read_manifest(folder)
    (tmp_path / "file").write_text("text")
    with pytest.raises(ManifestError, match=r"file/manifest\.json: isn't readable JSON"):
        read_manifest(tmp_path / "file")


def test_a_table_that_is_no_parquet(manifest: Manifest) -> None:
    put(manifest, "pairs", b"image_a,image_b\na,b\n")
    refuse(manifest, r"pairs\.parquet: can't be read as Parquet")


def table_of(name: str, **columns: object) -> pl.DataFrame:
    rows: dict[str, object] = {"image_a": ["a", "b"], "image_b": ["b", "a"], "preference": ["A", "equal"]}
    if name == "images":
        rows = {
            "image_id": ["a", "b"],
            "path": ["a.png", "b.png"],
            "source": ["s", "s"],
            "task": ["Denoising", "Denoising"],
            "content": ["c", "c"],
            "algorithm": ["x", "y"],
        }
    return pl.DataFrame({key: value for key, value in {**rows, **columns}.items() if value is not None})


@pytest.mark.parametrize(
    ("name", "columns", "message"),
    [
        ("pairs", {"preference": ["A", "better"]}, "1 rows are wrong: row 2: 'better' isn't a Preference; known: A, B"),
        ("pairs", {"preference": ["C", "a"]}, "2 rows are wrong: row 1: 'C' isn't a Preference.*; row 2: 'a' isn't"),
        ("pairs", {"preference": [1, 2]}, r"columns that aren't text, or numbers for mos: preference \(Int64\)"),
        ("pairs", {"image_a": ["a", None]}, "row 2: image_a is empty"),
        ("pairs", {"image_b": None}, "lacks the columns image_b; found image_a, preference"),
        ("pairs", {"image_b": ["b", "z"]}, "pairs name images that aren't in the table of images: z"),
        ("images", {"task": ["Denoise", "Denoising"]}, "row 1: 'Denoise' isn't a RestorationTask; did you mean Den"),
        ("images", {"content": ["", "c"]}, "row 1: content is empty"),
        ("images", {"mos": [1.0, float("nan")]}, "row 2: mos is nan; leave it empty when it is unknown"),
        ("images", {"mos": [float("-inf"), 2.0]}, "row 1: mos is -inf"),
        ("images", {"mos": ["high", "1"]}, "row 1: could not convert string to float: 'high'"),
        ("images", {"mos": [[1.0], [2.0]]}, r"columns that aren't text, or numbers for mos: mos \(List"),
        ("images", {"image_id": ["a", "a"]}, "image identities that occur twice: a"),
        ("images", {"source": ["s", "t"]}, "contents that stand in two sources: c"),
        ("images", {"path": None, "task": None}, "lacks the columns path, task; found image_id, source"),
    ],
)
def test_tables_that_say_something_wrong(
    manifest: Manifest, name: str, columns: dict[str, object], message: str
) -> None:
    for each in ("images", "pairs"):
        put_table(manifest, each, table_of(each, **(columns if each == name else {})))
    refuse(manifest, message)


def test_tables_of_other_programs_may_be_fuller_and_emptier(manifest: Manifest) -> None:
    put_table(manifest, "images", table_of("images", mos=[3, 4], reference=[None, None], camera=["x", "y"]))
    put_table(manifest, "pairs", table_of("pairs", preference=None))
    read = read_manifest(manifest.root)
    assert [image.mos for image in read.images] == [3.0, 4.0]
    assert [type(image.mos) for image in read.images] == [float, float]
    assert [pair.preference for pair in read.pairs] == [None, None]


def test_many_mistakes_are_counted_and_the_first_named(manifest: Manifest) -> None:
    count = 30
    bad = pl.DataFrame({"image_a": ["a"] * count, "image_b": ["b"] * count, "preference": ["x"] * count})
    put_table(manifest, "pairs", bad)
    refuse(manifest, r"30 rows are wrong: row 1: .*; row 10: .*and 20 more$")


def test_pairs_of_one_content_may_cross_tasks(tmp_path: Path) -> None:
    images = (image("a"), image("b", task=RestorationTask.DERAINING))
    write_manifest(Manifest(tmp_path, images, (Pair("a", "b"),), {}))
    assert read_manifest(tmp_path).pairs == (Pair("a", "b"),)


@pytest.mark.parametrize(
    ("images", "pairs", "message"),
    [
        ((*IMAGES, IMAGES[0]), PAIRS, "image identities that occur twice: a"),
        (IMAGES, (Pair("a", "x"),), "pairs name images that aren't in the table of images: x"),
        (IMAGES, (Pair("a", "a"),), r"pairs of one image with itself, or of two contents: a \| a"),
        (IMAGES, (Pair("a", "d"),), r"of two contents: a \| d"),
        ((image("a"), image("b", source="second")), (), "contents that stand in two sources: one"),
    ],
)
def test_records_that_contradict_one_another_are_neither_written_nor_read(
    tmp_path: Path, images: tuple[ImageRecord, ...], pairs: tuple[Pair, ...], message: str
) -> None:
    with pytest.raises(ManifestError, match=f"^here: .*{message}"):
        check(images, pairs, "here")
    with pytest.raises(ManifestError, match=message):
        write_manifest(Manifest(tmp_path, images, pairs, {}))
    assert not list(tmp_path.iterdir())


def test_a_broken_run_leaves_no_valid_manifest(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path, IMAGES, PAIRS, {})
    with full_disk(200), pytest.raises(OutputError, match=r"images\.parquet: can't be written \(File too large\)"):
        write_manifest(manifest)
    assert not list(tmp_path.iterdir())
    with pytest.raises(OutputError, match="there is no folder"):
        write_manifest(replace(manifest, root=tmp_path / "absent"))


def test_csv_out_and_in(tmp_path: Path) -> None:
    write_csv(tmp_path / "images.csv", IMAGES)
    write_csv(tmp_path / "pairs.csv", PAIRS)
    assert (tmp_path / "images.csv").read_text().startswith("image_id,path,source,task,content,algorithm,mos,reference")
    assert images_from_csv(tmp_path / "images.csv") == IMAGES
    assert pairs_from_csv(tmp_path / "pairs.csv") == PAIRS


def test_csv_without_what_may_be_absent(tmp_path: Path) -> None:
    (tmp_path / "images.csv").write_text(
        "algorithm,content,task,source,path,image_id,note\nx,c,Dehazing,s,001.png,001,hello\n"
    )
    (tmp_path / "pairs.csv").write_text("image_a,image_b\n001,002\n")
    (record,) = images_from_csv(tmp_path / "images.csv")
    assert (record.image_id, record.mos, record.reference) == ("001", None, None), "001 stays 001"
    assert pairs_from_csv(tmp_path / "pairs.csv") == (Pair("001", "002", None),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "can't be read as CSV"),
        ("image_a,image_b\nx,y,z,1\n", "can't be read as CSV"),
        ("first,second\nx,y\n", "lacks the columns image_a, image_b; found first, second"),
        (
            "image_a,image_b,preference\nx,y,maybe\nx,,A\n",
            "2 rows are wrong: row 1: 'maybe' isn't.*; row 2: image_b",
        ),
    ],
)
def test_csv_that_says_something_wrong(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "pairs.csv").write_text(text)
    with pytest.raises(ManifestError, match=rf"pairs\.csv: {message}") as caught:
        pairs_from_csv(tmp_path / "pairs.csv")
    assert "\n" not in str(caught.value)


def test_csv_that_is_not_there_or_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"absent\.csv: can't be read as CSV"):
        images_from_csv(tmp_path / "absent.csv")
    with pytest.raises(OutputError, match="there is no folder"):
        write_csv(tmp_path / "absent" / "images.csv", IMAGES)


def test_an_image_that_restores_nothing_has_no_task(tmp_path: Path) -> None:
    records = (image("a", task=None), image("b"))
    write_csv(tmp_path / "images.csv", records)
    assert images_from_csv(tmp_path / "images.csv") == records
    manifest = Manifest(tmp_path, records, (), {})
    write_manifest(manifest)
    assert read_manifest(tmp_path) == manifest


def test_data_sets_are_joined_where_they_lie(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "deep" / "two"
    for folder, names, content in ((one, "ab", "one"), (two, "xy", "two")):
        folder.mkdir(parents=True)
        images = tuple(replace(image(name), content=content, reference=f"{name}-ref.png") for name in names)
        write_manifest(Manifest(folder, images, (Pair(*names, Preference.A),), {"labels": f"by {content}."}))
    out = tmp_path / "out"
    out.mkdir()
    write_manifest(joined([read_manifest(one), read_manifest(two)], out))
    read = read_manifest(out)
    assert [of.image_id for of in read.images] == ["a", "b", "x", "y"]
    assert [pair.preference for pair in read.pairs] == [Preference.A] * 2
    assert read.path_of(read.images[2]).resolve() == (two / image("x").path).resolve()
    assert (out / str(read.images[0].reference)).resolve() == (one / "a-ref.png").resolve()
    assert read.about["labels"] == "by one. by two."
    with pytest.raises(ManifestError, match="occur twice: a"):
        joined([read_manifest(one), read_manifest(one)], out)
