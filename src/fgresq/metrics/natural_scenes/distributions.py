"""Generalised Gaussian distributions fitted by their moments, many blocks at once.

The shape is looked up on the grid of the authors' programs, 0.2, 0.201, ... 10, so that it comes out equal to theirs.
"""

from functools import cache
from typing import NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Float64
from scipy.special import gamma

Blocks: TypeAlias = Float64[np.ndarray, "b h w"]
PerBlock: TypeAlias = Float64[np.ndarray, " b"]

# Rows up, columns left: the left, upper, upper left and lower left neighbour.
_NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (-1, 1))
# Blocks are gone through in parts of about this many values, which with their products stay in a processor's own cache.
# On whole pictures of 512x512 the sums take three times as long.
_PART = 2**15


class Moments(NamedTuple):
    """What the fits need of the values of every block.

    Attributes:
        size: values a block.
        absolute: sum |x|.
        square: sum x^2.
        surplus: sum x |x|, the squares right of 0 less those left of it.
        left, right: how many values are below 0, and above.
    """

    size: int
    absolute: PerBlock
    square: PerBlock
    surplus: PerBlock
    left: PerBlock
    right: PerBlock


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


def moments(blocks: Blocks) -> list[Moments]:
    """Moments of the values, then of their products with the left, upper, upper left and lower left neighbours.

    Args:
        blocks: they wrap round: left of the first column lies the last, above the first row the last.

    Returns:
        Five; the products' are those of Mittal, Moorthy, Bovik (2012), eq. 7 to 10.
    """
    count, height, width = blocks.shape
    wrapped = _wrapped(blocks)
    rows = min(height, max(1, _PART // width))
    together = max(1, _PART // (rows * width))
    sums = np.zeros((1 + len(_NEIGHBOURS), 5, count))
    products = np.empty((together, rows, width))
    for first in range(0, count, together):
        for top in range(0, height, rows):
            some = wrapped[first : first + together, top : top + rows + 2]
            bottom = some.shape[1] - 1
            values = some[:, 1:bottom, 1:]
            product = products[: len(values), : bottom - 1]
            np.copyto(product, values)
            sums[0, :, first : first + together] += _sums(product)
            for k, (up, left) in enumerate(_NEIGHBOURS, 1):
                np.multiply(values, some[:, 1 - up : bottom - up, 1 - left : -1 if left else None], out=product)
                sums[k, :, first : first + together] += _sums(product)
    return [Moments(height * width, *each) for each in sums]


def value_moments(blocks: Blocks) -> Moments:
    """Moments of the values alone: the first of `moments`."""
    count, height, width = blocks.shape
    together = max(1, _PART // (height * width))
    sums = np.empty((5, count))
    for first in range(0, count, together):
        sums[:, first : first + together] = _sums(blocks[first : first + together])
    return Moments(height * width, *sums)


def _wrapped(blocks: Blocks) -> Float64[np.ndarray, "b h2 w2"]:
    """With a row more above and below, and a column more on the left, taken from the other side."""
    count, height, width = blocks.shape
    wrapped = np.empty((count, height + 2, width + 1))
    wrapped[:, 1:-1, 1:] = blocks
    wrapped[:, 0, 1:], wrapped[:, -1, 1:] = blocks[:, -1], blocks[:, 0]
    wrapped[:, :, 0] = wrapped[:, :, -1]
    return wrapped


def _sums(part: Blocks) -> Float64[np.ndarray, "5 b"]:
    flat = part.reshape(len(part), -1)
    magnitude = np.abs(flat)
    square, surplus = np.einsum("bi,bi->b", flat, flat), np.einsum("bi,bi->b", flat, magnitude)
    left, right = ([np.count_nonzero(row) for row in side] for side in (flat < 0, flat > 0))
    return np.array([magnitude.sum(axis=1), square, surplus, left, right], dtype=np.float64)


def symmetric_fit(of: Moments) -> tuple[PerBlock, PerBlock]:
    """Shape and variance of a generalised Gaussian (GGD) with mean 0.

    The shape solves E[x^2] / E[|x|]^2 = G(1/a) G(3/a) / G(2/a)^2.

    Args:
        of: the blocks' moments.

    Returns:
        Shape in [0.2, 10], and E[x^2], one each a block; the shape of a block of zeros is NaN.

    Reference: Sharifi, Leon-Garcia, "Estimation of shape parameter for generalized Gaussian distributions", IEEE TCSVT
    1995.
    """
    variance = of.square / of.size
    with np.errstate(invalid="ignore"):
        return _nearest_shape(variance / (of.absolute / of.size) ** 2, inverted=True), variance


def asymmetric_fit(of: Moments) -> AsymmetricFit:
    """Shape and spreads of an asymmetric generalised Gaussian with mode 0.

    With l^2 = E[x^2 | x < 0], r^2 = E[x^2 | x > 0] and g = l / r, the shape solves
    G(2/a)^2 / (G(1/a) G(3/a)) = E[|x|]^2 / E[x^2] (g^3 + 1) (g + 1) / (g^2 + 1)^2.

    Args:
        of: the blocks' moments. Zeros count in the means over all x, and on neither side.

    Returns:
        One fit a block; all NaN where a side is empty.

    Reference: Lasmar, Stitou, Berthoumieu, "Multiscale skewed heavy tailed model for texture analysis", ICIP 2009.
    """
    on_left = np.maximum(of.square - of.surplus, 0) / 2  # rounding may leave less than nothing
    on_right = np.maximum(of.square + of.surplus, 0) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        left, right = np.sqrt(on_left / of.left), np.sqrt(on_right / of.right)
        g = left / right
        ratio = of.absolute**2 / (of.square * of.size) * (g**3 + 1) * (g + 1) / (g**2 + 1) ** 2
    empty = (of.left == 0) | (of.right == 0)
    shape = _nearest_shape(np.where(empty, np.nan, ratio))
    return AsymmetricFit(shape, np.where(empty, np.nan, left), np.where(empty, np.nan, right))
