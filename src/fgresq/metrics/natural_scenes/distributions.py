"""Generalised Gaussian distributions fitted by their moments, many blocks at once.

The shape is looked up on the grid of the authors' programs, 0.2, 0.201, ... 10, so that it comes out equal to theirs.
"""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Bool, Float64, Int
from scipy.special import gamma

Blocks: TypeAlias = Float64[np.ndarray, "b h w"]
PerBlock: TypeAlias = Float64[np.ndarray, " b"]

_ALL, _FIRST, _LAST = slice(None), slice(0, 1), slice(-1, None)
_BUT_FIRST, _BUT_LAST = slice(1, None), slice(None, -1)
# Where the neighbours at a distance lie: parts of an axis, and the parts that hold their neighbours.
_WRAPPED = {
    0: [(_ALL, _ALL)],
    1: [(_BUT_FIRST, _BUT_LAST), (_FIRST, _LAST)],
    -1: [(_BUT_LAST, _BUT_FIRST), (_LAST, _FIRST)],
}


class AsymmetricFit(NamedTuple):
    """An asymmetric generalised Gaussian (AGGD): its shape, and the root mean squares left and right of 0."""

    shape: PerBlock
    left: PerBlock
    right: PerBlock

    def scales(self) -> tuple[PerBlock, PerBlock]:
        """The parameters beta of both sides: rms sqrt(G(1/a) / G(3/a)), a the shape."""
        ratio = np.sqrt(gamma(1 / self.shape) / gamma(3 / self.shape))
        return self.left * ratio, self.right * ratio

    def mean(self) -> PerBlock:
        """(beta_right - beta_left) G(2/a) / G(1/a)."""
        left, right = self.scales()
        return np.asarray((right - left) * (gamma(2 / self.shape) / gamma(1 / self.shape)))


@cache
def _grid() -> tuple[Float64[np.ndarray, " g"], Float64[np.ndarray, " g"]]:
    """Shapes a, and G(2/a)^2 / (G(1/a) G(3/a)), which rises with them."""
    shapes = np.arange(200, 10_001) / 1000
    return shapes, gamma(2 / shapes) ** 2 / (gamma(1 / shapes) * gamma(3 / shapes))


def _nearest_shape(wanted: PerBlock, *, inverted: bool = False) -> PerBlock:
    """The shape on the grid whose ratio of moments (or its inverse) is nearest; NaN stays NaN."""
    shapes, ratios = _grid()
    if inverted:
        shapes, ratios = shapes[::-1], 1 / ratios[::-1]
    above = np.clip(np.searchsorted(ratios, wanted), 1, len(ratios) - 1)
    below = wanted - ratios[above - 1] <= ratios[above] - wanted
    return np.where(np.isnan(wanted), np.nan, shapes[above - below])


def symmetric_fit(blocks: Blocks) -> tuple[PerBlock, PerBlock]:
    """Shape and variance of a generalised Gaussian (GGD) with mean 0.

    The shape solves E[x^2] / E[|x|]^2 = G(1/a) G(3/a) / G(2/a)^2.

    Args:
        blocks: one fit a block.

    Returns:
        Shape in [0.2, 10], and E[x^2]; the shape of a block of zeros is NaN.

    Reference: Sharifi, Leon-Garcia, "Estimation of shape parameter for generalized Gaussian distributions", IEEE TCSVT
    1995.
    """
    flat = blocks.reshape(len(blocks), -1)
    square = np.einsum("bi,bi->b", flat, flat) / flat.shape[1]
    absolute = np.abs(flat).mean(axis=1)
    with np.errstate(invalid="ignore"):
        return _nearest_shape(square / absolute**2, inverted=True), square


def asymmetric_fit(blocks: Blocks) -> AsymmetricFit:
    """Shape and spreads of an asymmetric generalised Gaussian with mode 0.

    With l^2 = E[x^2 | x < 0], r^2 = E[x^2 | x > 0] and g = l / r, the shape solves
    G(2/a)^2 / (G(1/a) G(3/a)) = E[|x|]^2 / E[x^2] (g^3 + 1) (g + 1) / (g^2 + 1)^2.

    Args:
        blocks: one fit a block. Zeros count in the means over all x, and on neither side.

    Returns:
        One fit a block; all NaN where a side is empty.

    Reference: Lasmar, Stitou, Berthoumieu, "Multiscale skewed heavy tailed model for texture analysis", ICIP 2009.
    """
    flat = blocks.reshape(len(blocks), -1)
    magnitude = np.abs(flat)
    absolute, square = magnitude.sum(axis=1), np.einsum("bi,bi->b", flat, flat)
    surplus = np.einsum("bi,bi->b", flat, magnitude)  # of the squares on the right over those on the left
    left_count, right_count = _counts(flat < 0), _counts(flat > 0)
    on_left = np.maximum(square - surplus, 0) / 2  # rounding may leave less than nothing
    on_right = np.maximum(square + surplus, 0) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        left, right = np.sqrt(on_left / left_count), np.sqrt(on_right / right_count)
        g = left / right
        ratio = absolute**2 / (square * flat.shape[1]) * (g**3 + 1) * (g + 1) / (g**2 + 1) ** 2
    empty = (left_count == 0) | (right_count == 0)
    shape = _nearest_shape(np.where(empty, np.nan, ratio))
    return AsymmetricFit(shape, np.where(empty, np.nan, left), np.where(empty, np.nan, right))


def _counts(chosen: Bool[np.ndarray, "b i"]) -> Int[np.ndarray, " b"]:
    return np.array([np.count_nonzero(row) for row in chosen])


def neighbour_products(blocks: Blocks) -> Iterator[Blocks]:
    """Products of every value with its left, upper, upper left and lower left neighbour; blocks wrap round.

    Yields:
        Four arrays like `blocks`; each is overwritten by the next.

    Reference: Mittal, Moorthy, Bovik (2012), eq. 7 to 10.
    """
    product = np.empty_like(blocks)
    for down, right in ((0, 1), (1, 0), (1, 1), (-1, 1)):
        for rows, upper in _WRAPPED[down]:
            for columns, left in _WRAPPED[right]:
                np.multiply(blocks[:, rows, columns], blocks[:, upper, left], out=product[:, rows, columns])
        yield product
