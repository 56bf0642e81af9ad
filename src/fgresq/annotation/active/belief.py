"""What answers so far say of one content's images: a Gaussian over their scores, and what one more answer would add.

Thurstone's model, case V: image i is preferred to j if r_i - r_j + e > 0 with e ~ N(0, 1), so scores are in units of
the noise of one judgement. Their prior is N(0, prior_sd^2) each. The posterior is approximated by expectation
propagation: each answer's factor is replaced by the Gaussian in r_i - r_j that gives the same mean and variance in its
place.

The gain of a pair is the mutual information between its answer and the scores, which is the expected Kullback-Leibler
divergence of the posterior after the answer from the one before. ASAP computes that divergence from posteriors updated
for each outcome, with scores held independent; in this form one integral over the difference is enough, and scores keep
their correlations.

References: A. Mikhailiuk, C. Wilmot, M. Perez-Ortiz, D. Yue, R. K. Mantiuk, "Active Sampling for Pairwise Comparisons
via Approximate Message Passing and Information Gain Maximization", ICPR 2020. T. P. Minka, "Expectation Propagation for
Approximate Bayesian Inference", UAI 2001.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.special import entr, log_ndtr, ndtr

PRIOR_SD = 1.5
"""Of a score, in units of a judgement's noise: differences then have a standard deviation of 2.1."""

_STEPS = 200
_TOLERANCE = 1e-6
_DAMPING = 0.9
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(32)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


@dataclass(frozen=True, slots=True)
class Belief:
    """A Gaussian over the scores of k images.

    Attributes:
        mean: of the scores, in units of a judgement's noise.
        covariance: of the scores.
    """

    mean: Float[np.ndarray, " k"]
    covariance: Float[np.ndarray, "k k"]

    def differences(self) -> tuple[Float[np.ndarray, "k k"], Float[np.ndarray, "k k"]]:
        """Mean and variance of r_i - r_j for all i and j."""
        variance = np.diag(self.covariance)
        return (
            self.mean[:, None] - self.mean[None, :],
            np.maximum(variance[:, None] + variance[None, :] - 2 * self.covariance, 0.0),
        )


def believe(wins: Float[np.ndarray, "k k"], prior_sd: float = PRIOR_SD) -> Belief:
    """The belief after some answers.

    Args:
        wins: wins[i, j] is how often i was preferred to j, at least 0; an answer "equal" is half a win for each.
        prior_sd: of every score, above 0.

    Returns:
        The Gaussian at which expectation propagation rests.

    Raises:
        ValueError: negative wins or a prior that isn't above 0.
        ArithmeticError: it didn't come to rest.
    """
    if not prior_sd > 0:
        raise ValueError(f"prior_sd must be above 0, not {prior_sd}")
    if not (np.isfinite(wins).all() and (wins >= 0).all()):
        raise ValueError("wins must be finite and at least 0")
    k = len(wins)
    winner, loser = np.nonzero(wins)
    often = wins[winner, loser]
    precision, shift = np.zeros((2, len(often)))  # of one answer's factor
    for _ in range(_STEPS):
        belief = _combine(k, winner, loser, often * precision, often * shift, prior_sd)
        if not len(often):
            return belief
        mean, variance = belief.differences()
        new_precision, new_shift = _matched(mean[winner, loser], variance[winner, loser], precision, shift)
        change = max(np.abs(new_precision - precision).max(), np.abs(new_shift - shift).max())
        precision += _DAMPING * (new_precision - precision)
        shift += _DAMPING * (new_shift - shift)
        if change < _TOLERANCE:
            return _combine(k, winner, loser, often * precision, often * shift, prior_sd)
    raise ArithmeticError(f"expectation propagation didn't come to rest in {_STEPS} steps")


def information_gain(belief: Belief) -> Float[np.ndarray, "k k"]:
    """What the answer on each pair is expected to tell.

    H(P(i preferred)) - E[H(P(i preferred | r_i - r_j))], with H the entropy of two outcomes.

    Args:
        belief: about the scores.

    Returns:
        Symmetric, in nats, 0 to log 2; 0 on the diagonal.

    Reference: Mikhailiuk et al. (2020), section "Expected information gain", in the form explained above.
    """
    mean, variance = belief.differences()
    before = _entropy(ndtr(mean / np.sqrt(1 + variance)))
    spread = np.sqrt(variance)
    after = sum(weight * _entropy(ndtr(mean + node * spread)) for node, weight in zip(_NODES, _WEIGHTS, strict=True))
    gain: Float[np.ndarray, "k k"] = np.maximum(before - after, 0.0)
    np.fill_diagonal(gain, 0.0)
    return gain


def spanning_batch(
    gain: Float[np.ndarray, "k k"], allowed: Bool[np.ndarray, "k k"] | None = None
) -> list[tuple[int, int]]:
    """Pairs to ask about at once: the spanning tree with the least sum of 1 / gain, most informative first.

    The k - 1 most informative pairs alone would crowd round few images; a tree touches every image.

    Args:
        gain: of `information_gain`.
        allowed: symmetric; pairs that may be asked about; all if None.

    Returns:
        (i, j) with i < j; fewer than k - 1 where what is allowed doesn't connect all images.

    Reference: Mikhailiuk et al. (2020), section on batch mode.
    """
    cost = np.zeros_like(gain)
    may = ~np.eye(len(gain), dtype=bool) if allowed is None else allowed
    cost[may] = 1 / np.maximum(gain[may], 1e-12)
    tree: Int[np.ndarray, "two edges"] = np.array(minimum_spanning_tree(cost).nonzero())
    pairs = [(int(min(edge)), int(max(edge))) for edge in tree.T]
    return sorted(pairs, key=lambda pair: (-gain[pair], pair))


def _combine(
    k: int,
    winner: Int[np.ndarray, " e"],
    loser: Int[np.ndarray, " e"],
    precision: Float[np.ndarray, " e"],
    shift: Float[np.ndarray, " e"],
    prior_sd: float,
) -> Belief:
    """Prior times factors exp(-precision d^2 / 2 + shift d) in the differences d = r_winner - r_loser."""
    edges = np.zeros((k, k))
    np.add.at(edges, (winner, loser), precision)
    edges = edges + edges.T
    total = np.diag(edges.sum(axis=1) + prior_sd**-2) - edges
    pull = np.bincount(winner, shift, k) - np.bincount(loser, shift, k)
    covariance = np.linalg.inv(total)
    return Belief(covariance @ pull, covariance)


def _matched(
    mean: Float[np.ndarray, " e"],
    variance: Float[np.ndarray, " e"],
    precision: Float[np.ndarray, " e"],
    shift: Float[np.ndarray, " e"],
) -> tuple[Float[np.ndarray, " e"], Float[np.ndarray, " e"]]:
    """The factors that give the true factor's mean and variance in their own place (Minka 2001, section 4)."""
    without = 1 / (1 / variance - precision)
    centre = without * (mean / variance - shift)
    scale = np.sqrt(1 + without)
    z = centre / scale
    ratio = np.exp(-0.5 * z * z - log_ndtr(z)) / np.sqrt(2 * np.pi)  # of density to distribution
    curvature = ratio * (ratio + z) / scale**2
    new_variance = without * (1 - without * curvature)
    new_mean = centre + without * ratio / scale
    return 1 / new_variance - 1 / without, new_mean / new_variance - centre / without


def _entropy(p: Float[np.ndarray, "k k"]) -> Float[np.ndarray, "k k"]:
    entropy: Float[np.ndarray, "k k"] = entr(p) + entr(1 - p)
    return entropy
