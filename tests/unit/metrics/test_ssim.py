import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fgresq.errors import UserError
from fgresq.metrics import ssim as module
from fgresq.metrics.luma import grey, luma
from fgresq.metrics.ssim import grey_plane, ssim, ssim_of_pairs

PRECISIONS = (np.float32, np.float64)


def pictures(count: int, shape: tuple[int, ...] = (40, 50), precision: type = np.float64) -> list[np.ndarray]:
    generator = np.random.default_rng(count)
    base = generator.random(shape)
    return [np.clip(base + generator.normal(0, 0.1 * k, shape), 0, 1).astype(precision) for k in range(count)]


planes = arrays(
    np.float64, st.tuples(st.integers(11, 30), st.integers(11, 30)), elements=st.floats(0, 1, allow_subnormal=False)
)


@settings(max_examples=60)
@given(planes, st.sampled_from(PRECISIONS))
def test_an_image_is_exactly_like_itself(plane, precision):
    assert ssim_of_pairs([grey_plane(plane, precision)], np.array([[0, 0]]))[0] == 1.0
    assert ssim(plane, plane.copy()) == 1.0


@settings(max_examples=60)
@given(planes, st.integers(0, 2**32 - 1), st.sampled_from(PRECISIONS))
def test_it_is_symmetric_and_at_most_one(plane, seed, precision):
    other = np.random.default_rng(seed).random(plane.shape)
    both = ssim_of_pairs([grey_plane(plane, precision), grey_plane(other, precision)], np.array([[0, 1], [1, 0]]))
    assert both[0] == both[1] <= 1 + 1e-6
    assert both[0] > -1
    assert ssim(plane, other) == ssim(other, plane)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("shape", [(40, 50), (300, 270), (600, 20)])
def test_many_pairs_are_what_single_pairs_are(shape, precision):
    several = pictures(4, shape, precision)
    pairs = np.array([[0, 1], [2, 0], [3, 1], [0, 1], [2, 2]])
    together = ssim_of_pairs([grey_plane(picture, precision) for picture in several], pairs)
    alone = [
        ssim_of_pairs([grey_plane(several[a], precision), grey_plane(several[b], precision)], np.array([[0, 1]]))[0]
        for a, b in pairs
    ]
    np.testing.assert_array_equal(together, alone)


def test_bands_do_not_change_the_answer(monkeypatch):
    several = [grey_plane(picture, np.float64) for picture in pictures(3, (150, 40))]
    pairs = np.array([[0, 1], [0, 2]])
    whole = ssim_of_pairs(several, pairs)
    monkeypatch.setattr(module, "_BAND_PIXELS", 1)
    for rows in (1, 7, 64, 139, 140):
        monkeypatch.setattr(module, "_BAND_ROWS", rows)
        np.testing.assert_allclose(ssim_of_pairs(several, pairs), whole, rtol=0, atol=1e-13)


def test_a_pair_costs_one_filtering(monkeypatch):
    calls = []
    original = cv2.sepFilter2D
    monkeypatch.setattr(cv2, "sepFilter2D", lambda *arguments: calls.append(1) or original(*arguments))
    images = 6
    pairs = np.array([[a, b] for a in range(images) for b in range(a)])
    ssim_of_pairs([grey_plane(picture) for picture in pictures(images)], pairs)
    assert len(calls) == 2 * images + len(pairs)


def test_no_pairs_and_no_planes():
    assert ssim_of_pairs([], np.empty((0, 2), dtype=np.int64)).shape == (0,)


def test_by_hand_on_constant_images():
    # Without structure only the luminance term is left.
    a, b, c1 = 0.2, 0.7, 0.01**2
    expected = (2 * a * b + c1) / (a * a + b * b + c1)
    assert ssim(np.full((20, 15), a), np.full((20, 15), b)) == pytest.approx(expected, abs=1e-9)


def test_grey_in_three_channels_is_grey():
    x, y = pictures(2)
    colour = [np.repeat(picture[..., None], 3, axis=-1) for picture in (x, y)]
    assert ssim(*colour) == pytest.approx(ssim(x, y), abs=1e-12)
    assert ssim(colour[0], y) == pytest.approx(ssim(x, y), abs=1e-12)


def test_views_are_read_as_they_are_seen():
    x, y = pictures(2, (40, 40, 3))
    assert ssim(x[::-1], y[::-1]) == pytest.approx(ssim(x, y), abs=1e-12)
    assert ssim(x.swapaxes(0, 1), y.swapaxes(0, 1)) == pytest.approx(ssim(x, y), abs=1e-12)


def test_luma_weights():
    colours = np.eye(3)[np.newaxis]
    np.testing.assert_allclose(luma(colours), [[0.299, 0.587, 0.114]], rtol=0, atol=1e-15)
    np.testing.assert_allclose(luma(np.full((1, 1, 3), 0.4, dtype=np.float32)), 0.4, rtol=0, atol=1e-7)


def test_different_sizes_are_named():
    with pytest.raises(UserError, match=r"one size, not 30x20 and 20x30 pixels"):
        ssim(np.zeros((20, 30)), np.zeros((30, 20)))
    with pytest.raises(UserError, match=r"one size, not 30x20 and 30x21 pixels"):
        ssim_of_pairs([np.zeros((20, 30)), np.zeros((20, 30)), np.zeros((21, 30))], np.array([[0, 1]]))


@pytest.mark.parametrize("shape", [(10, 40), (40, 10), (10, 10, 3), (1, 1)])
def test_too_small_an_image(shape):
    size = f"{shape[1]}x{shape[0]} pixels is too small; at least 11x11"
    with pytest.raises(UserError, match=size):
        ssim(np.zeros(shape), np.zeros(shape))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -0.5, 255.0])
def test_values_out_of_range(bad):
    image = np.zeros((20, 20, 3))
    image[3, 4, 1] = bad
    with pytest.raises(UserError, match=r"must lie in \[0, 1\]|holds NaN or infinite"):
        ssim(image, np.zeros((20, 20, 3)))


def test_a_rounding_error_beyond_white_is_no_fault():
    assert grey(np.full((12, 12), 1 + 1e-6), 11).max() == 1 + 1e-6
