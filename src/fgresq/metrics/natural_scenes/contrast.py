"""Mean-subtracted contrast-normalised (MSCN) pictures."""

import math
from typing import Literal, NamedTuple, TypeAlias

import cv2
import numpy as np
from jaxtyping import Float64

Plane: TypeAlias = Float64[np.ndarray, "h w"]
Blocks: TypeAlias = Float64[np.ndarray, "b h2 w2"]
Border: TypeAlias = Literal["repeated", "zero"]

Window: TypeAlias = Float64[np.ndarray, " t"]

_BORDERS = {"repeated": cv2.BORDER_REPLICATE, "zero": cv2.BORDER_CONSTANT}


def gaussian_window(side: int, sigma: float, bits: int = 32) -> Window:
    """One factor of a Gaussian window, in multiples of 2^-bits, summing to 1.

    Sums of whole numbers times these are exact in float64, in any order, as long as 53 bits hold them. So where a
    picture is flat, its mean is exactly its level and its deviation exactly 0, on every machine. The authors' programs
    have rounding errors there, and their fits count the signs.

    Args:
        side: taps.
        sigma: in pixels.
        bits: few enough for the numbers that it will weigh, and for their squares where those are weighed too.
    """
    weights = np.exp(-np.square(np.arange(side) - (side - 1) / 2) / (2 * sigma**2))
    weights = np.rint(weights / weights.sum() * 2**bits)
    weights[side // 2] += 2**bits - math.fsum(weights)
    return np.asarray(weights / 2**bits)


_WINDOW = gaussian_window(7, 7 / 6)


class Contrast(NamedTuple):
    """The normalised contrast of a plane, and the local deviation that normalised it."""

    normalised: Plane
    deviation: Plane


def normalised_contrast(plane: Plane, border: Border, window: Window = _WINDOW, constant: float = 1.0) -> Contrast:
    """What remains when local mean and local deviation are taken out.

    (I - mu) / (sigma + C), mu = w * I, sigma = sqrt|w * I^2 - mu^2|, w a Gaussian window.

    Args:
        plane: grey levels, 0 to 255, or another multiple of them.
        border: what lies beyond it: the outermost pixels "repeated", or "zero".
        window: one factor of w; 7x7 with sigma 7/6 if none is given.
        constant: C, one grey level in the plane's unit.

    Returns:
        Both (H, W); the deviation in the plane's unit.

    Reference: Mittal, Moorthy, Bovik, "No-reference image quality assessment in the spatial domain", IEEE TIP 2012,
    eq. 1 to 3.
    """
    kind = _BORDERS[border]
    mean = np.asarray(cv2.sepFilter2D(plane, cv2.CV_64F, window, window, borderType=kind))
    square = np.asarray(cv2.sepFilter2D(plane * plane, cv2.CV_64F, window, window, borderType=kind))
    # In place: making planes takes longer than computing them.
    variance = np.subtract(square, mean * mean, out=square)
    deviation = np.sqrt(np.abs(variance, out=variance), out=variance)
    normalised = np.subtract(plane, mean, out=mean)
    return Contrast(np.divide(normalised, deviation + constant, out=normalised), deviation)


def cut(plane: Plane, side: int) -> Blocks:
    """Square blocks of a plane whose sides are multiples of `side`, row by row."""
    rows, columns = (length // side for length in plane.shape)
    return plane.reshape(rows, side, columns, side).swapaxes(1, 2).reshape(rows * columns, side, side)
