"""Photographs to a data set: the same for any number of workers, and what happens when something is wrong."""

import csv
import os
import shutil
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.unit.test_locks import dead
from tests.unit.writers import another_writer

from fgresq.errors import FgresqError, OutputError, UserError
from fgresq.manifest import Manifest, read_manifest
from fgresq.records import Preference, RestorationTask
from fgresq.synthesis import contents, pipeline
from fgresq.synthesis.artefacts import ARTEFACTS
from fgresq.synthesis.fidelity import METRICS, Judge
from fgresq.synthesis.labels import Consensus, levels, preference, pseudo_mos
from fgresq.synthesis.ladder import DISTORTIONS
from fgresq.synthesis.pictures import from_bytes
from fgresq.synthesis.pipeline import synthesise
from fgresq.synthesis.restore.catalogue import RESTORERS
from fgresq.workers import pool


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def made(photographs: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    out = tmp_path_factory.mktemp("synthesis") / "set"
    steps: list[int] = []
    sources = sorted(photographs.values())
    manifest = synthesise(sources, out, per_content=22, seed=5, crop=128, source_name="wheel", progress=steps.append)
    assert sum(steps) == len(sources)
    return manifest


@pytest.mark.slow
def test_two_workers_make_the_same_bytes(made: Manifest, photographs: Mapping[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "set"
    synthesise(sorted(photographs.values()), out, per_content=22, seed=5, crop=128, source_name="wheel", workers=2)
    assert files(out) == files(made.root)


@pytest.mark.slow
def test_another_seed_makes_others(made: Manifest, photographs: Mapping[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "set"
    synthesise(sorted(photographs.values()), out, per_content=6, seed=6, crop=128, source_name="wheel")
    ours, theirs = files(out), files(made.root)
    shared = [name for name in ours if name in theirs and name.endswith(".png")]
    assert shared
    assert all(ours[name] != theirs[name] for name in shared)


def test_the_manifest_reads_back(made: Manifest) -> None:
    read = read_manifest(made.root)
    assert read.images == made.images
    assert read.pairs == made.pairs
    assert read.about == made.about
    assert "Not human preference" in made.about["labels"]
    assert made.about["seed"] == 5
    assert not (made.root / ".unfinished").exists()


def test_counts_tasks_and_files(made: Manifest) -> None:
    assert Counter(image.content for image in made.images) == {"astronaut": 22, "chelsea": 22, "coffee": 22}
    assert {image.task for image in made.images} == set(RestorationTask)
    for image in made.images:
        assert image.source == "wheel"
        assert size(made.path_of(image)) == (128, 128)
        assert size(made.root / str(image.reference)) == (128, 128)
    for content in ("astronaut", "chelsea", "coffee"):
        group = [image for image in made.images if image.content == content]
        made_by = Counter(image.algorithm.split()[0] for image in group)
        assert (made_by["none"], made_by["pristine"], made_by["copy"], made_by["blank"]) == (2, 1, 1, 1)
        assert set(made_by) <= {*RESTORERS, *DISTORTIONS, "none", "pristine", "learned", "copy", "blank"}
        assert sum(made_by[name] for name in DISTORTIONS) == 3 * 3
        learned = [image.algorithm.split()[1] for image in group if image.algorithm.startswith("learned")]
        assert set(learned) <= {*ARTEFACTS, "plain"}
        assert learned


@pytest.mark.slow
def test_labels_follow_from_the_files(made: Manifest) -> None:
    def pixels(path: Path) -> np.ndarray:
        with Image.open(path) as image:
            return from_bytes(np.asarray(image))

    by_id = {image.image_id: image for image in made.images}
    assert len(made.pairs) > 100
    made_of = {image.content: Judge(pixels(made.root / str(image.reference))) for image in made.images}

    @cache
    def judged(name: str) -> np.ndarray:
        return levels(made_of[by_id[name].content](pixels(made.path_of(by_id[name]))))

    constructed = compared = 0
    for pair in made.pairs[::3]:
        a, b = by_id[pair.image_a], by_id[pair.image_b]
        assert a.content == b.content
        by_construction = [any(word in i.algorithm for word in (" of ", "blank")) for i in (a, b)]
        constructed += any(by_construction)
        if a.content == "coffee" and not any(by_construction):  # judging all pictures takes seconds
            compared += 1
            assert preference(judged(pair.image_a), judged(pair.image_b), Consensus()) == pair.preference
        if ("blank" in a.algorithm) != ("blank" in b.algorithm):
            assert pair.preference is (Preference.B if "blank" in a.algorithm else Preference.A)
    assert constructed > 5
    assert compared > 5
    for image in made.images:
        assert image.mos is not None
        assert image.mos == pytest.approx(1, abs=1e-4) if image.algorithm == "pristine" else -0.3 < image.mos <= 1


def test_pairs_cross_tasks_and_close_with_ladders(made: Manifest) -> None:
    by_id = {image.image_id: image for image in made.images}
    crossing = [pair for pair in made.pairs if by_id[pair.image_a].task != by_id[pair.image_b].task]
    assert len(crossing) > len(made.pairs) / 10
    for pair in made.pairs:
        a, b = by_id[pair.image_a].algorithm, by_id[pair.image_b].algorithm
        if b.endswith(f" of {a}") and "copy" not in b:
            assert pair.preference is Preference.A
        if b == f"copy of {a}":
            assert pair.preference is Preference.EQUAL


def test_dissimilarities_are_kept(made: Manifest) -> None:
    with (made.root / "dissimilarities.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["image_id"]: row for row in csv.DictReader(file)}
    assert list(rows) == [image.image_id for image in made.images]
    group = [image for image in made.images if image.content == made.images[0].content]
    table = levels(np.array([[float(rows[image.image_id][name]) for name in METRICS] for image in group]))
    assert pseudo_mos(table).tolist() == pytest.approx([image.mos for image in group])


def test_a_content_does_not_depend_on_its_neighbours(
    made: Manifest, photographs: Mapping[str, Path], tmp_path: Path
) -> None:
    """Alone, the first photograph has the same tasks, so all of its images are the same."""
    out = tmp_path / "set"
    first = min(photographs.values())
    synthesise([first], out, per_content=22, seed=5, crop=128, source_name="wheel")
    alone, together = files(out), files(made.root)
    images = [name for name in alone if name.endswith(".png")]
    assert len(images) == 23
    assert all(alone[name] == together[name] for name in images)


def test_a_bad_photograph_is_named_and_the_others_go_on(photographs: Mapping[str, Path], tmp_path: Path) -> None:
    bad, small = tmp_path / "bad.png", tmp_path / "small.png"
    bad.write_bytes(photographs["coffee"].read_bytes()[:5000])
    Image.new("RGB", (40, 200)).save(small)
    sources = [bad, photographs["coffee"], small]
    manifest = synthesise(sources, tmp_path / "set", per_content=3, crop=96)
    assert {image.content for image in manifest.images} == {"coffee"}
    failed = manifest.about["failed"]
    assert set(failed) == {str(bad), str(small)}
    assert "40x200" in failed[str(small)]
    with pytest.raises(UserError, match="none of the 2 photographs"):
        synthesise([bad, small], tmp_path / "none", per_content=3)


def test_grey_and_deep_photographs(tmp_path: Path) -> None:
    grey = tmp_path / "grey.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 65535, (90, 100)).astype(np.uint16)).save(grey)
    manifest = synthesise([grey], tmp_path / "set", per_content=4)
    assert size(manifest.root / "references/grey.png") == (100, 90)


@pytest.mark.slow
def test_a_broken_off_run_goes_on(
    made: Manifest, photographs: Mapping[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, calls = tmp_path / "set", []

    def breaks(assignment: contents.Assignment) -> contents.Made:
        calls.append(assignment.content)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return contents.make_content(assignment)

    monkeypatch.setattr(pipeline, "make_content", breaks)
    options = {"per_content": 22, "seed": 5, "crop": 128, "source_name": "wheel"}
    sources = sorted(photographs.values())
    with pytest.raises(KeyboardInterrupt):
        synthesise(sources, out, **options)
    assert not (out / "manifest.json").exists()
    with pytest.raises(OutputError, match="other settings"):
        synthesise(sources, out, **{**options, "seed": 6})
    synthesise(sources, out, **options)
    assert calls == ["astronaut", "chelsea", "chelsea", "coffee"]
    assert files(out) == files(made.root)


def test_one_process_a_folder(photographs: Mapping[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "set"
    with another_writer(out) as process:
        with pytest.raises(OutputError, match=rf"set: process {process.pid} writes here since "):
            synthesise([photographs["coffee"]], out, per_content=3, crop=64)
        assert list(files(out)) == [".fgresq.lock"]
    (out / f".fgresq-{dead()}-x").write_text("half")
    synthesise([photographs["coffee"]], out, per_content=3, crop=64)
    assert not list(out.rglob(".fgresq*"))


def test_a_folder_that_holds_only_what_a_system_added_is_empty(tmp_path: Path) -> None:
    (tmp_path / "@eaDir" / "x").mkdir(parents=True)
    (tmp_path / "Thumbs.db").touch()
    pipeline._open_folder(tmp_path, {"seed": 1})
    with pytest.raises(OutputError, match="an unfinished run with other settings"):
        pipeline._open_folder(tmp_path, {"seed": 2})


def test_requests_that_make_no_sense(photographs: Mapping[str, Path], tmp_path: Path, made: Manifest) -> None:
    coffee = photographs["coffee"]
    twin = tmp_path / "twin" / coffee.name
    twin.parent.mkdir()
    shutil.copy(coffee, twin)
    with pytest.raises(UserError, match="two photographs of one name"):
        synthesise([coffee, twin], tmp_path / "set")
    with pytest.raises(UserError, match="no photographs"):
        synthesise([], tmp_path / "set")
    with pytest.raises(UserError, match="too few"):
        synthesise([coffee], tmp_path / "set", per_content=2)
    with pytest.raises(UserError, match="too small"):
        synthesise([coffee], tmp_path / "set", crop=32)
    assert not (tmp_path / "set").exists()
    with pytest.raises(OutputError, match="isn't empty"):
        synthesise([coffee], made.root)
    occupied = tmp_path / "file"
    occupied.write_text("")
    with pytest.raises(OutputError, match="can't be made"):
        synthesise([coffee], occupied)


def test_a_dead_worker_is_reported(
    photographs: Mapping[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Deadly(ProcessPoolExecutor):
        def submit(self, *_: object) -> Future[None]:
            return super().submit(os._exit, 3)

    monkeypatch.setattr(pool, "ProcessPoolExecutor", Deadly)
    with pytest.raises(FgresqError, match="a process died"):
        synthesise(sorted(photographs.values()), tmp_path / "set", per_content=3, crop=64, workers=2)
