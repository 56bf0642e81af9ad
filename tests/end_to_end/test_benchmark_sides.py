"""A trained model in the benchmark: measured on what it held out, and marked in red on what it was trained on."""

import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest
from tests.end_to_end.command import inside
from tests.unit.training.study import TINY, make_study

from fgresq.training.checkpoint import read
from fgresq.training.config import QualityConfig
from fgresq.training.run import run as train

SMALL = {**TINY, "preprocessing": {"resize": 72, "crop": 64}, "epochs": 1}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set and two trainings on it: `ref`, and the same again as `abl`, so that their files have one name."""
    root = tmp_path_factory.mktemp("sides")
    study = make_study(root / "data")
    config = QualityConfig(**SMALL, without_degradation=True)
    train(study, config, root / "ref")
    train(study, config.model_copy(update={"rate": 1e-3}), root / "abl")
    return root


@pytest.fixture(scope="module")
def store(place: Path) -> Path:
    """All images judged, as one does who doesn't think of sides."""
    metrics = f"sharpness,fgresq:{place}/ref/model.safetensors,fgresq:{place}/abl/model.safetensors"
    arguments = ("--manifest", f"fgr={place}/data", "--store", place / "store", "--workers", 1, "--device", "cpu")
    inside("benchmark", "run", "--metrics", metrics, *arguments)
    return place / "store"


def words(text: str) -> str:
    return " ".join(text.split())


def test_a_table_over_what_was_trained_on_says_so_in_every_form(place: Path, store: Path) -> None:
    forms = [place / f"t{suffix}" for suffix in (".md", ".tex", ".html", ".csv", ".parquet", ".json")]
    outputs = [part for form in forms for part in ("-o", form)]
    printed = words(inside("benchmark", "table", "--store", store, "--by", "task", *outputs).stdout)
    said = "has seen 36 of the 48 images that it is measured on in its training"
    for title in ("FGResQ (ref/model.safetensors)", "FGResQ (abl/model.safetensors)"):
        assert f"† {title} {said}" in printed
        for form in forms[:3]:
            assert said in words(form.read_text()), form
    assert "Sharpness (variance of Laplacian) has seen" not in printed
    for table in (pl.read_csv(place / "t.csv"), pl.read_parquet(place / "t.parquet")):
        average = {row["metric"]: row for row in table.filter(group="Average").iter_rows(named=True)}
        assert {name for name, row in average.items() if row["seen"]} == {name for name in average if "fgresq" in name}
        assert all((row["warning"] is None) == (row["seen"] == 0) for row in average.values())
        images = table.filter(group="Average", criterion="SRCC", metric=f"fgresq:{place}/ref/model.safetensors")
        assert images["seen"].item() == 36
    document = json.loads((place / "t.json").read_text())
    assert all(said in warning for warning in document["tables"][0]["warnings"])
    page = place / "page.html"
    done = inside("benchmark", "report", "--store", store, "--out", page, "--resamples", 50)
    assert said in words(done.stderr)
    assert said in words(page.read_text())


def test_the_test_side_gives_the_figures_of_the_training_itself(place: Path, store: Path) -> None:
    """By the same pictures and the same way of cutting them, so the same numbers."""
    for split_of in (place / "ref", place / "ref" / "split.json", place / "ref" / "model.safetensors"):
        arguments = ("--side", "test", "--split-of", split_of, "-o", place / "side.json")
        printed = words(inside("benchmark", "table", "--store", store, "--by", "task", *arguments).stdout)
        assert "Only the test side of a split by content (seed 0) is measured on: 12 of 48 images, 12 of 48" in printed
        assert "has seen" not in printed
        document = json.loads((place / "side.json").read_text())
        assert document["settings"]["side"] == "test"
        tested = read(place / "ref" / "last.pt")["progress"]["test_scores"]
        found = figures(document, f"fgresq:{place}/ref/model.safetensors")
        for name, (group, criterion) in {
            "srcc": ("Average", "SRCC"),
            "acc": ("Average", "ACC"),
            "acc/Denoising": ("Denoising", "ACC"),
            "srcc/Deblurring": ("Deblurring", "SRCC"),
        }.items():
            assert found[group, criterion] == pytest.approx(tested[name], abs=1e-5), name


def figures(document: Mapping[str, object], metric: str) -> dict[tuple[str, str], float]:
    (table,) = document["tables"]  # type: ignore[misc]
    (row,) = (row for row in table["rows"] if row["metric"] == metric)
    return {
        (column["group"], column["criterion"]): cell["value"]
        for column, cell in zip(table["columns"], row["cells"], strict=True)
    }


def test_only_the_side_is_judged(place: Path, tmp_path: Path) -> None:
    arguments = ("--manifest", f"fgr={place}/data", "--store", tmp_path / "store", "--workers", 1, "--device", "cpu")
    side = ("--side", "test", "--split-of", place / "ref")
    metrics = f"fgresq:{place}/ref/model.safetensors"
    printed = words(inside("benchmark", "run", "--metrics", metrics, *arguments, *side).stdout)
    assert "12 of 48 images, 12 of 48 pairs with a preference" in printed
    # Two of the twelve are the same file as another: no blur is no noise.
    assert "10 scores computed now, 0 failed" in printed
    table = ("benchmark", "table", "--store", tmp_path / "store", "--by", "task")
    printed = words(inside(*table, *side).stdout)
    assert "has seen" not in printed
    assert "aren't judged yet" not in printed
    without = words(inside(*table).stdout)
    assert "has seen" not in without, "what isn't judged is in no figure"
    assert "36 of 48 images aren't judged yet" in without
    page = tmp_path / "page.html"
    done = inside("benchmark", "report", "--store", tmp_path / "store", "--out", page, "--resamples", 50, *side)
    assert "has seen" not in done.stderr
    assert "Only the test side of a split by content" in words(page.read_text())


def test_the_training_side_on_purpose(place: Path, store: Path) -> None:
    side = ("--side", "train", "--split-of", place / "ref")
    printed = words(inside("benchmark", "table", "--store", store, "--by", "range", *side).stdout)
    assert "has seen 30 of the 30 images that it is measured on in its training" in printed


def test_mistakes_with_sides(place: Path, store: Path, tmp_path: Path) -> None:
    table = ("benchmark", "table", "--store", store, "--by", "task")
    new = ("--store", tmp_path / "new", "--device", "cpu")
    run = ("benchmark", "run", "--metrics", "sharpness", "--manifest", f"fgr={place}/data", *new)
    (tmp_path / "not.json").write_text("{}")
    for arguments, said in (
        (("--side", "test"), "--side test of which training? Name its folder with --split-of"),
        (("--split-of", place / "ref"), "which side of it? Use --side test"),
        (("--side", "test", "--split-of", place / "data"), "there is no split.json here; `fgresq train` writes it"),
        (("--side", "test", "--split-of", place / "gone"), "gone: no such file; the folder of a training is needed"),
        (("--side", "test", "--split-of", tmp_path / "not.json"), "not.json: isn't the split of a training"),
    ):
        for command in (table, run):
            done = inside(*command, *arguments, code=2)
            assert said in words(done.stderr)
            assert done.stderr.count("\n") == 1
    assert not (tmp_path / "new").exists()
