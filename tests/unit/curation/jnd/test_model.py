from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fgresq.curation.jnd import model
from fgresq.curation.jnd.model import jnd_map
from fgresq.errors import UserError


@pytest.mark.parametrize("level", [0, 20, 100, 127, 128, 200, 255])
def test_a_flat_picture_leaves_luminance_adaptation_alone(level):
    b = round(32 + 95 * level / 127) if level <= 127 else level
    visibility = 17 * (1 - (b / 127) ** 0.5) + 3 if level <= 127 else 3 * (b - 127) / 128 + 3
    inner = jnd_map(np.full((15, 18), level / 255))[2:-2, 2:-2]
    np.testing.assert_allclose(inner, 0.7 * visibility / 255, rtol=1e-12)


def test_texture_hides_more_than_a_flat_area():
    picture = np.full((90, 100), 0.5)
    picture[:, :50] += np.random.default_rng(0).uniform(-0.3, 0.3, (90, 50))
    jnd = jnd_map(picture)
    assert jnd[20:70, 10:40].mean() > 3 * jnd[20:70, 60:90].mean()


def test_edges_are_protected_from_what_their_pattern_hides(monkeypatch):
    # A weak texture, so that the contrast at the edge hides less than its pattern would.
    picture = np.full((60, 60), 0.3) + np.random.default_rng(0).uniform(-0.05, 0.05, (60, 60))
    picture[:, 30:] += 0.2
    protected = jnd_map(picture)
    monkeypatch.setattr(model, "canny", lambda levels, **_: np.zeros(levels.shape, dtype=bool))
    unprotected = jnd_map(picture)
    assert (protected <= unprotected).all()
    at_edge, away = np.s_[20:40, 29:31], np.s_[20:40, 10:15]
    assert (protected[at_edge] < 0.8 * unprotected[at_edge]).mean() > 0.9
    np.testing.assert_array_equal(protected[away], unprotected[away])


def framed(picture: np.ndarray) -> np.ndarray:
    """Its three outer pixels black."""
    inside = picture.copy()
    inside[:3] = inside[-3:] = inside[:, :3] = inside[:, -3:] = 0
    return inside


BEYOND_THE_FRAME = np.s_[18:-18, 18:-18]  # Canny's Gaussian, the disk and the last Gaussian reach no farther


def test_a_black_frame_leaves_the_map_inside():
    """The frame's edge is as tall as the zeros beyond the border would make it seem without a frame."""
    picture = np.full((120, 140), 200.0)
    picture[40:80, 30:50] = 100
    picture[40:80, 80:110] = 155  # an edge of 45 levels is none where edges are 60; it was where the tallest is 200
    picture /= 255
    inside = jnd_map(picture)[BEYOND_THE_FRAME]
    np.testing.assert_allclose(jnd_map(framed(picture))[BEYOND_THE_FRAME], inside, rtol=1e-9)


def test_a_black_frame_hardly_changes_a_photographs_map(photographs: Mapping[str, Path]):
    # Not exactly: a frame's edge is straight, so its gradient is a little steeper for its height than a blurred one's.
    picture = np.asarray(Image.open(photographs["chelsea"]).convert("L")) / 255
    inside = jnd_map(picture)[BEYOND_THE_FRAME].mean()
    assert jnd_map(framed(picture))[BEYOND_THE_FRAME].mean() == pytest.approx(inside, rel=0.06)  # it was 43 % off


def test_transposing_the_picture_transposes_the_map():
    # Not so for mirrored pictures: an upward and a downward gradient fall into different bins at 90 degrees.
    picture = np.random.default_rng(3).integers(0, 256, (30, 41)) / 255
    turned = jnd_map(np.ascontiguousarray(picture.T)).T
    assert np.median(np.abs(turned / jnd_map(picture) - 1)) < 1e-9


@pytest.mark.parametrize("shape", [(4, 30), (30, 4), (3, 3, 3)])
def test_too_small_a_picture(shape):
    with pytest.raises(UserError, match="too small; at least 5x5"):
        jnd_map(np.zeros(shape))


@pytest.mark.parametrize("bad", [np.nan, 255.0])
def test_values_out_of_range(bad):
    with pytest.raises(UserError, match=r"must lie in \[0, 1\]|holds NaN or infinite"):
        jnd_map(np.full((20, 20), bad))
