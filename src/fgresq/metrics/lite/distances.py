"""Both distances of many restored pictures from one reference, which is encoded once.

    distances(reference, restored).lite_dists       # (3, h, w) and (b, 3, h, w): b numbers

Memory is that of a few pictures at a time, and large ones go through the first blocks in strips; but gradients keep
everything.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from fgresq.backbones.lite0 import load_lite0
from fgresq.errors import UserError
from fgresq.images.arrays import fault_of_range
from fgresq.metrics.lite.metric import CARD
from fgresq.metrics.lite.moments import Moments, moments, side, similarity_distance, turning_distance
from fgresq.metrics.lite.strips import FIRST_BLOCKS, early_maps, strips

_LEAST = CARD.least_side
_LATE = ("d4", "d7", "d10", "d14", "d15")
# Pictures of 512x512 are compared one by one, smaller ones in groups of as many pixels: larger groups leave the caches.
_PIXELS_AT_ONCE = 2**18


class Distances(NamedTuple):
    """Of restored pictures from their reference; lower is nearer.

    Attributes:
        lite_dists: (b,), 0 to 1.5.
        lite_lpips: (b,), 0 to 2.
    """

    lite_dists: Tensor
    lite_lpips: Tensor


class LiteDistances(nn.Module):
    """Distances between EfficientNet-Lite0's maps at full and at half size, the mean of both and of eight maps.

    Looked at are the maps after the stem and after the depthwise convolution of the last block of each of the 7 stages.
    `lite_dists` compares each channel's mean and its covariance over the picture (`moments.similarity_distance`), as
    DISTS does; `lite_lpips` compares the directions of the maps at each place (`moments.turning_distance`), as LPIPS
    does. Both networks and weights are others than theirs, and nothing is learned: all channels count alike.

    Reference: Ding, Ma, Wang, Simoncelli, "Image quality assessment: unifying structure and texture similarity", IEEE
    TPAMI 2020, eq. 5, 6; Zhang et al., "The unreasonable effectiveness of deep features as a perceptual metric", CVPR
    2018, eq. 1.
    """

    def __init__(self) -> None:
        super().__init__()
        self.network = load_lite0().requires_grad_(False)

    def forward(self, reference: Float[Tensor, "r 3 h w"], restored: Float[Tensor, "b 3 h w"]) -> Distances:
        """Compare; differentiable in both.

        Args:
            reference: RGB in [0, 1], one for all restored pictures (r = 1) or one for each (r = b).
            restored: RGB in [0, 1], as large.

        Returns:
            One number a restored picture.
        """
        with torch.autocast(reference.device.type, enabled=False):  # the caller's would change the answer
            sizes = ((reference, restored), (_halved(reference), _halved(restored)))
            found = [self._at_one_size(*pair) for pair in sizes]
        return Distances(*(torch.stack(each).mean(0) for each in zip(*found, strict=True)))

    def _at_one_size(self, reference: Float[Tensor, "r 3 h w"], restored: Float[Tensor, "b 3 h w"]) -> Distances:
        height, width = restored.shape[-2:]
        at_once = max(_PIXELS_AT_ONCE // (height * width), 1)
        groups = torch.split(restored, at_once)
        if len(reference) == 1:
            found = self._compared(reference, groups)
        else:
            pairs = zip(torch.split(reference, at_once), groups, strict=True)
            found = [each for x, y in pairs for each in self._compared(x, [y])]
        return Distances(*(torch.cat(each) for each in zip(*found, strict=True)))

    def _compared(self, x: Float[Tensor, "r 3 h w"], groups: Sequence[Float[Tensor, "_ 3 h w"]]) -> list[Distances]:
        """Each group with x, whose maps are computed once."""
        early: list[list[list[Moments]]] = [[] for _ in groups]
        ends_x: list[Tensor] = []
        ends: list[list[Tensor]] = [[] for _ in groups]
        for strip in strips(*x.shape[-2:]):
            *maps, end = early_maps(self.network, x, strip)
            sides = [side(each) for each in maps]
            ends_x.append(end)
            for number, y in enumerate(groups):
                *maps, end = early_maps(self.network, y, strip)
                early[number].append([moments(s, side(each)) for s, each in zip(sides, maps, strict=True)])
                ends[number].append(end)
        sides = [side(each) for each in self._late_maps(ends_x)]
        return [
            _summed(
                [*zip(*strips_of, strict=True)],
                [moments(s, side(m)) for s, m in zip(sides, self._late_maps(end), strict=True)],
            )
            for strips_of, end in zip(early, ends, strict=True)
        ]

    def _late_maps(self, ends: Sequence[Float[Tensor, "b c _ w"]]) -> list[Tensor]:
        return self.network.onwards(torch.cat(list(ends), dim=2), FIRST_BLOCKS, _LATE)


def _summed(early: Sequence[Sequence[Moments]], late: Sequence[Moments]) -> Distances:
    """The mean over maps: of the early ones there is a part for each strip."""
    parts = [*early, *([each] for each in late)]
    return Distances(
        *(torch.stack([f(each) for each in parts]).mean(0) for f in (similarity_distance, turning_distance))
    )


def distances(reference: Tensor, restored: Tensor) -> Distances:
    """`LiteDistances`, for pictures one by one or in batches, checked.

    Args:
        reference: (3, h, w), or (1, 3, h, w) for all restored pictures, or (b, 3, h, w) with one for each; RGB in
            [0, 1], floating point, at least 32x32. It is encoded once, and where it is, the network is.
        restored: (3, h, w) or (b, 3, h, w), as large; b may be 0.

    Returns:
        One number a restored picture, or numbers without an axis for one of (3, h, w).

    Raises:
        UserError: another shape or type, too small, two sizes or devices, or values that are NaN, infinite or outside
            [0, 1].
    """
    for name, images in (("reference", reference), ("restored", restored)):
        check_pictures(name, images)
    x, y = (images.float() if images.ndim == 4 else images.float()[None] for images in (reference, restored))
    if x.shape[-2:] != y.shape[-2:] or len(x) not in (1, len(y)):
        shapes = f"{tuple(reference.shape)} and {tuple(restored.shape)}"
        raise UserError(
            f"reference and restored pictures have shapes {shapes}; they must be of one size, one or b to b"
        )
    if x.device != y.device:
        raise UserError(f"the reference is on {x.device} and the restored pictures on {y.device}; move one of them")
    if len(y) == 0:
        return Distances(y.new_zeros(0), y.new_zeros(0))
    found = _on(x.device)(x, y)
    return found if restored.ndim == 4 else Distances(*(each[0] for each in found))


@lru_cache(maxsize=4)
def _on(device: torch.device) -> LiteDistances:
    return LiteDistances().to(device)


def check_pictures(name: str, images: object) -> None:
    """Refuse what isn't one RGB picture or a batch of them in [0, 1].

    Raises:
        UserError: as `distances`; it begins with the name.
    """
    needed = "a tensor (3, height, width) or (b, 3, height, width) of RGB in [0, 1] is needed"
    if not isinstance(images, Tensor):
        raise UserError(f"{name}: is of type {type(images).__name__}; {needed}")
    if images.ndim not in (3, 4) or images.shape[-3] != 3:
        raise UserError(f"{name}: has shape {tuple(images.shape)}; {needed}")
    if not images.is_floating_point():
        raise UserError(f"{name}: holds {images.dtype}; divide by the largest value: {needed}")
    height, width = images.shape[-2:]
    if min(height, width) < _LEAST:
        raise UserError(f"{name}: {width}x{height} pixels are too small; at least {_LEAST}x{_LEAST} are needed")
    if images.numel():
        low, high = (float(value) for value in torch.aminmax(images.detach()))
        fault = fault_of_range(low, high)
        if fault is not None:
            raise UserError(f"{name}: {fault}")


def _halved(images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h2 w2"]:
    """Means of 2x2 pixels; a last odd row or column is left out."""
    return F.avg_pool2d(images, 2)
