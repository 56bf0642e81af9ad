"""The distances behind the labels, against slow versions written from their definitions."""

import numpy as np
import pytest
import torch
from scipy.signal import convolve2d

from fgresq.backbones.lite0 import load_lite0
from fgresq.synthesis.degrade import DEGRADATIONS
from fgresq.synthesis.fidelity import METRICS, Judge
from fgresq.synthesis.pictures import Picture, gaussian, rounded

LAYERS = ["stem", "d0", "d2", "d4", "d7", "d10", "d14", "d15"]


def draw(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def halved(picture: np.ndarray) -> np.ndarray:
    height, width = (side // 2 * 2 for side in picture.shape[:2])
    cut = picture[:height, :width]
    return (cut[::2, ::2] + cut[1::2, ::2] + cut[::2, 1::2] + cut[1::2, 1::2]) / 4


def maps(picture: np.ndarray) -> list[np.ndarray]:
    image = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1), dtype=np.float32))[None]
    with torch.inference_mode():
        return [each[0].double().numpy() for each in load_lite0()(image, LAYERS)]


def slow_distances(x: Picture, y: Picture) -> list[float]:
    dists = lpips = 0.0
    for a, b in ((x, y), (halved(x), halved(y))):
        for p, q in zip(maps(a), maps(b), strict=True):
            channels = []
            for u, v in zip(p.reshape(len(p), -1), q.reshape(len(q), -1), strict=True):
                covariance = np.mean((u - u.mean()) * (v - v.mean()))
                channels.append(
                    (
                        (2 * u.mean() * v.mean() + 1e-6) / (u.mean() ** 2 + v.mean() ** 2 + 1e-6),
                        (2 * covariance + 1e-6) / (u.var() + v.var() + 1e-6),
                    )
                )
            dists += 2 - np.mean(channels, axis=0).sum()
            unit_p, unit_q = (z / np.maximum(np.linalg.norm(z, axis=0), 1e-6) for z in (p, q))
            lpips += float(np.square(unit_p - unit_q).sum(axis=0).mean())
    return [float(dists), lpips, slow_gradients(x, y)]


def slow_gradients(x: Picture, y: Picture) -> float:
    squared = []
    for picture in (x, y):
        plane = halved(halved(picture.astype(np.float64) @ [0.299, 0.587, 0.114]))
        across = np.array([[1, 0, -1]] * 3) / 3
        squared.append(convolve2d(plane, across, "valid") ** 2 + convolve2d(plane, across.T, "valid") ** 2)
    a, b = (255**2 * each for each in squared)
    return float(1 - np.mean((2 * np.sqrt(a * b) + 170) / (a + b + 170)))


def degraded(crop: Picture) -> list[Picture]:
    names = ("gaussian-blur", "camera-noise", "jpeg", "haze", "rain-streaks", "bicubic-downsampling")
    return [rounded(DEGRADATIONS[name].apply(crop, 0.5, draw()).image) for name in names]


@pytest.mark.slow
def test_against_slow_versions(crops: list[Picture]) -> None:
    judge = Judge(crops[0])
    for picture in degraded(crops[0]):
        assert judge(picture) == pytest.approx(slow_distances(crops[0], picture), rel=2e-4, abs=1e-5)


def test_odd_sides(crops: list[Picture]) -> None:
    x = np.ascontiguousarray(crops[1][:101, :99])
    y = gaussian(x, 1.0)
    assert Judge(x)(y) == pytest.approx(slow_distances(x, y), rel=2e-4, abs=1e-5)


def test_the_pristine_picture_is_at_no_distance(crops: list[Picture]) -> None:
    for crop in crops:
        assert Judge(crop)(crop) == pytest.approx(np.zeros(len(METRICS)), abs=1e-5)


def test_more_of_a_degradation_is_farther(crops: list[Picture]) -> None:
    for name in ("gaussian-blur", "gaussian-noise", "jpeg"):
        judge = Judge(crops[0])
        rows = [judge(DEGRADATIONS[name].apply(crops[0], strength, draw()).image) for strength in (0.1, 0.5, 0.9)]
        assert np.all(np.diff(rows, axis=0) > 0), name


def test_the_number_of_threads_does_not_show(crops: list[Picture]) -> None:
    picture = degraded(crops[0])[0]
    before = torch.get_num_threads()
    found = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(Judge(crops[0])(picture).tolist())
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert found[0] == found[1]
