"""Measurements on one scale, whatever they are."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

# Beyond this many deviations a measurement says only that it is extreme.
_MOST_DEVIATIONS = 5.0


class Standardised(nn.Module):
    """Each measurement less its mean, over its deviation, both over photographs seen before training.

    Args:
        count: of measurements.
    """

    centre: Tensor
    spread: Tensor

    def __init__(self, count: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(count))
        self.register_buffer("spread", torch.ones(count))

    @torch.no_grad()
    def calibrate(self, measured: Float[Tensor, "n k"]) -> None:
        """Set mean and deviation to those of some images' measurements."""
        self.centre.copy_(measured.mean(dim=0))
        self.spread.copy_(measured.std(dim=0).clamp_min(1e-4))

    def forward(self, measured: Float[Tensor, "b k"]) -> Float[Tensor, "b k"]:
        """Standardised, and cut off where it is extreme."""
        return ((measured - self.centre) / self.spread).clamp(-_MOST_DEVIATIONS, _MOST_DEVIATIONS)
