"""`fgresq curate build` as people run it: killed at several moments, on a full disk, and on real images."""

import csv
import json
import os
import re
import resource
import signal
import subprocess
from pathlib import Path

import polars as pl
import pytest
from tests.end_to_end.command import COMMAND, inside, run
from tests.end_to_end.killed import killed_before, stopped_before
from tests.unit.curation.pipeline.studies import write_config, write_study
from tests.waiting import LONGEST

from fgresq.manifest import read_manifest

MEASURED = {"threshold": {"images": 12, "seed": 1}}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_study(tmp_path_factory.mktemp("study") / "s", jnd=MEASURED)


@pytest.fixture(scope="module")
def uninterrupted(study: Path) -> Path:
    out = study.parent / "uninterrupted"
    printed = run("curate", "build", study, "--out", out)
    assert printed.stderr == ""  # no bar where there is no terminal
    assert "0 faults, 0 left out by a rule" in printed.stdout
    return out


def sums(out: Path) -> str:
    return (out / "SHA256SUMS").read_text()


def kept(out: Path, step: str) -> int:
    """Results of a step on disk."""
    return sum(len(json.loads(part.read_text())) for part in (out / ".build" / step).rglob("*.json"))


def killed(config: Path, out: Path, pattern: str, count: int = 1, workers: int = 1) -> None:
    """Start the command, and `kill -9` it before the `count`-th file of a pattern is there."""
    build = ("curate", "build", config, "--out", out, "--save-every", 0, "--workers", workers)
    killed_before(pattern, count, *build)


def test_killed_at_several_moments_it_ends_with_the_same_files(
    study: Path, uninterrupted: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    # What is about to be written when it is killed, and how many results of each step are on the disk by then.
    moments = {
        (f"^{re.escape(str(out))}/", 1): (0, 0, 0),
        (r"/threshold/", 4): (1, 3, 0),
        (r"/jnd/", 3): (1, 12, 2),
        (r"/counts\.csv$", 1): (1, 12, 8),
        (r"/manifest\.json$", 1): (1, 12, 8),
        (r"/SHA256SUMS$", 1): (1, 12, 8),
    }
    for (pattern, count), results in moments.items():
        killed(study, out, pattern, count, workers=2)
        assert tuple(kept(out, step) for step in ("files", "threshold", "jnd")) == results, pattern
        assert not (out / "SHA256SUMS").exists()
    inside("curate", "build", study, "--out", out)
    assert sums(out) == sums(uninterrupted)
    assert not list(out.rglob(".fgresq-*"))
    assert not (out / ".build" / "jnd").exists()


def test_of_two_started_at_once_one_builds(study: Path, uninterrupted: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [COMMAND, "curate", "build", str(study), "--out", str(out), "--save-every", "0"]
    two = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = {process: process.communicate()[1] for process in two}
    codes = [process.returncode for process in two]
    # On a busy machine the second may come when the first is done; then it finds the data set finished.
    assert sorted(codes) in ([0, 2], [0, 0]), said
    if 2 in codes:
        refused, other = two[codes.index(2)], two[codes.index(0)]
        assert f"out: process {other.pid} writes here since" in said[refused]
    assert sums(out) == sums(uninterrupted)
    checked = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=out, check=False)
    assert checked.returncode == 0
    inside("curate", "build", study, "--out", out)
    assert not list(out.rglob(".fgresq*"))


def test_one_that_stands_still_keeps_its_folder(study: Path, uninterrupted: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    build = ("curate", "build", study, "--out", out, "--save-every", 0, "--workers", 1)
    with stopped_before("/threshold/", 2, *build) as first:
        said = inside("curate", "build", study, "--out", out, code=2).stderr
        assert re.fullmatch(
            rf"fgresq: {out}: process {first.pid} writes here since \S+; "
            r"wait until it has ended, or name another folder\n",
            said,
        )
        first.send_signal(signal.SIGCONT)
        assert first.wait(LONGEST) == 0
    assert sums(out) == sums(uninterrupted)


def test_what_was_kept_is_not_computed_again(study: Path, uninterrupted: Path, tmp_path: Path) -> None:
    """Kept results that say something else would come back: what is on disk is taken as it is."""
    out = tmp_path / "out"
    killed(study, out, r"/threshold/", 4)
    part = sorted((out / ".build" / "threshold").glob("*.json"))[0]
    first = json.loads(part.read_text())
    first[0]["ssim"] = 0.123
    part.write_text(json.dumps(first))
    inside("curate", "build", study, "--out", out)
    images = json.loads((out / "threshold.json").read_text())["images"]
    assert images[0]["ssim"] == 0.123
    others = json.loads((uninterrupted / "threshold.json").read_text())["images"]
    assert images[1:] == others[1:]


def test_a_half_done_folder_takes_no_other_settings_or_inputs(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    killed(study, out, r"/threshold/", 2)
    other = write_config(study.parent / "other.yaml", jnd={"threshold": {"images": 12, "seed": 2}})
    said = inside("curate", "build", other, "--out", out, code=2).stderr
    assert "holds a build with other settings: jnd (was" in said
    text = (study.parent / "lab.csv").read_text()
    (study.parent / "lab.csv").write_text(text.replace(",m1,4,", ",m1,4.5,", 1))
    said = inside("curate", "build", study, "--out", out, code=2).stderr
    (study.parent / "lab.csv").write_text(text)
    assert "holds a build of other inputs; 1 differ from then: lab/0-1" in said


def test_a_full_disk(study: Path, uninterrupted: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    failed = subprocess.run(
        [COMMAND, "curate", "build", str(study), "--out", str(out), "--save-every", "0"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY)),
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    assert failed.returncode == 2, failed.stderr
    assert "can't be written" in failed.stderr
    assert "Traceback" not in failed.stderr
    inside("curate", "build", study, "--out", out)
    assert sums(out) == sums(uninterrupted)


def test_the_data_card(uninterrupted: Path) -> None:
    card = (uninterrupted / "card.md").read_text()
    manifest = read_manifest(uninterrupted)
    assert (
        f"{len(manifest.images):,} images, {len(manifest.pairs):,} pairs, 2 restoration tasks, from 2 sources" in card
    )
    assert "| small | - | 2 | 4 |" in card
    assert "threshold.json names them" in card
    for picture in ("differences.svg", "ssims.svg"):
        assert f"]({picture})" in card
        assert "<svg" in (uninterrupted / picture).read_text()
    header, *lines = card[card.index("| Source | Task |") :].split("\n\n")[0].splitlines()
    assert {line.count("|") for line in lines} == {header.count("|")}


def test_faults_are_named_and_counted(tmp_path: Path) -> None:
    config = write_study(tmp_path)
    (tmp_path / "rain" / "0-1.png").write_bytes(b"no picture")
    out = tmp_path / "out"
    done = inside("curate", "build", config, "--out", out, code=1)
    assert "fault: rain: rain/0-1: " in done.stderr
    assert "4 faults, 0 left out by a rule" in done.stdout
    left_out = pl.read_csv(out / "left-out.csv")
    assert left_out["kind"].to_list() == ["image", "pair", "pair", "pair"]
    again = inside("curate", "build", config, "--out", out, code=1)  # finished, and no better for it
    assert again.stdout == done.stdout
    assert inside("curate", "build", tmp_path / "absent.yaml", "--out", out, code=2).stderr.startswith("fgresq: ")


@pytest.mark.shared
def test_real_restorations_without_labels(shared: Path, tmp_path: Path) -> None:
    """Rain100H: 20 contents by 3 networks; real camera noise before and after a denoiser."""
    rows = [
        (f"derain/{method}/{path.stem}", path, "derain", "Deraining", path.stem, method, "", path.parents[1] / "GT")
        for method in ("DARG", "PDIN", "RMSCAN")
        for path in sorted((shared / "data" / "derain" / method).glob("*.png"))
    ]
    rows = [(*row[:-1], row[-1] / f"{row[4]}.jpg") for row in rows]
    rows += [
        (f"ccdenoise/{path.stem}", path, "ccdenoise", "Denoising", path.stem[:-5], path.stem[-4:], "", "")
        for path in sorted((shared / "data" / "ccdenoise").glob("*.png"))
        if not path.stem.endswith("mean")
    ]
    with (tmp_path / "images.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("image_id", "path", "source", "task", "content", "algorithm", "mos", "reference"))
        table.writerows(rows)
    config = write_config(
        tmp_path / "c.yaml",
        sources=[{"name": "manifest", "root": "images.csv"}],
        tau={"derain": "keep-all", "ccdenoise": "keep-all"},
        jnd={"threshold": 0.979},
    )
    inside("curate", "build", config, "--out", tmp_path / "out", "--workers", min(2, os.cpu_count() or 1))
    counts = {row["source"]: row for row in pl.read_csv(tmp_path / "out" / "counts.csv").iter_rows(named=True)}
    assert (counts["derain"]["pairs_all"], counts["ccdenoise"]["pairs_all"]) == (60, 15)
    assert 0 < counts["derain"]["pairs_jnd"] < 60
    judged = pl.read_parquet(tmp_path / "out" / "judged" / "*.parquet")
    assert judged["ssim"].null_count() == 0
