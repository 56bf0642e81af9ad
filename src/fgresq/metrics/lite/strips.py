"""The network's first blocks over strips of a picture: the maps that the whole picture gives, row by row.

The widest maps are the first ones; behind block 2 all of them together hold less than one of those.
"""

from collections.abc import Iterator
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from fgresq.backbones.lite0 import Lite0

# Up to block 2, a pixel of the maps sees 19 rows, 9 to either side of its own, and there is one for every 4.
FIRST_BLOCKS, _STEP, _MARGIN = 3, 4, 12
_EARLY = ("stem", "d0", "d2", f"b{FIRST_BLOCKS - 1}")
_STRIDES = (2, 2, 4, 4)
_PIXELS = 2**19


class Strip(NamedTuple):
    """Rows of a picture.

    Attributes:
        top, bottom: the rows that it stands for.
        first, last: the rows that are looked at, which reach further. Their number leaves the same remainder modulo 4
            as that of the picture, since "SAME" pads by the remainder.
    """

    top: int
    bottom: int
    first: int
    last: int


def strips(height: int, width: int) -> Iterator[Strip]:
    """Strips of about half a million pixels, from top to bottom; larger ones leave the caches and take longer."""
    rows = max(_PIXELS // width // _STEP, 2 * _MARGIN) * _STEP
    for top in range(0, height, rows):
        bottom, first = top + rows, max(top - _MARGIN, 0)
        last = bottom + _MARGIN + height % _STEP
        if last >= height:
            yield Strip(top, height, first, height)
            return
        yield Strip(top, bottom, first, last)


def early_maps(network: Lite0, images: Float[Tensor, "b 3 h w"], strip: Strip) -> list[Tensor]:
    """The maps `stem`, `d0`, `d2`, and the output of block 2, in the rows of a strip."""
    maps = network(images[:, :, strip.first : strip.last], _EARLY)
    above, rows = strip.top - strip.first, strip.bottom - strip.top
    return [each[:, :, above // n : above // n - (-rows // n)] for each, n in zip(maps, _STRIDES, strict=True)]
