"""Multi-scale SSIM: contrast and structure at five sizes, each half of the one before, luminance at the smallest."""

import cv2
import numpy as np
from jaxtyping import Float64

from fgresq.metrics.base import MetricCard, Picture, Reference, check_same_size
from fgresq.metrics.luma import Plane, grey
from fgresq.metrics.ssim import SIGMA, WINDOW

# Of contrast and structure at each size, from the picture's own on; the last is also that of luminance.
WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
CARD = MetricCard(
    name="ms-ssim",
    title="MS-SSIM",
    full_reference=True,
    higher_is_better=True,
    lowest=0.0,
    highest=1.0,
    least_side=WINDOW * 2 ** (len(WEIGHTS) - 1),
    citation="Z. Wang, E. P. Simoncelli, A. C. Bovik, 'Multiscale structural similarity for image quality "
    "assessment', Asilomar Conference on Signals, Systems and Computers 2003",
)

_C1, _C2 = 0.01**2, 0.03**2
_BORDER = WINDOW // 2


def ms_ssim(image: Picture, reference: Reference) -> float:
    """The product over sizes of `similarities`, each to the power of its weight; one below 0 counts as 0.

    Args:
        image, reference: RGB or grey in [0, 1], of one size, at least 176x176. It is symmetric.

    Returns:
        0 to 1; 1 for equal pictures.

    Raises:
        UserError: no pictures (`check_picture`), too small, two sizes.

    Reference: Wang, Simoncelli, Bovik (2003), eq. 7.
    """
    x, y = grey(image, CARD.least_side), grey(reference, CARD.least_side)
    check_same_size(image, reference)
    return float(np.prod(np.maximum(similarities(x, y), 0) ** np.array(WEIGHTS)))


def similarities(x: Plane, y: Plane) -> Float64[np.ndarray, " 5"]:
    """Mean contrast and structure at each size, with luminance at the last.

    (2 cov(x, y) + C2) / (var x + var y + C2), times (2 E[x] E[y] + C1) / (E[x]^2 + E[y]^2 + C1) at the last size, as in
    SSIM; each next size has the means of 2x2 pixels.

    Args:
        x, y: (H, W) in [0, 1], float64, at least 176x176.

    Returns:
        Five numbers, at most 1.
    """
    found = []
    for size in range(len(WEIGHTS)):
        if size:
            x, y = _halved(x), _halved(y)
        mean_x, mean_y = _filtered(x), _filtered(y)
        squares, product = mean_x * mean_x + mean_y * mean_y, mean_x * mean_y
        variances = _filtered(x * x + y * y) - squares
        similarity = (2 * (_filtered(x * y) - product) + _C2) / (variances + _C2)
        if size == len(WEIGHTS) - 1:
            similarity *= (2 * product + _C1) / (squares + _C1)
        found.append(similarity.mean())
    return np.array(found)


def _filtered(plane: Plane) -> Float64[np.ndarray, "vh vw"]:
    """SSIM's window, where it lies inside."""
    window = cv2.getGaussianKernel(WINDOW, SIGMA, cv2.CV_64F)
    return np.asarray(cv2.sepFilter2D(plane, -1, window, window)[_BORDER:-_BORDER, _BORDER:-_BORDER])


def _halved(plane: Plane) -> Float64[np.ndarray, "h2 w2"]:
    """Means of 2x2 pixels; a last odd row or column is mirrored."""
    mean = cv2.blur(plane, (2, 2), anchor=(0, 0), borderType=cv2.BORDER_REFLECT)
    return np.ascontiguousarray(mean[::2, ::2])
