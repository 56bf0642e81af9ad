"""How far two sets of maps lie apart, channel by channel and place by place; computed in parts that add up."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

_CONSTANT = 1e-6
_TINY = 1e-12  # squared length below which a place has no direction


class Side(NamedTuple):
    """One of two maps, with what doesn't depend on the other.

    Attributes:
        maps: (b, c, h, w).
        length: (b, h, w), sqrt of the sum of squares over channels.
        mean: (b, c).
        spread: (b, c), sum of squared deviations from the mean.
    """

    maps: Tensor
    length: Tensor
    mean: Tensor
    spread: Tensor


class Moments(NamedTuple):
    """What is kept of a part of two maps x and y.

    Attributes:
        places: number of places in the part.
        mean_x, mean_y: (b, c).
        spread_x, spread_y, spread_difference: (b, c), sums of squared deviations from the part's mean, of x, y, x - y.
        turning: (b,), sum over places of |x / |x| - y / |y||^2, lengths taken over channels.
    """

    places: int
    mean_x: Tensor
    mean_y: Tensor
    spread_x: Tensor
    spread_y: Tensor
    spread_difference: Tensor
    turning: Tensor


def side(maps: Float[Tensor, "b c h w"]) -> Side:
    """Prepare maps; done once for a reference that many pictures are compared with."""
    mean = maps.mean((2, 3), keepdim=True)
    spread = (maps - mean).square().sum((2, 3))
    return Side(maps, torch.sqrt(maps.square().sum(1) + _TINY), mean.flatten(1), spread)


def moments(x: Side, y: Side) -> Moments:
    """Of two maps of one size; one x may stand for many y.

    Everything comes from (x - y)^2, so that nearly equal maps lose no digits: the variance of x - y, and
    |x / |x| - y / |y||^2 = (|x - y|^2 - (|x| - |y|)^2) / (|x| |y|).
    """
    squares = (x.maps - y.maps).square()
    places = squares.shape[2] * squares.shape[3]
    difference = squares.sum((2, 3)) - places * (x.mean - y.mean).square()
    turning = (squares.sum(1) - (x.length - y.length).square()) / (x.length * y.length)
    mean_x, spread_x = (each.expand_as(y.mean) for each in (x.mean, x.spread))
    return Moments(places, mean_x, y.mean, spread_x, y.spread, difference, turning.sum((1, 2)))


def similarity_distance(parts: Sequence[Moments]) -> Float[Tensor, " b"]:
    """1 - (l + s) / 2, with DISTS's comparisons of means and of structure, averaged over channels.

    1 - l = (mx - my)^2 / (mx^2 + my^2 + c), 1 - s = var(x - y) / (var x + var y + c): the same as
    l = (2 mx my + c) / (mx^2 + my^2 + c), s = (2 cov(x, y) + c) / (var x + var y + c), without the loss of digits where
    maps are nearly equal. c = 1e-6.

    Returns:
        0 for equal maps, at most 1.5; maps that are nowhere negative.
    """
    mean_x, variance_x = _merged(parts, [p.mean_x for p in parts], [p.spread_x for p in parts])
    mean_y, variance_y = _merged(parts, [p.mean_y for p in parts], [p.spread_y for p in parts])
    mean, variance = _merged(parts, [p.mean_x - p.mean_y for p in parts], [p.spread_difference for p in parts])
    luminance = mean.square() / (mean_x.square() + mean_y.square() + _CONSTANT)
    structure = variance / (variance_x + variance_y + _CONSTANT)
    return (luminance + structure).mean(1) / 2


def turning_distance(parts: Sequence[Moments]) -> Float[Tensor, " b"]:
    """Mean over places of |x / |x| - y / |y||^2, as LPIPS compares maps, every channel with weight 1: 0 to 2."""
    places = sum(part.places for part in parts)
    return torch.stack([part.turning for part in parts]).sum(0) / places


def _merged(parts: Sequence[Moments], means: Sequence[Tensor], spreads: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Mean and variance of all parts together (Chan, Golub, LeVeque 1983)."""
    total = sum(part.places for part in parts)
    shares = [part.places / total for part in parts]
    mean = torch.stack([share * each for share, each in zip(shares, means, strict=True)]).sum(0)
    within = torch.stack(list(spreads)).sum(0) / total
    between = torch.stack([s * (each - mean).square() for s, each in zip(shares, means, strict=True)]).sum(0)
    return mean, within + between
