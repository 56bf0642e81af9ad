"""SSIM against scikit-image's, MATLAB's downsampling against loops, and both precisions against each other."""

import csv
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from skimage.metrics import structural_similarity

from fgresq.images.decode import decode
from fgresq.images.unit import to_unit
from fgresq.metrics.luma import luma
from fgresq.metrics.ssim import grey_plane, matlab_downsampled, ssim, ssim_of_pairs

PHOTOGRAPHS = ("astronaut", "coffee", "chelsea")
CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "noise": lambda x: np.clip(x + np.random.default_rng(0).normal(0, 0.05, x.shape), 0, 1),
    "blur": lambda x: np.clip(cv2.GaussianBlur(x, (0, 0), 2), 0, 1),
    "negative": lambda x: 1 - x,
    "brighter": lambda x: np.clip(1.3 * x, 0, 1),
    "shifted": lambda x: np.roll(x, 1, axis=0),
}


def photograph(name: str) -> np.ndarray:
    return getattr(skimage.data, name)() / 255.0


def peer(x: np.ndarray, y: np.ndarray) -> float:
    return structural_similarity(x, y, data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False)


def in_float32(x: np.ndarray, y: np.ndarray) -> float:
    return float(ssim_of_pairs([grey_plane(x), grey_plane(y)], np.array([[0, 1]]))[0])


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_colour_photographs_agree_with_scikit_image(name: str, change: str) -> None:
    x = photograph(name)
    y = CHANGES[change](x)
    grey = [picture @ [0.299, 0.587, 0.114] for picture in (x, y)]
    assert ssim(x, y) == pytest.approx(peer(*grey), abs=1e-10)


@pytest.mark.parametrize("shape", [(11, 11), (11, 60), (63, 12), (74, 75), (500, 40), (40, 700)])
def test_planes_of_any_size_agree_with_scikit_image(shape: tuple[int, int]) -> None:
    generator = np.random.default_rng(sum(shape))
    x = generator.random(shape)
    y = np.clip(x + generator.normal(0, 0.2, shape), 0, 1)
    assert ssim(x, y) == pytest.approx(peer(x, y), abs=1e-10)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_float32_on_photographs_is_as_near_as_stated(name: str, change: str) -> None:
    x = photograph(name)
    y = CHANGES[change](x)
    assert in_float32(x, y) == pytest.approx(ssim(x, y), abs=1e-6)


@pytest.mark.parametrize("brightness", [0.1, 0.5, 0.98, 1.0])
@pytest.mark.parametrize("ratio", [0.5, 0.9, 0.95])
@pytest.mark.parametrize("noise", [0, 0.001])
def test_float32_on_flat_pictures_is_as_near_as_stated(brightness: float, ratio: float, noise: float) -> None:
    x = np.clip(brightness + np.random.default_rng(1).normal(0, noise, (120, 100)), 0, 1)
    y = np.full_like(x, brightness * ratio)
    assert in_float32(x, y) == pytest.approx(ssim(x, y), abs=3e-4)


def matlab_by_loops(plane: np.ndarray) -> np.ndarray:
    """imfilter(plane, ones(f) / f^2, 'symmetric') at every f-th pixel; its centre is floor((f + 1) / 2), from 1."""
    f = max(1, int(np.floor(min(plane.shape) / 256 + 0.5)))
    before = (f + 1) // 2 - 1
    padded = np.pad(plane, ((before, f - 1 - before),) * 2, mode="symmetric")
    height, width = plane.shape
    return np.array([[padded[r : r + f, c : c + f].mean() for c in range(0, width, f)] for r in range(0, height, f)])


@pytest.mark.parametrize("shape", [(383, 390), (384, 500), (400, 640), (640, 700), (641, 900)])
def test_matlab_downsampling_agrees_with_loops(shape: tuple[int, int]) -> None:
    plane = np.random.default_rng(0).random(shape)
    expected = matlab_by_loops(plane)
    assert {383: 1, 384: 2, 400: 2, 640: 3, 641: 3}[shape[0]] == -(-shape[0] // len(expected))
    np.testing.assert_allclose(matlab_downsampled(plane), expected, rtol=0, atol=1e-14)


def test_downsampled_ssim_agrees_with_scikit_image_of_the_downsampled_planes() -> None:
    x = photograph("astronaut")
    y = CHANGES["noise"](x)
    small = [matlab_by_loops(luma(picture)) for picture in (x, y)]
    assert ssim(x, y, matlab_downsampling=True) == pytest.approx(peer(*small), abs=1e-10)
    assert abs(ssim(x, y, matlab_downsampling=True) - ssim(x, y)) > 0.1


@pytest.mark.shared
def test_recorded_official_values(shared: Path) -> None:
    # MATLAB's rgb2gray rounds to 8 bits; the values are recorded to four digits, without downsampling.
    folder = shared / "data" / "calibration" / "ResultsCalibra"
    with (folder / "results_official.csv").open(newline="") as file:
        rows = {row["Method"]: row for row in csv.DictReader(file)}
    for name, official in rows["ssim"].items():
        if name != "Method":
            pair = [to_unit(decode(folder / side / name)) for side in ("ref_dir", "dist_dir")]
            rounded = [np.rint(luma(picture) * 255) / 255 for picture in pair]
            assert ssim(*rounded) == pytest.approx(float(official), abs=6e-5)
