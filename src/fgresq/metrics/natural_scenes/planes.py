"""The grey plane that the authors' programs look at: eight bits, and again at half its size.

Both are exact. Eight-bit grey levels times weights that are multiples of 2^-8 leave no rounding error in float64, so
where a picture is flat it stays exactly flat.
"""

import cv2
import numpy as np
from jaxtyping import Float64

from fgresq.metrics.base import Picture

# MATLAB's rgb2gray: the first row of the inverse of its YIQ matrix, not BT.601's rounded weights.
_GREY = np.array([[0.298936021293776, 0.587043074451121, 0.114020904255103]])
# Keys' cubic, a = -1/2, stretched to twice its width, at the distances 3.5 to 0.5 pixels and back; the taps sum to 1.
# MATLAB's imresize(., 0.5) uses these.
_HALVING = np.array([-3, -9, 29, 111, 111, 29, -9, -3]) / 256


def colour_levels(image: Picture) -> Float64[np.ndarray, "h w 3"]:
    """Red, green and blue in whole levels, 0 to 255, as a file of 8 bits holds them.

    Args:
        image: RGB (H, W, 3), or grey (H, W), which is repeated, in [0, 1].
    """
    pixels = np.ascontiguousarray(image, dtype=np.float32)
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., np.newaxis], 3, axis=-1)
    return cv2.convertScaleAbs(pixels, alpha=255).astype(np.float64)


def grey_levels(image: Picture) -> Float64[np.ndarray, "h w"]:
    """The grey picture, in whole levels.

    round(.2989 R + .5870 G + .1140 B), with R, G, B rounded to whole levels before.

    Args:
        image: RGB (H, W, 3) or grey (H, W), in [0, 1].

    Returns:
        0 to 255, whole numbers; halves are rounded up.
    """
    grey = np.asarray(cv2.transform(colour_levels(image), _GREY)).reshape(image.shape[:2])
    return np.floor(np.add(grey, 0.5, out=grey), out=grey)


def halved(plane: Float64[np.ndarray, "h w"]) -> Float64[np.ndarray, "h2 w2"]:
    """Half the size, odd sides rounded up: bicubic with the kernel widened against aliasing, mirrored at the border.

    y_i = sum_k w_k x_(2i + k), k = -3 .. 4.

    Args:
        plane: any unit.

    Returns:
        The same unit; overshoots at edges.

    Reference: R. Keys, "Cubic convolution interpolation for digital image processing", IEEE TASSP 1981, eq. 15.
    """
    filtered = cv2.sepFilter2D(plane, cv2.CV_64F, _HALVING, _HALVING, anchor=(3, 3), borderType=cv2.BORDER_REFLECT)
    return np.ascontiguousarray(filtered[::2, ::2])
