"""Against low resolution: interpolation, back-projection, and interpolation along edges."""

import cv2
import numpy as np
from jaxtyping import Float32
from numpy.random import Generator

from fgresq.synthesis.degrade import gaussian_psf
from fgresq.synthesis.pictures import Degraded, Low, Picture, clip, gaussian, resize
from fgresq.synthesis.restore.deblur import sharpened, shock, wiener_filter
from fgresq.synthesis.restore.denoise import dct_threshold, total_variation


def _low(degraded: Degraded) -> Low:
    if degraded.low is None:
        raise ValueError("an upscaler needs a picture of low resolution")
    return degraded.low


def _size(image: np.ndarray) -> tuple[int, int]:
    return image.shape[0], image.shape[1]


def _enlarged(degraded: Degraded, filter_name: str) -> Picture:
    return clip(resize(_low(degraded), _size(degraded.image), filter_name))


def _factor(degraded: Degraded) -> float:
    return float(degraded.image.shape[0] / _low(degraded).shape[0])


def nearest(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Pixel repetition, its steps softened by a Gaussian of at most half the factor's width."""
    return gaussian(_enlarged(degraded, "nearest"), 0.3 + (0.5 * _factor(degraded) - 0.3) * strength)


def bilinear(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Bilinear interpolation, then an unsharp mask of amount 0 to 1.2."""
    return sharpened(_enlarged(degraded, "bilinear"), 1.2, 1.2 * strength)


def bicubic(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Bicubic interpolation, then an unsharp mask of amount 0 to 1.5."""
    return sharpened(_enlarged(degraded, "bicubic"), 1.2, 1.5 * strength)


def lanczos(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Lanczos interpolation, then an unsharp mask of amount 0 to 2."""
    return sharpened(_enlarged(degraded, "lanczos"), 1.0, 2.0 * strength)


def _back_projected(start: Picture, low: Low, rounds: int, step: float) -> Picture:
    """x <- x + step U(l - D x): whatever the reduced estimate lacks is added back."""
    estimate = start
    for _ in range(rounds):
        missing = low - resize(estimate, _size(low), "bicubic")
        estimate = estimate + np.float32(step) * resize(missing, _size(start), "bicubic")
    return estimate


def back_projection(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Iterative back-projection from bicubic interpolation, 1 to 10 rounds.

    Reference: Irani, Peleg, "Improving resolution by image registration", CVGIP 1991.
    """
    return clip(_back_projected(_enlarged(degraded, "bicubic"), _low(degraded), 1 + round(9 * strength), 1.0))


def tv_back_projection(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Back-projection and total-variation smoothing by turns: sharper outlines, flatter texture."""
    estimate = _enlarged(degraded, "bicubic")
    for _ in range(2):
        estimate = _back_projected(estimate, _low(degraded), 2, 1.0)
        estimate = total_variation(estimate, 0.004 * 10**strength, 6)
    return clip(estimate)


def _doubled(image: Low) -> Float32[np.ndarray, "lh2 lw2 3"]:
    """Twice the samples less one a side; new ones follow the direction in which the picture changes least.

    First the centres of four samples, from the two diagonals, then the rest from the two axes; each direction weighs
    1 / (difference^2 + small), with differences of the three colours taken together.
    """
    height, width = image.shape[:2]
    fine = np.zeros((2 * height - 1, 2 * width - 1, 3), dtype=np.float32)
    fine[::2, ::2] = image
    fine[1::2, 1::2] = _less_changing(image[:-1, :-1], image[1:, 1:], image[:-1, 1:], image[1:, :-1])
    wide = cv2.copyMakeBorder(fine, 1, 1, 1, 1, cv2.BORDER_REFLECT_101)
    for row, column in ((0, 1), (1, 0)):
        shape = fine[row::2, column::2].shape[:2]
        around = [
            wide[row + 1 + dy :: 2, column + 1 + dx :: 2][: shape[0], : shape[1]]
            for dy, dx in ((0, -1), (0, 1), (-1, 0), (1, 0))
        ]
        fine[row::2, column::2] = _less_changing(*around)
    return fine


def _less_changing(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    """(a + b) / 2 and (c + d) / 2, mixed by how little each pair differs."""
    first = (gaussian(np.square(a - b).sum(axis=-1), 0.7) + np.float32(2e-4))[..., np.newaxis] ** -2
    second = (gaussian(np.square(c - d).sum(axis=-1), 0.7) + np.float32(2e-4))[..., np.newaxis] ** -2
    return np.asarray((first * (a + b) + second * (c + d)) / (2 * (first + second)), dtype=np.float32)


def edge_directed(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Doubled twice along edges, taken at the wanted places, then an unsharp mask of amount 0 to 2.

    Reference: after Su, Willis, "Image interpolation by pixel-level data-dependent triangulation", CGF 2004, with soft
    weights in place of the choice of a diagonal.
    """
    low, (height, width) = _low(degraded), degraded.image.shape[:2]
    fine = _doubled(_doubled(low))
    y = ((np.arange(height, dtype=np.float32) + 0.5) * low.shape[0] / height - 0.5) * 4
    x = ((np.arange(width, dtype=np.float32) + 0.5) * low.shape[1] / width - 0.5) * 4
    columns, rows = np.meshgrid(x, y)
    taken = cv2.remap(fine, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return sharpened(clip(taken), 1.2, 2.0 * strength)


def gradient_sharpened(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Bicubic interpolation, a shock filter that steepens edges, and one round of back-projection."""
    steep = shock(_enlarged(degraded, "bicubic"), 1 + round(5 * strength), 0.2)
    return clip(_back_projected(steep, _low(degraded), 1, 0.8))


def deconvolved(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Bicubic interpolation, then Wiener deconvolution of a Gaussian of 0.35 times the factor."""
    sigma = 0.35 * _factor(degraded)
    return wiener_filter(_enlarged(degraded, "bicubic"), gaussian_psf(sigma, sigma, 0.0), 0.1 * 0.03**strength)


def cleaned_first(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """DCT thresholds at low resolution, Lanczos interpolation, then an unsharp mask."""
    clean = dct_threshold(Degraded(_low(degraded)), strength, generator)
    return sharpened(clip(resize(clean, _size(degraded.image), "lanczos")), 1.3, 1.2)
