"""FGResQ, composed of the parts it is given (paper, Figure 5)."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fgresq.model.encoders import Encoder
from fgresq.model.heads import ComparisonHead, RegressionHead
from fgresq.model.prompts import DegradationPrompt

Order = Literal["symmetric", "released"]


class DegradationBranch(nn.Module):
    """What the image tells of its degradation, as a quality-aware feature F_p."""

    def __init__(self, encoder: Encoder, prompt: DegradationPrompt) -> None:
        super().__init__()
        self.encoder = encoder
        self.prompt = prompt

    def forward(
        self, images: Float[Tensor, "b 3 h w"] | None, measured: Float[Tensor, "b k"] | None = None
    ) -> Float[Tensor, "b d"]:
        """RGB images in [0, 1], and what is measured of them already, to F_p."""
        degradation: Tensor = self.encoder(images, measured)
        feature: Tensor = self.prompt(degradation.to(self.prompt.prompt.dtype))
        return feature


class FGResQ(nn.Module):
    """Scores an image and compares two.

    F_q = [F_g, F_p, F_g + F_p] (eq. 5), or F_g alone without a degradation branch (the ablation "w/o DFL").

    Args:
        encoder: images to general features F_g.
        degradation: images to F_p, as long as F_g; None for the ablation.
        regression: F_q to a score.
        comparison: two F_q to a preference.

    Reference: Sheng et al., "Fine-Grained Image Quality Assessment for Perceptual Image Restoration".
    """

    def __init__(
        self,
        encoder: Encoder,
        degradation: DegradationBranch | None,
        regression: RegressionHead,
        comparison: ComparisonHead,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.degradation = degradation
        self.regression = regression
        self.comparison = comparison

    def encoders(self) -> tuple[Encoder, ...]:
        """The image encoders: the general one, and the degradation's if there is one."""
        return (self.encoder,) if self.degradation is None else (self.encoder, self.degradation.encoder)

    def features(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b q"]:
        """Quality features F_q of RGB images in [0, 1], cropped to the network's size."""
        return self._composed(images, self.encoder.measure(images))

    def features_of(self, measured: Float[Tensor, "b k"]) -> Float[Tensor, "b q"]:
        """`features` of what was measured before, for encoders that see nothing else (`Encoder.only_measures`)."""
        return self._composed(None, measured)

    def _composed(
        self, images: Float[Tensor, "b 3 h w"] | None, measured: Float[Tensor, "b k"] | None
    ) -> Float[Tensor, "b q"]:
        general: Tensor = self.encoder(images, measured).to(self.regression.linear.weight.dtype)
        if self.degradation is None:
            return general
        prompted = self.degradation(images, measured)
        return torch.cat([general, prompted, general + prompted], dim=-1)

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, " b"]:
        """Scores in (0, 1), differentiable in the images."""
        scores: Tensor = self.regression(self.features(images))
        return scores

    def preference(
        self, a: Float[Tensor, "*n q"], b: Float[Tensor, "*n q"], order: Order = "symmetric"
    ) -> Float[Tensor, "*n 3"]:
        """P(A better), P(B better), P(equal) from the features of two images.

        "symmetric" is the mean over both orders, so that swapping A and B swaps the answer exactly; "released" is the
        authors' single order.
        """
        forward = self.comparison(a, b)
        return forward if order == "released" else _mean_of_orders(forward, self.comparison(b, a))

    def all_preferences(self, features: Float[Tensor, "n q"], order: Order = "symmetric") -> Float[Tensor, "n n 3"]:
        """`preference` of every image (first axis, as A) against every image (second axis, as B)."""
        forward = self.comparison.probabilities(self.comparison.all_logits(features))
        return forward if order == "released" else _mean_of_orders(forward, forward.transpose(0, 1))


def _mean_of_orders(forward: Float[Tensor, "*n 3"], backward: Float[Tensor, "*n 3"]) -> Float[Tensor, "*n 3"]:
    return (forward + backward[..., [1, 0, 2]]) / 2
