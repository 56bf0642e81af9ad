"""Scores that order the images of a source as its observers did (eq. 6 and 7)."""

from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

Probability = Literal["logit-difference", "paper"]


def fidelity(
    differences: Float[Tensor, "*pairs"], targets: Float[Tensor, "*pairs"], *, epsilon: float = 0.0
) -> Float[Tensor, "*pairs"]:
    """Distance of a predicted from a true preference probability; the summand of eq. 6.

    1 - sqrt(p g + epsilon) - sqrt((1 - p)(1 - g) + epsilon) with p = sigmoid(difference).

    Without epsilon, computed as ((sqrt p - sqrt g)^2 + (sqrt(1 - p) - sqrt(1 - g))^2) / 2, the same number: it is
    never negative and 0 at p = g. sqrt p comes from exp(logsigmoid(difference) / 2), whose derivative
    sqrt p (1 - p) / 2 is finite for every difference, so no gradient is NaN at p or g of 0 or 1 and no epsilon is
    needed. An epsilon above 0 is the paper's form to the letter; its minimum is slightly below 0.

    At a large difference of the wrong sign the loss is 1 and its gradient fades to 0: the price of a bounded loss.

    Args:
        differences: predicted advantage of the first image, any real number, float32 or wider.
        targets: probability g that the first is truly better, 0 to 1; constants, no gradient reaches them.
        epsilon: inside both roots, at least 0.

    Returns:
        One loss a pair, 0 to 1 without epsilon.

    Raises:
        ValueError: a negative epsilon.

    Reference: FGResQ, eq. 6; Tsai et al. 2007, "FRank: A Ranking Method with Fidelity Loss".
    """
    if epsilon < 0:
        raise ValueError(f"epsilon must be at least 0, not {epsilon}")
    targets = targets.detach()
    if epsilon > 0:
        p, not_p = torch.sigmoid(differences), torch.sigmoid(-differences)
        return 1 - (p * targets + epsilon).sqrt() - (not_p * (1 - targets) + epsilon).sqrt()
    root_p, root_not_p = ((F.logsigmoid(sign * differences) / 2).exp() for sign in (1, -1))
    return ((root_p - targets.sqrt()).square() + (root_not_p - (1 - targets).sqrt()).square()) / 2


def scene_fidelity(
    logits: Float[Tensor, " n"],
    mos: Float[Tensor, " n"],
    sources: Int[Tensor, " n"],
    *,
    probability: Probability = "logit-difference",
    epsilon: float = 0.0,
    source_weights: Float[Tensor, " s"] | None = None,
) -> Float[Tensor, ""]:
    """Fidelity loss within each source, weighted over the sources.

    L_s = mean over pairs i < j of s of fidelity(p_ij, g_ij), g_ij = (sign(mos_i - mos_j) + 1) / 2, 1/2 on a tie;
    L = sum_s w_s L_s.

    "logit-difference": p_ij = sigmoid(l_i - l_j) of the scores before the sigmoid. "paper": p_ij = sigmoid(y_i - y_j)
    with y = sigmoid(l); it stays between 0.269 and 0.731, so the loss can't reach 0.

    The paper says only that w_s is the inverse sample count. Here w_s = (1 / N_s) / sum_t (1 / N_t) over the sources
    that count. L_s is a mean already; with a bare 1 / N_s the loss would shrink as the batch grows, and lambda 1 of
    eq. 9 would mean something else for every batch size. So a batch of one source has weight 1, which also means that
    batches of one source aren't balanced over sources; for that, pass `balanced_source_weights`.

    Sources with fewer than two scored images in the batch are skipped. If none is left, the loss is exactly 0, with a
    graph whose gradient is 0.

    Args:
        logits: predicted scores before the sigmoid, any real number.
        mos: mean opinion scores, on each source's own scale; NaN where unknown, such an image is left out. In float64
            where close scores must not become ties.
        sources: number of the source of each image; 0 to s - 1 where `source_weights` is given.
        probability: which p_ij.
        epsilon: as in `fidelity`.
        source_weights: w_s as they are to be used, instead of those of the batch; at least 0.

    Returns:
        The loss, in float32 or wider.

    Raises:
        ValueError: a negative epsilon.

    Reference: FGResQ, eq. 6 and 7.
    """
    known = ~torch.isnan(mos)
    scores = logits[known].to(torch.promote_types(logits.dtype, torch.float32))
    mos, sources = mos[known], sources[known]
    if probability == "paper":
        scores = torch.sigmoid(scores)
    first, second = torch.triu_indices(len(scores), len(scores), offset=1, device=scores.device)
    g = (torch.sign(mos[first] - mos[second]).to(scores.dtype) + 1) / 2
    losses = fidelity(scores[first] - scores[second], g, epsilon=epsilon)

    same = sources[:, None] == sources[None, :]
    counts = same.sum(dim=1).to(scores.dtype)
    w = _batch_weights(same, counts) if source_weights is None else source_weights[sources]
    pairs = counts * (counts - 1) / 2
    per_pair = torch.where(same[first, second], (w / pairs.clamp(min=1))[first], 0)
    return (per_pair.to(losses) * losses).sum()


def balanced_source_weights(counts: Int[Tensor, " s"]) -> Float[Tensor, " s"]:
    """Weights of eq. 7 for batches of one source each, from how often each source comes in an epoch.

    w_s = N / (S N_s), with N summands from S sources that have any; 0 for a source without. Each source so adds up to
    the same weight over an epoch, N / S, and their mean over all summands is 1. What must be counted is what the
    epoch's loss is the sum of: batches, since `scene_fidelity` is a mean within each. Images, or pairs, would do only
    if every source had as many of them to a batch.

    Args:
        counts: summands of each source in an epoch, at least 0.

    Returns:
        One weight a source.

    Reference: FGResQ, eq. 7.
    """
    present = counts > 0
    return torch.where(present, counts.sum() / (present.sum() * counts.clamp(min=1)), 0.0)


def _batch_weights(same: Bool[Tensor, "n n"], counts: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
    """w_s of each sample's source, from the counts of the batch; 0 for a source of one sample."""
    inverse = torch.where(counts > 1, 1 / counts, 0.0)
    # Every one of the N_s samples of a source brings 1 / N_s of its term, so this is the sum over sources.
    total = (inverse / counts).sum()
    return inverse / total.clamp(min=torch.finfo(inverse.dtype).tiny)
