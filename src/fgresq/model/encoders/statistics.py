"""Statistics of natural scenes: fixed measurements of how much, and in what way, pixels vary around a place.

In pristine photographs, luma normalised by its local mean and deviation follows nearly one distribution; blur, noise,
blocks, ringing and smoothed texture each distort it and its neighbours' products in a way of their own. The classical
no-reference metrics (BRISQUE, NIQE) fit distributions to it and compare; here the moments are handed to a network,
which learns from judged pairs what they mean.

Reference: Mittal, Moorthy, Bovik 2012, "No-Reference Image Quality Assessment in the Spatial Domain".
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

SCALES = 3
COUNT = 197
"""Statistics an image."""

# One step of 8 bits: differences below it are rounding.
_STEP = 1 / 255
_BLOCK = 28
_SMALLEST_BLOCK = 7
_PASSES = 6
_BORDER = _PASSES // 2
# Fourth powers have long tails, and their mean would be that of a few pixels.
_MOST = 50.0


def scene_statistics(images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b k"]:
    """All statistics of each image; see the functions below.

    Args:
        images: RGB in [0, 1], sides of at least 64.

    Returns:
        197 numbers an image, of several magnitudes.
    """
    red, green, blue = images.unbind(1)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    opponent = torch.stack([luma, red - green, (red + green) / 2 - blue], dim=1)
    found = _colour(images, opponent)
    for scale in range(SCALES):
        found += _structure(opponent, max(_BLOCK >> scale, _SMALLEST_BLOCK))
        opponent = F.avg_pool2d(opponent, 2)
    return torch.cat(found, dim=1)


def _colour(images: Float[Tensor, "b 3 h w"], opponent: Float[Tensor, "b 3 h w"]) -> list[Tensor]:
    """Brightness, contrast, colourfulness, clipped shares, and the dark channel, which haze lifts (He et al. 2009)."""
    darkest = images.amin(dim=1, keepdim=True)
    chroma = images.amax(dim=1, keepdim=True) - darkest
    dark_channel = -F.max_pool2d(-F.avg_pool2d(darkest, 4), 4)
    return [
        *_over_blocks(torch.cat([opponent, chroma], dim=1), _BLOCK),
        images.mean(dim=(2, 3)),
        opponent[:, 1:].abs().mean(dim=(2, 3)),
        (images < 0.02).to(images.dtype).mean(dim=(1, 2, 3))[:, None],
        (images > 0.98).to(images.dtype).mean(dim=(1, 2, 3))[:, None],
        dark_channel.mean(dim=(2, 3)),
        dark_channel.amax(dim=(2, 3)),
    ]


def _structure(x: Float[Tensor, "b 3 h w"], block: int) -> list[Tensor]:
    """Moments of the normalised planes, of the products of luma's neighbours, and of its derivatives."""
    mean = _smooth(x)
    # The difference of two large numbers may come out a little below zero; the root of zero has no gradient.
    deviation = ((_smooth(x * x) - mean * mean).clamp_min(0) + 1e-8).sqrt()
    centre = x[..., _BORDER:-_BORDER, _BORDER:-_BORDER]
    normalised = (centre - mean) / (deviation + _STEP)
    squared = normalised * normalised
    fourth = (squared * squared).clamp_max(_MOST)
    moments = [torch.log(deviation + _STEP), normalised.abs(), squared, fourth]
    found = _over_blocks(torch.cat(moments, dim=1), block)
    for product in _neighbours(normalised[:, :1]):
        found += _over_blocks(torch.cat([product, product.abs()], dim=1), block)
    for derivative in _derivatives(centre[:, :1]):
        size = derivative.abs()
        found += _over_blocks(torch.log(size + _STEP), block)
        found += [torch.log(size.mean(dim=(2, 3)) + 1e-4), torch.log(size.square().mean(dim=(2, 3)) + 1e-6) / 2]
    return found


def _smooth(x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h2 w2"]:
    """Binomial window of 7x7, nearly a Gaussian of deviation 1.22, without the borders; additions only."""
    for _ in range(_PASSES):
        x = x[..., 1:] + x[..., :-1]
    for _ in range(_PASSES):
        x = x[..., 1:, :] + x[..., :-1, :]
    window: Tensor = x / 4**_PASSES
    return window


def _neighbours(y: Float[Tensor, "b 1 h w"]) -> list[Tensor]:
    """Products with the neighbour at the right, below, and on both diagonals."""
    return [
        y[..., :, 1:] * y[..., :, :-1],
        y[..., 1:, :] * y[..., :-1, :],
        y[..., 1:, 1:] * y[..., :-1, :-1],
        y[..., 1:, :-1] * y[..., :-1, 1:],
    ]


def _derivatives(y: Float[Tensor, "b 1 h w"]) -> list[Tensor]:
    """First and second derivatives along both axes, and the mixed one of fourth order, which sees noise best."""
    across, down = y[..., :, 1:] - y[..., :, :-1], y[..., 1:, :] - y[..., :-1, :]
    across_2, down_2 = across[..., :, 1:] - across[..., :, :-1], down[..., 1:, :] - down[..., :-1, :]
    mixed = across_2[..., 1:, :] - across_2[..., :-1, :]
    return [across, down, across_2, down_2, mixed[..., 1:, :] - mixed[..., :-1, :]]


def _over_blocks(maps: Float[Tensor, "b c h w"], block: int) -> list[Tensor]:
    """Mean over square blocks, then over all of them: mean and deviation of the blocks' means."""
    means = F.avg_pool2d(maps, block).flatten(2)
    return [means.mean(dim=-1), (means.var(dim=-1, correction=0) + 1e-10).sqrt()]
