"""`fgresq synth` as people run it, on photographs."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from PIL import Image, ImageFilter
from tests.end_to_end.command import inside, run

from fgresq.manifest import read_manifest
from fgresq.synthesis.restore.learned import LEARNED


@pytest.fixture
def folder(photographs: Mapping[str, Path]) -> Path:
    return next(iter(photographs.values())).parent


def test_a_folder_becomes_a_data_set(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    printed = run(
        "synth", folder, out, "--per-content", 12, "--crop", 96, "--workers", 2, "--source-name", "wheel"
    ).stdout
    manifest = read_manifest(out)
    assert len(manifest.images) == 36
    assert {image.source for image in manifest.images} == {"wheel"}
    assert f"3 of 3 photographs used, 0 failed; 36 images, {len(manifest.pairs)} pairs" in printed
    assert "Not human preference" in printed
    rows = re.findall(r"^(\w+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) *$", printed, flags=re.MULTILINE)
    assert sum(int(row[2]) for row in rows) == 36
    assert sum(int(count) for row in rows for count in row[3:]) == len(manifest.pairs)
    for image in manifest.images:
        assert manifest.path_of(image).is_file()


def test_a_photograph_that_cannot_be_used(folder: Path, photographs: Mapping[str, Path], tmp_path: Path) -> None:
    bad = tmp_path / "cut off.png"
    bad.write_bytes(photographs["coffee"].read_bytes()[:9000])
    done = inside(
        "synth", photographs["chelsea"], bad, tmp_path / "set", "--per-content", 3, "--crop", 96, "--workers", 1, code=1
    )
    assert "cut off.png" in done.stderr
    assert "1 of 2 photographs used, 1 failed" in done.stdout
    assert len(read_manifest(tmp_path / "set").images) == 3


def test_results_of_other_restorers_join(folder: Path, photographs: Mapping[str, Path], tmp_path: Path) -> None:
    results = tmp_path / "results"
    for algorithm, radius in (("soft", 1.0), ("softer", 2.5)):
        for name, path in photographs.items():
            (results / algorithm).mkdir(parents=True, exist_ok=True)
            with Image.open(path) as image:
                image.filter(ImageFilter.GaussianBlur(radius)).save(results / algorithm / f"{name}.png")
    Image.new("RGB", (80, 80)).save(results / "soft" / "coffee.png")
    options = ("--per-content", 0, "--crop", 96, "--workers", 2, "--restored", results)
    done = inside("synth", folder, tmp_path / "set", *options, "--restored-task", "Deblurring", code=1)
    assert "3 of 3 photographs used, 0 failed; 5 of 6 ready results used, 1 failed; 8 images" in done.stdout
    assert "coffee.png: is 80x80 pixels, its photograph 600x400" in done.stderr
    manifest = read_manifest(tmp_path / "set")
    assert sorted(image.algorithm for image in manifest.images) == ["pristine"] * 3 + ["soft"] * 2 + ["softer"] * 3
    by_id = {image.image_id: image for image in manifest.images}
    assert len(manifest.pairs) >= 5
    for pair in manifest.pairs:
        order = [by_id[image].algorithm for image in (pair.image_a, pair.image_b)]
        assert (sorted(order)[0] == order[0]) == (pair.preference == "A")  # the less blurred one is preferred
    refused = inside("synth", folder, tmp_path / "other", *options, code=2).stderr
    assert "--restored-task" in refused
    assert not (tmp_path / "other").exists()


def test_learned_restorers_are_listed_and_asked_for(folder: Path, tmp_path: Path) -> None:
    listed = inside("restorers").stdout
    for restorer in LEARNED.values():
        assert restorer.name in listed
        assert restorer.package.licence in listed
    refused = inside("synth", folder, tmp_path / "set", "--restorers", "oidn,realesrgan", code=2).stderr
    assert "no learned restorer 'realesrgan'; did you mean" in refused
    if absent := [restorer for restorer in LEARNED.values() if restorer.package.missing()]:
        refused = inside("synth", folder, tmp_path / "set", "--restorers", absent[0].name, code=2).stderr
        assert "pip install 'fgresq[restorers]'" in refused
    assert not (tmp_path / "set").exists()


def test_mistakes_in_the_request(folder: Path, tmp_path: Path) -> None:
    assert "no such file or folder" in inside("synth", tmp_path / "absent", tmp_path / "set", code=2).stderr
    assert "isn't empty" in inside("synth", folder, folder, "--crop", 96, code=2).stderr
    inside("synth", folder, tmp_path / "set", "--per-content", 1, code=2)
    inside("synth", folder, tmp_path / "set", "--crop", 10, code=2)
    assert not (tmp_path / "set").exists()
