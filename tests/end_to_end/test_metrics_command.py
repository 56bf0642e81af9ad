"""`fgresq metrics list` and `show` as people run them."""

import csv
import json
from pathlib import Path

import pytest
from tests.end_to_end.command import inside, run
from tests.unit.metrics.engines.conftest import pretend_installed
from tests.unit.metrics.pictures import write_regression

from fgresq.cli import terminal
from fgresq.metrics.catalogue import PAPER, cards
from fgresq.metrics.engines.caches import NOT_ON_DISK
from fgresq.metrics.engines.declarations import ENGINES as ENGINE_SPECS

NAMES = [spec.name for spec in cards()]


ENGINES = ("native", "fgresq", "pyiqa", "deqa", "hf", "composite")


def here(printed: str) -> dict[str, str]:
    """Of every metric in the table, whether it works."""
    rows = (line.split() for line in printed.splitlines())
    return {
        row[0]: " ".join(row[next(k for k, word in enumerate(row) if k and word in ENGINES) + 1 :])
        for row in rows
        if row[:1] and row[0] in NAMES
    }


def test_the_list_names_all_and_says_what_works(tmp_path: Path) -> None:
    out = tmp_path / "list.json"
    printed = run("metrics", "list", "--output", out).stdout
    works = here(printed)
    assert list(works) == NAMES
    assert set(PAPER) < set(works)
    assert {name for name in works if works[name] == "yes"} >= {"psnr", "ssim", "piqe", "fgresq-compact"}
    rows = {row["name"]: row for row in json.loads(out.read_text())}
    assert {name: "yes" if row["works_here"] else "no" for name, row in rows.items()} == works
    assert all(row["works_here"] == (row["needs"] is None) for row in rows.values())
    assert rows["lpips"]["engine"] == "pyiqa"


def test_a_missing_one_says_what_it_needs(tmp_path: Path) -> None:
    printed = inside("metrics", "list", "--output", tmp_path / "list.csv").stdout
    with (tmp_path / "list.csv").open() as rows:
        needs = {row["name"]: row["needs"] for row in csv.DictReader(rows)}
    assert "live.ece.utexas.edu" in needs["brisque"]
    assert "fgresq weights fetch released" in needs["fgresq"]
    assert "fgresq metrics install pyiqa" in needs["lpips"]
    assert not needs["piqe"]
    for name, need in needs.items():
        assert need in printed, name
    assert "lpips, dists" in printed  # those that need the same are named together


def test_what_it_needs_can_be_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert here(inside("metrics", "list").stdout)["brisque"] == "no"
    monkeypatch.setenv("FGRESQ_HOME", str(tmp_path))
    (tmp_path / "metrics").mkdir()
    write_regression(tmp_path / "metrics")
    assert here(inside("metrics", "list").stdout)["brisque"] == "yes"
    assert "here: it works" in inside("metrics", "show", "brisque").stdout


def test_an_engine_that_is_ready_says_which_weights_are_not_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_installed(ENGINE_SPECS["pyiqa"])
    monkeypatch.setattr(terminal.results, "_width", 200)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    printed = inside("metrics", "list", "--output", tmp_path / "list.json").stdout
    stands = here(printed)
    of_pyiqa = [spec for spec in cards() if spec.engine == "pyiqa"]
    assert {spec.name: stands[spec.name] for spec in of_pyiqa} == {
        spec.name: NOT_ON_DISK if spec.weights_in else "yes" for spec in of_pyiqa
    }
    assert stands["deqa-score"] == "no"
    rows = {row["name"]: row for row in json.loads((tmp_path / "list.json").read_text())}
    assert {name: row["here"] for name, row in rows.items()} == stands
    assert not rows["clipiqa"]["works_here"]
    path = tmp_path / "torch" / "hub" / "clip" / "RN50.pt"
    shown = inside("metrics", "show", "clipiqa").stdout
    assert f"here: {NOT_ON_DISK}: {path}; a run that names the metric fetches them" in shown
    path.parent.mkdir(parents=True)
    path.touch()
    assert here(inside("metrics", "list").stdout)["clipiqa"] == "yes"
    assert "here: it works" in inside("metrics", "show", "clipiqa").stdout


@pytest.mark.parametrize("spec", cards(), ids=NAMES)
def test_each_can_be_shown(spec, tmp_path: Path) -> None:
    printed = inside("metrics", "show", spec.name, "--output", tmp_path / "it.json").stdout
    facts = (spec.title, spec.licence, spec.licence_of_parameters, spec.engine_name, spec.home_page, spec.citation)
    for fact in (*facts, *spec.notes):
        assert fact is None or fact in printed
    assert json.loads((tmp_path / "it.json").read_text())["higher_is_better"] == spec.higher_is_better


def test_an_unknown_name_lists_the_nearest() -> None:
    assert "no metric is called 'LPIP'; did you mean lpips" in inside("metrics", "show", "LPIP", code=2).stderr
