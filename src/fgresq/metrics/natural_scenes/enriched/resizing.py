"""MATLAB's imresize of 8-bit colours, which IL-NIQE brings every picture to one size with.

The paper doesn't say how it resizes. It's MATLAB's way that the result goes back to whole levels after each of its two
passes, and that the pass which shrinks more comes first; IL-NIQE's first digits depend on it. Many pixels lie exactly
between two levels. There the rounding errors of the sum decide, so it is written tap by tap, and comes out alike on
every machine.
"""

from typing import TypeAlias

import numpy as np
from jaxtyping import Float64, Int64

Levels: TypeAlias = Float64[np.ndarray, "h w 3"]


def resized(levels: Levels, side: int) -> Float64[np.ndarray, "side side 3"]:
    """A square picture: bicubic, against aliasing where it shrinks, mirrored at the border.

    Args:
        levels: whole numbers, 0 to 255.
        side: of the result, in pixels.

    Returns:
        Whole numbers, 0 to 255.

    Reference: R. Keys, "Cubic convolution interpolation for digital image processing", IEEE TASSP 1981, eq. 15.
    """
    height, width = levels.shape[:2]
    if width > height:  # the longer side first
        return _resized_rows(_resized_rows(levels.swapaxes(0, 1), side).swapaxes(0, 1), side)
    return _resized_rows(_resized_rows(levels, side).swapaxes(0, 1), side).swapaxes(0, 1)


def _resized_rows(levels: Levels, side: int) -> Float64[np.ndarray, "side w 3"]:
    weights, rows = _taps(levels.shape[0], side)
    levels = np.ascontiguousarray(levels)
    total = np.zeros((side, *levels.shape[1:]))
    for tap in range(weights.shape[1]):
        total += weights[:, tap, np.newaxis, np.newaxis] * levels[rows[:, tap]]
    return np.clip(np.floor(np.add(total, 0.5, out=total), out=total), 0, 255)


def _taps(length: int, side: int) -> tuple[Float64[np.ndarray, "side t"], Int64[np.ndarray, "side t"]]:
    """Of every output pixel the weights, and which input pixels they belong to."""
    scale = side / length
    reach = 4 / min(scale, 1)
    centre = np.arange(1, side + 1) / scale + 0.5 * (1 - 1 / scale)
    index = np.floor(centre - reach / 2)[:, np.newaxis] + np.arange(int(np.ceil(reach)) + 2)
    distance = (centre[:, np.newaxis] - index) * min(scale, 1)
    weights = _cubic(np.abs(distance))
    weights /= weights.sum(axis=1, keepdims=True)
    used = weights.any(axis=0)
    folded = np.mod(index[:, used].astype(np.int64) - 1, 2 * length)
    return weights[:, used], np.minimum(folded, 2 * length - 1 - folded)


def _cubic(distance: Float64[np.ndarray, "side t"]) -> Float64[np.ndarray, "side t"]:
    """Keys' kernel with a = -1/2."""
    square = distance * distance
    cube = square * distance
    near = 1.5 * cube - 2.5 * square + 1
    far = -0.5 * cube + 2.5 * square - 4 * distance + 2
    return np.where(distance <= 1, near, np.where(distance <= 2, far, 0))
