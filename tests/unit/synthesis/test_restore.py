"""Restorers: on photographs, against scikit-image, and at what they can do exactly."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from skimage.metrics import structural_similarity
from skimage.restoration import denoise_tv_chambolle
from skimage.restoration import richardson_lucy as skimage_richardson_lucy

from fgresq.records import RestorationTask
from fgresq.synthesis.degrade import DEGRADATIONS, disc_psf, gaussian_psf
from fgresq.synthesis.pictures import Degraded, Picture, convolve, luma, resize, rounded
from fgresq.synthesis.restore import deblur, denoise, upscale, weather
from fgresq.synthesis.restore.catalogue import RESTORERS, Restorer, suited

ALL = pytest.mark.parametrize("restorer", RESTORERS.values(), ids=RESTORERS)


def draw(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def degraded_by(name: str, image: Picture, strength: float) -> Degraded:
    degraded = DEGRADATIONS[name].apply(image, strength, draw(1))
    return replace(degraded, image=rounded(degraded.image))


def psnr(pristine: Picture, image: Picture) -> float:
    return float(-10 * np.log10(np.mean(np.square(pristine - image), dtype=np.float64)))


def ssim(pristine: Picture, image: Picture) -> float:
    return float(structural_similarity(luma(pristine), luma(image), data_range=1.0))


def single_degradations(restorer: Restorer) -> list[str]:
    return [
        name
        for name, degradation in DEGRADATIONS.items()
        if degradation.task != RestorationTask.MIXTURE and restorer in suited(degradation)
    ]


@ALL
def test_shape_and_range(restorer: Restorer, crops: list[Picture]) -> None:
    oblong = np.ascontiguousarray(crops[0][:131, :178])
    for name in single_degradations(restorer)[:1]:
        degraded = degraded_by(name, oblong, 0.5)
        before = degraded.image.copy()
        for strength in (0.0, 0.5, 1.0):
            restored, again = (restorer.apply(degraded, strength, draw()) for _ in range(2))
            assert restored.shape == oblong.shape
            assert restored.dtype == np.float32
            assert np.isfinite(restored).all()
            assert restored.min() >= 0
            assert restored.max() <= 1
            assert np.array_equal(restored, again)
            assert not np.array_equal(restored, before)
        assert np.array_equal(degraded.image, before)


@ALL
def test_a_restorer_restores_something(restorer: Restorer, crops: list[Picture]) -> None:
    """By 0.25 dB or by 0.01 of SSIM, on some photograph, at some strength; the first one is enough."""

    def gains() -> Iterator[float]:
        for name in single_degradations(restorer):
            for crop in crops:
                degraded = degraded_by(name, crop, 0.5)
                for strength in (0.5, 0.15, 0.85):
                    restored = restorer.apply(degraded, strength, draw())
                    yield (psnr(crop, restored) - psnr(crop, degraded.image)) / 0.25
                    yield (ssim(crop, restored) - ssim(crop, degraded.image)) / 0.01

    assert any(gain > 1 for gain in gains())


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_every_degradation_has_restorers_that_help(name: str, crops: list[Picture]) -> None:
    restorers = suited(DEGRADATIONS[name])
    assert len(restorers) >= 6
    if name == "jpeg":
        return  # JPEG at this quality is left alone by most; deblocking gains little in PSNR
    helped = 0
    for restorer in restorers:
        degraded = degraded_by(name, crops[1], 0.6)
        gains = [
            psnr(crops[1], restorer.apply(degraded, strength, draw())) - psnr(crops[1], degraded.image)
            for strength in (0.3, 0.7)
        ]
        helped += max(gains) > 0
    assert helped >= 2


def test_total_variation_is_scikit_images(crops: list[Picture]) -> None:
    root = np.float32(np.sqrt(3))
    noisy = DEGRADATIONS["gaussian-noise"].apply(crops[0], 0.5, draw()).image
    ours = denoise.total_variation(noisy[..., :1].repeat(3, axis=-1) / root, 0.1, 300)[..., 0] * root
    # Ours couples the colours, so three equal ones of 1/sqrt(3) make one grey; scikit-image's step and stop differ.
    theirs = denoise_tv_chambolle(noisy[..., 0], weight=0.1, max_num_iter=300, eps=1e-7)
    assert np.abs(ours - theirs).max() < 0.01


def test_richardson_lucy_is_scikit_images(crops: list[Picture]) -> None:
    psf = disc_psf(2.5)
    blurred = np.maximum(convolve(crops[2], psf), np.float32(1e-3))
    ours = deblur.richardson_lucy(Degraded(blurred, psf), 1.0, draw())
    theirs = np.stack(
        [skimage_richardson_lucy(blurred[..., c], psf, num_iter=60, filter_epsilon=1e-3) for c in range(3)], axis=-1
    )
    inner = np.s_[40:-40, 40:-40]
    assert psnr(crops[2][inner], ours[inner]) > psnr(crops[2][inner], blurred[inner]) + 2
    assert np.corrcoef(ours[inner].ravel(), theirs[inner].ravel())[0, 1] > 0.99


def test_deconvolution_without_noise_recovers_the_picture(crops: list[Picture]) -> None:
    psf = gaussian_psf(1.2, 1.2, 0.0)
    blurred = convolve(crops[0], psf)
    restored = deblur.wiener_filter(blurred, psf, 1e-6)
    inner = np.s_[16:-16, 16:-16]
    assert psnr(crops[0][inner], restored[inner]) > psnr(crops[0][inner], blurred[inner]) + 8


def test_a_misjudged_kernel_costs(crops: list[Picture]) -> None:
    degraded = degraded_by("defocus-blur", crops[0], 0.6)
    right = psnr(crops[0], deblur.wiener(degraded, 0.5, draw()))
    wrong = [psnr(crops[0], deblur.misjudged_wiener(degraded, 0.5, draw(seed))) for seed in range(6)]
    assert np.mean(wrong) < right


def test_denoisers_leave_a_flat_picture_alone() -> None:
    flat = Degraded(np.full((96, 96, 3), 0.4, dtype=np.float32))
    for apply in (denoise.bilateral, denoise.tv, denoise.guided_filter, denoise.wavelet, denoise.dct_threshold):
        assert np.abs(apply(flat, 0.5, draw()) - flat.image).max() < 2e-3


def test_stronger_denoising_is_smoother(crops: list[Picture]) -> None:
    degraded = degraded_by("gaussian-noise", crops[1], 0.5)
    for apply in (
        denoise.non_local_means, denoise.bilateral, denoise.tv, denoise.median,
        denoise.wavelet, denoise.dct_threshold, denoise.smoothing,
    ):  # fmt: skip
        rough = [np.abs(np.diff(luma(apply(degraded, s, draw())), axis=1)).mean() for s in (0.1, 0.5, 0.9)]
        assert rough[0] > rough[1] > rough[2], apply


def test_back_projection_agrees_with_what_was_seen(crops: list[Picture]) -> None:
    degraded = DEGRADATIONS["bicubic-downsampling"].apply(crops[0], 0.5, draw())
    low = degraded.low
    assert low is not None
    size = (low.shape[0], low.shape[1])
    errors = [
        np.abs(resize(picture, size, "bicubic") - low).mean()
        for picture in (upscale.bicubic(degraded, 0.0, draw()), upscale.back_projection(degraded, 1.0, draw()))
    ]
    assert errors[1] < 0.3 * errors[0]


def test_edge_directed_interpolation_follows_a_diagonal() -> None:
    rows, columns = np.mgrid[:192, :192]
    sharp = np.clip((columns - rows) / 2 + 0.5, 0, 1).astype(np.float32)[..., np.newaxis].repeat(3, axis=-1)
    low = np.ascontiguousarray(sharp.reshape(48, 4, 48, 4, 3).mean(axis=(1, 3)))
    degraded = Degraded(resize(low, (192, 192), "nearest"), low=low)
    ours = upscale.edge_directed(degraded, 0.0, draw())
    bilinear = upscale.bilinear(degraded, 0.0, draw())
    # Along the diagonal the picture is constant; stairs show as change along it.
    stairs = [np.abs(picture[1:, 1:] - picture[:-1, :-1])[20:-20, 20:-20].mean() for picture in (ours, bilinear)]
    assert stairs[0] < 0.7 * stairs[1]


def test_upscalers_do_not_shift_the_picture(crops: list[Picture]) -> None:
    degraded = DEGRADATIONS["bicubic-downsampling"].apply(crops[2], 1.0, draw())
    for name, restorer in RESTORERS.items():
        if RestorationTask.SUPER_RESOLUTION not in restorer.tasks:
            continue
        restored = luma(restorer.apply(degraded, 0.3, draw()))[8:-8, 8:-8]
        errors = {
            (dy, dx): np.abs(np.roll(luma(crops[2]), (dy, dx), axis=(0, 1))[8:-8, 8:-8] - restored).mean()
            for dy in (-1, 0, 1)
            for dx in (-1, 0, 1)
        }
        assert min(errors, key=errors.__getitem__) == (0, 0), name


def test_upscalers_need_a_low_resolution(crops: list[Picture]) -> None:
    with pytest.raises(ValueError, match="low resolution"):
        upscale.bicubic(Degraded(crops[0]), 0.5, draw())


def test_dehazing_raises_contrast(crops: list[Picture]) -> None:
    degraded = degraded_by("haze", crops[1], 0.6)
    for apply in (weather.dark_channel, weather.colour_attenuation, weather.clahe, weather.contrast_stretch):
        assert luma(apply(degraded, 0.6, draw())).std() > 1.1 * luma(degraded.image).std()


def test_a_mixture_gets_restorers_of_its_parts_only() -> None:
    for restorer in suited(DEGRADATIONS["haze-noise"]):
        assert restorer.tasks & {RestorationTask.DEHAZING, RestorationTask.DENOISING}
        assert RestorationTask.MIXTURE in restorer.tasks
    assert RESTORERS["wiener"] not in suited(DEGRADATIONS["haze-noise"])
