"""Degradations: what each promises, on photographs."""

import numpy as np
import pytest

from fgresq.records import RestorationTask
from fgresq.synthesis import degrade
from fgresq.synthesis.degrade import DEGRADATIONS, Degradation
from fgresq.synthesis.pictures import Picture, gaussian, luma, noise_level

ALL = pytest.mark.parametrize("degradation", DEGRADATIONS.values(), ids=DEGRADATIONS)
GREY = np.full((200, 200, 3), 0.5, dtype=np.float32)


def draw(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def psnr(pristine: Picture, image: Picture) -> float:
    return float(-10 * np.log10(np.mean(np.square(pristine - image), dtype=np.float64)))


@ALL
def test_shape_and_range(degradation: Degradation, crops: list[Picture]) -> None:
    oblong = np.ascontiguousarray(crops[1][:150, :187])
    for strength in (0.0, 0.5, 1.0):
        degraded = degradation.apply(oblong, strength, draw())
        assert degraded.image.shape == oblong.shape
        assert degraded.image.dtype == np.float32
        assert np.isfinite(degraded.image).all()
        assert degraded.image.min() >= 0
        assert degraded.image.max() <= 1
        assert np.abs(degraded.image - oblong).mean() > 5e-4


@ALL
def test_stronger_is_farther_from_the_pristine_picture(degradation: Degradation, crops: list[Picture]) -> None:
    for seed in range(2):
        curve = [
            np.mean([psnr(crop, degradation.apply(crop, strength, draw(seed)).image) for crop in crops])
            for strength in (0.2, 0.55, 0.9)
        ]
        assert curve[0] >= curve[1] >= curve[2]
        assert curve[0] > curve[2] + 0.5


@ALL
def test_the_generator_decides(degradation: Degradation, crops: list[Picture]) -> None:
    first, again = (degradation.apply(crops[0], 0.5, draw(3)).image for _ in range(2))
    assert np.array_equal(first, again)
    before = crops[0].copy()
    degradation.apply(crops[0], 0.9, draw(4))
    assert np.array_equal(before, crops[0])


def test_every_task_has_a_degradation() -> None:
    assert {degradation.task for degradation in DEGRADATIONS.values()} == set(RestorationTask)
    for degradation in DEGRADATIONS.values():
        assert degradation.faults
        assert (degradation.faults == {degradation.task}) is (degradation.task != RestorationTask.MIXTURE)


@pytest.mark.parametrize(
    "psf",
    [
        degrade.gaussian_psf(2.0, 1.0, 0.3),
        degrade.motion_psf(12.0, 0.4, 0.0),
        degrade.motion_psf(17.5, 2.0, 0.8),
        degrade.disc_psf(4.3),
    ],
)
def test_blur_kernels_are_centred_and_keep_brightness(psf: Picture) -> None:
    assert psf.sum() == pytest.approx(1, abs=1e-5)
    assert psf.min() >= 0
    assert all(side % 2 for side in psf.shape)
    rows, columns = np.mgrid[: psf.shape[0], : psf.shape[1]]
    centre = ((psf * rows).sum(), (psf * columns).sum())
    assert centre == pytest.approx(((psf.shape[0] - 1) / 2, (psf.shape[1] - 1) / 2), abs=0.6)


def test_widths_of_blur_kernels() -> None:
    psf = degrade.gaussian_psf(3.0, 1.5, 0.0)
    offset = np.arange(psf.shape[1]) - psf.shape[1] // 2
    assert np.sqrt((psf.sum(axis=0) * offset**2).sum()) == pytest.approx(3.0, rel=0.03)
    assert degrade.disc_psf(5.0).max() == pytest.approx(1 / (np.pi * 25), rel=0.03)
    straight = degrade.motion_psf(15.0, 0.0, 0.0)
    assert (straight.sum(axis=0) > 0.01).sum() in (15, 16, 17)
    assert (straight.sum(axis=1) > 0.01).sum() <= 2


def test_gaussian_noise_is_as_strong_as_stated() -> None:
    noise = degrade.gaussian_noise(GREY, 0.5, draw()).image - GREY
    assert noise.std() == pytest.approx(np.sqrt(0.02 * 0.25), rel=0.02)
    assert noise_level(GREY + noise) == pytest.approx(
        np.sqrt(0.02 * 0.25) * np.sqrt(0.299**2 + 0.587**2 + 0.114**2), rel=0.05
    )


def test_poisson_noise_grows_with_the_root_of_brightness() -> None:
    bright, dark = (degrade.poisson_noise(GREY * level, 0.0, draw()).image.std() for level in (1.2, 0.3))
    assert bright / dark == pytest.approx(2, rel=0.05)
    assert bright == pytest.approx(np.sqrt(0.6 / 600), rel=0.05)


def test_camera_noise_is_correlated_over_pixels_and_colours() -> None:
    noise = degrade.camera_noise(GREY, 0.5, draw()).image
    noise = noise - noise.mean(axis=(0, 1))
    green = noise[..., 1]
    assert np.corrcoef(green[:, :-1].ravel(), green[:, 1:].ravel())[0, 1] > 0.2
    assert np.corrcoef(noise[..., 0].ravel(), noise[..., 1].ravel())[0, 1] < -0.1
    white = degrade.gaussian_noise(GREY, 0.5, draw()).image[..., 1] - 0.5
    assert abs(np.corrcoef(white[:, :-1].ravel(), white[:, 1:].ravel())[0, 1]) < 0.03


def test_low_resolution_is_kept_and_shown_by_repeated_pixels(crops: list[Picture]) -> None:
    for apply in (degrade.bicubic_downsampling, degrade.realistic_downsampling):
        sides = []
        for strength in (0.0, 0.5, 1.0):
            degraded = apply(crops[0], strength, draw())
            assert degraded.low is not None
            sides.append(degraded.low.shape[0])
            known = {tuple(colour) for colour in degraded.low.reshape(-1, 3)}
            assert {tuple(colour) for colour in degraded.image.reshape(-1, 3)} <= known
        assert sides == [96, 64, 48]


def test_haze_veils_without_changing_the_airlight() -> None:
    rng = draw()
    scene = rng.random((128, 128, 3), dtype=np.float32)
    hazy = degrade.DEGRADATIONS["haze"].apply(scene, 0.8, draw(1)).image
    # I = J t + A (1 - t) with one A: where t is least (the far top), the spread is least and the level nearest to A.
    top, bottom = hazy[:16], hazy[-16:]
    assert top.std() < bottom.std() < scene.std()
    assert top.mean() > bottom.mean() > 0.5


def test_rain_is_bright_and_upright(crops: list[Picture]) -> None:
    rain = luma(degrade.DEGRADATIONS["rain-streaks"].apply(GREY, 0.5, draw()).image)
    across, down = np.abs(np.diff(rain, axis=1)).mean(), np.abs(np.diff(rain, axis=0)).mean()
    assert across > 1.5 * down
    assert rain.min() >= 0.5 - 1e-4


def test_drops_leave_the_rest_of_the_picture_alone(crops: list[Picture]) -> None:
    change = np.abs(degrade.DEGRADATIONS["rain-drops"].apply(crops[0], 0.3, draw()).image - crops[0]).max(axis=-1)
    assert (change < 1e-6).mean() > 0.4
    assert (gaussian(change.astype(np.float32), 2.0) > 0.05).mean() > 0.02


def test_a_chain_applies_its_parts_in_order(crops: list[Picture]) -> None:
    chained = degrade.chain((degrade.gaussian_blur, 0.5), (degrade.gaussian_noise, 0.25))(crops[0], 0.8, draw(9))
    rng = draw(9)
    blurred = degrade.gaussian_blur(crops[0], 0.4, rng)
    assert np.array_equal(chained.image, degrade.gaussian_noise(blurred.image, 0.2, rng).image)
    assert chained.psf is not None
    assert np.array_equal(chained.psf, blurred.psf)
