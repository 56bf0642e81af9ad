"""Every part of NIQE, BRISQUE and PIQE against the same, written slowly and apart from it."""

import numpy as np
import pytest
import skimage.data
from scipy.ndimage import gaussian_filter, laplace
from scipy.stats import gennorm
from skimage.metrics import peak_signal_noise_ratio
from tests.reference import slow_natural_scenes as slow
from tests.reference import slow_piqe

from fgresq.metrics.brisque import brisque_features
from fgresq.metrics.natural_scenes import distributions
from fgresq.metrics.natural_scenes.contrast import normalised_contrast
from fgresq.metrics.natural_scenes.distributions import asymmetric_fit, moments, symmetric_fit
from fgresq.metrics.natural_scenes.planes import grey_levels, halved
from fgresq.metrics.niqe import block_features, fit_pristine, niqe, own_model
from fgresq.metrics.piqe import piqe
from fgresq.metrics.psnr import psnr
from fgresq.metrics.sharpness import sharpness

GENERATOR = np.random.default_rng(20261123)


def crop(top, left, height, width, picture="coffee"):
    """A piece of a photograph, in 8 bits."""
    return np.ascontiguousarray(getattr(skimage.data, picture)()[top : top + height, left : left + width])


def with_flat_parts(pixels):
    """Flat rectangles of two levels, and a saturated one, as compression and clipping leave them."""
    pixels = pixels.copy()
    pixels[4:30, 10:40], pixels[40:70, 0:25], pixels[10:34, 60:90] = 90, 255, (7, 100, 33)
    return pixels


def unit(pixels):
    return pixels.astype(np.float32) / np.float32(255)


CROPS = {
    "photograph": crop(100, 200, 96, 192),
    "flat parts": with_flat_parts(crop(100, 200, 96, 192)),
    "noise": GENERATOR.integers(0, 256, (96, 192, 3), dtype=np.uint8),
}


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_grey_levels_of_all_kinds_of_colours(kind):
    pixels = GENERATOR.integers(0, 256, (40, 300, 3), dtype=np.uint8)
    assert np.array_equal(grey_levels(pixels.astype(kind) / kind(255)), slow.grey(pixels.tolist()))


def test_grey_levels_are_rounded_colours():
    # 16-bit sources and computed pictures: each colour goes to its level first, as a file of 8 bits would hold it.
    picture = GENERATOR.random((30, 40, 3)).astype(np.float32)
    levels = np.rint(255 * picture.astype(np.float64)).astype(np.uint8)
    assert np.array_equal(grey_levels(picture), slow.grey(levels.tolist()))


@pytest.mark.parametrize(("height", "width"), [(16, 17), (15, 16), (7, 9), (33, 2)])
def test_halved_is_exact(height, width):
    plane = GENERATOR.integers(0, 256, (height, width)).astype(float)
    found = halved(plane)
    assert found.shape == ((height + 1) // 2, (width + 1) // 2)
    assert np.array_equal(found, slow.halved(plane.tolist()))  # not only nearly: flat parts must stay flat


def test_halved_leaves_flat_parts_flat():
    assert np.array_equal(halved(np.full((20, 30), 203.0)), np.full((10, 15), 203.0))


@pytest.mark.parametrize("border", ["repeated", "zero"])
@pytest.mark.parametrize("name", CROPS)
def test_normalised_contrast(name, border):
    plane = grey_levels(unit(CROPS[name][:40, :48]))
    normalised, deviation = normalised_contrast(plane, border)
    expected, expected_deviation = map(np.array, slow.contrast(plane.tolist(), border))
    assert normalised == pytest.approx(expected, abs=1e-7)
    assert deviation == pytest.approx(expected_deviation, abs=1e-6)
    assert np.array_equal(normalised == 0, expected == 0)


@pytest.mark.parametrize("level", range(256))
def test_a_flat_plane_has_exactly_no_contrast(level):
    normalised, deviation = normalised_contrast(np.full((16, 16), float(level)), "repeated")
    assert not normalised.any()
    assert not deviation.any()


@pytest.mark.parametrize("name", CROPS)
def test_fits_and_products(name):
    plane = grey_levels(unit(CROPS[name]))
    blocks = normalised_contrast(plane, "repeated").normalised.reshape(96, 4, 48).swapaxes(0, 1)
    of_values, *of_products = moments(blocks)
    shape, variance = symmetric_fit(of_values)
    fit = asymmetric_fit(of_values)
    for k, block in enumerate(blocks):
        assert (shape[k], variance[k]) == pytest.approx(slow.ggd(block.ravel().tolist()), rel=1e-9)
        assert (fit.shape[k], fit.left[k], fit.right[k]) == pytest.approx(slow.aggd(block.ravel().tolist()), rel=1e-9)
    for neighbour, of_product in zip(slow.NEIGHBOURS, of_products, strict=True):
        for k, block in enumerate(blocks):
            product = np.array(slow.products(block.tolist(), *neighbour))
            assert (of_product.left[k], of_product.right[k]) == ((product < 0).sum(), (product > 0).sum())
            assert of_product.square[k] == pytest.approx(np.square(product).sum(), rel=1e-12)
            assert of_product.absolute[k] == pytest.approx(np.abs(product).sum(), rel=1e-12)
            assert of_product.surplus[k] == pytest.approx((product * np.abs(product)).sum(), rel=1e-9)


@pytest.mark.parametrize("part", [1, 200, 5000, 2**20])
def test_moments_do_not_depend_on_how_blocks_are_parted(part, monkeypatch):
    blocks = np.round(GENERATOR.normal(0, 4, (3, 37, 40)))  # sums of whole numbers are exact in any order
    expected = moments(blocks)
    monkeypatch.setattr(distributions, "_PART", part)
    for found, wanted in zip(moments(blocks), expected, strict=True):
        assert all(np.array_equal(one, other) for one, other in zip(found, wanted, strict=True))


@pytest.mark.parametrize("shape", [0.5, 1.0, 2.0, 4.5])
def test_fits_find_what_was_drawn(shape):
    values = gennorm.rvs(shape, size=(1, 400, 500), random_state=np.random.default_rng(3))
    found, variance = symmetric_fit(moments(values)[0])
    assert found[0] == pytest.approx(shape, rel=0.02)
    assert variance[0] == pytest.approx(gennorm.var(shape), rel=0.02)
    # Stretched on one side: of the mass, the share of each side goes with its spread.
    right = np.random.default_rng(4).random(values.shape) < 0.75
    fit = asymmetric_fit(moments(np.where(right, 3, -1) * np.abs(values))[0])
    assert fit.shape[0] == pytest.approx(shape, rel=0.05)
    assert fit.right[0] / fit.left[0] == pytest.approx(3, rel=0.03)
    assert fit.scales()[0][0] == pytest.approx(1, rel=0.06)


@pytest.mark.parametrize("name", CROPS)
def test_niqe_as_a_whole(name):
    pixels, model = CROPS[name], own_model()
    expected = slow.niqe(pixels.tolist(), model.mean.tolist(), model.covariance.tolist())
    assert niqe(unit(pixels), model) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("name", CROPS)
def test_brisque_features_as_a_whole(name):
    pixels = CROPS[name][:71, :92]
    assert brisque_features(unit(pixels)) == pytest.approx(slow.brisque_features(pixels.tolist()), rel=1e-6)


@pytest.mark.parametrize("name", CROPS)
def test_piqe_as_a_whole(name):
    pixels = CROPS[name][:71, :92]
    assert piqe(unit(pixels)) == pytest.approx(slow_piqe.score(pixels.tolist()), rel=1e-8)


@pytest.mark.parametrize("share", [0.3, 0.75])
def test_a_model_is_fitted_on_the_sharp_blocks(share):
    # The features of a block are held to the slow version above; here it is about which blocks are taken.
    names, taken = ("astronaut", "coffee", "chelsea", "rocket", "hubble_deep_field"), []
    pictures = {name: crop(0, 0, 100_000, 100_000, name) for name in names}
    for pixels in pictures.values():
        plane = grey_levels(unit(pixels))
        plane = plane[: plane.shape[0] // 96 * 96, : plane.shape[1] // 96 * 96]
        mean, square = (gaussian_filter(each, 7 / 6, mode="nearest", radius=3) for each in (plane, plane**2))
        deviation = np.sqrt(np.abs(square - mean**2))
        sharpness = [np.mean(block) for block in slow.blocks(deviation.tolist(), 96)]
        fine = np.array(list(slow.blocks(normalised_contrast(plane, "repeated").normalised.tolist(), 96)))
        coarse = np.array(list(slow.blocks(normalised_contrast(halved(plane), "repeated").normalised.tolist(), 48)))
        features = block_features(fine, coarse)
        taken += [row for row, value in zip(features, sharpness, strict=True) if value > share * max(sharpness)]
    taken = np.array([row for row in taken if not np.isnan(row).any()])
    model = fit_pristine(((name, unit(pixels)) for name, pixels in pictures.items()), "ours", "a wheel", share)
    assert model.mean == pytest.approx(taken.mean(axis=0), rel=1e-9)
    assert model.covariance == pytest.approx(np.cov(taken.T), rel=1e-9)
    assert f"5 pictures, {len(taken)} blocks" in model.provenance
    assert model.pictures == names


def test_psnr_and_sharpness_against_other_libraries():
    reference = unit(crop(0, 0, 120, 140))
    image = np.clip(reference + GENERATOR.normal(0, 0.05, reference.shape).astype(np.float32), 0, 1)
    assert psnr(image, reference) == pytest.approx(peak_signal_noise_ratio(reference, image, data_range=1), rel=1e-6)
    plane = image.astype(np.float64) @ [0.299, 0.587, 0.114]
    assert sharpness(image) == pytest.approx(laplace(plane, mode="mirror").var(), rel=1e-9)
