"""The grey picture that metrics of structure look at."""

from typing import TypeAlias

import cv2
import numpy as np
from jaxtyping import Float, Float64

from fgresq.metrics.base import Picture, check_picture

Plane: TypeAlias = Float[np.ndarray, "h w"]

_WEIGHTS = np.array([[0.299, 0.587, 0.114]])
_STUDIO = np.array([[65.481, 128.553, 24.966]])
_BLACK = 16


def luma(image: Picture) -> Float64[np.ndarray, "h w"]:
    """Luma of ITU-R BT.601 on the full range; a grey picture as it is.

    Y = .299 R + .587 G + .114 B, not rounded.

    Args:
        image: RGB (H, W, 3) or grey (H, W), floating point in [0, 1].

    Returns:
        (H, W) in [0, 1], in float64 whatever the image's type.

    Reference: ITU-R BT.601-7 (2011), section 2.5.1.
    """
    pixels = np.ascontiguousarray(image, dtype=np.float64)
    return pixels if pixels.ndim == 2 else np.asarray(cv2.transform(pixels, _WEIGHTS)).reshape(pixels.shape[:2])


def grey(image: Picture, least: int) -> Float64[np.ndarray, "h w"]:
    """`luma`, of what was found to be a picture.

    Args:
        image: RGB (H, W, 3) or grey (H, W), floating point in [0, 1].
        least: side in pixels that both sides must have.

    Returns:
        (H, W) in [0, 1], in float64.

    Raises:
        UserError: as of `check_picture`.
    """
    check_picture(image, least)
    return luma(image)


def studio_luma(image: Picture) -> Float64[np.ndarray, "h w"]:
    """The Y of super-resolution papers: that of MATLAB's `rgb2ycbcr` on bytes, 16 for black to 235 for white.

    Y = round(16 + 65.481 R + 128.553 G + 24.966 B) / 255; a grey picture is judged as three
    equal colours.

    Args:
        image: RGB (H, W, 3) or grey (H, W), floating point in [0, 1].

    Returns:
        (H, W) in [0, 1], 255ths, in float64.

    Reference: ITU-R BT.601-7 (2011), section 2.5; MATLAB, Image Processing Toolbox, rgb2ycbcr.
    """
    pixels = np.ascontiguousarray(image, dtype=np.float64)
    # Equal colours: the weights add up to 219.
    steps = cv2.transform(pixels, _STUDIO).reshape(pixels.shape[:2]) if pixels.ndim == 3 else 219 * pixels
    return np.asarray(np.floor(steps + _BLACK + 0.5) / 255)
