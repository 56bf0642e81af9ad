"""Blur, noise, low resolution, compression and mixtures of them; `DEGRADATIONS` names them all.

A degradation is a pure function (image, strength, generator) -> `Degraded`: RGB in [0, 1], strength in [0, 1] where
larger is worse, and the generator of all its random choices.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import cv2
import numpy as np
from numpy.random import Generator

from fgresq.records import RestorationTask
from fgresq.synthesis.degrade_weather import haze, rain_drops, rain_streaks
from fgresq.synthesis.pictures import Degraded, Kernel, Low, Picture, clip, convolve, jpeg, resize

Degrade: TypeAlias = Callable[[Picture, float, Generator], Degraded]

_GAMMA = 2.2
# Camera RGB to sRGB of a typical sensor: what gives noise its large, correlated blotches of colour.
_COLOUR_MATRIX = np.array([[1.7, -0.55, -0.15], [-0.25, 1.6, -0.35], [0.0, -0.6, 1.6]], dtype=np.float32)
_WHITE_BALANCE = np.array([1.9, 1.0, 1.6], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Degradation:
    """A degradation.

    Attributes:
        name: unique.
        task: of undoing it.
        faults: the single tasks that undoing it comes down to; for a mixture, those of its parts.
        apply: does it.
    """

    name: str
    task: RestorationTask
    faults: frozenset[RestorationTask]
    apply: Degrade


def gaussian_psf(sigma_x: float, sigma_y: float, angle: float) -> Kernel:
    """An anisotropic Gaussian; deviations in pixels, angle in radians, cut at three deviations."""
    radius = max(1, int(np.ceil(3 * max(sigma_x, sigma_y))))
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1].astype(np.float32)
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    return _normalised(np.exp(-0.5 * ((along / sigma_x) ** 2 + (across / sigma_y) ** 2)))


def motion_psf(length: float, angle: float, bend: float) -> Kernel:
    """The path of a camera that moves `length` pixels and turns by `bend` radians meanwhile."""
    steps = 20 * int(np.ceil(length)) + 1
    headings = angle + bend * np.linspace(-0.5, 0.5, steps)
    path = np.stack([np.cumsum(np.cos(headings)), np.cumsum(np.sin(headings))]) * (length / steps)
    path -= path.mean(axis=1, keepdims=True)
    radius = int(np.ceil(np.abs(path).max())) + 1
    psf = np.zeros((2 * radius + 1, 2 * radius + 1))
    column, row = np.floor(path).astype(int)
    right, down = path[0] - column, path[1] - row
    for dx, dy, weight in (
        (0, 0, (1 - right) * (1 - down)),
        (1, 0, right * (1 - down)),
        (0, 1, (1 - right) * down),
        (1, 1, right * down),
    ):
        np.add.at(psf, (row + radius + dy, column + radius + dx), weight)
    return _normalised(psf)


def disc_psf(radius: float) -> Kernel:
    """The disc of a lens out of focus, with an antialiased edge; radius in pixels."""
    reach = int(np.ceil(radius + 0.5))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return _normalised(np.clip(radius + 0.5 - np.hypot(x, y), 0, 1))


def _normalised(psf: np.ndarray) -> Kernel:
    return np.asarray(psf / psf.sum(), dtype=np.float32)


def _between(strength: float, low: float, high: float) -> float:
    """From `low` at strength 0 to `high` at 1, in equal ratios."""
    return float(low * (high / low) ** strength)


def _blurred(image: Picture, psf: Kernel, generator: Generator) -> Degraded:
    """Blurred, with the faint noise of a real sensor, without which deconvolution would be exact."""
    noise = generator.normal(0, generator.uniform(0.5, 2.0) / 255, image.shape).astype(np.float32)
    return Degraded(clip(convolve(image, psf) + noise), psf=psf)


def gaussian_blur(image: Picture, strength: float, generator: Generator) -> Degraded:
    """Slightly anisotropic Gaussian blur, sigma 0.7 to 4 pixels."""
    sigma = _between(strength, 0.7, 4.0)
    ratio = generator.uniform(0.8, 1.0)
    return _blurred(image, gaussian_psf(sigma, sigma * ratio, generator.uniform(0, np.pi)), generator)


def motion_blur(image: Picture, strength: float, generator: Generator) -> Degraded:
    """Blur along a slightly bent path of 3 to 24 pixels."""
    angle, bend = generator.uniform(0, np.pi), generator.normal(0, 0.5)
    return _blurred(image, motion_psf(_between(strength, 3.0, 24.0), angle, bend), generator)


def defocus_blur(image: Picture, strength: float, generator: Generator) -> Degraded:
    """Blur by a disc of radius 1 to 7 pixels."""
    return _blurred(image, disc_psf(_between(strength, 1.0, 7.0)), generator)


def gaussian_noise(image: Picture, strength: float, generator: Generator) -> Degraded:
    """White Gaussian noise, standard deviation 0.02 to 0.25."""
    noise = generator.standard_normal(image.shape, dtype=np.float32)
    return Degraded(clip(image + np.float32(_between(strength, 0.02, 0.25)) * noise))


def poisson_noise(image: Picture, strength: float, generator: Generator) -> Degraded:
    """Photon noise: a white pixel counts 600 photons at strength 0, 8 at 1."""
    peak = _between(strength, 600.0, 8.0)
    return Degraded(clip((generator.poisson(image * peak) / peak).astype(np.float32)))


def camera_noise(image: Picture, strength: float, generator: Generator) -> Degraded:
    """Shot and read noise of a sensor behind a Bayer filter, carried through demosaicing, colour matrix and gamma.

    Only the noise goes through the mosaic, not the picture: n = M W D(mosaic(shot + read)), with bilinear demosaicing
    D, white balance W, colour matrix M; the picture is (linear + n)^(1/2.2).
    """
    linear = image**_GAMMA
    shot, read = _between(strength, 0.0005, 0.012), _between(strength, 0.002, 0.025)
    deviation = np.sqrt(shot * linear / _WHITE_BALANCE + read**2)
    raw = deviation * generator.standard_normal(image.shape, dtype=np.float32)
    noise = np.stack([_demosaiced(raw[..., c], c) for c in range(3)], axis=-1)
    noise = cv2.transform(noise * _WHITE_BALANCE, _COLOUR_MATRIX)
    return Degraded((clip(linear + noise) ** (1 / _GAMMA)).astype(np.float32))


def _demosaiced(plane: np.ndarray, channel: int) -> np.ndarray:
    """Bilinear interpolation of the samples of one colour of an RGGB mosaic."""
    mask = np.zeros(plane.shape, dtype=np.float32)
    for row, column in {0: ((0, 0),), 1: ((0, 1), (1, 0)), 2: ((1, 1),)}[channel]:
        mask[row::2, column::2] = 1
    tent = np.outer([1, 2, 1], [1, 2, 1]).astype(np.float32)
    if channel == 1:
        tent = np.array([[0, 1, 0], [1, 4, 1], [0, 1, 0]], dtype=np.float32)
    weights = cv2.filter2D(mask, -1, tent, borderType=cv2.BORDER_REFLECT_101)
    return cv2.filter2D(plane * mask, -1, tent, borderType=cv2.BORDER_REFLECT_101) / weights


def _scale(strength: float) -> float:
    """How many times smaller: 2 to 4 in steps of a half, as people ask for 2x, 3x and 4x and sizes between."""
    return 2 + 0.5 * min(4, int(strength * 5))


def _shown(low: Low, image: Picture, psf: Kernel | None = None) -> Degraded:
    height, width = image.shape[:2]
    return Degraded(resize(low, (height, width), "nearest"), psf=psf, low=low)


def _low_size(image: Picture, scale: float) -> tuple[int, int]:
    return max(8, round(image.shape[0] / scale)), max(8, round(image.shape[1] / scale))


def bicubic_downsampling(image: Picture, strength: float, generator: Generator) -> Degraded:
    """Antialiased bicubic resampling to 1/2 to 1/4 of each side."""
    return _shown(clip(resize(image, _low_size(image, _scale(strength)), "bicubic")), image)


def realistic_downsampling(image: Picture, strength: float, generator: Generator) -> Degraded:
    """A random kernel, a random filter, noise, then JPEG, all on the way to 1/2 to 1/4 of each side.

    Reference: Zhang et al., "Designing a practical degradation model for deep blind image super-resolution", ICCV
    2021, for the order of the steps.
    """
    scale = _scale(strength)
    sigma = generator.uniform(0.2, 0.5, size=2) * scale
    psf = gaussian_psf(float(sigma[0]), float(sigma[1]), generator.uniform(0, np.pi))
    filter_name = str(generator.choice(["box", "bilinear", "bicubic"]))
    low = resize(convolve(image, psf), _low_size(image, scale), filter_name)
    noise = generator.standard_normal(low.shape, dtype=np.float32)
    low = clip(low + np.float32(_between(strength, 0.004, 0.03)) * noise)
    return _shown(jpeg(low, round(92 - 40 * strength)), image)


def jpeg_compression(image: Picture, strength: float, generator: Generator) -> Degraded:
    """JPEG with 4:2:0 colour, quality 75 to 8."""
    return Degraded(jpeg(image, round(_between(strength, 75.0, 8.0))))


def chain(*steps: tuple[Degrade, float]) -> Degrade:
    """One degradation after another, each at its share of the strength; the last blur is the one that is known."""

    def apply(image: Picture, strength: float, generator: Generator) -> Degraded:
        degraded = Degraded(image)
        for step, share in steps:
            after = step(degraded.image, share * strength, generator)
            degraded = replace(after, psf=degraded.psf if after.psf is None else after.psf)
        return degraded

    return apply


_T = RestorationTask
_SINGLE: tuple[tuple[str, RestorationTask, Degrade], ...] = (
    ("gaussian-blur", _T.DEBLURRING, gaussian_blur),
    ("motion-blur", _T.DEBLURRING, motion_blur),
    ("defocus-blur", _T.DEBLURRING, defocus_blur),
    ("gaussian-noise", _T.DENOISING, gaussian_noise),
    ("poisson-noise", _T.DENOISING, poisson_noise),
    ("camera-noise", _T.DENOISING, camera_noise),
    ("rain-streaks", _T.DERAINING, rain_streaks),
    ("rain-drops", _T.DERAINING, rain_drops),
    ("haze", _T.DEHAZING, haze),
    ("bicubic-downsampling", _T.SUPER_RESOLUTION, bicubic_downsampling),
    ("realistic-downsampling", _T.SUPER_RESOLUTION, realistic_downsampling),
)
_MIXED: tuple[tuple[str, tuple[RestorationTask, ...], Degrade], ...] = (
    ("jpeg", (_T.DENOISING,), jpeg_compression),
    ("blur-noise", (_T.DEBLURRING, _T.DENOISING), chain((gaussian_blur, 0.7), (gaussian_noise, 0.5))),
    (
        "blur-noise-jpeg",
        (_T.DEBLURRING, _T.DENOISING),
        chain((defocus_blur, 0.5), (camera_noise, 0.5), (jpeg_compression, 0.6)),
    ),
    ("motion-jpeg", (_T.DEBLURRING, _T.DENOISING), chain((motion_blur, 0.6), (jpeg_compression, 0.7))),
    ("noise-jpeg", (_T.DENOISING,), chain((poisson_noise, 0.7), (jpeg_compression, 0.7))),
    ("haze-noise", (_T.DEHAZING, _T.DENOISING), chain((haze, 0.8), (gaussian_noise, 0.4))),
    ("haze-rain", (_T.DEHAZING, _T.DERAINING), chain((haze, 0.6), (rain_streaks, 0.8))),
    ("rain-blur", (_T.DERAINING, _T.DEBLURRING), chain((rain_streaks, 0.8), (gaussian_blur, 0.4))),
)
DEGRADATIONS: Mapping[str, Degradation] = {
    **{name: Degradation(name, task, frozenset({task}), apply) for name, task, apply in _SINGLE},
    **{name: Degradation(name, _T.MIXTURE, frozenset(faults), apply) for name, faults, apply in _MIXED},
}
