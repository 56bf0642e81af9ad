import json
from pathlib import Path

import polars as pl
import pytest
from pydantic import ValidationError

from fgresq.data.fgrestore import FGRestoreSchema, read_fgrestore
from fgresq.errors import ManifestError
from fgresq.manifest import read_manifest, write_manifest
from fgresq.records import Preference, RestorationTask

IMAGES = [
    {"image": f"PIPAL/A{n}_{m}.bmp", "mos": 1500.5 + n + m, "source": "PIPAL", "task": "Denoising", "content": f"00{n}",
     "algorithm": f"m{m}"}
    for n in (1, 2) for m in (1, 2)
] + [
    {"image": f"QADS/img{m}.bmp", "mos": None, "source": "QADS", "task": "SuperResolution", "content": "001",
     "algorithm": f"m{m}"}
    for m in (1, 2)
]  # fmt: skip
PAIRS = [
    {"image_a": "PIPAL/A1_1.bmp", "image_b": "PIPAL/A1_2.bmp", "preference": 1},
    {"image_a": "PIPAL/A2_1.bmp", "image_b": "PIPAL/A2_2.bmp", "preference": 0},
    {"image_a": "QADS/img1.bmp", "image_b": "QADS/img2.bmp", "preference": 2},
]


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    if path.suffix == ".csv":
        pl.DataFrame(rows).write_csv(path)
    elif path.suffix == ".parquet":
        pl.DataFrame(rows).write_parquet(path)
    elif path.suffix == ".jsonl":
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    else:
        path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def read(folder, images=IMAGES, pairs=PAIRS, schema=None, suffix=".csv"):
    tables = write(folder / f"images{suffix}", images), write(folder / f"pairs{suffix}", pairs)
    return read_fgrestore(folder, *tables, schema)


def with_(rows, number, **fields):
    return [{**row, **fields} if place == number else row for place, row in enumerate(rows)]


@pytest.mark.parametrize("suffix", [".csv", ".json", ".jsonl", ".parquet"])
def test_reads_every_kind_of_table(tmp_path, suffix):
    manifest = read(tmp_path, suffix=suffix)
    assert [pair.preference for pair in manifest.pairs] == [Preference.A, Preference.B, Preference.EQUAL]
    first, last = manifest.images[0], manifest.images[-1]
    assert (first.image_id, first.path, first.mos) == ("PIPAL/A1_1.bmp", "PIPAL/A1_1.bmp", 1502.5)
    assert (first.task, first.algorithm, first.source) == (RestorationTask.DENOISING, "m1", "PIPAL")
    assert last.mos is None
    assert manifest.path_of(first) == tmp_path / "PIPAL/A1_1.bmp"
    assert manifest.about["labels"] == "people's preferences and MOS", "which weights trained on it will say"


def test_the_release_becomes_a_manifest_on_disk(tmp_path):
    manifest = read(tmp_path)
    write_manifest(manifest)
    assert read_manifest(tmp_path) == manifest


def test_contents_of_two_sources_may_have_one_name(tmp_path):
    manifest = read(tmp_path)
    assert {image.content for image in manifest.images} == {"PIPAL/001", "PIPAL/002", "QADS/001"}


def test_other_names_and_codes(tmp_path):
    schema = FGRestoreSchema(
        image="file",
        algorithm=None,
        preference="label",
        codes={-1: Preference.B, 1: Preference.A, 0: Preference.EQUAL},
        task_names={"denoise": RestorationTask.DENOISING},
    )
    images = [
        {"file" if key == "image" else key: "denoise" if value == "Denoising" else value for key, value in row.items()}
        for row in IMAGES
    ]
    pairs = [
        {"image_a": row["image_a"], "image_b": row["image_b"], "label": label}
        for row, label in zip(PAIRS, (1.0, -1.0, 0.0), strict=True)
    ]
    manifest = read(tmp_path, images, pairs, schema)
    assert [pair.preference for pair in manifest.pairs] == [Preference.A, Preference.B, Preference.EQUAL]
    assert {image.algorithm for image in manifest.images} == {"unknown"}
    assert manifest.images[0].task is RestorationTask.DENOISING


@pytest.mark.parametrize("suffix", [".csv", ".json", ".parquet"])
def test_missing_columns_are_named_with_those_found(tmp_path, suffix):
    images = [
        {"img_path" if key == "image" else key: value for key, value in row.items() if key != "mos"} for row in IMAGES
    ]
    with pytest.raises(
        ManifestError, match="lacks the columns image, mos; found img_path, source, task, content, algor"
    ):
        read(tmp_path, images, suffix=suffix)


def test_wrong_values_are_named_with_their_rows(tmp_path):
    with pytest.raises(
        ManifestError, match=r"1 rows are wrong: row 2: preference is '3'; known are 1 = A, 0 = B, 2 = "
    ):
        read(tmp_path, pairs=with_(PAIRS, 1, preference=3))
    with pytest.raises(ManifestError, match=r"row 1: 'Denoise' isn't a task; did you mean Denoising"):
        read(tmp_path, with_(IMAGES, 0, task="Denoise"))
    for mos in ("high", "nan"):
        with pytest.raises(ManifestError, match=f"row 3: mos is '{mos}'"):
            read(tmp_path, [{**row, "mos": mos if n == 2 else "1.5"} for n, row in enumerate(IMAGES)])
    with pytest.raises(ManifestError, match="row 4: content is empty"):
        read(tmp_path, with_(IMAGES, 3, content=""))
    with pytest.raises(ManifestError, match="row 1: preference is None"):
        read(tmp_path, pairs=with_(PAIRS, 0, preference=None), suffix=".parquet")
    with pytest.raises(ManifestError, match=r"row 1: preference is 0\.5"):
        read(tmp_path, pairs=[{**row, "preference": 0.5} for row in PAIRS[:1]], suffix=".json")


def test_contradictions_are_found(tmp_path):
    with pytest.raises(ManifestError, match=r"aren't in the table of images: PIPAL/none\.bmp"):
        read(tmp_path, pairs=with_(PAIRS, 0, image_b="PIPAL/none.bmp"))
    with pytest.raises(ManifestError, match="occur twice"):
        read(tmp_path, [*IMAGES, IMAGES[0]])
    with pytest.raises(ManifestError, match="two contents:"):
        read(tmp_path, pairs=with_(PAIRS, 0, image_b="PIPAL/A2_1.bmp"))


def test_unreadable_tables(tmp_path):
    good = write(tmp_path / "pairs.csv", PAIRS)
    for name in ("images.csv", "images.json", "images.parquet"):
        with pytest.raises(ManifestError, match=f"{name}: can't be read"):
            read_fgrestore(tmp_path, tmp_path / name, good)
    (tmp_path / "damaged.json").write_text('[{"image": ')
    with pytest.raises(ManifestError, match=r"damaged.json: can't be read as json"):
        read_fgrestore(tmp_path, tmp_path / "damaged.json", good)
    with pytest.raises(ManifestError, match="tables of this kind aren't read"):
        read_fgrestore(tmp_path, tmp_path / "images.xlsx", good)


def test_a_schema_knows_its_settings():
    with pytest.raises(ValidationError):
        FGRestoreSchema(picture="x")
