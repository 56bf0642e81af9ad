"""From quality features to a score, and from two images' features to a preference."""

from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

ComparisonInput = Literal["pair", "pair-and-difference"]
ComparisonClasses = Literal["three-class", "binary"]
Equality = Literal["linear", "distance"]

# The released head multiplies by this before the sigmoid.
SCORE_SLOPE = 0.3
# Distances below this are rounding; it also keeps the logarithm of a picture against itself finite.
_SAME = 1e-3


class RegressionHead(nn.Module):
    """Score = sigmoid(0.3 * linear(F_q)), in (0, 1), higher is better."""

    def __init__(self, feature_dim: int) -> None:
        super().__init__()
        self.linear = nn.Linear(feature_dim, 1)

    def logits(self, features: Float[Tensor, "b q"]) -> Float[Tensor, " b"]:
        """The score before the sigmoid; differences of it are what ranking losses should see."""
        values: Tensor = SCORE_SLOPE * self.linear(features).squeeze(-1)
        return values

    @torch.no_grad()
    def standardise(self, mean: float, deviation: float) -> None:
        """Make logits that have this mean and deviation have mean 0 and deviation 1; the order of scores stays."""
        self.linear.weight.div_(deviation)
        self.linear.bias.sub_(mean / SCORE_SLOPE).div_(deviation)

    def forward(self, features: Float[Tensor, "b q"]) -> Float[Tensor, " b"]:
        """Scores in (0, 1)."""
        return torch.sigmoid(self.logits(features))


class ComparisonHead(nn.Module):
    """A linear layer on [F_q(A), F_q(B)], with F_q(A) - F_q(B) behind them in the paper's figure.

    Classes of the three-class form, in the released order: 0 = B better, 1 = A better, 2 = equal. The binary form
    (eq. 8) has one logit, of A better.

    A linear layer on a concatenation is a sum of two linear layers, one an image. So `project` is computed once an
    image and all N^2 pairs of N images cost N projections and N^2 additions.

    A sum can't say "these are the same picture": what is alike in two pictures cancels in no linear layer. With
    equality "distance" the logits are -l, l and c - k log(r + .001), where l is half the difference of the linear
    layer's logits of A and B, r the root mean square of F_q(A) - F_q(B), and c and k > 0 are learned: certain for a
    picture against itself, and unlikely for two pictures that differ much, though they may be equally good.

    Args:
        feature_dim: length of F_q.
        inputs, classes, equality: see above and `fgresq.model.build.ModelConfig`.
    """

    def __init__(
        self,
        feature_dim: int,
        inputs: ComparisonInput,
        classes: ComparisonClasses,
        equality: Equality = "linear",
    ) -> None:
        super().__init__()
        self.feature_dim = feature_dim
        self.inputs = inputs
        self.classes = classes
        self.linear = nn.Linear(
            (3 if inputs == "pair-and-difference" else 2) * feature_dim, 3 if classes == "three-class" else 1
        )
        # Before the softplus; it starts at about 1.
        self.alike = nn.Parameter(torch.tensor(0.5)) if equality == "distance" else None

    @torch.no_grad()
    def sharpen(self, factor: float) -> None:
        """Multiply all logits by a factor above 0: the answers stay, their probabilities become surer or less sure."""
        self.linear.weight.mul_(factor)
        self.linear.bias.mul_(factor)
        if self.alike is not None:  # the inverse of softplus(alike) * factor
            self.alike.copy_((F.softplus(self.alike) * factor).expm1().log())

    def project(self, features: Float[Tensor, "*n q"]) -> tuple[Float[Tensor, "*n c"], Float[Tensor, "*n c"]]:
        """What an image adds to the logits as A (bias included) and as B."""
        as_a, as_b, *difference = torch.split(self.linear.weight, self.feature_dim, dim=1)
        if difference:
            as_a, as_b = as_a + difference[0], as_b - difference[0]
        return F.linear(features, as_a, self.linear.bias), F.linear(features, as_b)

    def logits(self, a: Float[Tensor, "*n q"], b: Float[Tensor, "*n q"]) -> Float[Tensor, "*n c"]:
        """Class logits of pairs, in the released order."""
        logits = self.project(a)[0] + self.project(b)[1]
        if self.alike is None:
            return logits
        return self._told_apart(logits, ((a - b).square().mean(dim=-1) + _SAME**2).sqrt())

    def all_logits(self, features: Float[Tensor, "n q"]) -> Float[Tensor, "n n c"]:
        """`logits` of every image (first axis, as A) against every image (second axis, as B)."""
        as_a, as_b = self.project(features)
        logits = as_a[:, None] + as_b[None, :]
        if self.alike is None:
            return logits
        # By differences: by products, equal pictures would be a little apart.
        apart = torch.cdist(features, features, compute_mode="donot_use_mm_for_euclid_dist")
        return self._told_apart(logits, (apart.square() / self.feature_dim + _SAME**2).sqrt())

    def _told_apart(self, logits: Float[Tensor, "*n c"], distance: Float[Tensor, "*n"]) -> Float[Tensor, "*n c"]:
        """The three logits of equality "distance", from the linear layer's and the distance."""
        assert self.alike is not None  # noqa: S101 - tells the type checker
        lead = (logits[..., 1] - logits[..., 0]) / 2
        equal = self.linear.bias[2] - F.softplus(self.alike) * distance.log()
        return torch.stack([-lead, lead, equal], dim=-1)

    def probabilities(self, logits: Float[Tensor, "*n c"]) -> Float[Tensor, "*n 3"]:
        """P(A better), P(B better), P(equal) from class logits; the binary form never says equal."""
        if self.classes == "three-class":
            return torch.softmax(logits, dim=-1)[..., [1, 0, 2]]
        a_better = torch.sigmoid(logits[..., 0])
        return torch.stack([a_better, 1 - a_better, torch.zeros_like(a_better)], dim=-1)

    def forward(self, a: Float[Tensor, "*n q"], b: Float[Tensor, "*n q"]) -> Float[Tensor, "*n 3"]:
        """P(A better), P(B better), P(equal) with A in the first place, as the authors' code computes them."""
        return self.probabilities(self.logits(a, b))
