"""How much each pixel may change before people notice: the JND model with pattern complexity.

The model is one of 8-bit grey levels, 0 to 255. What to do with colour isn't specified; the luma is taken, rounded to
1/256 of a level. Sums of such numbers are exact, so the steps of the model (a background rounded down, a threshold, a
bin) fall the same way on every machine.

Reference: Wu, Li, Dong, Shi, Lin, Kuo, "Enhanced just noticeable difference model for images with pattern complexity",
IEEE TIP 2017.
"""

from functools import cache
from typing import Any, TypeAlias

import cv2
import numpy as np
from jaxtyping import Float, Float64

from fgresq.curation.jnd.canny import canny
from fgresq.metrics.base import Picture
from fgresq.metrics.luma import Plane, grey

Map: TypeAlias = Float64[np.ndarray, "h w"]

LEAST_SIDE = 5
_LEVELS = 255
_GRID = 256
_CONTRAST_CONSTANT = 26.0**2
_LEAST_GRADIENT = 5
_BIN_DEGREES = 12
_INVALID_BIN = 16
_OVERLAP = 0.3
# The background: the outer ring of 5x5 counts once, the inner one twice, the pixel itself not at all.
_BACKGROUND = np.array(
    [[1, 1, 1, 1, 1], [1, 2, 2, 2, 1], [1, 2, 0, 2, 1], [1, 2, 2, 2, 1], [1, 1, 1, 1, 1]], dtype=np.float32
)
_EDGE_KERNELS = tuple(
    np.array(rows, dtype=np.float32)
    for rows in (
        [[0, 0, 0, 0, 0], [1, 3, 8, 3, 1], [0, 0, 0, 0, 0], [-1, -3, -8, -3, -1], [0, 0, 0, 0, 0]],
        [[0, 1, 0, -1, 0], [0, 3, 0, -3, 0], [0, 8, 0, -8, 0], [0, 3, 0, -3, 0], [0, 1, 0, -1, 0]],
        [[0, 0, 1, 0, 0], [0, 8, 3, 0, 0], [1, 3, 0, -3, -1], [0, 0, -3, -8, 0], [0, 0, -1, 0, 0]],
        [[0, 0, 1, 0, 0], [0, 0, 3, 8, 0], [-1, -3, 0, 3, 1], [0, -8, -3, 0, 0], [0, 0, -1, 0, 0]],
    )
)


def jnd_map(image: Picture | Plane) -> Map:
    """The just noticeable difference of every pixel.

    JND = LA + SM - .3 min(LA, SM), with LA what the brightness of the background hides and SM the larger of what the
    contrast and what the pattern hides, the latter kept away from edges.

    Args:
        image: RGB (H, W, 3) or a plane (H, W), floating point in [0, 1], at least 5x5.

    Returns:
        (H, W) in the image's unit: 1 is the whole range from black to white.

    Raises:
        UserError: the image is too small, or holds NaN or values outside [0, 1].

    Reference: Wu et al. (2017); the constants in docs/curation.md.
    """
    levels = np.rint(grey(image, LEAST_SIDE) * (_LEVELS * _GRID)) / _GRID
    adaptation = _luminance_adaptation(levels)
    variance = _local_variance(levels)
    pattern = np.sqrt(variance) * _pattern_gain(_pattern_complexity(levels)) * _away_from_edges(levels)
    masking = np.maximum(_contrast_masking(variance), pattern)
    return np.asarray((adaptation + masking - _OVERLAP * np.minimum(adaptation, masking)) / _LEVELS)


def _luminance_adaptation(levels: Map) -> Map:
    """LA = .7 T(b): dark and bright backgrounds hide more."""
    b = np.arange(_LEVELS + 1, dtype=np.float64)
    b = np.where(b <= 127, np.floor(32 + 95 * b / 127 + 0.5), b)
    visibility = np.where(b <= 127, 17 * (1 - np.sqrt(b / 127)) + 3, 3 * (b - 127) / 128 + 3)
    background = _correlated(levels.astype(np.float32), _BACKGROUND) / 32  # exact: 21 bits at most
    return np.asarray((0.7 * visibility)[background.astype(np.int32)])  # b is rounded down


def _local_variance(levels: Map) -> Map:
    """Variance over 5x5, exact up to the division; 0 in the border of two pixels."""
    sums = cv2.boxFilter(levels, -1, (5, 5), normalize=False)
    squares = cv2.boxFilter(levels * levels, -1, (5, 5), normalize=False)
    inner = np.s_[2:-2, 2:-2]
    variance = np.zeros_like(levels)
    variance[inner] = (25 * squares[inner] - sums[inner] * sums[inner]) / 625
    return variance


def _contrast_masking(variance: Map) -> Map:
    """CM = 1.84 L^2.4 / (L^2 + 26^2), L^2 the variance."""
    return np.asarray(1.84 * variance**1.2 / (variance + _CONTRAST_CONSTANT))


def _pattern_complexity(levels: Map) -> Map:
    """How many orientations meet in 3x3, smoothed; 1 where there is no gradient, and in the outermost pixels."""
    plane, difference, total = levels.astype(np.float32), np.array([-1.0, 0.0, 1.0]), np.ones(3)
    across = cv2.sepFilter2D(plane, -1, difference, total, borderType=cv2.BORDER_REFLECT).astype(np.float64)
    down = cv2.sepFilter2D(plane, -1, total, difference, borderType=cv2.BORDER_REFLECT).astype(np.float64)
    valid = across * across + down * down >= (3 * _LEAST_GRADIENT) ** 2  # Prewitt's kernels are divided by 3
    degrees = np.rint(np.degrees(np.arctan2(down, across))).astype(np.int32)  # no angle is a half: tan isn't rational
    bits = np.where(valid, _orientation_bits()[degrees + 180], np.int32(1 << _INVALID_BIN))
    rows = bits[:, :-2] | bits[:, 1:-1] | bits[:, 2:]
    together = rows[:-2] | rows[1:-1] | rows[2:]
    counts = np.ones_like(levels)
    counts[1:-1, 1:-1] = np.where(valid[1:-1, 1:-1], _bit_counts()[together], 1)
    window = cv2.getGaussianKernel(3, 1.0, cv2.CV_64F)
    return np.asarray(cv2.sepFilter2D(counts, -1, window, window, borderType=cv2.BORDER_CONSTANT))


def _orientation_bits() -> np.ndarray[Any, np.dtype[np.int32]]:
    """One bit for each bin of 12 degrees, by angle from -180 to 180; exact halves round up."""
    angle = np.arange(-180, 181)
    angle = np.where(angle > 90, angle - 180, np.where(angle < -90, angle + 180, angle)) + 90
    return np.left_shift(1, (angle + _BIN_DEGREES // 2) // _BIN_DEGREES).astype(np.int32)


@cache
def _bit_counts() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Bits set in every number of 17 bits."""
    numbers = np.arange(1 << (_INVALID_BIN + 1), dtype=np.int32)
    return sum(((numbers >> bit) & 1 for bit in range(_INVALID_BIN + 1)), np.zeros_like(numbers)).astype(np.uint8)


def _pattern_gain(complexity: Map) -> Map:
    """.3 P^2.7 / (P^2 + 1)."""
    return np.asarray(0.3 * complexity**2.7 / (complexity * complexity + 1))


def _away_from_edges(levels: Map) -> Map:
    """Near 0 along edges, where people see changes well, and 1 three pixels away from them.

    How tall an edge is counts only where the kernels lie inside the picture: against the zeros beyond the border, any
    bright picture would have its tallest edge there.
    """
    plane, inside = levels.astype(np.float32), np.s_[2:-2, 2:-2]
    responses = [_correlated(plane, kernel)[inside] for kernel in _EDGE_KERNELS]
    tallest = max(max(float(response.max()), -float(response.min())) for response in responses) / 16
    high = min(0.8, 60 / tallest) if tallest else 0.8
    edges = canny(levels, low=0.4 * high, high=high, sigma=2**0.5)
    across, down = np.mgrid[-3:4, -3:4]
    disk = (across * across + down * down <= 9).astype(np.uint8)
    away = 1.0 - cv2.dilate(edges.astype(np.uint8), disk)
    window = cv2.getGaussianKernel(5, 0.8, cv2.CV_64F)
    return np.asarray(cv2.sepFilter2D(away, -1, window, window, borderType=cv2.BORDER_CONSTANT))


def _correlated(plane: Float[np.ndarray, "h w"], kernel: Float[np.ndarray, "5 5"]) -> Float[np.ndarray, "h w"]:
    """Zeros beyond the border."""
    return np.asarray(cv2.filter2D(plane, -1, kernel, borderType=cv2.BORDER_CONSTANT))
