"""Canny's edges as the JND model takes them: thresholds relative to the strongest gradient, interpolated neighbours."""

import math

import cv2
import numpy as np
from jaxtyping import Bool, Float64, Int

# Magnitudes that differ by less than this share of the largest count as equal: they may be equal but for the rounding
# of their sums, and then an edge would lie differently on another machine.
_SLACK = 1e-9


def canny(plane: Float64[np.ndarray, "h w"], *, low: float, high: float, sigma: float) -> Bool[np.ndarray, "h w"]:
    """Edges of a grey picture.

    Derivatives of a Gaussian, cut at 4 sigma, the border repeated. A pixel is a ridge when its gradient magnitude is at
    least that of both neighbours along the gradient, interpolated linearly between the two pixels on each side. Ridges
    above `low` are edges where they hang together, by any of 8 neighbours, with one above `high`. The outermost pixels
    are never edges.

    Args:
        plane: any scale; only ratios of gradients matter.
        low, high: thresholds, relative to the largest magnitude, 0 to 1.
        sigma: of the Gaussian, in pixels.

    Returns:
        Whether each pixel is an edge.

    Reference: Canny, "A computational approach to edge detection", IEEE TPAMI 1986.
    """
    across, down = _gradients(plane, sigma)
    magnitude = np.sqrt(across * across + down * down)
    largest = float(magnitude.max())
    if largest <= _SLACK * float(np.abs(plane).max()):  # a flat picture's gradients are rounding errors
        return np.zeros(plane.shape, dtype=bool)
    steep = magnitude > (low + _SLACK) * largest
    steep[[0, -1]] = False
    steep[:, [0, -1]] = False
    places = np.flatnonzero(steep)
    places = places[_on_ridge(places, across, down, magnitude, _SLACK * largest)]
    ridges = np.zeros(plane.shape, dtype=np.uint8)
    ridges.ravel()[places] = 1
    count, labels = cv2.connectedComponents(ridges, connectivity=8)
    kept = np.zeros(count, dtype=bool)
    steepest = places[magnitude.ravel()[places] > (high + _SLACK) * largest]
    kept[labels.ravel()[steepest]] = True
    return np.asarray(kept[labels])


def _gradients(
    plane: Float64[np.ndarray, "h w"], sigma: float
) -> tuple[Float64[np.ndarray, "h w"], Float64[np.ndarray, "h w"]]:
    radius = math.ceil(4 * sigma)
    smooth = cv2.getGaussianKernel(2 * radius + 1, sigma, cv2.CV_64F)[:, 0]
    slope = np.gradient(smooth)
    slope /= slope[slope > 0].sum()
    # OpenCV correlates, so the kernel is turned for brightness that rises to give a positive derivative.
    rising = slope[::-1].copy()
    across = cv2.sepFilter2D(plane, -1, rising, smooth, borderType=cv2.BORDER_REPLICATE)
    down = cv2.sepFilter2D(plane, -1, smooth, rising, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(across), np.asarray(down)


def _on_ridge(
    places: Int[np.ndarray, " n"],
    across: Float64[np.ndarray, "h w"],
    down: Float64[np.ndarray, "h w"],
    magnitude: Float64[np.ndarray, "h w"],
    slack: float,
) -> Bool[np.ndarray, " n"]:
    """Whether pixels, none of them outermost and none without gradient, are maxima along their gradient."""
    width, magnitude = magnitude.shape[1], magnitude.ravel()
    x, y, here = across.ravel()[places], down.ravel()[places], magnitude[places]
    step_x, step_y = np.sign(x).astype(np.int64), np.sign(y).astype(np.int64) * width
    x, y = np.abs(x), np.abs(y)
    straight = np.where(y > x, step_y, step_x)
    share = np.minimum(x, y) / np.maximum(x, y)
    ahead = (1 - share) * magnitude[places + straight] + share * magnitude[places + step_x + step_y]
    behind = (1 - share) * magnitude[places - straight] + share * magnitude[places - step_x - step_y]
    return np.asarray(here + slack >= np.maximum(ahead, behind))
