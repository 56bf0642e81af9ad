"""`fgresq curate jnd` and `fgresq curate threshold` as people run them, on photographs."""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.end_to_end.command import inside, run

from fgresq.curation.jnd.model import jnd_map
from fgresq.curation.jnd.threshold import read_threshold


@pytest.fixture
def folder(photographs: Mapping[str, Path]) -> Path:
    return next(iter(photographs.values())).parent


def test_the_map_and_the_noised_image(photographs: Mapping[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "new" / "folder"
    printed = inside("curate", "jnd", photographs["coffee"], "--out", out, "--gain", 2).stdout
    picture = np.asarray(Image.open(photographs["coffee"])) / 255
    jnd = jnd_map(picture)
    drawn = np.asarray(Image.open(out / "coffee.jnd.png"))
    np.testing.assert_allclose(drawn / 255, jnd / jnd.max(), rtol=0, atol=0.51 / 255)
    noised = np.asarray(Image.open(out / "coffee.noised.png"))
    np.testing.assert_allclose(noised / 255, np.clip(picture + 2 * jnd[..., None], 0, 1), rtol=0, atol=0.51 / 255)
    assert f"greatest {jnd.max() * 255:.1f} (white)" in printed
    assert 0.5 < float(re.findall(r"SSIM (\d\.\d+) to the image", printed)[0]) < 1


def test_random_signs_come_from_the_seed(photographs: Mapping[str, Path], tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        inside("curate", "jnd", photographs["chelsea"], "--out", tmp_path / name, "--sign", "random", "--seed", seed)
    a, b, c = ((tmp_path / name / "chelsea.noised.png").read_bytes() for name in "abc")
    assert a == b != c


def test_the_threshold(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "threshold.json"
    printed = run("curate", "threshold", folder, "--output", output, "--workers", 2, "--seed", 5).stdout
    threshold = read_threshold(output)
    assert len(threshold.images) == 3
    assert threshold.seed == 5
    assert f"SSIM threshold {threshold.ssim:.4f}, 95% interval" in printed
    assert "3 of 3 images drawn, 0 failed; seed 5" in printed
    run(
        "curate",
        "threshold",
        folder,
        "--output",
        tmp_path / "one.json",
        "-n",
        1,
        "--sign",
        "random",
        "--matlab-downsampling",
    )
    assert len(read_threshold(tmp_path / "one.json").images) == 1


def test_a_bad_image_is_named_and_counted(folder: Path, tmp_path: Path) -> None:
    bad = tmp_path / "cut off.png"
    bad.write_bytes((folder / "coffee.png").read_bytes()[:9000])
    output = tmp_path / "threshold.json"
    done = inside("curate", "threshold", folder, bad, "-o", output, "--workers", 1, code=1)
    assert "cut off.png" in done.stderr
    assert "4 of 4 images drawn, 1 failed" in done.stdout
    assert len(read_threshold(output).failed) == 1


def test_mistakes_in_the_request(folder: Path, tmp_path: Path) -> None:
    coffee = folder / "coffee.png"
    assert "no such file" in inside("curate", "jnd", tmp_path / "absent.png", "--out", tmp_path, code=2).stderr
    (tmp_path / "file").touch()
    assert "can't be made" in inside("curate", "jnd", coffee, "--out", tmp_path / "file" / "below", code=2).stderr
    inside("curate", "jnd", coffee, "--out", tmp_path, "--gain", "-1", code=2)
    inside("curate", "jnd", coffee, "--out", tmp_path, "--gain", "inf", code=2)
    inside("curate", "jnd", coffee, "--out", tmp_path, "--sign", "up", code=2)
    assert "must end in .json" in inside("curate", "threshold", folder, "-o", tmp_path / "t.csv", code=2).stderr
    assert (
        "no such file or folder"
        in inside("curate", "threshold", tmp_path / "none", "-o", tmp_path / "t.json", code=2).stderr
    )
    Image.new("L", (9, 9)).save(tmp_path / "small.png")
    assert "small.png" in inside("curate", "jnd", tmp_path / "small.png", "--out", tmp_path / "s", code=2).stderr
    assert not (tmp_path / "s").exists()
    assert not list(tmp_path.glob("*.json"))
