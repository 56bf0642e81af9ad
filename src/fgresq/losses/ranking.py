"""Which of two images is better, from the comparison head (eq. 8 and the released form).

Preferences are classes in the released order: 0 = B better, 1 = A better, 2 = equal. Neither function swaps A and B;
who wants training in both orders passes both.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor


def binary_ranking(
    logits: Float[Tensor, " m"], preferences: Int[Tensor, " m"], *, label_smoothing: float = 0.0
) -> Float[Tensor, ""]:
    """Binary cross-entropy of one logit a pair.

    L = -1/m sum_i [r_i log p_i + (1 - r_i) log(1 - p_i)] with p = sigmoid(logit). r = 1 for A, 0 for B, 1/2 for
    equal; with smoothing s, r becomes (1 - s) r + s / 2.

    Args:
        logits: of A better, any real number.
        preferences: 0 = B better, 1 = A better, 2 = equal.
        label_smoothing: s, 0 to 1.

    Returns:
        The mean, in float32 or wider; without pairs an exact 0 that still has a graph.

    Raises:
        ValueError: a preference that isn't one of the three; unjudged pairs have no place here.

    Reference: FGResQ, eq. 8; the paper doesn't say what r is for equal.
    """
    _require_judged(preferences)
    logits = _widened(logits)
    r = torch.where(preferences == 2, 0.5, preferences.to(logits.dtype))
    r = (1 - label_smoothing) * r + label_smoothing / 2
    return F.binary_cross_entropy_with_logits(logits, r, reduction="sum") / max(len(logits), 1)


def three_class_ranking(
    logits: Float[Tensor, "m 3"], preferences: Int[Tensor, " m"], *, label_smoothing: float = 0.0
) -> Float[Tensor, ""]:
    """Cross-entropy of the three classes, as the released comparison head needs it.

    L = -1/m sum_i sum_c q_ic log softmax(logits_i)_c with q = 1 - s + s / 3 for the judged class, s / 3 for the others.

    Args:
        logits: of B better, A better, equal, in this order.
        preferences: 0 = B better, 1 = A better, 2 = equal.
        label_smoothing: s, 0 to 1.

    Returns:
        The mean, in float32 or wider; without pairs an exact 0 that still has a graph.

    Raises:
        ValueError: a preference that isn't one of the three; unjudged pairs have no place here.

    Reference: the released comparison head (3 classes), in the place of FGResQ, eq. 8.
    """
    _require_judged(preferences)
    total = F.cross_entropy(_widened(logits), preferences.long(), reduction="sum", label_smoothing=label_smoothing)
    return total / max(len(logits), 1)


def _widened(logits: Tensor) -> Tensor:
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


def _require_judged(preferences: Int[Tensor, " m"]) -> None:
    wrong = preferences[(preferences < 0) | (preferences > 2)]
    if len(wrong):
        raise ValueError(
            f"{len(wrong)} of {len(preferences)} pairs have preference {int(wrong[0])}; 0, 1 or 2 is needed"
        )
