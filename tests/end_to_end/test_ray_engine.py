"""`fgresq curate build` on a Ray of two workers, one of which is killed in the middle: the same files as without."""

import csv
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.end_to_end.command import COMMAND, run
from tests.waiting import LONGEST, started, wait_until

CONTENTS, IMAGES, SIDE = 6, 32, 280
CONFIG = """
sources: [{name: manifest, root: images.csv}]
tau: {wheel: keep-all}
jnd: {threshold: {images: 10, noise: {sign: random, gain: 0.7}}}
"""


@pytest.fixture
def config(photographs: Mapping[str, Path], tmp_path: Path) -> Path:
    """Contents of noisier and noisier crops."""
    rows = []
    for number in range(CONTENTS):
        name = sorted(photographs)[number % len(photographs)]
        crop = cv2.imread(str(photographs[name]))[10 * number :, 10 * number :][:SIDE, :SIDE].astype(np.float32)
        noise = np.random.default_rng(number).normal(0, 1, crop.shape)
        for strength in range(IMAGES):
            path = tmp_path / f"{number}-{strength:02}.bmp"
            cv2.imwrite(str(path), np.clip(np.rint(crop + strength * noise), 0, 255).astype(np.uint8))
            rows.append([path.stem, path.name, "wheel", "Denoising", f"crop {number}", "noise", "", ""])
    with (tmp_path / "images.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["image_id", "path", "source", "task", "content", "algorithm", "mos", "reference"])
        table.writerows(rows)
    path = tmp_path / "build.yaml"
    path.write_text(CONFIG)
    return path


def below(ancestor: int) -> set[int]:
    """All processes that a process has started, and those that these have."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended since
    found, last = set(), {ancestor}
    while last:
        last = {process for process, parent in parents.items() if parent in last}
        found |= last
    return found


def at_work(process: int) -> bool:
    """Whether it's a worker of Ray with an item of ours."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().startswith(b"ray::fgresq")
    except OSError:
        return False


def killed_one(build: int, out: Path) -> int:
    """Kill a worker that has an item, once the JND filter has a result; answers how many results it has, or 0."""
    results = len(list((out / ".build" / "jnd").rglob("*.json")))
    for process in filter(at_work, below(build) if results else ()):
        os.kill(process, signal.SIGSTOP)  # so that it can't end its item meanwhile
        if at_work(process):
            os.kill(process, signal.SIGKILL)
            return results
        os.kill(process, signal.SIGCONT)
    return 0


def test_a_killed_worker_changes_nothing(config: Path, tmp_path: Path) -> None:
    out, alone = tmp_path / "ray", tmp_path / "processes"
    command = [COMMAND, "curate", "build", config, "--out", out, "--save-every", "0"]
    by_ray = [*command, "--engine", "ray", "--workers", 2]
    with started(by_ray, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as build:
        finished = wait_until(lambda: killed_one(build.pid, out), "a worker judges a content", LONGEST, process=build)
        printed, told = build.communicate(timeout=LONGEST)
    assert build.returncode == 0, told
    assert 1 <= finished < CONTENTS
    assert f"{CONTENTS * IMAGES} images" in printed
    expected = run("curate", "build", config, "--out", alone, "--workers", 1).stdout
    assert printed.splitlines()[-1].rpartition("checksum")[2] == expected.splitlines()[-1].rpartition("checksum")[2]
    assert (out / "SHA256SUMS").read_bytes() == (alone / "SHA256SUMS").read_bytes()


def test_mistakes_in_the_request(config: Path, tmp_path: Path) -> None:
    build = ("curate", "build", config, "--out", tmp_path / "out")
    assert "say --engine ray too" in run(*build, "--address", "head:6379", code=2).stderr
    told = run(*build, "--engine", "ray", "--address", "127.0.0.1:1", code=1).stderr
    assert "the cluster at 127.0.0.1:1 can't be reached" in " ".join(told.split())
    assert not (tmp_path / "out").exists()
