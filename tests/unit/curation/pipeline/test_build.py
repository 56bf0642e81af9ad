"""A whole build from a small study: what is kept, what is left out and why, and what training makes of it."""

import hashlib
import json
import os
import shutil
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image
from tests.unit.curation.pipeline.studies import (
    picture,
    restored,
    save,
    write_config,
    write_csv,
    write_source,
    write_study,
)
from tests.unit.test_files import full_disk
from tests.unit.test_locks import dead
from tests.unit.writers import another_writer

from fgresq.curation.jnd.threshold import jnd_threshold, read_threshold, write_threshold
from fgresq.curation.pipeline.build import build
from fgresq.curation.pipeline.config import read_config
from fgresq.curation.pipeline.workplace import Workplace, close_workplace
from fgresq.data.splits import require_no_leak, split_by_content, split_by_pair
from fgresq.errors import FgresqError, HashMismatchError, ManifestError, OutputError, UserError
from fgresq.manifest import Manifest, read_manifest
from fgresq.metrics.ssim import ssim
from fgresq.records import RestorationTask
from fgresq.report.curation.card import write_card


def made(config: Path, out: Path | None = None, **how: Any) -> Workplace:
    place = build(read_config(config), out or config.parent / "out", **{"pause": 0.0, **how})
    close_workplace(place)
    return place


def table(place: Workplace, name: str) -> pl.DataFrame:
    return pl.read_csv(place.out / name, infer_schema_length=None)


def left_out(place: Workplace, **which: Any) -> list[tuple[str, str]]:
    return table(place, "left-out.csv").filter(**which).select("name", "reason").rows()


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_study(tmp_path_factory.mktemp("study") / "s")


@pytest.fixture(scope="module")
def place(study: Path) -> Workplace:
    return made(study)


@pytest.mark.slow
def test_the_pairs_are_those_that_pass_both_filters(study, place):
    """By hand: MOS differ by at most 2, SSIM is at most 0.97."""
    manifest = read_manifest(place.out)
    expected = []
    for source, tau in (("lab", 2), ("rain", 9)):
        for content in range(4):
            names = [f"{source}/{content}-{number}" for number in range(4)]
            pictures = [np.asarray(Image.open(study.parent / f"{name}.png")) / 255 for name in names]
            for i, j in combinations(range(4), 2):
                if abs(i - j) <= tau and ssim(pictures[i], pictures[j]) <= 0.97:
                    expected.append((names[i], names[j]))
    assert sorted((pair.image_a, pair.image_b) for pair in manifest.pairs) == sorted(expected)
    assert 0 < len(expected) < 20 + 24  # each filter drops some
    assert {pair.preference for pair in manifest.pairs} == {None}
    assert {image.image_id for image in manifest.images} == {name for pair in expected for name in pair}


def test_the_counts_of_every_stage(place):
    counts = {row["source"]: row for row in table(place, "counts.csv").iter_rows(named=True)}
    judged = pl.read_parquet(place.out / "judged" / "*.parquet")
    kept = Counter(judged.filter("kept")["source"])
    assert (counts["lab"]["pairs_all"], counts["lab"]["pairs_coarse"]) == (24, 20)
    assert (counts["rain"]["pairs_all"], counts["rain"]["pairs_coarse"]) == (24, 24)
    assert {name: row["pairs_jnd"] for name, row in counts.items()} == dict(kept)
    assert table(place, "differences.csv")["pairs"].sum() == 24  # rain has no scores
    assert table(place, "ssims.csv")["pairs"].sum() == 44
    assert table(place, "ssims.csv")["kept"].sum() == sum(kept.values())


def test_tables_in_the_papers_form(place):
    rows = {row["dataset"]: row for row in table(place, "table-1.csv").iter_rows(named=True)}
    manifest = read_manifest(place.out)
    assert list(rows) == ["lab", "rain", "small"]
    assert (rows["small"]["tasks"], rows["small"]["images"]) == (2, len(manifest.images))
    assert rows["lab"]["pairs"] + rows["rain"]["pairs"] == rows["small"]["pairs"] == len(manifest.pairs)
    assert (rows["lab"]["labelled"], rows["rain"]["labelled"]) == (rows["lab"]["images"], 0)
    assert rows["rain"]["annotation"] == "none"


def test_the_files_are_hashed(study, place):
    files = table(place, "files.csv")
    assert files.height == 2 * (16 + 4)
    for path, size, sha256 in files.iter_rows():
        content = Path(path).read_bytes()
        assert (size, sha256) == (len(content), hashlib.sha256(content).hexdigest())
    sums = (place.out / "SHA256SUMS").read_text().splitlines()
    for line in sums:
        digest, name = line.split("  ")
        assert hashlib.sha256((place.out / name).read_bytes()).hexdigest() == digest
    assert {line[66:] for line in sums} >= {"manifest.json", "pairs.parquet", "counts.csv", "judged/000000.parquet"}


def test_the_splits_are_those_of_training(place):
    manifest = read_manifest(place.out)
    for name, draw in (("content", split_by_content), ("pair", split_by_pair)):
        split = draw(manifest, 0.2, 0)
        pairs = table(place, f"split-by-{name}-pairs.csv")
        sides = ["test" if index in split.test_pairs else "train" for index in range(len(manifest.pairs))]
        assert pairs["side"].to_list() == sides
        images = table(place, f"split-by-{name}-images.csv")
        assert set(images.filter(side="test")["image_id"]) == set(split.test_images)
    told = json.loads((place.out / "splits.json").read_text())
    assert told["content"]["on both sides"] == {"contents": 0, "images": 0, "files": 0}
    assert told["content"]["test"]["contents"] == 2


def test_training_reads_it(place):
    from fgresq.data.datasets import ScoredImages
    from fgresq.data.pictures import Pictures
    from fgresq.images.preprocessing import Resized

    manifest = read_manifest(place.out)
    pictures = Pictures(manifest, Resized(resize=32, crop=32))
    samples = ScoredImages(manifest, pictures, unscored=True)
    assert len(samples) == len(manifest.images)
    assert samples[0].image.shape == (3, 32, 32)
    assert set(samples.tasks) == {RestorationTask.DENOISING, RestorationTask.DERAINING}
    assert len(ScoredImages(manifest, pictures)) == sum(image.source == "lab" for image in manifest.images)


def test_the_same_again_from_any_number_of_pieces(study, place, tmp_path):
    """A second start does nothing; a start elsewhere makes the same files but for the folder's own name."""
    before = {path: path.stat().st_mtime_ns for path in place.out.rglob("*") if path.is_file()}
    assert made(study).finished
    assert {path: path.stat().st_mtime_ns for path in place.out.rglob("*") if path.is_file()} == before
    other = made(study, tmp_path / "other", pause=1000.0)
    assert (other.out / "SHA256SUMS").read_bytes() == (place.out / "SHA256SUMS").read_bytes()


def test_a_changed_result_is_told(study, tmp_path):
    place = made(study, tmp_path / "out")
    with (place.out / "counts.csv").open("a") as file:
        file.write("x\n")
    with pytest.raises(HashMismatchError, match=r"1 files were changed since: counts\.csv"):
        made(study, tmp_path / "out")


def test_a_sample(study, tmp_path):
    config = write_config(study.parent / "sampled.yaml", sample={"targets": {"Deraining": 6}})
    place = made(config, tmp_path / "out")
    counts = {row["source"]: row for row in table(place, "counts.csv").iter_rows(named=True)}
    assert counts["rain"]["pairs_sampled"] == 6 < counts["rain"]["pairs_jnd"]
    assert counts["lab"]["pairs_sampled"] == counts["lab"]["pairs_jnd"]
    manifest = read_manifest(place.out)
    rain = Counter(pair.image_a.split("-")[0] for pair in manifest.pairs if pair.image_a.startswith("rain"))
    assert sorted(rain.values()) == [1, 1, 2, 2]


def test_a_measured_threshold_is_stored_and_can_be_given(study, tmp_path):
    config = write_config(study.parent / "measured.yaml", jnd={"threshold": {"images": 10, "seed": 4}})
    place = made(config, tmp_path / "measured")
    stored = read_threshold(place.out / "threshold.json")
    images = [path for source in ("lab", "rain") for path in (study.parent / source).glob("*.png")]
    assert stored == jnd_threshold(images, wanted=10, seed=4)
    write_threshold(study.parent / "given.json", stored)
    given = write_config(study.parent / "given.yaml", jnd={"threshold": {"file": "given.json"}})
    again = made(given, tmp_path / "given")
    assert read_manifest(again.out).pairs == read_manifest(place.out).pairs
    other = write_config(
        study.parent / "other.yaml", jnd={"threshold": {"file": "given.json"}, "matlab_downsampling": True}
    )
    with pytest.raises(UserError, match=r"given\.json: was measured with matlab_downsampling False, and jnd says True"):
        made(other, tmp_path / "other")


def test_bad_images_are_named_and_spoil_only_their_pairs(tmp_path):
    config = write_study(tmp_path)
    (tmp_path / "rain" / "0-1.png").write_bytes((tmp_path / "rain" / "0-1.png").read_bytes()[:700])
    (tmp_path / "rain" / "1-0.png").unlink()
    (tmp_path / "lab" / "references" / "2.png").unlink()
    save(tmp_path / "rain" / "2-3.png", restored(picture(1002, 40, 44), 12.0, 1))
    place = made(config)
    assert left_out(place, stage="scan", kind="image") == [("rain/1-0", "the file isn't there")]
    ((reference, _),) = left_out(place, stage="scan", kind="file")
    assert reference == str(tmp_path / "lab" / "references" / "2.png")
    ((name, reason),) = left_out(place, stage="jnd", kind="image")
    assert name == "rain/0-1"
    assert "0-1.png" in reason
    cut = left_out(place, stage="jnd", kind="pair", fault=True)
    assert {pair for pair, _ in cut} == {f"rain/0-{a} | rain/0-{b}" for a, b in ((0, 1), (1, 2), (1, 3))}
    sizes = left_out(place, stage="jnd", kind="pair", fault=False)
    assert [reason for _, reason in sizes] == ["the images have different sizes, 48x48 and 44x40 pixels"] * 3
    manifest = read_manifest(place.out)
    assert not {"rain/0-1", "rain/1-0", "rain/2-3"} & {image.image_id for image in manifest.images}
    assert {image.reference for image in manifest.images if image.content == "lab/2"} == {None}
    assert manifest.about["left_out"] == {"faults": 6, "by a rule": 3}


def test_pairs_of_two_sizes_can_be_cropped(tmp_path):
    config = write_study(tmp_path, jnd={"threshold": 0.97, "sizes": "crop"})
    clean = picture(1002)[:40, :44]
    save(tmp_path / "rain" / "2-3.png", restored(clean, 12.0, 1))
    place = made(config)
    judged = pl.read_parquet(place.out / "judged" / "*.parquet")
    assert judged.filter("cropped")["image_b"].to_list() == ["rain/2-3"] * 3
    kept = judged.filter("cropped", "kept").height
    assert read_manifest(place.out).about["pairs of two sizes"] == kept > 0
    assert left_out(place, stage="jnd") == []


def test_labels_that_are_missing_and_images_without_a_task(tmp_path):
    config = write_study(tmp_path)
    lines = (tmp_path / "lab.csv").read_text().splitlines()
    cells = [line.split(",") for line in lines]
    cells[2][6] = ""  # lab/0-1 has no MOS
    cells[3][3] = ""  # and nothing restored lab/0-2
    (tmp_path / "lab.csv").write_text("\n".join(map(",".join, cells)) + "\n")
    place = made(config)
    assert left_out(place, source="lab", kind="label", fault=False) == [
        ("lab/0-1", "has no label, so the coarse filter drops its pairs")
    ]
    assert left_out(place, source="lab", kind="image", fault=False) == [
        ("1 images", "no restoration made them, so they are never paired")
    ]


def test_one_scene_under_two_sources_stays_on_one_side(tmp_path):
    """Content 1 of `lab` and content 3 of `rain` have equal references in different files."""
    config = write_study(tmp_path)
    shutil.copy(tmp_path / "lab" / "references" / "1.png", tmp_path / "rain" / "references" / "3.png")
    place = made(config)
    manifest = read_manifest(place.out)
    assert manifest.about["one scene"] == [["lab/1", "rain/3"]]
    paths = {image.reference for image in manifest.images if image.content in ("lab/1", "rain/3")}
    assert paths == {str(tmp_path / "lab" / "references" / "1.png")}
    for seed in range(10):
        split = split_by_content(manifest, 0.3, seed)
        require_no_leak(split, manifest)
        test = {image.content for image in manifest.images if image.image_id in split.test_images}
        assert len(test & {"lab/1", "rain/3"}) in (0, 2)


def test_pairs_keep_to_a_scale_and_the_manifest_says_which(tmp_path):
    write_source(tmp_path, "lab", "SuperResolution", images=4)
    lines = [line.split(",") for line in (tmp_path / "lab.csv").read_text().splitlines()]
    for place, cells in enumerate(lines[1:]):
        cells[-1] = "x2" if place % 2 else "x4"
    (tmp_path / "lab.csv").write_text("\n".join(map(",".join, lines)) + "\n")
    config = write_config(
        tmp_path / "c.yaml",
        sources=[{"name": "manifest", "root": "lab.csv"}],
        tau={"lab": "default"},
        jnd={"threshold": 1.0},
    )
    with pytest.raises(UserError, match="none of 8 pairs passes the coarse filter"):  # within a scale MOS differ by 2
        made(config)
    config = write_config(
        tmp_path / "d.yaml",
        sources=[{"name": "manifest", "root": "lab.csv"}],
        tau={"lab": {"own": 2}},
        jnd={"threshold": 1.0},
    )
    manifest = read_manifest(made(config, tmp_path / "second").out)
    scale = {image.image_id: image.scale for image in manifest.images}
    assert len(manifest.pairs) == 8
    assert {scale[pair.image_a] == scale[pair.image_b] for pair in manifest.pairs} == {True}
    assert set(scale.values()) == {"x2", "x4"}


def test_requests_that_cannot_be(study, tmp_path):
    def refused(said: str, error: type[FgresqError] = UserError, **changes: Any) -> None:
        with pytest.raises(error, match=said):
            made(write_config(study.parent / "refused.yaml", **changes), tmp_path / said[:5].strip())

    refused("no tau is given for rain; our defaults", tau={"lab": "default"})
    three = {"lab": "default", "rain": "keep-all", "rian": "keep-all"}
    refused("tau is given for rian, which has no images; did you mean rain", tau=three)
    assert not list(tmp_path.iterdir())  # the folder is free for the configuration when it is put right
    refused("no image of rain has a label, so no pair could pass", tau={"lab": "default", "rain": "default"})
    refused("pairs passes the JND filter", jnd={"threshold": -0.9})
    twice = [{"name": "manifest", "root": "lab.csv"}] * 2
    refused("16 image identities stand in two of the sources", ManifestError, sources=twice, tau={"lab": "default"})
    refused("absent.csv", sources=[{"name": "manifest", "root": "absent.csv"}])


def test_a_content_of_two_sources_is_refused(tmp_path):
    write_study(tmp_path)
    path = save(tmp_path / "x.png", picture(5))
    write_csv(tmp_path / "third.csv", [("x", path, "third", "Denoising", "lab/0", "m", 1, "", "")])
    sources = [{"name": "manifest", "root": f"{name}.csv"} for name in ("lab", "third")]
    config = write_config(tmp_path / "c.yaml", sources=sources, tau={"lab": "default", "third": "keep-all"})
    with pytest.raises(ManifestError, match="contents that stand in two sources: lab/0"):
        made(config)


def test_a_label_that_is_no_number_is_refused_with_its_row(tmp_path):
    config = write_study(tmp_path)
    text = (tmp_path / "lab.csv").read_text()
    (tmp_path / "lab.csv").write_text(text.replace(",m1,4,", ",m1,nan,", 1))
    with pytest.raises(ManifestError, match=r"lab\.csv: 1 rows are wrong: row 2: mos is nan"):
        made(config)


def interrupted(config: Path, out: Path, step: str) -> None:
    """A build that ends where a step begins."""

    def begin(name: str, total: int) -> Any:
        if name == step:
            raise KeyboardInterrupt
        return lambda done: None

    with pytest.raises(KeyboardInterrupt):
        build(read_config(config), out, pause=0.0, begin=begin)


def test_other_settings_are_refused_and_named(study, tmp_path):
    out = tmp_path / "out"
    interrupted(study, out, "JND filter")
    changed = write_config(study.parent / "changed.yaml", tau={"lab": {"own": 1}, "rain": "keep-all"})
    with pytest.raises(OutputError, match=r'other settings: tau \(was .*"own:2".* is .*"own:1"'):
        made(changed, out)
    assert made(write_config(study.parent / "more.yaml", workers=2), out).finished  # not a setting of the result


@pytest.mark.parametrize("kind", ["picture", "reference", "label", "row"])
def test_other_inputs_are_refused_and_named(tmp_path, kind):
    config, out = write_study(tmp_path), tmp_path / "out"
    interrupted(config, out, "JND filter")
    csv = (tmp_path / "lab.csv").read_text()
    before = (tmp_path / "lab" / "1-2.png").read_bytes()
    if kind == "picture":
        save(tmp_path / "lab" / "1-2.png", picture(77))
    elif kind == "reference":
        save(tmp_path / "lab" / "references" / "1.png", picture(77))
    elif kind == "label":
        (tmp_path / "lab.csv").write_text(csv.replace(",m2,3,", ",m2,2.5,", 1))
    else:
        (tmp_path / "lab.csv").write_text("\n".join(csv.splitlines()[:-1]) + "\n")
    named = {"picture": "1-2.png", "reference": "1.png", "label": "lab/0-2", "row": "lab/3-3"}[kind]
    with pytest.raises(OutputError, match=rf"holds a build of other inputs; 1 differ from then: .*{named}"):
        made(config, out)
    (tmp_path / "lab.csv").write_text(csv)
    (tmp_path / "lab" / "1-2.png").write_bytes(before)  # a new date, and what it held
    save(tmp_path / "lab" / "references" / "1.png", picture(1))
    if kind != "reference":
        assert made(config, out).finished


def test_a_folder_that_holds_something_else_is_left_alone(study, tmp_path):
    (tmp_path / "thesis.txt").write_text("x")
    with pytest.raises(OutputError, match="isn't empty and holds no build"):
        made(study, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("noise", "shrunk"), [({"sign": "random", "gain": 0.05}, True), ({"sign": "plus", "gain": 1.0}, False)]
)
def test_the_card_says_which_noise_the_threshold_was_measured_with(study, tmp_path, noise, shrunk):
    rule = {"threshold": {"images": 4, "seed": 3, "noise": noise}, "matlab_downsampling": shrunk}
    place = made(write_config(study.parent / "noise.yaml", jnd=rule), tmp_path / "out")
    told = read_manifest(place.out).about["threshold"]
    assert told["noise"] == {**noise, "seed": 3}
    assert told["matlab downsampling"] is shrunk
    write_card(place.out)
    card = (place.out / "card.md").read_text()
    assert f"noised by eq. 2 with the sign `{noise['sign']}` and a gain of {noise['gain']:g}." in card
    assert ("as in `ssim.m`" in card) is shrunk


def test_a_folder_that_another_process_builds_in_is_refused(study, place, tmp_path):
    out = tmp_path / "out"
    with another_writer(out) as process:
        with pytest.raises(OutputError, match=rf"out: process {process.pid} writes here since .* name another folder"):
            made(study, out)
        assert [path.name for path in out.iterdir()] == [".fgresq.lock"]
    made(study, out)  # what the killed process left is in nobody's way
    assert (out / "SHA256SUMS").read_bytes() == (place.out / "SHA256SUMS").read_bytes()
    assert not list(out.rglob(".fgresq*"))


def test_what_others_are_writing_is_no_part_of_the_data_set(study, place, tmp_path):
    (tmp_path / "out" / "judged").mkdir(parents=True)
    passing = [
        tmp_path / "out" / below / f".fgresq-{process}-abcd"
        for below in ("", "judged")
        for process in (os.getppid(), dead())
    ]
    shutil.rmtree(tmp_path / "out")
    interrupted(study, tmp_path / "out", "JND filter")
    (tmp_path / "out" / "judged").mkdir(exist_ok=True)
    for path in passing:
        path.write_text("half")
    made(study, tmp_path / "out")
    assert [path.exists() for path in passing] == [True, False, True, False]  # only what a dead process left goes
    assert (tmp_path / "out" / "SHA256SUMS").read_bytes() == (place.out / "SHA256SUMS").read_bytes()
    assert made(study, tmp_path / "out").finished


def test_what_systems_add_is_no_part_of_the_data_set(study, place, tmp_path):
    out = tmp_path / "out"
    (out / "@eaDir" / "card.md").mkdir(parents=True)  # before: the folder counts as empty
    (out / "@eaDir" / "card.md" / "SYNO@.fileindexdb").touch()
    made(study, out)
    (out / "@eaDir" / "counts.csv").mkdir()
    (out / "@eaDir" / "counts.csv" / "SYNO@.fileindexdb").touch()
    (out / "Thumbs.db").touch()
    assert made(study, out).finished
    assert (out / "SHA256SUMS").read_bytes() == (place.out / "SHA256SUMS").read_bytes()


@pytest.mark.parametrize("allowed", [0, 900, 2500, 5000])
def test_a_full_disk_is_told_and_nothing_is_lost(study, place, tmp_path, allowed):
    with full_disk(allowed), pytest.raises(OutputError, match="can't be written"):
        made(study, tmp_path / "out")
    made(study, tmp_path / "out")
    assert (tmp_path / "out" / "SHA256SUMS").read_bytes() == (place.out / "SHA256SUMS").read_bytes()


def test_too_few_contents_for_a_split_are_told(tmp_path):
    write_source(tmp_path, "lab", "Denoising", contents=1)
    config = write_config(
        tmp_path / "c.yaml", sources=[{"name": "manifest", "root": "lab.csv"}], tau={"lab": {"own": 2}}
    )
    told = json.loads((made(config).out / "splits.json").read_text())
    assert "a split needs at least 2 contents" in told["content"]["none"]
    assert told["pair"]["test"]["pairs"] >= 1


def test_manifest_is_one_that_reads_back(place):
    manifest = read_manifest(place.out)
    assert isinstance(manifest, Manifest)
    assert manifest.about["threshold"] == {
        "ssim": 0.97,
        "measured on images": 0,
        "interval": None,
        "noise": None,
        "matlab downsampling": False,
        "origin": "given in the configuration",
    }
