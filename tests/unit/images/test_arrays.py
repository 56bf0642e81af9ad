"""Which arrays are pictures, and what is said of those that aren't."""

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.unit.images.pictures import ALPHA, DEEP, FLOATS, RGB, grey

from fgresq.errors import ImageError
from fgresq.images.arrays import as_rgb
from fgresq.images.preprocessing import Resized

COLOUR = np.stack([FLOATS, FLOATS[::-1], FLOATS[:, ::-1]], axis=-1)


def frozen(array: NDArray[np.generic]) -> NDArray[np.generic]:
    copy = array.copy()
    copy.flags.writeable = False
    return copy


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (RGB, RGB),
        (ALPHA, grey(ALPHA)),
        (ALPHA[..., np.newaxis], grey(ALPHA)),
        (np.dstack([RGB, ALPHA]), RGB),
        (DEEP, DEEP[..., :3]),
        (DEEP[..., 0], grey(DEEP[..., 0])),
        (COLOUR, COLOUR),
        (FLOATS, grey(FLOATS)),
        (COLOUR.astype(np.float64), COLOUR),
        (COLOUR.astype(np.longdouble), COLOUR),
        (COLOUR.astype(np.float16), COLOUR.astype(np.float16).astype(np.float32)),
        (RGB[:8, :8], RGB[:8, :8]),
        (RGB[::-2, ::3], RGB[::-2, ::3]),
        (np.asfortranarray(RGB), RGB),
        (np.moveaxis(np.ascontiguousarray(np.moveaxis(RGB, -1, 0)), 0, -1), RGB),
        (frozen(RGB), RGB),
        (frozen(COLOUR), COLOUR),
        (np.broadcast_to(np.uint8(7), (9, 9, 3)), np.full((9, 9, 3), 7, np.uint8)),
        (DEEP.astype(">u2"), DEEP[..., :3]),
        (COLOUR.astype(">f4"), COLOUR),
        (COLOUR.astype(">f8"), COLOUR),
        (np.ma.masked_less(ALPHA, 9), grey(ALPHA)),
        (COLOUR * np.float32(1.0005), np.minimum(COLOUR * np.float32(1.0005), 1)),
        (COLOUR - np.float32(0.0005), np.maximum(COLOUR - np.float32(0.0005), 0)),
    ],
)
def test_what_is_a_picture(array: NDArray[np.generic], expected: NDArray[np.generic]) -> None:
    before = array.copy()
    rgb = as_rgb(array, "it")
    assert rgb.dtype == expected.dtype
    assert rgb.dtype.isnative
    np.testing.assert_array_equal(rgb, expected)
    assert Resized()(rgb).shape == (224, 224, 3)  # OpenCV takes it whatever its strides
    np.testing.assert_array_equal(array, before)


def with_one(value: float) -> NDArray[np.float32]:
    array = COLOUR.copy()
    array[3, 4, 1] = value
    return array


SHAPE = r"\(height, width\) or \(height, width, 1, 3 or 4\) is needed"


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros(()), rf"has shape \(\); {SHAPE}$"),
        (np.zeros(9), rf"has shape \(9,\); {SHAPE}$"),
        (np.zeros((9, 9, 2)), rf"has shape \(9, 9, 2\); {SHAPE}$"),
        (np.zeros((9, 9, 0)), rf"has shape \(9, 9, 0\); {SHAPE}$"),
        (np.zeros((9, 9, 5)), rf"has shape \(9, 9, 5\); {SHAPE}$"),
        (np.zeros((2, 9, 9, 3)), rf"has shape \(2, 9, 9, 3\); {SHAPE}$"),
        (np.zeros((3, 32, 32)), r"has shape \(3, 32, 32\); .*; it looks channels-first, transpose it$"),
        (np.zeros((1, 32, 32)), "channels-first"),
        (np.zeros((4, 32, 32)), "channels-first"),
        (np.zeros((0, 0)), "is 0x0 pixels; at least 8x8 are needed to judge it"),
        (np.zeros((0, 9, 3)), "is 9x0 pixels"),
        (np.zeros((9, 7, 3), np.uint8), "is 7x9 pixels"),
        (np.zeros((1, 1), np.uint8), "is 1x1 pixels"),
        (np.zeros((9, 9), np.int32), r"has int32 values; uint8, uint16 or floating point in \[0, 1\] is needed"),
        (np.zeros((9, 9), np.int8), "has int8 values"),
        (np.zeros((9, 9), np.uint32), "has uint32 values"),
        (np.zeros((9, 9), bool), "has bool values"),
        (np.zeros((9, 9), complex), "has complex128 values"),
        (np.zeros((9, 9), object), "has object values"),
        (np.full((9, 9), "a"), "has <U1 values"),
        (np.zeros((9, 9), "datetime64[s]"), r"has datetime64\[s\] values"),
        (with_one(np.nan), "holds NaN or infinite values"),
        (with_one(np.inf), "holds NaN or infinite values"),
        (with_one(-np.inf), "holds NaN or infinite values"),
        (np.ma.masked_invalid(with_one(np.nan)), "holds NaN or infinite values"),
        (np.full((9, 9), 1e300), "holds NaN or infinite values"),
        (np.full((9, 9), np.nan, np.float16), "holds NaN or infinite values"),
        (RGB.astype(np.float32), r"from 0 to 255; floating point must lie in \[0, 1\]; divide it by 255$"),
        (DEEP.astype(np.float64), r"floating point must lie in \[0, 1\]; scale or clamp it$"),
        (2 * COLOUR - 1, r"has values from -.* to .*; floating point must lie in \[0, 1\]; scale or clamp it$"),
        (with_one(1.002), r"to 1\.002; .*; scale or clamp it$"),
        (with_one(-0.002), r"has values from -0\.002 to"),
    ],
)
def test_what_is_not_a_picture(array: NDArray[np.generic], reason: str) -> None:
    with pytest.raises(ImageError, match=reason) as caught:
        as_rgb(array, "image 3")
    assert caught.value.name == "image 3"
    assert str(caught.value) == f"image 3: {caught.value.reason}"
