"""What is measured of an image: against plain numpy, at its limits, and with gradients."""

import numpy as np
import pytest
import scipy.ndimage
import skimage.data
import torch

from fgresq.model.encoders import CompactEncoder
from fgresq.model.encoders.compact import measured_statistics
from fgresq.model.encoders.standardised import Standardised
from fgresq.model.encoders.statistics import COUNT, scene_statistics

BLOCK = 28


def photograph(side: int = 112) -> np.ndarray:
    return skimage.data.astronaut()[60 : 60 + side, 180 : 180 + side].astype(np.float64) / 255


def as_batch(*pictures: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)


def over_blocks(plane: np.ndarray) -> tuple[float, float]:
    rows, columns = (size // BLOCK for size in plane.shape)
    means = [
        plane[BLOCK * i : BLOCK * i + BLOCK, BLOCK * j : BLOCK * j + BLOCK].mean()
        for i in range(rows)
        for j in range(columns)
    ]
    return float(np.mean(means)), float(np.std(means))


def test_the_finest_scale_against_plain_numpy() -> None:
    picture = photograph()
    luma = picture @ [0.299, 0.587, 0.114]
    window = np.array([1, 6, 15, 20, 15, 6, 1]) / 64
    kernel = np.outer(window, window)
    mean = scipy.ndimage.convolve(luma, kernel)[3:-3, 3:-3]
    square = scipy.ndimage.convolve(luma * luma, kernel)[3:-3, 3:-3]
    deviation = np.sqrt(square - mean**2)
    normalised = (luma[3:-3, 3:-3] - mean) / (deviation + 1 / 255)
    found = scene_statistics(as_batch(picture))[0].tolist()

    after_colour = 4 * 2 + 3 + 2 + 1 + 1 + 1 + 1
    expected = [np.log(deviation + 1 / 255), np.abs(normalised), normalised**2, np.minimum(normalised**4, 50)]
    for number, plane in enumerate(expected):  # each is measured of three planes; luma's come first
        mean_of, deviation_of = over_blocks(plane)
        assert found[after_colour + 3 * number] == pytest.approx(mean_of, abs=1e-4)
        assert found[after_colour + 12 + 3 * number] == pytest.approx(deviation_of, abs=1e-4)

    after_moments = after_colour + 24
    across = normalised[:, 1:] * normalised[:, :-1]
    assert found[after_moments] == pytest.approx(over_blocks(across)[0], abs=1e-4)
    assert found[after_moments + 1] == pytest.approx(over_blocks(np.abs(across))[0], abs=1e-4)

    after_products = after_moments + 4 * 4
    step = np.abs(np.diff(luma[3:-3, 3:-3], axis=1))
    assert found[after_products] == pytest.approx(over_blocks(np.log(step + 1 / 255))[0], abs=1e-4)
    assert found[after_products + 2] == pytest.approx(np.log(step.mean() + 1e-4), abs=1e-6)


def test_their_number_does_not_depend_on_the_size() -> None:
    for side in (64, 112, 336):
        assert scene_statistics(torch.rand(2, 3, side, side)).shape == (2, COUNT)


def test_a_batch_measures_what_single_images_do() -> None:
    images = torch.rand(5, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    together = measured_statistics(images)
    torch.testing.assert_close(together, torch.cat([scene_statistics(image[None]) for image in images]))


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_a_flat_image_has_finite_statistics_and_gradients(value: float) -> None:
    image = torch.full((1, 3, 112, 112), value, requires_grad=True)
    found = scene_statistics(image)
    found.sum().backward()
    assert torch.isfinite(found).all()
    assert image.grad is not None
    assert torch.isfinite(image.grad).all()


def test_noise_and_blur_move_them_apart() -> None:
    picture = photograph()
    noisy = np.clip(picture + 0.05 * np.random.default_rng(0).standard_normal(picture.shape), 0, 1)
    blurred = scipy.ndimage.gaussian_filter(picture, (1.5, 1.5, 0))
    plain, more, less = scene_statistics(as_batch(picture, noisy, blurred))
    derivative = 4 * 2 + 3 + 2 + 4 + 24 + 16
    assert less[derivative] < plain[derivative] < more[derivative]


def test_calibration_standardises() -> None:
    measured = torch.randn(200, COUNT, generator=torch.Generator().manual_seed(0)) * 3 + 7
    statistics = Standardised(COUNT)
    statistics.calibrate(measured)
    found = statistics(measured)
    assert found.mean(dim=0).abs().max() < 0.05
    assert found.abs().max() <= 5
    statistics.calibrate(torch.ones(10, COUNT))  # one that never varies doesn't become infinite
    assert torch.isfinite(statistics(torch.ones(1, COUNT))).all()


def test_what_is_measured_may_be_handed_over() -> None:
    encoder = CompactEncoder((8, 8), (1, 1), statistics=True, feature_dim=16).eval()
    images = torch.rand(2, 3, 112, 112)
    with torch.no_grad():
        torch.testing.assert_close(encoder(images, encoder.measure(images)), encoder(images))
    assert CompactEncoder((8, 8), (1, 1), statistics=False, feature_dim=16).measure(images) is None
