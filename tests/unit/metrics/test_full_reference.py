"""MS-SSIM, GMSD, mean gradient similarity and VIF, against other people's parts and known cases."""

import numpy as np
import pytest
import skimage.data
from scipy.signal import convolve2d
from skimage.metrics import structural_similarity
from skimage.transform import downscale_local_mean
from tests.unit.metrics.pictures import textured

from fgresq.errors import UserError
from fgresq.metrics.gmsd import gmsd, mean_gradient_similarity
from fgresq.metrics.luma import luma
from fgresq.metrics.ms_ssim import WEIGHTS, ms_ssim, similarities
from fgresq.metrics.natural_scenes.planes import grey_levels
from fgresq.metrics.vif import vif

ALL = {"ms-ssim": ms_ssim, "gmsd": gmsd, "gradients": mean_gradient_similarity, "vif": vif}
LOWER_IS_BETTER = {"gmsd"}


@pytest.fixture(scope="module")
def photograph():
    return skimage.data.astronaut()[30:230, 150:341].astype(np.float64) / 255


def noisy(picture, deviation, seed=0):
    return np.clip(picture + np.random.default_rng(seed).normal(0, deviation, picture.shape), 0, 1)


def test_ms_ssim_is_scikit_images_contrast_and_structure_at_five_sizes(photograph):
    x, y = luma(photograph)[:192, :176], luma(noisy(photograph, 0.1))[:192, :176]
    expected = []
    for size in range(5):
        if size:
            x, y = downscale_local_mean(x, (2, 2)), downscale_local_mean(y, (2, 2))
        settings = {"data_range": 1, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
        luminance = {} if size == 4 else {"K1": 1e6}  # so large a constant leaves contrast and structure alone
        expected.append(structural_similarity(x, y, **settings, **luminance))
    x, y = photograph[:192, :176], noisy(photograph, 0.1)[:192, :176]
    assert similarities(luma(x), luma(y)) == pytest.approx(expected, abs=1e-9)
    assert ms_ssim(y, x) == pytest.approx(np.prod(np.array(expected) ** WEIGHTS), abs=1e-9)


def test_opposed_structure_counts_as_none(photograph):
    grain = textured(176, 180)
    assert similarities(luma(grain), luma(1 - grain)).min() < 0
    assert ms_ssim(1 - grain, grain) == 0


def gradients(levels):
    prewitt = np.array([[1, 0, -1]] * 3) / 3
    return np.hypot(convolve2d(levels, prewitt, mode="same"), convolve2d(levels, prewitt.T, mode="same"))


def test_gmsd_is_what_the_authors_program_does(photograph):
    maps = []
    for picture in (photograph, noisy(photograph, 0.1)):
        mean = convolve2d(grey_levels(picture), np.full((2, 2), 0.25))[1:, 1:]
        maps.append(gradients(mean[::2, ::2]))
    similarity = (2 * maps[0] * maps[1] + 170) / (maps[0] ** 2 + maps[1] ** 2 + 170)
    assert gmsd(noisy(photograph, 0.1), photograph) == pytest.approx(similarity.std(ddof=1), rel=1e-9)


def test_gradients_at_a_quarter_of_the_size(photograph):
    pictures = photograph[:, :188], noisy(photograph, 0.1)[:, :188]
    maps = [gradients(255 * downscale_local_mean(luma(each), (4, 4)))[1:-1, 1:-1] for each in pictures]
    similarity = (2 * maps[0] * maps[1] + 170) / (maps[0] ** 2 + maps[1] ** 2 + 170)
    assert mean_gradient_similarity(*pictures) == pytest.approx(similarity.mean(), rel=1e-9)
    # The columns that fill no block of four aren't looked at.
    wider = photograph[:, :191], noisy(photograph, 0.1)[:, :191]
    assert mean_gradient_similarity(*wider) == pytest.approx(similarity.mean(), rel=1e-9)


@pytest.mark.parametrize("name", ALL)
def test_equal_pictures_are_at_the_end_of_the_scale(name, photograph):
    best = 0 if name in LOWER_IS_BETTER else 1
    assert ALL[name](photograph, photograph) == pytest.approx(best, abs=1e-12)


@pytest.mark.parametrize("name", ALL)
def test_more_noise_is_worse(name, photograph):
    scores = [ALL[name](noisy(photograph, deviation), photograph) for deviation in (0.02, 0.05, 0.1, 0.2)]
    assert scores == sorted(scores, reverse=name not in LOWER_IS_BETTER)
    assert len(set(scores)) == 4


@pytest.mark.parametrize("name", [name for name in ALL if name != "vif"])
def test_which_is_the_reference_makes_no_difference(name, photograph):
    x, y = photograph, noisy(photograph, 0.1)
    assert ALL[name](x, y) == ALL[name](y, x)


def test_vif_rises_above_1_with_contrast_and_is_0_without_any(photograph):
    soft = 0.25 + 0.5 * photograph
    assert vif(photograph, soft) > 1 > vif(soft, photograph) > 0
    assert vif(np.full_like(photograph, 0.5), photograph) == pytest.approx(0, abs=1e-9)


def test_vif_of_what_has_no_detail_in_some_direction_or_in_none():
    stripes = np.repeat(textured(1, 80)[..., 0], 80, axis=0).astype(np.float64)  # a whole band of 0
    assert vif(stripes, stripes) == pytest.approx(1, abs=1e-9)
    assert 0 < vif(noisy(stripes, 0.05), stripes) < 1
    with pytest.raises(UserError, match="the reference has no detail"):
        vif(stripes, np.full((80, 80), 0.5))
