"""From quality features to a score, and from two images' features to a preference."""

from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

ComparisonInput = Literal["pair", "pair-and-difference"]
ComparisonClasses = Literal["three-class", "binary"]

# The released head multiplies by this before the sigmoid.
SCORE_SLOPE = 0.3


class RegressionHead(nn.Module):
    """Score = sigmoid(0.3 * linear(F_q)), in (0, 1), higher is better."""

    def __init__(self, feature_dim: int) -> None:
        super().__init__()
        self.linear = nn.Linear(feature_dim, 1)

    def logits(self, features: Float[Tensor, "b q"]) -> Float[Tensor, " b"]:
        """The score before the sigmoid; differences of it are what ranking losses should see."""
        values: Tensor = SCORE_SLOPE * self.linear(features).squeeze(-1)
        return values

    def forward(self, features: Float[Tensor, "b q"]) -> Float[Tensor, " b"]:
        """Scores in (0, 1)."""
        return torch.sigmoid(self.logits(features))


class ComparisonHead(nn.Module):
    """A linear layer on [F_q(A), F_q(B)], with F_q(A) - F_q(B) behind them in the paper's figure.

    Classes of the three-class form, in the released order: 0 = B better, 1 = A better, 2 = equal. The binary form
    (eq. 8) has one logit, of A better.

    A linear layer on a concatenation is a sum of two linear layers, one an image. So `project` is computed once an
    image and all N^2 pairs of N images cost N projections and N^2 additions.
    """

    def __init__(self, feature_dim: int, inputs: ComparisonInput, classes: ComparisonClasses) -> None:
        super().__init__()
        self.feature_dim = feature_dim
        self.inputs = inputs
        self.classes = classes
        self.linear = nn.Linear(
            (3 if inputs == "pair-and-difference" else 2) * feature_dim, 3 if classes == "three-class" else 1
        )

    def project(self, features: Float[Tensor, "*n q"]) -> tuple[Float[Tensor, "*n c"], Float[Tensor, "*n c"]]:
        """What an image adds to the logits as A (bias included) and as B."""
        as_a, as_b, *difference = torch.split(self.linear.weight, self.feature_dim, dim=1)
        if difference:
            as_a, as_b = as_a + difference[0], as_b - difference[0]
        return F.linear(features, as_a, self.linear.bias), F.linear(features, as_b)

    def logits(self, a: Float[Tensor, "*n q"], b: Float[Tensor, "*n q"]) -> Float[Tensor, "*n c"]:
        """Class logits of pairs, in the released order."""
        return self.project(a)[0] + self.project(b)[1]

    def probabilities(self, logits: Float[Tensor, "*n c"]) -> Float[Tensor, "*n 3"]:
        """P(A better), P(B better), P(equal) from class logits; the binary form never says equal."""
        if self.classes == "three-class":
            return torch.softmax(logits, dim=-1)[..., [1, 0, 2]]
        a_better = torch.sigmoid(logits[..., 0])
        return torch.stack([a_better, 1 - a_better, torch.zeros_like(a_better)], dim=-1)

    def forward(self, a: Float[Tensor, "*n q"], b: Float[Tensor, "*n q"]) -> Float[Tensor, "*n 3"]:
        """P(A better), P(B better), P(equal) with A in the first place, as the authors' code computes them."""
        return self.probabilities(self.logits(a, b))
