"""Against noise and compression; thresholds are multiples (0.4 to 3.2 with the strength) of the estimated noise."""

import cv2
import numpy as np
from jaxtyping import Float32
from numpy.random import Generator

from fgresq.synthesis.pictures import (
    Degraded,
    Picture,
    clip,
    from_bytes,
    gaussian,
    guided,
    luma,
    noise_level,
    to_bytes,
)

_LEAST_NOISE = 3 / 255
# Deviation of white noise of deviation 1 in each band of the B3 spline wavelet.
_STARLET_NOISE = (0.889, 0.200, 0.0856)
_SPLINE = np.array([1, 4, 6, 4, 1], dtype=np.float32) / 16
# Orthonormal: grey, red against blue, green against both.
_OPPONENT = np.array(
    [[1 / np.sqrt(3)] * 3, [1 / np.sqrt(2), 0, -1 / np.sqrt(2)], [1 / np.sqrt(6), -2 / np.sqrt(6), 1 / np.sqrt(6)]],
    dtype=np.float32,
)
_BLOCK, _STRIDE = 8, 3


def _threshold(degraded: Degraded, strength: float) -> float:
    return max(noise_level(degraded.image), _LEAST_NOISE) * 0.4 * 8**strength


def non_local_means(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Weighted mean of pixels whose 5x5 surroundings look alike, within 13x13.

    Reference: Buades, Coll, Morel, "A non-local algorithm for image denoising", CVPR 2005.
    """
    h = 255 * _threshold(degraded, strength)
    pixels = cv2.fastNlMeansDenoisingColored(to_bytes(degraded.image)[..., ::-1].copy(), None, 0.8 * h, 1.1 * h, 5, 13)
    return from_bytes(np.ascontiguousarray(pixels[..., ::-1]))


def bilateral(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Mean over near pixels of near colour.

    Reference: Tomasi, Manduchi, "Bilateral filtering for gray and color images", ICCV 1998.
    """
    spread = 3 * _threshold(degraded, strength)
    return clip(cv2.bilateralFilter(degraded.image, 9, spread, generator.uniform(1.5, 2.5)))


def total_variation(image: Picture, weight: float, iterations: int) -> Picture:
    """The picture u of least |u - f|^2 / (2 weight) + sum |grad u|, gradients of the three colours taken together.

    Dual projection: p <- (p + tau g) / (1 + tau |g|), g = grad(div p - f / weight), u = f - weight div p, tau = 1/4.

    Reference: Chambolle, "An algorithm for total variation minimization and applications", JMIV 2004, eq. 9.
    """
    tau = np.float32(0.25)
    scaled = image / np.float32(weight)
    px, py = np.zeros_like(image), np.zeros_like(image)
    gx, gy = np.zeros_like(image), np.zeros_like(image)
    for _ in range(iterations):
        inner = _divergence(px, py) - scaled
        np.subtract(inner[:, 1:], inner[:, :-1], out=gx[:, :-1])
        np.subtract(inner[1:], inner[:-1], out=gy[:-1])
        size = np.sqrt(np.einsum("hwc,hwc->hw", gx, gx) + np.einsum("hwc,hwc->hw", gy, gy))
        shrink = 1 / (1 + tau * size[..., np.newaxis])
        px = (px + tau * gx) * shrink
        py = (py + tau * gy) * shrink
    return image - np.float32(weight) * _divergence(px, py)


def _divergence(px: Picture, py: Picture) -> Picture:
    out: Picture = px + py
    out[:, 1:] -= px[:, :-1]
    out[1:] -= py[:-1]
    return out


def tv(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Total-variation denoising, 20 iterations: flat regions, sharp outlines, lost texture."""
    return clip(total_variation(degraded.image, 1.1 * _threshold(degraded, strength), 20))


def median(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Median over 3x3, 5x5 or 7x7, mixed with the picture at the share left over between the sizes."""
    step = 3 * strength
    side = 3 + 2 * min(2, int(step))
    pixels = to_bytes(degraded.image)
    before = pixels if side == 3 else cv2.medianBlur(pixels, side - 2)
    share = np.float32(0.3 + 0.7 * min(1.0, step - (side - 3) / 2))
    return (1 - share) * from_bytes(before) + share * from_bytes(cv2.medianBlur(pixels, side))


def guided_filter(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Guided filter with the picture's own luma as guide, radius 2 to 4."""
    epsilon = (1.5 * _threshold(degraded, strength)) ** 2
    return clip(guided(degraded.image, luma(degraded.image), int(generator.integers(2, 5)), epsilon))


def smoothing(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Gaussian smoothing, sigma 0.5 to 2.2 pixels: what denoising started from."""
    return clip(gaussian(degraded.image, 0.5 * 4.4**strength))


def wavelet(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Soft thresholds on three bands of an undecimated B3 spline wavelet, in opponent colours.

    Reference: Starck, Fadili, Murtagh, "The undecimated wavelet decomposition and its reconstruction", IEEE TIP 2007.
    """
    base = cv2.transform(degraded.image, _OPPONENT)
    threshold = 1.6 * _threshold(degraded, strength)
    kept = np.zeros_like(base)
    for level, noise in enumerate(_STARLET_NOISE):
        taps = np.zeros(4 * 2**level + 1, dtype=np.float32)
        taps[:: 2**level] = _SPLINE
        smooth = cv2.sepFilter2D(base, -1, taps, taps, borderType=cv2.BORDER_REFLECT)
        band, limit = base - smooth, np.float32(threshold * noise)
        kept += np.sign(band) * np.maximum(np.abs(band) - limit, 0)
        base = smooth
    return clip(cv2.transform(base + kept, np.ascontiguousarray(_OPPONENT.T)))


def _dct_matrix() -> Float32[np.ndarray, "8 8"]:
    k, n = np.mgrid[0:_BLOCK, 0:_BLOCK]
    matrix = np.sqrt(2 / _BLOCK) * np.cos(np.pi * (2 * n + 1) * k / (2 * _BLOCK))
    matrix[0] /= np.sqrt(2)
    return np.asarray(matrix, dtype=np.float32)


def dct_threshold(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Hard thresholds on the DCT of overlapping 8x8 blocks, in opponent colours.

    Reference: Yu, Sapiro, "DCT image denoising: a simple and effective image denoising algorithm", IPOL 2011.
    """
    height, width = degraded.image.shape[:2]
    wide = cv2.copyMakeBorder(cv2.transform(degraded.image, _OPPONENT), 8, 11, 8, 11, cv2.BORDER_REFLECT)
    blocks = np.lib.stride_tricks.sliding_window_view(wide, (_BLOCK, _BLOCK), axis=(0, 1))[::_STRIDE, ::_STRIDE]
    basis = _dct_matrix()
    coefficients = np.swapaxes(blocks @ basis.T, -1, -2) @ basis.T
    limit = np.float32(2.2 * _threshold(degraded, strength))
    constant = coefficients[..., 0, 0].copy()
    coefficients[np.abs(coefficients) < limit] = 0
    coefficients[..., 0, 0] = constant
    cleaned = np.swapaxes(coefficients @ basis, -1, -2) @ basis
    total, count = np.zeros_like(wide), np.zeros((*wide.shape[:2], 1), dtype=np.float32)
    rows, columns = _STRIDE * cleaned.shape[0], _STRIDE * cleaned.shape[1]
    for i in range(_BLOCK):
        for j in range(_BLOCK):
            part = np.s_[i : i + rows : _STRIDE, j : j + columns : _STRIDE]
            total[part] += cleaned[..., i, j]
            count[part] += 1
    mean = (total / np.maximum(count, 1))[8 : 8 + height, 8 : 8 + width]
    return clip(cv2.transform(np.ascontiguousarray(mean), np.ascontiguousarray(_OPPONENT.T)))
