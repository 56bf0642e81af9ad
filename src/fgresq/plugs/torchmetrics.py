"""FGResQ as a metric of torchmetrics: the mean score of restored images over all batches and processes."""

import os
from typing import Any

import torch
from torch import Tensor

from fgresq.errors import UserError
from fgresq.plugs.placement import PlacedScorer

try:
    from torchmetrics import Metric
except ModuleNotFoundError as error:
    if error.name != "torchmetrics":  # it's there, and lacks something itself
        raise
    raise UserError("this metric needs torchmetrics: pip install 'fgresq[torchmetrics]'") from error

# What an image may overshoot [0, 1] by, as everywhere in fgresq; that much is clipped.
_OVERSHOOT = 1e-3


class FGResQScore(Metric):
    """Mean score of restored images.

    sum_i s(x_i) / n; the scores are those of `Scorer.forward`. Kept are the sum and n, no images. Without any image the
    mean is NaN. The network is loaded at the first batch, on the metric's device, which `.to(...)` changes.

    Args:
        weights: as of `fgresq.load`.
        precision: of the encoders, as of `fgresq.load`.
        **options: of every metric of torchmetrics, such as `dist_sync_on_step`.

    Raises:
        WeightsError: no such weights, or they aren't on this machine yet.

    Reference: FGResQ, the quality score of eq. 5.
    """

    is_differentiable: bool = True
    higher_is_better: bool = True
    full_state_update: bool = False  # a batch's sum doesn't depend on those before it
    plot_lower_bound: float = 0.0
    plot_upper_bound: float = 1.0

    score_sum: Tensor
    image_count: Tensor

    def __init__(self, weights: str | os.PathLike[str] = "compact", *, precision: str = "fp32", **options: Any) -> None:
        super().__init__(**options)
        self._scorer = PlacedScorer(weights, precision)
        self.add_state("score_sum", torch.tensor(0.0), dist_reduce_fx="sum")
        self.add_state("image_count", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, images: Tensor) -> None:
        """Add a batch.

        Args:
            images: (b, 3, h, w), RGB, floating point in [0, 1]; b may be 0.

        Raises:
            UserError: another shape or type, or values that are NaN, infinite or outside [0, 1].
        """
        _check(images)
        if len(images) == 0:
            return
        wanted = images.to(self.device, torch.float32).clamp(0, 1)
        self.score_sum = self.score_sum + self._scorer.on(self.device).forward(wanted).sum().to(self.score_sum.dtype)
        self.image_count = self.image_count + len(images)

    def compute(self) -> Tensor:
        """The mean score of all images, in (0, 1); higher is better."""
        return self.score_sum / self.image_count


def _check(images: object) -> None:
    needed = "a tensor (N, 3, height, width) of RGB in [0, 1] is needed"
    if not isinstance(images, Tensor):
        raise UserError(f"the images are of type {type(images).__name__}; {needed}")
    if images.ndim != 4 or images.shape[1] != 3:
        raise UserError(f"the images have shape {tuple(images.shape)}; {needed}")
    if not images.is_floating_point():
        raise UserError(f"the images are {images.dtype}; divide by the largest value: {needed}")
    if images.numel() == 0:
        return
    low, high = (value.item() for value in torch.aminmax(images.detach()))
    if not (low - low == 0 and high - high == 0):  # NaN and infinity minus themselves are NaN
        raise UserError("the images hold NaN or infinite values")
    if low < -_OVERSHOOT or high > 1 + _OVERSHOOT:
        raise UserError(f"the images have values from {low:g} to {high:g}; scale or clamp them: {needed}")
