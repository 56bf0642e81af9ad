"""pyiqa's meta CSVs: what is written comes back, and tables in the form of theirs are read."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from tests.unit.test_files import full_disk

from fgresq.errors import ManifestError, OutputError, UserError
from fgresq.meta_csv import MetaCsv, read_meta_csv, write_meta_csv
from fgresq.records import ImageRecord, RestorationTask, Split

IMAGES = (
    ImageRecord("a", "im/a, 1.png", "own", RestorationTask.DENOISING, "one", "mean", 0.1 + 0.2, "ref/one.png"),
    ImageRecord("b", 'im/b"2".png', "own", RestorationTask.DENOISING, "one", "näme 大", -1520.0648, "ref/one.png"),
    ImageRecord("c", "im/c.png", "own", None, "two", "mean", 3.0, "ref/two.png", scale="4"),
)
# In the form of pyiqa's own files: its headers and columns, with rows of ours.
KONIQ = "img_name,mos,std,official_split,c1\na.jpg,62.5,0.6,train,0\nb.jpg,24.25,0.7,test,1\nc.jpg,70,0.5,test,2\n"
CSIQ = "ref_name,dist_name,dmos\n1600.png,1600.AWGN.1.png,0.25\n1600.png,1600.AWGN.2.png,0.75\n"


def touched(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return touched(tmp_path / "data", *(name for image in IMAGES for name in (image.path, image.reference or "")))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "meta.csv"


def rooted(image: ImageRecord, root: Path, *, with_reference: bool) -> ImageRecord:
    return replace(
        image, path=str(root / image.path), reference=str(root / (image.reference or "")) if with_reference else None
    )


@pytest.mark.parametrize("references", [False, True])
def test_what_is_written_comes_back(root: Path, table: Path, references: bool) -> None:
    assert write_meta_csv(table, IMAGES, references=references) == ()
    images, not_kept = read_meta_csv(table, MetaCsv(root))
    assert images == tuple(rooted(image, root, with_reference=references) for image in IMAGES)
    assert not_kept == ("std",)


@pytest.mark.parametrize(
    ("references", "columns"),
    [(False, ["img_name", "mos", "std", "split"]), (True, ["ref_name", "dist_name", "mos", "std", "split"])],
)
def test_columns_are_where_loaders_look(table: Path, references: bool, columns: list[str]) -> None:
    sides = {"a": Split.TRAIN, "b": Split.TRAIN, "c": Split.TEST}
    write_meta_csv(table, IMAGES, references=references, sides=sides)
    found = pl.read_csv(table)
    assert found.columns[: len(columns)] == columns
    assert [name for name in found.columns if "split" in name] == ["split"]
    assert found["split"].to_list() == ["train", "train", "test"]
    assert found["mos"].to_list() == [image.mos for image in IMAGES]
    assert found[columns[-4]].to_list() == [image.path for image in IMAGES]


def test_images_that_cannot_be_written_are_named(table: Path) -> None:
    images = (
        *IMAGES,
        replace(IMAGES[0], image_id="no-mos", mos=None),
        replace(IMAGES[0], image_id="d", reference=None),
    )
    assert write_meta_csv(table, images) == ("no-mos",)
    assert len(pl.read_csv(table)) == 4
    assert write_meta_csv(table, images, references=True) == ("no-mos", "d")
    assert len(pl.read_csv(table)) == 3


def test_what_is_not_written_at_all(table: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="these images are of 2: other, own; choose one"):
        write_meta_csv(table, (*IMAGES, replace(IMAGES[0], image_id="d", source="other")))
    with pytest.raises(UserError, match="none of 1 images has a MOS and a reference"):
        write_meta_csv(table, [replace(IMAGES[0], reference=None)], references=True)
    assert not table.exists()
    with full_disk(50), pytest.raises(OutputError, match=r"meta\.csv: can't be written"):
        write_meta_csv(table, IMAGES)
    assert list(tmp_path.iterdir()) == []


def test_a_table_in_the_form_of_koniq(table: Path, tmp_path: Path) -> None:
    table.write_text(KONIQ, encoding="utf-8-sig")
    touched(tmp_path / "im", "a.jpg", "b.jpg", "c.jpg")
    images, not_kept = read_meta_csv(table, MetaCsv(tmp_path / "im", source="koniq"))
    assert [(image.image_id, image.mos) for image in images] == [("a.jpg", 62.5), ("b.jpg", 24.25), ("c.jpg", 70.0)]
    assert images[0] == ImageRecord(
        "a.jpg", str(tmp_path / "im" / "a.jpg"), "koniq", None, "koniq/a.jpg", "unknown", 62.5
    )
    assert not_kept == ("std", "official_split", "c1")
    how = MetaCsv(tmp_path / "im", source="koniq", task=RestorationTask.DEBLURRING, only=("official_split", "test"))
    side, _ = read_meta_csv(table, how)
    assert [(image.image_id, image.task) for image in side] == [
        ("b.jpg", RestorationTask.DEBLURRING),
        ("c.jpg", RestorationTask.DEBLURRING),
    ]


def test_a_table_in_the_form_of_csiq(table: Path, tmp_path: Path) -> None:
    table.write_text(CSIQ, encoding="utf-8")
    touched(tmp_path, "dst/1600.AWGN.1.png", "dst/1600.AWGN.2.png", "src/1600.png")
    how = MetaCsv(tmp_path / "dst", tmp_path / "src", "csiq")
    with pytest.raises(UserError, match="called dmos, of which mostly lower is better"):
        read_meta_csv(table, how)
    turned, not_kept = read_meta_csv(table, replace(how, turned_at=1.0))
    assert [image.mos for image in turned] == [0.75, 0.25]
    assert {image.content for image in turned} == {"csiq/1600.png"}
    assert {image.reference for image in turned} == {str(tmp_path / "src" / "1600.png")}
    assert not_kept == ()
    as_they_are, _ = read_meta_csv(table, replace(how, higher_is_better=True))
    assert [image.mos for image in as_they_are] == [0.25, 0.75]


@pytest.mark.parametrize(
    ("text", "how", "message"),
    [
        ("", {}, "holds no rows"),
        ("img_name,mos\n", {}, "holds no rows"),
        ("img_name\na.jpg\n", {}, "has 1 columns; names and labels are needed"),
        ("ref_name,dist_name\na.jpg,b.jpg\n", {}, "has 2 columns"),
        ("img_name,mos\na.jpg,good\n", {}, "1 rows are wrong: row 1: its label is 'good'; a number is needed"),
        ("img_name,mos\na.jpg,1\na.jpg,\n", {}, "row 2: its label is ''"),
        ("img_name,mos\na.jpg,nan\n", {}, "row 1: its label is 'nan'"),
        ("img_name,mos\na.jpg,1,2\n", {}, "row 1: has 3 fields, and the header 2"),
        ("img_name,mos\n,1\n", {}, "row 1: a name is empty"),
        ("img_name,mos,task\na.jpg,1,Denoisin\n", {}, "'Denoisin' isn't a RestorationTask; did you mean Denoising"),
        ("img_name,mos\na.jpg,1\ngone.jpg,2\n", {}, r"names 1 files that aren't there, of 2, below .*gone\.jpg"),
        ('img_name,mos\n"a.jpg,1\n', {}, "can't be read as CSV"),
        (KONIQ, {"only": ("offical_split", "test")}, "'offical_split'; did you mean official_split"),
        (KONIQ, {"only": ("official_split", "val")}, "no row has 'val' in official_split; found: test, train"),
        ("img_name,mos\na.jpg,1\n", {"only": ("split", "test")}, "'split'; it has none"),
        ("img_name,mos\na.jpg,1\n", {"source": None}, "has no column source, so the data set needs a name"),
        ("img_name,mos,source\na.jpg,1,\n", {"source": None}, "row 1: source is empty"),
        (CSIQ, {"turned_at": 1.0, "higher_is_better": True}, "turned and taken as they are at once"),
        (CSIQ, {"turned_at": float("inf")}, "can't be turned at inf"),
    ],
)
def test_tables_that_are_wrong(table: Path, tmp_path: Path, text: str, how: dict[str, object], message: str) -> None:
    table.write_text(text, encoding="utf-8")
    touched(tmp_path, "a.jpg")
    with pytest.raises(UserError, match=message) as caught:
        read_meta_csv(table, MetaCsv(**{"root": tmp_path, "source": "own", **how}))
    assert str(caught.value).startswith(str(table))


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"absent\.csv: can't be read as CSV"):
        read_meta_csv(tmp_path / "absent.csv", MetaCsv(tmp_path, source="own"))
    (tmp_path / "bytes.csv").write_bytes(b"img_name,mos\n\xff\xfe,1\n")
    with pytest.raises(ManifestError, match=r"bytes\.csv: can't be read as CSV"):
        read_meta_csv(tmp_path / "bytes.csv", MetaCsv(tmp_path, source="own"))
