"""FGResQ and `lite-dists` as metrics of torchmetrics: means over all batches and processes, and the scores alone."""

import os
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import torch
from torch import Tensor

from fgresq.errors import UserError
from fgresq.metrics.lite.distances import distances
from fgresq.plugs.placement import PlacedScorer
from fgresq.scoring.inputs import check_batch

try:
    from torchmetrics import Metric
except ModuleNotFoundError as error:
    if error.name != "torchmetrics":  # it's there, and lacks something itself
        raise
    raise UserError("this metric needs torchmetrics: pip install 'fgresq[torchmetrics]'") from error


@lru_cache(maxsize=4)
def _placed(weights: str, precision: str) -> PlacedScorer:
    return PlacedScorer(weights, precision)


def fgresq_score(
    images: Tensor,
    reduction: Literal["none", "sum", "elementwise_mean"] = "elementwise_mean",
    *,
    weights: str | os.PathLike[str] = "compact",
    precision: str = "fp32",
) -> Tensor:
    """The functional form of `FGResQScore`; the network is kept from call to call.

    Args:
        images: (b, 3, h, w), RGB, floating point in [0, 1].
        reduction: "elementwise_mean" (NaN without images), "sum", or "none": one score an image, as torchmetrics names
            them.
        weights, precision: as of `fgresq.load`.

    Returns:
        A number, or (b) with "none"; in (0, 1) an image, higher is better; differentiable.

    Raises:
        UserError: another reduction, shape or type.
        ImageError: values that are NaN, infinite or outside [0, 1].
        WeightsError: no such weights, or they aren't on this machine yet.
    """
    if reduction not in ("none", "sum", "elementwise_mean"):
        raise UserError(f"reduction {reduction!r} isn't known; use 'none', 'sum' or 'elementwise_mean'")
    check_batch(images)
    scores = _placed(os.fspath(weights), precision).on(images.device).forward(images)
    return scores if reduction == "none" else scores.sum() if reduction == "sum" else scores.mean()


class _Drawn(Metric):
    """A metric that draws its values."""

    def plot(self, val: Tensor | Sequence[Tensor] | None = None, ax: Any = None) -> Any:
        """Draw a value, or several over time: a figure and its axes, as every metric of torchmetrics (matplotlib)."""
        return self._plot(val, ax)


class FGResQScore(_Drawn):
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
            UserError: another shape or type, sides under 8, or values that are NaN, infinite or outside [0, 1].
        """
        check_batch(images)
        if len(images) == 0:
            return
        scores = self._scorer.on(self.device).forward(images.to(self.device))
        self.score_sum = self.score_sum + scores.sum().to(self.score_sum.dtype)
        self.image_count = self.image_count + len(images)

    def compute(self) -> Tensor:
        """The mean score of all images, in (0, 1); higher is better."""
        return self.score_sum / self.image_count


class LiteDists(_Drawn):
    """Mean distance of restored images from their references, by EfficientNet-Lite0's maps.

    sum_i d(x_i, y_i) / n; d is `lite_dists` of `fgresq.metrics.lite.distances`. Kept are the sum and n, no images.
    Without any image the mean is NaN.

    Args:
        **options: of every metric of torchmetrics, such as `dist_sync_on_step`.
    """

    is_differentiable: bool = True
    higher_is_better: bool = False
    full_state_update: bool = False
    plot_lower_bound: float = 0.0
    plot_upper_bound: float = 1.5

    distance_sum: Tensor
    image_count: Tensor

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.add_state("distance_sum", torch.tensor(0.0), dist_reduce_fx="sum")
        self.add_state("image_count", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, images: Tensor, references: Tensor) -> None:
        """Add a batch.

        Args:
            images: restored, (b, 3, h, w), RGB, floating point in [0, 1], at least 32x32; b may be 0.
            references: (b, 3, h, w), one for each.

        Raises:
            UserError: other shapes or types, two sizes, or values that are NaN, infinite or outside [0, 1].
        """
        check_batch(images)
        check_batch(references)
        if len(images) != len(references):
            raise UserError(f"{len(images)} images and {len(references)} references were given; one each is needed")
        if len(images) == 0:
            return
        wanted = [each.to(self.device, torch.float32) for each in (references, images)]
        self.distance_sum = self.distance_sum + distances(*wanted).lite_dists.sum().to(self.distance_sum.dtype)
        self.image_count = self.image_count + len(images)

    def compute(self) -> Tensor:
        """The mean distance of all images, 0 to 1.5; lower is better."""
        return self.distance_sum / self.image_count


class FGResQPreference(_Drawn):
    """How often the first of two restorations is preferred: the mean of P(first better) + P(equal) / 2.

    One half is neither; the probabilities are those of `Scorer.compare`, so swapping both inputs gives one minus it.
    Kept are the sums of the three probabilities and the number of pairs. Without any pair it is NaN.

    Args:
        weights: as of `fgresq.load`.
        precision: of the encoders, as of `fgresq.load`.
        **options: of every metric of torchmetrics, such as `dist_sync_on_step`.

    Raises:
        WeightsError: no such weights, or they aren't on this machine yet.

    Reference: FGResQ, the comparison head of eq. 8.
    """

    is_differentiable: bool = False
    higher_is_better: bool = True
    full_state_update: bool = False
    plot_lower_bound: float = 0.0
    plot_upper_bound: float = 1.0

    probabilities: Tensor
    pair_count: Tensor

    def __init__(self, weights: str | os.PathLike[str] = "compact", *, precision: str = "fp32", **options: Any) -> None:
        super().__init__(**options)
        self._scorer = PlacedScorer(weights, precision)
        self.add_state("probabilities", torch.zeros(3), dist_reduce_fx="sum")
        self.add_state("pair_count", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, first: Tensor, second: Tensor) -> None:
        """Add a batch of pairs.

        Args:
            first, second: (b, 3, h, w) each, RGB, floating point in [0, 1]; pictures of the same contents, in order.

        Raises:
            UserError: other shapes or types, or two numbers of pictures.
            ImageError: values that are NaN, infinite or outside [0, 1].
        """
        check_batch(first)
        check_batch(second)
        if len(first) != len(second):
            raise UserError(f"{len(first)} and {len(second)} images were given; each needs its other one")
        if len(first) == 0:
            return
        found = self._scorer.on(self.device).compare(first, second)
        sums = torch.tensor([(pair.p_a_better, pair.p_b_better, pair.p_equal) for pair in found]).sum(dim=0)
        self.probabilities = self.probabilities + sums.to(self.probabilities)
        self.pair_count = self.pair_count + len(first)

    def compute(self) -> Tensor:
        """The share for the first, in [0, 1]."""
        return (self.probabilities[0] + self.probabilities[2] / 2) / self.pair_count
