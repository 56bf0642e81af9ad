import numpy as np
import pytest
from tests.unit.metrics.pictures import textured

from fgresq.metrics.piqe import piqe


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_without_an_active_block_it_is_100(level):
    # So is MATLAB's, which gives I03 of the calibration pictures 100; there is nothing to divide by but the constant.
    assert piqe(np.full((40, 50, 3), level, dtype=np.float32)) == 100


def test_noise_is_worse_than_texture(photographs):
    from fgresq.images.decode import decode

    for path in photographs.values():
        image = decode(path).astype(np.float32) / np.float32(255)
        noisy = np.clip(image + np.random.default_rng(0).normal(0, 0.2, image.shape), 0, 1).astype(np.float32)
        assert piqe(noisy) > piqe(image)


def test_the_last_pixels_are_repeated_to_whole_blocks():
    image = textured(40, 50)
    padded = np.pad(image, ((0, 8), (0, 14), (0, 0)), mode="edge")
    assert piqe(image) == piqe(padded)


def test_a_block_that_varies_in_its_centre_alone_has_no_ratio():
    # Contrast that is 0 in the surround would divide by 0.
    from fgresq.metrics.piqe import _is_noisy

    block = np.zeros((1, 16, 16))
    block[0, ::2, 7], block[0, 1::2, 7] = 3.0, -3.0
    block[0, ::2, 9], block[0, 1::2, 9] = 3.0, -3.0
    assert not _is_noisy(block, block.var(axis=(1, 2), ddof=1)).any()
