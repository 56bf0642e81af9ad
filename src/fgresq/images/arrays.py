"""Checks that an array is a picture, and gives it three channels."""

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from fgresq.errors import ImageError

RgbArray: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.float32]

MIN_SIDE = 8
# Resampling and float arithmetic overshoot [0, 1] by a rounding error; that much is clipped, more is an error.
_OVERSHOOT = 1e-3


def as_rgb(array: NDArray[np.generic], name: str) -> RgbArray:
    """Check an array and give it three channels.

    Args:
        array: (H, W), (H, W, 1), (H, W, 3) or (H, W, 4; alpha is ignored); uint8, uint16, or floating point in
            [0, 1].
        name: what to call the image in an error.

    Returns:
        RGB (H, W, 3) of uint8, uint16 or float32.

    Raises:
        ImageError: another shape or type, a side under MIN_SIDE, a value that is NaN, infinite or outside [0, 1].
    """
    array = np.asarray(array)  # a masked array would hide its NaN
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.ndim == 2:
        array = array[..., np.newaxis]
    if array.ndim != 3 or array.shape[-1] not in (1, 3, 4):
        hint = "; it looks channels-first, transpose it" if array.ndim == 3 and array.shape[0] in (1, 3, 4) else ""
        raise ImageError(
            name, f"has shape {array.shape}; (height, width) or (height, width, 1, 3 or 4) is needed{hint}"
        )
    height, width, channels = array.shape
    if min(height, width) < MIN_SIDE:
        raise ImageError(name, f"is {width}x{height} pixels; at least {MIN_SIDE}x{MIN_SIDE} are needed to judge it")
    rgb = np.repeat(array, 3, axis=-1) if channels == 1 else array[..., :3]
    if rgb.dtype == np.uint8:
        return rgb.astype(np.uint8, copy=False)
    if rgb.dtype == np.uint16:
        return rgb.astype(np.uint16, copy=False)
    if not np.issubdtype(rgb.dtype, np.floating):
        raise ImageError(name, f"has {rgb.dtype} values; uint8, uint16 or floating point in [0, 1] is needed")
    return _unit_range(rgb, name)


def fault_of_range(low: float, high: float) -> str | None:
    """What is wrong with floating point values from `low` to `high` as a picture's; None where nothing is.

    They must lie in [0, 1], but for the thousandth that resampling may overshoot; NaN in either counts as found.
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return "holds NaN or infinite values"
    if low >= -_OVERSHOOT and high <= 1 + _OVERSHOOT:
        return None
    advice = "divide it by 255" if low >= 0 and 2 < high <= 255 else "scale or clamp it"
    return f"has values from {low:g} to {high:g}; floating point must lie in [0, 1]; {advice}"


def _unit_range(rgb: NDArray[np.generic], name: str) -> NDArray[np.float32]:
    with np.errstate(over="ignore", invalid="ignore"):  # what is too large becomes infinite, and is refused
        values = rgb.astype(np.float32, copy=False)
    fault = fault_of_range(float(values.min()), float(values.max()))  # NaN passes through min and max
    if fault is not None:
        raise ImageError(name, fault)
    return np.clip(values, 0.0, 1.0)
