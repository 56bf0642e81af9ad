"""The grey plane that the authors' programs look at: eight bits, and again at half its size.

Both are exact. Eight-bit grey levels times weights that are multiples of 2^-8 leave no rounding error in float64, so
where a picture is flat it stays exactly flat.
"""

import cv2
import numpy as np
from jaxtyping import Float64

from fgresq.metrics.base import Picture

# MATLAB's rgb2gray: the first row of the inverse of its YIQ matrix, not BT.601's rounded weights.
_GREY = np.array([0.298936021293776, 0.587043074451121, 0.114020904255103])
# Keys' cubic, a = -1/2, stretched to twice its width, at the distances 3.5, 2.5, 1.5 and 0.5 pixels; the eight taps sum
# to 1. MATLAB's imresize(., 0.5) uses these.
_HALVING = np.array([-3, -9, 29, 111]) / 256


def grey_levels(image: Picture) -> Float64[np.ndarray, "h w"]:
    """The grey picture, in whole levels.

    round(.2989 R + .5870 G + .1140 B), with R, G, B rounded to whole levels before.

    Args:
        image: RGB in [0, 1].

    Returns:
        0 to 255, whole numbers; halves are rounded up.
    """
    levels = np.rint(np.float32(255) * np.asarray(image, dtype=np.float32)).astype(np.float64)
    grey = np.asarray(levels @ _GREY)
    return np.clip(np.floor(np.add(grey, 0.5, out=grey), out=grey), 0, 255, out=grey)


def halved(plane: Float64[np.ndarray, "h w"]) -> Float64[np.ndarray, "h2 w2"]:
    """Half the size, odd sides rounded up: bicubic with the kernel widened against aliasing, mirrored at the border.

    y_i = sum_k w_k x_(2i + k), k = -3 .. 4.

    Args:
        plane: any unit.

    Returns:
        The same unit; overshoots at edges.

    Reference: R. Keys, "Cubic convolution interpolation for digital image processing", IEEE TASSP 1981, eq. 15.
    """
    height, width = plane.shape
    padded = cv2.copyMakeBorder(plane, 3, 4 + height % 2, 3, 4 + width % 2, cv2.BORDER_REFLECT)
    across = np.ascontiguousarray(_halved_rows(padded).T)
    return np.ascontiguousarray(_halved_rows(across).T)


def _halved_rows(padded: Float64[np.ndarray, "h w"]) -> Float64[np.ndarray, "h2 w"]:
    rows = (len(padded) - 6) // 2
    total = np.zeros((rows, padded.shape[1]))
    for k, weight in enumerate(_HALVING):
        pair = padded[k::2][:rows] + padded[7 - k :: 2][:rows]
        total += np.multiply(pair, weight, out=pair)
    return total
