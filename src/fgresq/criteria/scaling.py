"""Strengths of algorithms from pairwise preferences: Bradley-Terry with Davidson's ties, many resamples at once.

Algorithms i and j with log-strengths b_i, b_j and log tie parameter d are judged "i", "j" or "equal" with
weights exp(b_i), exp(b_j), exp(d + (b_i + b_j) / 2). Dividing all three by exp((b_i + b_j) / 2) leaves the
logits (x, -x, d) with x = (b_i - b_j) / 2: a multinomial logit that is linear in (b, d).

Why Newton with the step below always gets there. Let f be the negative penalised log-likelihood, n the Newton
step and phi(s) = f(parameters + s n).

- A log-sum-exp of linear functions is convex, and the Gaussian prior adds 1 / prior_sd^2 to every curvature:
  f has one minimum, finite whatever the counts, and its Hessian can always be solved.
- phi'' is a sum of variances of the change of logit plus a constant, phi''' a sum of third central moments of
  the same changes. A third moment is at most range times variance, so |phi'''| <= D phi'' with D the largest
  range over the compared pairs. Hence phi''(s) <= phi''(0) exp(D s), and with phi'(0) = -phi''(0), true of a
  Newton step, f falls by at least phi''(0) (s - (exp(D s) - 1 - D s) / D^2). The best s is log(1 + D) / D,
  which always gains: no search, no comparison of nearly equal likelihoods. It tends to 1 as D goes to 0, so
  the last steps are plain Newton and converge quadratically.
- The stop rule is on the gradient, multiplied by the inverse Hessian so that it is in log units whatever the
  counts: the Newton step itself. Curvatures change by a factor of at most exp(D) along it, so once it is small
  it is the distance to the minimum to within that factor, and taking it leaves about its square.

References: R. R. Davidson, "On extending the Bradley-Terry model to accommodate ties in paired comparison
experiments", JASA 65 (1970) 317-328. T. Sun, Q. Tran-Dinh, "Generalized self-concordant functions: a recipe for
Newton-type methods", Mathematical Programming 178 (2019) 145-213, for the step.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

DEFAULT_PRIOR_SD = 3.0
"""Of every log-strength, in natural log units. The difference of two strengths then has a standard deviation of
4.2, odds of about 70 to 1: wider than what contents in the tens can tell apart. To a difference the prior adds
1/18 of curvature and one comparison up to 1/4, so it weighs about as much as a quarter of a comparison."""

PRIOR_LOG_TIE = 0.0
"""Centre of the prior on the log tie parameter: equals are judged "first", "second" and "equal" one time in three."""

_PRIOR_SD_RANGE = (1e-2, 1e2)
_LARGEST_COUNT = 1e9  # within both limits, rounding of the Hessian stays below the prior's part of it
_LAST_STEP = 1e-7  # log units; what remains after it is about its square
_ROUNDING_LIMIT = 1e-4  # log units; more than this is never put down to rounding
_MAX_STEPS = 500  # 40 algorithms in one perfect order, 1e9 wins a pair and the widest prior take about 260
_CHUNK_ELEMENTS = 1 << 15  # 256 KiB an array: the dozen k x k arrays of a chunk stay in the cache


@dataclass(frozen=True, slots=True)
class DavidsonFit:
    """Strengths and tie parameter at the maximum of the penalised likelihood.

    Attributes:
        strengths: log-strengths, natural log units, mean 0 over the k algorithms.
        log_tie: log tie parameter d; equals are judged equal with probability exp(d) / (2 + exp(d)).
    """

    strengths: Float[np.ndarray, "*batch k"]
    log_tie: Float[np.ndarray, "*batch"]


def fit_davidson(
    wins: Float[np.ndarray, "*batch k k"],
    ties: Float[np.ndarray, "*batch k k"],
    *,
    prior_sd: float = DEFAULT_PRIOR_SD,
) -> DavidsonFit:
    """Fit Bradley-Terry strengths with Davidson's ties by penalised maximum likelihood.

    Maximises sum_{i,j} wins_ij log p(i preferred to j) + sum_{i<j} ties_ij log p(tie)
    - (|b|^2 + (d - PRIOR_LOG_TIE)^2) / (2 prior_sd^2). The likelihood depends on differences of strengths only, so
    the maximum has mean strength 0. Thanks to the prior, algorithms never compared with each other and
    algorithms that never lose get finite strengths.

    One more win of i over j never lowers the fitted probability of that judgement. It can lower i's own strength
    where strengths rest on ties: it lowers the tie parameter that all pairs share, and the whole scale with it.

    Args:
        wins: wins[..., i, j] is how often i was preferred to j; weights are allowed; 0 to 1e9, zero diagonal.
        ties: symmetric; a tie of i and j counts once for the unordered pair and is stored at both [..., i, j] and
            [..., j, i]; 0 to 1e9, zero diagonal.
        prior_sd: standard deviation of the Gaussian prior on every parameter, natural log units, 0.01 to 100.

    Returns:
        The fit of each item of the batch; an item's answer doesn't depend on the others.

    Raises:
        ValueError: counts of the wrong shape, asymmetric ties, a value out of range or not finite.
        ArithmeticError: the stop rule wasn't met; nothing unconverged is returned.

    Reference: Davidson (1970) for the model; the prior is ours.
    """
    if not _PRIOR_SD_RANGE[0] <= prior_sd <= _PRIOR_SD_RANGE[1]:
        raise ValueError(f"prior_sd must be between {_PRIOR_SD_RANGE[0]} and {_PRIOR_SD_RANGE[1]}, not {prior_sd}")
    wins = np.asarray(wins, dtype=np.float64)
    ties = np.asarray(ties, dtype=np.float64)
    _require_counts(wins, ties)
    batch, k = wins.shape[:-2], wins.shape[-1]
    flat_wins = wins.reshape(-1, k, k)
    # Sums of weights taken in two orders differ in the last digits; the mean is exactly symmetric.
    flat_ties = 0.5 * (ties + np.swapaxes(ties, -1, -2)).reshape(-1, k, k)

    parameters = np.empty((len(flat_wins), k + 1))
    chunk = max(1, _CHUNK_ELEMENTS // k**2)
    for start in range(0, len(flat_wins), chunk):
        rows = slice(start, start + chunk)
        parameters[rows] = _maximise(flat_wins[rows], flat_ties[rows], prior_sd**-2)
    # The mean is 0 but for rounding in the one direction that the likelihood doesn't see.
    strengths = parameters[:, :k] - parameters[:, :k].mean(axis=1, keepdims=True)
    return DavidsonFit(strengths.reshape(*batch, k), parameters[:, k].reshape(batch))


def preference_probabilities(
    strengths: Float[np.ndarray, "*batch k"],
    log_tie: Float[np.ndarray, "*batch"] | float,
) -> tuple[Float[np.ndarray, "*batch k k"], Float[np.ndarray, "*batch k k"]]:
    """Probabilities of the three judgements of every pair.

    p_win[i, j] = exp(b_i) / (exp(b_i) + exp(b_j) + exp(d + (b_i + b_j) / 2)), p_tie the same with the last weight
    on top; p_win + p_win^T + p_tie = 1.

    Args:
        strengths: log-strengths b, natural log units.
        log_tie: log tie parameter d, natural log units.

    Returns:
        p_win[..., i, j] that i is preferred to j, and p_tie[..., i, j], symmetric. The diagonals hold what two
        equally strong algorithms would give.

    Reference: Davidson (1970).
    """
    half_difference = 0.5 * (strengths[..., :, None] - strengths[..., None, :])
    tie_logit = np.asarray(log_tie, dtype=np.float64)[..., None, None]
    largest = np.maximum(np.abs(half_difference), tie_logit)  # subtracted so that no exponential overflows
    win = np.exp(half_difference - largest)
    tie = np.exp(tie_logit - largest)
    total = win + np.swapaxes(win, -1, -2) + tie
    return win / total, tie / total


def _maximise(
    wins: Float[np.ndarray, "r k k"], ties: Float[np.ndarray, "r k k"], precision: float
) -> Float[np.ndarray, "r p"]:
    """Damped Newton from the prior's centre; each item stops by itself. Parameters are b and, last, d."""
    count, k = wins.shape[:2]
    parameters = np.zeros((count, k + 1))
    parameters[:, k] = PRIOR_LOG_TIE
    active = np.arange(count)
    for _ in range(_MAX_STEPS):
        gradient, curvature = _derivatives(parameters[active], wins[active], ties[active], precision)
        step = np.linalg.solve(curvature, gradient[..., None])[..., 0]
        parameters[active] += _step_length(step, wins[active], ties[active])[:, None] * step
        # A rounding error of the gradient, relative to the largest curvature, can move the direction that only the
        # prior determines by this much: more than 1e-7 from about 1e8 comparisons on, with the default prior.
        noise = np.finfo(np.float64).eps * np.einsum("rpp->rp", curvature).max(axis=1) / precision
        allowed = np.clip(noise, _LAST_STEP, _ROUNDING_LIMIT)
        active = active[~(np.abs(step).max(axis=1) <= allowed)]  # so written, a step of NaN is unfinished
        if active.size == 0:
            return parameters
    raise ArithmeticError(
        f"strengths didn't converge in {_MAX_STEPS} Newton steps for {active.size} of {count} sets of counts: "
        f"the last step was {np.abs(step).max():.3g} log units where {allowed.min():.3g} is allowed"
    )


def _step_length(
    step: Float[np.ndarray, "r p"], wins: Float[np.ndarray, "r k k"], ties: Float[np.ndarray, "r k k"]
) -> Float[np.ndarray, " r"]:
    """log(1 + D) / D, with D the largest range of the three logits' changes over the compared pairs."""
    # Changes of (x, -x, d) along a step range over max(|2x|, |x| + |d|), with 2x the change of b_i - b_j.
    change = np.abs(step[:, :-1, None] - step[:, None, :-1])
    largest = np.max(change, axis=(1, 2), where=wins + ties > 0, initial=0.0)
    reach = np.maximum(largest, 0.5 * largest + np.abs(step[:, -1]))
    reach = np.maximum(reach, 1e-12)  # the quotient's limit at 0 is 1
    length: Float[np.ndarray, " r"] = np.log1p(reach) / reach
    return length


def _derivatives(
    parameters: Float[np.ndarray, "r p"],
    wins: Float[np.ndarray, "r k k"],
    ties: Float[np.ndarray, "r k k"],
    precision: float,
) -> tuple[Float[np.ndarray, "r p"], Float[np.ndarray, "r p p"]]:
    """Gradient of the penalised log-likelihood and minus its Hessian."""
    k = wins.shape[-1]
    win, tie = preference_probabilities(parameters[:, :k], parameters[:, k])
    lose = np.swapaxes(win, 1, 2)
    decided, lead = win + lose, win - lose

    # A win pulls with (1 - lead) / 2. Written as tie / 2 + lose it keeps its digits where win is almost 1, which
    # is where the prior, not the data, settles the strength of an algorithm that never loses.
    pull = wins * (0.5 * tie + lose)
    gradient = -precision * parameters
    gradient[:, :k] += (pull - np.swapaxes(pull, 1, 2) - 0.5 * ties * lead).sum(axis=2)
    gradient[:, k] += precision * PRIOR_LOG_TIE + (0.5 * ties * decided - wins * tie).sum(axis=(1, 2))

    compared = wins + np.swapaxes(wins, 1, 2) + ties
    shared = compared * tie
    between = 0.25 * shared * decided + compared * win * lose
    curvature = np.empty((len(wins), k + 1, k + 1))
    curvature[:, :k, :k] = -between
    curvature[:, :k, k] = curvature[:, k, :k] = -0.5 * (shared * lead).sum(axis=2)
    diagonal = np.einsum("rpp->rp", curvature)  # a view that can be written to
    diagonal[:, :k] = between.sum(axis=2) + precision
    diagonal[:, k] = 0.5 * (shared * decided).sum(axis=(1, 2)) + precision
    return gradient, curvature


def _require_counts(wins: Float[np.ndarray, "*batch k k"], ties: Float[np.ndarray, "*batch k k"]) -> None:
    """Raise ValueError naming what is wrong with the counts."""
    if wins.ndim < 2 or wins.shape[-1] != wins.shape[-2] or wins.shape[-1] == 0:
        raise ValueError(f"wins must end in k x k with k >= 1, not {wins.shape}")
    if ties.shape != wins.shape:
        raise ValueError(f"ties must have the shape of wins, {wins.shape}, not {ties.shape}")
    for name, counts in (("wins", wins), ("ties", ties)):
        if not np.isfinite(counts).all():
            raise ValueError(f"{name} must be finite")
        if np.any(counts < 0):
            raise ValueError(f"{name} must not be negative")
        if np.any(counts > _LARGEST_COUNT):
            raise ValueError(f"{name} must not exceed {_LARGEST_COUNT:g}")
        if np.any(np.einsum("...ii->...i", counts) != 0):
            raise ValueError(f"{name} must have a zero diagonal: nothing is compared with itself")
    if not np.allclose(ties, np.swapaxes(ties, -1, -2), rtol=1e-9, atol=0.0):
        raise ValueError("ties must be symmetric: each tie is stored at both [i, j] and [j, i]")
