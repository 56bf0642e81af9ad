"""Against blur: deconvolution with the known kernel, or with a misjudged one, and sharpening without one."""

import cv2
import numpy as np
from jaxtyping import Complex64
from numpy.random import Generator

from fgresq.synthesis.degrade import gaussian_psf
from fgresq.synthesis.pictures import Degraded, Kernel, Picture, Plane, clip, convolve, gaussian, luma, with_luma

_LAPLACIAN = np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]], dtype=np.float32)
_FORWARD = np.array([[0, 0, 0], [0, -1, 1], [0, 0, 0]], dtype=np.float32)


def _psf(degraded: Degraded) -> Kernel:
    """The known blur, or a small Gaussian where none is known."""
    return gaussian_psf(0.9, 0.9, 0.0) if degraded.psf is None else degraded.psf


def transfer(kernel: Kernel, shape: tuple[int, int]) -> Complex64[np.ndarray, "fh fw"]:
    """Spectrum of a centred kernel on a periodic grid."""
    full = np.zeros(shape, dtype=np.float32)
    height, width = kernel.shape
    full[:height, :width] = kernel
    centred = np.roll(full, (-(height // 2), -(width // 2)), axis=(0, 1))
    return np.fft.rfft2(centred).astype(np.complex64)


def _padded(image: np.ndarray, psf: Kernel) -> tuple[np.ndarray, int]:
    """Mirrored and faded at the borders, so that the periodic grid shows no seam."""
    pad = min(2 * max(psf.shape), min(image.shape[:2]) - 1)
    wide = cv2.copyMakeBorder(image, pad, pad, pad, pad, cv2.BORDER_REFLECT)
    height, width = (cv2.getOptimalDFTSize(side) for side in wide.shape[:2])
    wide = cv2.copyMakeBorder(wide, 0, height - wide.shape[0], 0, width - wide.shape[1], cv2.BORDER_REFLECT)
    return wide, pad


def wiener_filter(image: Picture, psf: Kernel, balance: float) -> Picture:
    """Wiener deconvolution with a Laplacian prior, X = H* Y / (|H|^2 + balance (0.05 + |L|^2)).

    Reference: Hunt, "The application of constrained least squares estimation", IEEE Trans. Computers 1973.
    """
    wide, pad = _padded(image, psf)
    shape = (wide.shape[0], wide.shape[1])
    blur, laplacian = transfer(psf, shape), transfer(_LAPLACIAN, shape)
    inverse = np.conj(blur) / (np.abs(blur) ** 2 + np.float32(balance) * (0.05 + np.abs(laplacian) ** 2))
    out = np.empty_like(image)
    for channel in range(3):
        spectrum = np.fft.rfft2(wide[..., channel]) * inverse
        out[..., channel] = np.fft.irfft2(spectrum, shape)[pad : pad + image.shape[0], pad : pad + image.shape[1]]
    return clip(out)


def wiener(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Wiener deconvolution; the balance falls from 0.1 to 0.002 as the strength rises."""
    return wiener_filter(degraded.image, _psf(degraded), 0.1 * 0.02**strength)


def misjudged_wiener(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Wiener deconvolution with a kernel estimated 25 % too small to 40 % too large: soft edges or echoes."""
    psf, factor = _psf(degraded), generator.uniform(0.75, 1.4)
    height, width = (int(side * factor) // 2 * 2 + 1 for side in psf.shape)
    guess = np.maximum(cv2.resize(psf, (width, height), interpolation=cv2.INTER_LINEAR), 0)
    return wiener_filter(degraded.image, guess / guess.sum(), 0.1 * 0.03**strength)


def richardson_lucy(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Richardson-Lucy, x <- x K^T(y / K x), 3 to 14 iterations.

    Reference: Richardson, JOSA 1972; Lucy, Astronomical Journal 1974.
    """
    psf = _psf(degraded)
    mirrored = np.ascontiguousarray(np.flip(psf))
    observed = np.maximum(degraded.image, np.float32(1e-3))
    estimate = observed
    for _ in range(3 + round(11 * strength)):
        ratio = observed / np.maximum(convolve(estimate, psf), np.float32(1e-3))
        estimate = np.minimum(estimate * convolve(ratio, mirrored), np.float32(1.5))
    return clip(estimate)


def tv_deconvolution(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Deconvolution of the luma with a total-variation prior by half-quadratic splitting; colour by Wiener.

    min mu/2 |k * x - y|^2 + |w| + beta/2 |w - grad x|^2, alternating over w (shrinkage) and x (one spectrum), beta
    growing from 4 to 256; mu from 100 to 2000 with the strength.

    Reference: Wang, Yang, Yin, Zhang, "A new alternating minimization algorithm for total variation image
    reconstruction", SIAM J. Imaging Sciences 2008.
    """
    psf, mu = _psf(degraded), 100 * 20**strength
    wide, pad = _padded(luma(degraded.image), psf)
    shape = (wide.shape[0], wide.shape[1])
    blur = transfer(psf, shape)
    across, down = transfer(_FORWARD, shape), transfer(np.ascontiguousarray(_FORWARD.T), shape)
    data, gradient_power = np.conj(blur) * np.fft.rfft2(wide), np.abs(across) ** 2 + np.abs(down) ** 2
    spectrum = np.fft.rfft2(wide)
    for beta in (4.0, 16.0, 64.0, 256.0):
        gx, gy = np.fft.irfft2(across * spectrum, shape), np.fft.irfft2(down * spectrum, shape)
        size = np.sqrt(gx * gx + gy * gy) + 1e-8
        kept = np.maximum(size - 1 / beta, 0) / size
        wanted = np.conj(across) * np.fft.rfft2(kept * gx) + np.conj(down) * np.fft.rfft2(kept * gy)
        spectrum = (mu * data + beta * wanted) / (mu * np.abs(blur) ** 2 + beta * gradient_power + 1e-6)
    height, width = degraded.image.shape[:2]
    sharp = np.fft.irfft2(spectrum, shape)[pad : pad + height, pad : pad + width].astype(np.float32)
    return with_luma(wiener_filter(degraded.image, psf, 0.03), sharp)


def sharpened(image: Picture, sigma: float, amount: float) -> Picture:
    """Unsharp mask: J + amount (J - G_sigma * J)."""
    return clip(image + np.float32(amount) * (image - gaussian(image, sigma)))


def unsharp(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Unsharp mask of radius 1 to 2.5 pixels, amount 0.3 to 3."""
    return sharpened(degraded.image, generator.uniform(1.0, 2.5), 0.3 * 10**strength)


def shock(image: Picture, steps: int, rate: float) -> Picture:
    """Shock filter on the luma: brighter pixels grow on the bright side of an edge, darker ones on the dark side.

    y <- y - rate sign(d^2 y / dn^2) |grad y|, n along the gradient of the smoothed luma.

    Reference: Alvarez, Mazorra, "Signal and image restoration using shock filters and anisotropic diffusion", 1994.
    """
    y: Plane = luma(image)
    for _ in range(steps):
        smooth = gaussian(y, 1.2)
        gx, gy = _slopes(smooth)
        gxx, gxy = _slopes(gx)
        gyy = _slopes(gy)[1]
        bend = gx * gx * gxx + 2 * gx * gy * gxy + gy * gy * gyy
        slope_x, slope_y = _slopes(y)
        weight = bend / (np.abs(bend) + np.float32(1e-7))
        y = y - np.float32(rate) * weight * np.sqrt(slope_x * slope_x + slope_y * slope_y)
    return with_luma(image, clip(y))


def _slopes(plane: Plane) -> tuple[Plane, Plane]:
    """Central differences across and down."""
    half = np.array([[-0.5, 0, 0.5]], dtype=np.float32)
    across = cv2.filter2D(plane, -1, half, borderType=cv2.BORDER_REFLECT)
    return across, cv2.filter2D(plane, -1, np.ascontiguousarray(half.T), borderType=cv2.BORDER_REFLECT)


def shock_filter(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Shock filter, 1 to 7 steps: crisp outlines that look painted."""
    return shock(degraded.image, 1 + round(6 * strength), 0.2)
