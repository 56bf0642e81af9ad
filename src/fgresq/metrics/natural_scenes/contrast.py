"""Mean-subtracted contrast-normalised (MSCN) pictures."""

import math
from typing import Literal, NamedTuple, TypeAlias

import cv2
import numpy as np
from jaxtyping import Float64

Plane: TypeAlias = Float64[np.ndarray, "h w"]
Blocks: TypeAlias = Float64[np.ndarray, "b h2 w2"]
Border: TypeAlias = Literal["repeated", "zero"]

_SIDE, _SIGMA = 7, 7 / 6
_BORDERS = {"repeated": cv2.BORDER_REPLICATE, "zero": cv2.BORDER_CONSTANT}
_STEPS = 2**32


def _window() -> Float64[np.ndarray, " 7"]:
    """One factor of the Gaussian window, in multiples of 2^-32, summing to 1.

    Sums of grey levels, or of their squares, times these are exact in float64, in any order. So where a picture is
    flat, its mean is exactly its level and its deviation exactly 0, on every machine. The authors' programs have
    rounding errors there, and their fits count the signs.
    """
    weights = np.exp(-np.square(np.arange(_SIDE) - _SIDE // 2) / (2 * _SIGMA**2))
    weights = np.rint(weights / weights.sum() * _STEPS)
    weights[_SIDE // 2] += _STEPS - math.fsum(weights)
    return np.asarray(weights / _STEPS)


_WINDOW = _window()


class Contrast(NamedTuple):
    """The normalised contrast of a plane, and the local deviation that normalised it."""

    normalised: Plane
    deviation: Plane


def normalised_contrast(plane: Plane, border: Border) -> Contrast:
    """What remains when local mean and local deviation are taken out.

    (I - mu) / (sigma + 1), mu = w * I, sigma = sqrt|w * I^2 - mu^2|, w a 7x7 Gaussian window with sigma 7/6.

    Args:
        plane: grey levels, 0 to 255.
        border: what lies beyond it: the outermost pixels "repeated", or "zero".

    Returns:
        Both (H, W); the deviation in grey levels.

    Reference: Mittal, Moorthy, Bovik, "No-reference image quality assessment in the spatial domain", IEEE TIP 2012,
    eq. 1 to 3.
    """
    kind = _BORDERS[border]
    mean = np.asarray(cv2.sepFilter2D(plane, cv2.CV_64F, _WINDOW, _WINDOW, borderType=kind))
    square = np.asarray(cv2.sepFilter2D(plane * plane, cv2.CV_64F, _WINDOW, _WINDOW, borderType=kind))
    # In place: making planes takes longer than computing them.
    variance = np.subtract(square, mean * mean, out=square)
    deviation = np.sqrt(np.abs(variance, out=variance), out=variance)
    normalised = np.subtract(plane, mean, out=mean)
    return Contrast(np.divide(normalised, deviation + 1, out=normalised), deviation)


def cut(plane: Plane, side: int) -> Blocks:
    """Square blocks of a plane whose sides are multiples of `side`, row by row."""
    rows, columns = (length // side for length in plane.shape)
    return plane.reshape(rows, side, columns, side).swapaxes(1, 2).reshape(rows * columns, side, side)
