"""Variance of the Laplacian: the oldest measure of focus. It takes noise for sharpness."""

import cv2
import numpy as np

from fgresq.metrics.base import MetricCard, Picture, check_picture
from fgresq.metrics.luma import luma

CARD = MetricCard(
    name="sharpness",
    title="Sharpness (variance of Laplacian)",
    full_reference=False,
    higher_is_better=True,
    lowest=0.0,
    highest=None,
    least_side=3,
    citation="J. L. Pech-Pacheco et al., 'Diatom autofocusing in brightfield microscopy', ICPR 2000",
)


def sharpness(image: Picture) -> float:
    """Variance over the pixels of the luma's Laplacian.

    var(L * Y), L = [0 1 0; 1 -4 1; 0 1 0], mirrored at the border without repeating it.

    Args:
        image: RGB or grey in [0, 1], at least 3x3.

    Returns:
        At least 0, on the scale of a luma in [0, 1]; 65,025 times that on [0, 255]. A constant picture has 0.

    Raises:
        UserError: no picture (`check_picture`) or too small.

    Reference: Pech-Pacheco et al., ICPR 2000, section 2.
    """
    check_picture(image, CARD.least_side)
    return float(np.var(cv2.Laplacian(luma(image), cv2.CV_64F, ksize=1, borderType=cv2.BORDER_REFLECT_101)))
