"""PIQE: the share of a picture's active blocks that show visible faults or noise. Nothing is fitted to anything.

Scores are those of MATLAB's `piqe`, to the two decimals that its official scores have. That takes a way of it that the
paper doesn't state: columns 8 and 9 of a block's 16 are its centre, but the surround lacks columns 8 and 10. pyiqa's
differs by up to 14 points, as it stretches the grey levels and mirrors the border; docs/metrics.md says more.
"""

import cv2
import numpy as np
from jaxtyping import Bool, Float64

from fgresq.metrics.base import MetricCard, Picture, check_picture
from fgresq.metrics.natural_scenes.contrast import cut, normalised_contrast
from fgresq.metrics.natural_scenes.distributions import Blocks, PerBlock
from fgresq.metrics.natural_scenes.planes import grey_levels

BLOCK = 16
_SEGMENT = 6
_ACTIVE_VARIANCE = 0.1
_FLAT_DEVIATION = 0.1
_CENTRE, _NOT_SURROUND = (7, 8), (7, 9)

CARD = MetricCard(
    name="piqe",
    title="PIQE",
    full_reference=False,
    higher_is_better=False,
    lowest=0.0,
    highest=100.0,
    least_side=BLOCK,
    citation="N. Venkatanath, D. Praneeth, M. Chandrasekhar Bh., S. S. Channappayya, S. S. Medasani, 'Blind image "
    "quality evaluation using perception based features', NCC 2015",
)


def piqe(image: Picture) -> float:
    """Mean distortion of the active blocks.

    100 (sum D + 1) / (N + 1) over the N blocks of 16x16 whose contrast has a variance v above 0.1; D = 1 - v for a
    block with a flat stretch of its edge, plus v for a noisy one.

    Args:
        image: RGB or grey in [0, 1], at least 16x16. Its last pixels are repeated to fill whole blocks.

    Returns:
        0 to 100 as a rule; lower is better. 100 without any active block, so for a constant picture too.

    Raises:
        UserError: no picture (`check_picture`) or too small.

    Reference: Venkatanath et al. (2015), eq. 1 to 11.
    """
    check_picture(image, BLOCK)
    plane = grey_levels(image)
    height, width = plane.shape
    plane = cv2.copyMakeBorder(plane, 0, -height % BLOCK, 0, -width % BLOCK, cv2.BORDER_REPLICATE)
    blocks = cut(normalised_contrast(plane, "repeated").normalised, BLOCK)
    variance = blocks.var(axis=(1, 2), ddof=1)
    active = variance > _ACTIVE_VARIANCE
    blocks, variance = blocks[active], variance[active]
    distortion = (1 - variance)[_shows_flat_edge(blocks)].sum() + variance[_is_noisy(blocks, variance)].sum()
    return float(100 * (distortion + 1) / (len(blocks) + 1))


def _shows_flat_edge(blocks: Blocks) -> Bool[np.ndarray, " b"]:
    """Whether any six neighbours on one of the four edges deviate less than 0.1."""
    edges = np.stack([blocks[:, 0], blocks[:, -1], blocks[:, :, 0], blocks[:, :, -1]], axis=1)
    segments: Float64[np.ndarray, "b 4 11 6"] = np.lib.stride_tricks.sliding_window_view(edges, _SEGMENT, axis=2)
    flat: Bool[np.ndarray, " b"] = (segments.std(axis=3, ddof=1) < _FLAT_DEVIATION).any(axis=(1, 2))
    return flat


def _is_noisy(blocks: Blocks, variance: PerBlock) -> Bool[np.ndarray, " b"]:
    """Whether a block's deviation s is above 2 |s - q| / max(s, q), q the ratio of centre to surround deviations."""
    deviation = np.sqrt(variance)
    centre, surround = blocks[:, :, _CENTRE], np.delete(blocks, _NOT_SURROUND, axis=2)
    with np.errstate(divide="ignore", invalid="ignore"):  # a surround without deviation isn't noisy
        ratio = centre.std(axis=(1, 2), ddof=1) / surround.std(axis=(1, 2), ddof=1)
        noisy: Bool[np.ndarray, " b"] = deviation > 2 * np.abs(deviation - ratio) / np.maximum(deviation, ratio)
    return noisy
