"""Peak signal-to-noise ratio, over the three colours, over the luma, or over the Y of super-resolution papers."""

import math

import numpy as np
from jaxtyping import Float

from fgresq.metrics.base import MetricCard, Picture, Reference, check_picture, check_same_size
from fgresq.metrics.luma import luma, studio_luma

_CITATION = (
    "Q. Huynh-Thu, M. Ghanbari, 'Scope of validity of PSNR in image/video quality assessment', Electronics Letters 2008"
)
_CARD = MetricCard(
    name="psnr",
    title="PSNR",
    full_reference=True,
    higher_is_better=True,
    lowest=0.0,
    highest=None,
    least_side=1,
    citation=_CITATION,
)
CARD = _CARD
LUMA_CARD = MetricCard(**{**_CARD.model_dump(), "name": "psnr-luma", "title": "PSNR (luma)"})
Y_CARD = MetricCard(**{**_CARD.model_dump(), "name": "psnr-y", "title": "PSNR (Y)"})

# ITU-R BT.601 gives luma 219 of 255 steps. Restoration papers compute their "PSNR on Y" on that scale, with the peak at
# 255, so it comes out 20 log10(255 / 219) = 1.32 dB above that of the full-range luma.
_STUDIO_SWING = 219 / 255


def psnr(image: Picture, reference: Reference) -> float:
    """PSNR over the three colours together, or over the grey.

    10 log10(1 / mean (x - y)^2), the mean over all pixels and colours.

    Args:
        image, reference: RGB or grey in [0, 1], of one size.

    Returns:
        dB, at least 0; infinite for equal pictures.

    Raises:
        UserError: no pictures (`check_picture`), two sizes.
    """
    _check(image, reference)
    return _decibels(np.subtract(np.asarray(image), np.asarray(reference), dtype=np.float64))


def psnr_luma(image: Picture, reference: Reference) -> float:
    """PSNR of the Y of YCbCr, as papers on restoration report it, not rounded, no border cut off.

    10 log10(1 / mean (219 / 255 (Y(x) - Y(y)))^2), Y = .299 R + .587 G + .114 B.

    Args:
        image, reference: RGB or grey in [0, 1], of one size.

    Returns:
        dB, at least 0; infinite for equal pictures.

    Raises:
        UserError: no pictures (`check_picture`), two sizes.

    Reference: ITU-R BT.601-7 (2011), section 2.5.
    """
    _check(image, reference)
    return _decibels(_STUDIO_SWING * (luma(image) - luma(reference)))


def psnr_y(image: Picture, reference: Reference) -> float:
    """PSNR of the Y of MATLAB's `rgb2ycbcr`, rounded to bytes, as super-resolution papers report it.

    10 log10(1 / mean (Y(x) - Y(y))^2), Y of `studio_luma`. Papers first cut off a border of as many
    pixels as the scale.

    Args:
        image, reference: RGB or grey in [0, 1], of one size.

    Returns:
        dB, at least 0; infinite for pictures of equal Y.

    Raises:
        UserError: no pictures (`check_picture`), two sizes.

    Reference: ITU-R BT.601-7 (2011), section 2.5.
    """
    _check(image, reference)
    return _decibels(studio_luma(image) - studio_luma(reference))


def _check(image: Picture, reference: Reference) -> None:
    check_picture(image, _CARD.least_side)
    check_picture(reference, _CARD.least_side)
    check_same_size(image, reference)


def _decibels(difference: Float[np.ndarray, "..."]) -> float:
    error = float(np.vdot(difference, difference)) / difference.size
    return 10 * math.log10(1 / error) if error else math.inf
