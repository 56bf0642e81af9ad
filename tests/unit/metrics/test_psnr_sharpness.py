import math

import numpy as np
import pytest
from tests.unit.metrics.pictures import textured

from fgresq.metrics.psnr import psnr, psnr_luma
from fgresq.metrics.sharpness import sharpness


def test_psnr_of_a_known_difference():
    reference = np.full((8, 9, 3), 0.5, dtype=np.float32)
    image = reference + np.float32(0.25)
    assert psnr(image, reference) == pytest.approx(10 * math.log10(16))
    # One colour of three, off by a quarter: a third of the squared error, and the luma is off by that colour's weight.
    image = reference.copy()
    image[..., 1] += 0.25
    assert psnr(image, reference) == pytest.approx(10 * math.log10(48))
    assert psnr_luma(image, reference) == pytest.approx(-20 * math.log10(0.25 * 0.587 * 219 / 255))


def test_psnr_of_equal_pictures_is_infinite():
    assert psnr(textured(5, 6), textured(5, 6)) == math.inf
    assert psnr_luma(textured(5, 6), textured(5, 6)) == math.inf


def test_psnr_is_symmetric_and_takes_both_precisions():
    x, y = textured(30, 40), textured(30, 40, 1)
    assert psnr(x, y) == psnr(y, x) == pytest.approx(psnr(x.astype(np.float64), y.astype(np.float64)))


def test_sharpness_of_a_single_point():
    image = np.zeros((9, 9, 3), dtype=np.float32)
    image[4, 4] = 1
    assert sharpness(image) == pytest.approx((16 + 4) / 81)  # the Laplacian is -4 once and 1 four times, in mean 0


def test_sharpness_falls_with_blur_and_is_0_for_a_flat_picture():
    image = textured(40, 40)
    blurred = (image[1:, 1:] + image[:-1, 1:] + image[1:, :-1] + image[:-1, :-1]) / 4
    assert sharpness(blurred) < sharpness(image)
    assert sharpness(np.full((5, 5, 3), 0.3)) == pytest.approx(0, abs=1e-30)
