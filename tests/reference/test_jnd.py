"""The fast JND model against its pixel-by-pixel transcription."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from fgresq.curation.jnd.canny import canny
from fgresq.curation.jnd.model import jnd_map

_spec = importlib.util.spec_from_file_location("slow_jnd", Path(__file__).with_name("slow_jnd.py"))
assert _spec is not None
assert _spec.loader is not None
slow_jnd = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(slow_jnd)

ROWS, COLUMNS = np.mgrid[:44, :52]
DRAWN = {
    "constant": np.full((20, 23), 100),
    "black": np.zeros((12, 15)),
    "white": np.full((9, 9), 255),
    "step across": np.where(COLUMNS > 25, 200, 10),
    "step down": np.where(ROWS > 20, 10, 200),
    "diagonal": np.where(ROWS > COLUMNS, 180, 60),
    "disk": np.where((ROWS - 22) ** 2 + (COLUMNS - 26) ** 2 < 200, 180, 60),
    "chequers": (ROWS // 4 + COLUMNS // 4) % 2 * 90 + 50,
    "weak edge": np.where(COLUMNS > 25, 104, 100),
    "ramp": ROWS * 2 + COLUMNS,
    "noise": np.random.default_rng(0).integers(0, 256, (40, 50)),
    "smallest": np.random.default_rng(1).integers(0, 256, (5, 5)),
    "narrow": np.random.default_rng(2).integers(0, 256, (40, 6)),
}


def assert_agrees(levels: np.ndarray) -> None:
    expected = np.array(slow_jnd.jnd(levels.astype(float).tolist())) / 255
    np.testing.assert_allclose(jnd_map(levels / 255), expected, rtol=1e-6, atol=0)


@pytest.mark.parametrize("name", DRAWN)
def test_drawn_pictures(name: str) -> None:
    assert_agrees(DRAWN[name])


@pytest.mark.parametrize("corner", [(0, 0), (90, 170), (210, 300)])
@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
def test_photographs(name: str, corner: tuple[int, int]) -> None:
    top, left = corner
    colour = getattr(skimage.data, name)()
    assert_agrees(np.rint(colour @ [0.299, 0.587, 0.114])[top : top + 60, left : left + 72])


@pytest.mark.parametrize("thresholds", [(0.1, 0.25), (0.32, 0.8), (0.02, 0.05)])
@pytest.mark.parametrize("name", ["disk", "constant", "weak edge", "noise", "photograph"])
def test_edges(name: str, thresholds: tuple[float, float]) -> None:
    photograph = np.rint(skimage.data.coffee() @ [0.299, 0.587, 0.114])[90:150, 170:230]
    levels = (photograph if name == "photograph" else DRAWN[name]).astype(float)
    low, high = thresholds
    edges = canny(levels, low=low, high=high, sigma=2**0.5)
    np.testing.assert_array_equal(edges, slow_jnd.canny(levels.tolist(), low, high, 2**0.5))
    assert edges.any() == (name != "constant")


def test_colour_goes_through_the_luma() -> None:
    colour = skimage.data.coffee()[200:250, 300:360]
    levels = np.rint(colour @ [0.299, 0.587, 0.114] * 256) / 256
    expected = np.array(slow_jnd.jnd(levels.tolist())) / 255
    for precision in (np.float32, np.float64):
        np.testing.assert_allclose(jnd_map((colour / 255).astype(precision)), expected, rtol=1e-6, atol=0)


def test_the_transcription_would_show_a_difference() -> None:
    # A measure that agrees with everything measures nothing: each part moves the map on this photograph.
    levels = np.rint(skimage.data.astronaut() @ [0.299, 0.587, 0.114])[90:140, 170:230].tolist()
    complete = np.array(slow_jnd.jnd(levels))
    for part, neutral in (
        ("luminance_adaptation", 3.0),
        ("luminance_contrast", 1.0),
        ("pattern_complexity", 1.0),
        ("edge_protection", 1.0),
    ):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(slow_jnd, part, lambda plane, value=neutral: slow_jnd.made(plane, lambda r, c: value))
            without = np.array(slow_jnd.jnd(levels))
        assert np.mean(np.abs(without / complete - 1) > 1e-3) > 0.05, part
