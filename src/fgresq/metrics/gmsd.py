"""Gradient magnitude similarity: its deviation (GMSD), and its mean at a quarter of the size."""

import cv2
import numpy as np
from jaxtyping import Float64

from fgresq.metrics.base import MetricCard, Picture, Reference, check_picture, check_same_size
from fgresq.metrics.luma import Plane, luma
from fgresq.metrics.natural_scenes.planes import grey_levels

CARD = MetricCard(
    name="gmsd",
    title="GMSD",
    full_reference=True,
    higher_is_better=False,
    lowest=0.0,
    highest=None,
    least_side=4,
    citation="W. Xue, L. Zhang, X. Mou, A. C. Bovik, 'Gradient magnitude similarity deviation: a highly efficient "
    "perceptual image quality index', IEEE Transactions on Image Processing 2014",
)

_CONSTANT = 170.0  # on levels of 0 to 255
_QUARTER = 4
_LEAST_QUARTERED = 3 * _QUARTER


def gmsd(image: Picture, reference: Reference) -> float:
    """Standard deviation over the picture of the similarity of gradient magnitudes, at half size.

    (2 a b + c) / (a^2 + b^2 + c), a and b the lengths of Prewitt gradients of whole grey levels, c = 170. As in
    the authors' program there are zeros beyond the border, and n - 1 stands under the sum of squares.

    Args:
        image, reference: RGB or grey in [0, 1], of one size, at least 4x4. It is symmetric.

    Returns:
        0 for equal pictures, hardly more than 0.5; lower is better.

    Raises:
        UserError: no pictures (`check_picture`), too small, two sizes.

    Reference: Xue, Zhang, Mou, Bovik (2014), eq. 2 to 6.
    """
    _check(image, reference, CARD.least_side)
    planes = []
    for levels in (grey_levels(image), grey_levels(reference)):
        mean = cv2.blur(levels, (2, 2), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
        planes.append(np.ascontiguousarray(mean[::2, ::2]))
    return float(_similarity(*planes).std(ddof=1))


def mean_gradient_similarity(image: Picture, reference: Reference) -> float:
    """Mean similarity of gradient magnitudes at a quarter of the size.

    As in `gmsd`, of the luma, not rounded, in means of 4x4 pixels; rows and columns that fill none are left out, and so
    is the border, where a gradient would look beyond the picture. Without the deviation it doesn't miss faults that are
    the same everywhere, and at this size not every shifted or invented detail counts.

    Args:
        image, reference: RGB or grey in [0, 1], of one size, at least 12x12. It is symmetric.

    Returns:
        Above 0, 1 for equal pictures; higher is better.

    Raises:
        UserError: no pictures (`check_picture`), too small, two sizes.
    """
    _check(image, reference, _LEAST_QUARTERED)
    quarters = [_quartered(255 * luma(each)) for each in (image, reference)]
    return float(_similarity(*quarters)[1:-1, 1:-1].mean())


def _check(image: Picture, reference: Reference, least: int) -> None:
    check_picture(image, least)
    check_picture(reference, least)
    check_same_size(image, reference)


def _quartered(plane: Plane) -> Float64[np.ndarray, "h4 w4"]:
    height, width = (side // _QUARTER for side in plane.shape)
    cut = plane[: height * _QUARTER, : width * _QUARTER]
    return np.asarray(cut.reshape(height, _QUARTER, width, _QUARTER).mean(axis=(1, 3)))


def _similarity(x: Plane, y: Plane) -> Float64[np.ndarray, "h w"]:
    a, b = _squared_gradient(x), _squared_gradient(y)
    return np.asarray((2 * np.sqrt(a * b) + _CONSTANT) / (a + b + _CONSTANT))


def _squared_gradient(plane: Plane) -> Float64[np.ndarray, "h w"]:
    difference, mean = np.array([1.0, 0, -1]), np.full(3, 1 / 3)
    across = cv2.sepFilter2D(plane, -1, difference, mean, borderType=cv2.BORDER_CONSTANT)
    down = cv2.sepFilter2D(plane, -1, mean, difference, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(across * across + down * down)
