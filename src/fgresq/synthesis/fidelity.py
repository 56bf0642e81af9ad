"""How far a picture is from the pristine one, by five full-reference metrics that fail in different ways.

| metric | blind to |
|---|---|
| `ms_ssim` (structure of the luma, five scales) | colour, brightness; mild towards blur |
| `gmsd` (spread of gradient errors) | colour, and faults that are the same everywhere |
| `vif` (information that survives) | colour; takes added contrast for fidelity up to the reference's own |
| `colour` (CIELAB, seen from afar) | fine structure |
| `texture` (local energy of three bands) | where exactly detail stands; unlike the others it dislikes blur most |

Each is a dissimilarity: 0 for the pristine picture, smaller is better.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import TypeAlias, cast

import cv2
import numpy as np
from jaxtyping import Float32, Float64

from fgresq.synthesis.pictures import Picture, Plane, box, gaussian, luma

Smaller: TypeAlias = Float32[np.ndarray, "h2 w2"]
Metric: TypeAlias = Callable[[Picture, Picture], float]

_MS_SSIM_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_SSIM_WINDOW = 11
_C1, _C2 = 0.01**2, 0.03**2
_GMSD_CONSTANT = 170 / 255**2
_VIF_NOISE = 2 / 255**2
_TEXTURE_FLOOR = (1.5 / 255) ** 2


def _valid_filter(plane: Plane, side: int, sigma: float) -> Smaller:
    """Gaussian window, without the borders that it overhangs."""
    window = cv2.getGaussianKernel(side, sigma, cv2.CV_32F)
    half = side // 2
    return cast("Plane", cv2.sepFilter2D(plane, -1, window, window)[half:-half, half:-half])


def _halved(plane: Plane) -> Smaller:
    mean = cv2.blur(plane, (2, 2), anchor=(0, 0), borderType=cv2.BORDER_REFLECT)
    return np.ascontiguousarray(mean[::2, ::2])


def _moments(x: Plane, y: Plane, side: int, sigma: float) -> tuple[Smaller, Smaller, Smaller, Smaller, Smaller]:
    """Local means, variances and covariance."""
    mean_x, mean_y = _valid_filter(x, side, sigma), _valid_filter(y, side, sigma)
    variance_x = _valid_filter(x * x, side, sigma) - mean_x * mean_x
    variance_y = _valid_filter(y * y, side, sigma) - mean_y * mean_y
    return mean_x, mean_y, variance_x, variance_y, _valid_filter(x * y, side, sigma) - mean_x * mean_y


def ms_ssim(reference: Picture, image: Picture) -> float:
    """1 - MS-SSIM of the luma: 11x11 Gaussian window, sigma 1.5, valid region, negative terms count as 0.

    MS-SSIM = l_M^w_M prod_j cs_j^w_j. Pictures too small for five scales (176 pixels) use fewer, with the weights
    scaled to their sum.

    Reference: Wang, Simoncelli, Bovik, "Multi-scale structural similarity for image quality assessment", 2003, eq. 7.
    """
    x, y = luma(reference), luma(image)
    scales = 1
    while scales < len(_MS_SSIM_WEIGHTS) and min(x.shape) >> scales >= _SSIM_WINDOW:
        scales += 1
    weights = np.array(_MS_SSIM_WEIGHTS[:scales]) / sum(_MS_SSIM_WEIGHTS[:scales])
    product = 1.0
    for scale, weight in enumerate(weights):
        if scale:
            x, y = _halved(x), _halved(y)
        mean_x, mean_y, variance_x, variance_y, covariance = _moments(x, y, _SSIM_WINDOW, 1.5)
        similarity = (2 * covariance + _C2) / (variance_x + variance_y + _C2)
        if scale == scales - 1:
            similarity = similarity * (2 * mean_x * mean_y + _C1) / (mean_x * mean_x + mean_y * mean_y + _C1)
        product *= max(float(similarity.mean(dtype=np.float64)), 0.0) ** weight
    return 1 - product


def gmsd(reference: Picture, image: Picture) -> float:
    """Standard deviation of the gradient magnitude similarity, (2 a b + c) / (a^2 + b^2 + c), at half size.

    Prewitt gradients of the luma, c = 170 on the range [0, 255].

    Reference: Xue, Zhang, Mou, Bovik, "Gradient magnitude similarity deviation", IEEE TIP 2014, eq. 2 to 6.
    """
    a, b = _prewitt(_zero_halved(luma(reference))), _prewitt(_zero_halved(luma(image)))
    similarity = (2 * np.sqrt(a * b) + _GMSD_CONSTANT) / (a + b + _GMSD_CONSTANT)
    return float(similarity.std(dtype=np.float64))


def _zero_halved(plane: Plane) -> Smaller:
    """2x2 means, with zeros beyond the border as in the authors' code."""
    mean = cv2.blur(plane, (2, 2), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
    return np.ascontiguousarray(mean[::2, ::2])


def _prewitt(plane: Plane) -> Plane:
    """Squared gradient magnitude."""
    difference, mean = np.array([1, 0, -1], dtype=np.float32), np.full(3, 1 / 3, dtype=np.float32)
    across = cv2.sepFilter2D(plane, -1, difference, mean, borderType=cv2.BORDER_CONSTANT)
    down = cv2.sepFilter2D(plane, -1, mean, difference, borderType=cv2.BORDER_CONSTANT)
    return across * across + down * down


def vif(reference: Picture, image: Picture) -> float:
    """|1 - VIF| of the luma, in the pixel domain over four scales.

    VIF = sum log(1 + g^2 s^2 / (v + n)) / sum log(1 + s^2 / n), s^2 the reference's local variance, g the gain and v
    the residual of the picture's regression on it, n = 2 on the range [0, 255]. Added contrast makes VIF exceed 1,
    hence the absolute value.

    Reference: Sheikh, Bovik, "Image information and visual quality", IEEE TIP 2006; the authors' `vifp_mscale`.
    """
    x, y = luma(reference), luma(image)
    kept = total = 0.0
    for scale in range(4):
        side = 2 ** (4 - scale) + 1
        if scale:
            x = np.ascontiguousarray(_valid_filter(x, side, side / 5)[::2, ::2])
            y = np.ascontiguousarray(_valid_filter(y, side, side / 5)[::2, ::2])
        if min(x.shape) <= side:
            break
        _, _, variance_x, variance_y, covariance = _moments(x, y, side, side / 5)
        variance_x, variance_y = np.maximum(variance_x, 0), np.maximum(variance_y, 0)
        flat_x, flat_y = variance_x < 1e-10, variance_y < 1e-10
        gain = np.where(flat_x | flat_y, 0, covariance / (variance_x + np.float32(1e-10)))
        residual = np.where(flat_y, 0, variance_y - gain * covariance)
        residual = np.where(gain < 0, variance_y, residual)
        gain = np.maximum(gain, 0)
        variance_x = np.where(flat_x, 0, variance_x)
        noisy = np.maximum(residual, 1e-10) + _VIF_NOISE
        kept += float(np.log1p(gain * gain * variance_x / noisy).sum(dtype=np.float64))
        total += float(np.log1p(variance_x / _VIF_NOISE).sum(dtype=np.float64))
    return abs(1 - kept / total) if total else 0.0


def colour(reference: Picture, image: Picture) -> float:
    """Mean CIELAB distance (1976) of the two pictures after a Gaussian of sigma 2 pixels, as seen from afar."""
    x = cv2.cvtColor(gaussian(reference, 2.0), cv2.COLOR_RGB2LAB)
    y = cv2.cvtColor(gaussian(image, 2.0), cv2.COLOR_RGB2LAB)
    return float(np.sqrt(np.square(x - y).sum(axis=-1)).mean(dtype=np.float64))


def texture(reference: Picture, image: Picture) -> float:
    """Mean |log| ratio of local band energies, three bands an octave apart, in 13x13 windows.

    E_s = box((G_s - G_2s) * luma)^2 + (1.5 / 255)^2, s = 0 (the picture itself against 0.8), 0.8, 1.6; the mean over
    pixels and bands of |log E_s(x) - log E_s(y)| / 2. Detail that is in the wrong place is forgiven, detail that is
    missing or too much isn't.
    """
    energies = [_band_energies(luma(picture)) for picture in (reference, image)]
    ratios = [np.abs(np.log(x / y)).mean(dtype=np.float64) for x, y in zip(*energies, strict=True)]
    return float(np.mean(ratios)) / 2


def _band_energies(plane: Plane) -> list[Plane]:
    levels = [plane, gaussian(plane, 0.8), gaussian(plane, 1.6), gaussian(plane, 3.2)]
    return [box(np.square(fine - coarse), 6) + np.float32(_TEXTURE_FLOOR) for fine, coarse in pairwise(levels)]


METRICS: Mapping[str, Metric] = {"ms-ssim": ms_ssim, "gmsd": gmsd, "vif": vif, "colour": colour, "texture": texture}


def measure(reference: Picture, image: Picture) -> Float64[np.ndarray, " k"]:
    """All dissimilarities, in the order of `METRICS`."""
    return np.array([metric(reference, image) for metric in METRICS.values()])
