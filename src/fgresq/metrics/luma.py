"""The grey picture that metrics of structure look at."""

from typing import TypeAlias

import cv2
import numpy as np
from jaxtyping import Float, Float64

from fgresq.metrics.base import Picture, check_picture

Plane: TypeAlias = Float[np.ndarray, "h w"]

_WEIGHTS = np.array([[0.299, 0.587, 0.114]])


def luma(image: Picture) -> Float64[np.ndarray, "h w"]:
    """Luma of ITU-R BT.601 on the full range.

    Y = .299 R + .587 G + .114 B, not rounded.

    Args:
        image: RGB (H, W, 3), floating point in [0, 1].

    Returns:
        (H, W) in [0, 1], in float64 whatever the image's type.

    Reference: ITU-R BT.601-7 (2011), section 2.5.1.
    """
    pixels = np.ascontiguousarray(image, dtype=np.float64)
    return np.asarray(cv2.transform(pixels, _WEIGHTS)).reshape(image.shape[:2])


def grey(image: Picture | Plane, least: int) -> Float64[np.ndarray, "h w"]:
    """The luma of a colour picture, or a grey one as it is, checked.

    Args:
        image: RGB (H, W, 3) or a plane (H, W), floating point in [0, 1].
        least: side in pixels that both sides must have.

    Returns:
        (H, W) in [0, 1], in float64.

    Raises:
        UserError: a side is shorter, or a value is NaN or outside [0, 1].
    """
    check_picture(image, least)
    return luma(image) if image.ndim == 3 else np.ascontiguousarray(image, dtype=np.float64)
