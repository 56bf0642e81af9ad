"""Gradients by derivatives of a Gaussian."""

import math
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from jaxtyping import Float64

Plane: TypeAlias = Float64[np.ndarray, "h w"]


class Gradient(NamedTuple):
    """A plane's slope to the right and downwards, (H, W) each."""

    across: Plane
    down: Plane

    def magnitude(self) -> Plane:
        """The length, and the smallest step from 1 to the next number more, so that its logarithm exists."""
        length = np.sqrt(self.across**2 + self.down**2)
        return np.asarray(length + np.finfo(np.float64).eps)


def gradient(plane: Plane, sigma: float) -> Gradient:
    """Convolution with x exp(-(x^2 + y^2) / (2 sigma^2)), and with y of it; not normalised, zeros beyond the border.

    Where a window has equal values to both sides of its middle, exactly 0: OpenCV takes the differences of rows before
    it weighs them, so the derivative is taken along columns, of the plane and of the plane turned.

    Args:
        plane: any unit.
        sigma: in pixels; the window reaches ceil(3 sigma) pixels to each side.
    """
    reach = math.ceil(3 * sigma)
    places = np.arange(-reach, reach + 1.0)
    smooth = np.exp(-np.square(places) / (2 * sigma**2))
    derivative = -places * smooth  # turned round: a convolution, where OpenCV correlates
    down, across = (
        cv2.sepFilter2D(each, cv2.CV_64F, smooth, derivative, borderType=cv2.BORDER_CONSTANT)
        for each in (plane, np.ascontiguousarray(plane.T))
    )
    return Gradient(np.asarray(across).T, np.asarray(down))
