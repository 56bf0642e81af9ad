"""The grey picture that metrics of structure look at."""

from typing import TypeAlias

import cv2
import numpy as np
from jaxtyping import Float, Float64

from fgresq.errors import UserError

Picture: TypeAlias = Float[np.ndarray, "h w 3"]
Plane: TypeAlias = Float[np.ndarray, "h w"]

_WEIGHTS = np.array([[0.299, 0.587, 0.114]])
# Resampling and float arithmetic overshoot [0, 1] by a rounding error; more is a picture on another scale.
_OVERSHOOT = 1e-3


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
    height, width = image.shape[:2]
    if min(height, width) < least:
        raise UserError(f"an image of {width}x{height} pixels is too small; at least {least}x{least} are needed")
    low, high = float(image.min()), float(image.max())  # NaN passes through both
    if not (low >= -_OVERSHOOT and high <= 1 + _OVERSHOOT):
        raise UserError(f"an image has values from {low:g} to {high:g}; they must lie in [0, 1]")
    return luma(image) if image.ndim == 3 else np.ascontiguousarray(image, dtype=np.float64)
