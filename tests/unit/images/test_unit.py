import numpy as np
import pytest

from fgresq.images.unit import to_unit


@pytest.mark.parametrize(("kind", "white"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1)])
def test_black_is_zero_and_white_is_one(kind, white):
    pixels = np.zeros((8, 9, 3), dtype=kind)
    pixels[2, 3] = white
    unit = to_unit(pixels)
    assert unit.dtype == np.float32
    assert (unit.min(), unit.max(), unit[2, 3, 1]) == (0, 1, 1)


def test_sixteen_bits_keep_their_depth():
    ramp = np.repeat(np.arange(64, dtype=np.uint16).reshape(8, 8, 1), 3, axis=-1)
    np.testing.assert_allclose(to_unit(ramp) * 65535, ramp, rtol=0, atol=1e-4)
