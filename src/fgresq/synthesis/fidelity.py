"""How far a picture is from the pristine one, by three full-reference distances that people agree with.

| distance | what it compares |
|---|---|
| `lite-dists` (Lite0's maps at full and half size) | mean and covariance of each channel: texture, tone |
| `lite-lpips` (the same maps) | every place by itself: structure, detail that is elsewhere |
| `gradients` (luma at a quarter of the size) | mean gradient similarity: outlines, as seen from afar |

Each is 0 for the pristine picture; smaller is better. Pixel metrics aren't among them: between restorations that differ
in kind they order pairs no better than chance, where people agree with these (docs/compact.md).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Float64
from torch import Tensor

from fgresq.backbones.lite0 import Lite0, load_lite0
from fgresq.synthesis.pictures import Picture, luma

METRICS = ("lite-dists", "lite-lpips", "gradients")
_LAYERS = ("stem", "d0", "d2", "d4", "d7", "d10", "d14", "d15")
_SMALL = 1e-6
_GRADIENT_FLOOR = 170 / 255**2


class Judge:
    """The distances of pictures from one pristine picture, whose maps are computed once.

    Args:
        pristine: RGB in [0, 1].
    """

    def __init__(self, pristine: Picture) -> None:
        with one_thread(), torch.inference_mode():
            self._maps = [_Reference.of(maps) for maps in _all_maps(pristine)]
            self._gradients = _gradients(pristine)

    def __call__(self, picture: Picture) -> Float64[np.ndarray, " k"]:
        """All distances of a picture of the same size, in the order of `METRICS`."""
        dists = lpips = 0.0
        with one_thread(), torch.inference_mode():
            for reference, maps in zip(self._maps, _all_maps(picture), strict=True):
                other = _rows(maps)
                dists += _statistics_apart(reference, other)
                cosine = (reference.maps * other).sum(1) / (reference.length * _lengths(other))
                lpips += float(2 - 2 * cosine.mean())
            gradients = _gradients(picture)
        similar = (2 * torch.sqrt(self._gradients * gradients) + _GRADIENT_FLOOR) / (
            self._gradients + gradients + _GRADIENT_FLOOR
        )
        return np.array([dists, lpips, 1 - float(similar.double().mean())])


class _Reference(NamedTuple):
    """Maps of the pristine picture, places in rows and channels in columns, and what is needed of them every time."""

    maps: Float[Tensor, "n c"]
    length: Float[Tensor, " n"]
    mean: Float[Tensor, " c"]
    centred: Float[Tensor, "n c"]
    variance: Float[Tensor, " c"]

    @classmethod
    def of(cls, maps: Float[Tensor, "1 c h w"]) -> "_Reference":
        """From one layer's maps."""
        rows = _rows(maps)
        mean = rows.mean(0)
        centred = rows - mean
        return cls(rows, _lengths(rows), mean, centred, centred.square().mean(0))


def _rows(maps: Float[Tensor, "1 c h w"]) -> Float[Tensor, "n c"]:
    return maps[0].permute(1, 2, 0).reshape(-1, maps.shape[1])


def _lengths(rows: Float[Tensor, "n c"]) -> Float[Tensor, " n"]:
    return (rows.square().sum(1) + 1e-12).sqrt()


def _statistics_apart(reference: _Reference, rows: Float[Tensor, "n c"]) -> float:
    """2 - mean over channels of the similarity of means and of that of variances (eq. 2 and 3 of DISTS, one window)."""
    # Both are centred by the reference's mean: the difference of two large numbers would lose the last digits.
    centred = rows - reference.mean
    shift = centred.mean(0)
    mean, variance = reference.mean + shift, centred.square().mean(0) - shift.square()
    covariance = (reference.centred * centred).mean(0)
    means = (2 * reference.mean * mean + _SMALL) / (reference.mean.square() + mean.square() + _SMALL)
    structure = (2 * covariance + _SMALL) / (reference.variance + variance + _SMALL)
    return float(2 - means.mean() - structure.mean())


def _all_maps(picture: Picture) -> list[Tensor]:
    """Of all layers, at full and at half size."""
    image = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None]
    return [maps for x in (image, F.avg_pool2d(image, 2)) for maps in _net()(x, _LAYERS)]


def _gradients(picture: Picture) -> Float[Tensor, "h2 w2"]:
    """Squared Prewitt gradients of the luma at a quarter of the size."""
    small = F.avg_pool2d(torch.from_numpy(luma(picture))[None, None], 4)
    across = torch.tensor([[1.0, 0.0, -1.0]] * 3)[None, None] / 3
    return (F.conv2d(small, across).square() + F.conv2d(small, across.transpose(2, 3)).square())[0, 0]


@lru_cache(maxsize=1)
def _net() -> Lite0:
    return load_lite0().requires_grad_(False)


@contextmanager
def one_thread() -> Iterator[None]:
    """The last digits of a sum depend on the number of threads; labels must not."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
