"""Whether scores and preferences agree, by how far the scores of a pair are apart (the paper's Figure 4).

For every pair: its difference (MOS of A minus MOS of B, over the spread of its source) and its balance (share of the
votes for A minus that for B). The rules:

- A vote "equal" is half a vote for each side, so it pulls the balance towards 0 without changing its sign. A pair's
  verdict is the sign of its balance.
- A pair is inconsistent if verdict and difference have opposite signs.
- Verdict equal (balance 0): people see no difference, so nothing can disagree with them. Counted, in no rate.
- Difference exactly 0: the scores see none. It counts one half in the rate over all pairs, which makes that rate
  1 - `agreement.accuracy_without_ties`; these pairs have a bin of their own, without a rate.
- A pair without both scores, or without a vote, is counted as such and used nowhere.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from fgresq.criteria.uncertainty import bootstrap_counts, percentile_interval, wilson_interval

EDGES = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
RESAMPLES = 2000
_ROUNDING = 1e-9  # a difference that is a bin's end up to rounding belongs below it, as in the coarse filter

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class DifferenceBin:
    """The pairs whose scores differ by more than `above` and at most `up_to`.

    Attributes:
        above, up_to: ends, of the absolute normalised difference; both 0 for the pairs that don't differ, infinite
            `up_to` for the last one.
        pairs: with both scores and a vote.
        judged_equal: of them, those whose verdict is equal.
        inconsistent: of the rest, those whose verdict goes against the scores.
        rate: share of inconsistent pairs among those with a verdict; None without any, and where scores don't differ.
        wilson: 95 % interval of the rate if pairs were independent, which those of one content aren't.
        over_contents: 95 % percentile interval over resampled contents; None where they weren't given, and where it
            says nothing: a resample has no pair of this bin, or all pairs agree.
    """

    above: float
    up_to: float
    pairs: int
    judged_equal: int
    inconsistent: int
    rate: float | None
    wilson: Interval | None
    over_contents: Interval | None


@dataclass(frozen=True, slots=True)
class Consistency:
    """How scores and preferences agree.

    Attributes:
        pairs: that there are.
        without_scores: of them, those that lack a score (whether judged or not).
        without_votes: those with both scores but no vote.
        overall: all others; a difference of 0 counts one half here.
        bins: by difference, the first one those that don't differ.
        inconsistent: of each pair, whether it is.
    """

    pairs: int
    without_scores: int
    without_votes: int
    overall: DifferenceBin
    bins: tuple[DifferenceBin, ...]
    inconsistent: Bool[np.ndarray, " m"]


def vote_balance(
    for_a: Float[np.ndarray, " m"], equal: Float[np.ndarray, " m"], for_b: Float[np.ndarray, " m"]
) -> Float[np.ndarray, " m"]:
    """Share of the votes for A minus share of those for B.

    (a - b) / (a + equal + b), which is what counting "equal" as half a vote for each gives.

    Args:
        for_a, equal, for_b: votes of each pair, at least 0.

    Returns:
        -1 to 1; NaN where there is no vote.

    Raises:
        ValueError: a negative or non-finite number of votes.
    """
    votes = np.stack([for_a, equal, for_b])
    if not (np.isfinite(votes).all() and (votes >= 0).all()):
        raise ValueError("votes must be finite and at least 0")
    total = votes.sum(axis=0)
    balance: Float[np.ndarray, " m"] = np.full(len(total), np.nan)
    np.divide(for_a - for_b, total, out=balance, where=total > 0)
    return balance


def consistency(
    difference: Float[np.ndarray, " m"],
    balance: Float[np.ndarray, " m"],
    edges: Sequence[float] = EDGES,
    contents: Shaped[np.ndarray, " m"] | None = None,
    seed: int = 0,
) -> Consistency:
    """Count consistent and inconsistent pairs, by difference.

    Args:
        difference: of A's and B's score, normalised by the spread of their source; NaN where one is missing.
        balance: `vote_balance`; NaN without votes.
        edges: upper ends of the bins, above 0 and rising; pairs farther apart get one more bin.
        contents: the scene of each pair, at least two different ones; None if they aren't known.
        seed: of the resamples.

    Returns:
        Counts, rates and intervals.

    Raises:
        ValueError: edges that don't rise from above 0, infinite values, or fewer than two contents.

    Reference: the paper's section "Dataset Analysis" and Figure 4.
    """
    if not edges or any(not low < high for low, high in zip((0.0, *edges), edges, strict=False)):
        raise ValueError(f"edges of bins must rise from above 0, not {tuple(edges)}")
    if np.isinf(difference).any() or np.isinf(balance).any():
        raise ValueError("differences and balances must be numbers, or NaN where there is none")
    scored = ~np.isnan(difference)
    used = scored & ~np.isnan(balance)
    place = np.searchsorted(np.asarray(edges), np.abs(difference) * (1 - _ROUNDING)) + 1
    place[difference == 0] = 0
    wrong = np.where(difference == 0, 0.5, np.sign(difference) * np.sign(balance) < 0)
    ends = [(0.0, 0.0), *zip((0.0, *edges), (*edges, math.inf), strict=True)]
    if not (used & (place == len(edges) + 1)).any():
        ends.pop()
    counts = None if contents is None else _counts(contents, seed)
    bins = tuple(
        _counted(low, high, used & (place == number), balance, wrong, counts) for number, (low, high) in enumerate(ends)
    )
    return Consistency(
        len(difference),
        int((~scored).sum()),
        int((scored & ~used).sum()),
        _counted(0.0, math.inf, used, balance, wrong, counts),
        bins,
        used & (wrong == 1) & (balance != 0),
    )


def frequencies(
    difference: Float[np.ndarray, " m"], balance: Float[np.ndarray, " m"], step: float = 0.02
) -> tuple[Float[np.ndarray, " p"], Float[np.ndarray, " p"], Int[np.ndarray, " p"]]:
    """The points of the scatter, and how many pairs each stands for.

    Differences are gathered in cells of `step` that never hold both signs: ((k-1) step, k step] and its mirror, drawn
    at the middle; 0 is a cell of its own. Balances stay as they are.

    Args:
        difference, balance: as in `consistency`; pairs with NaN are left out.
        step: width of a cell, above 0.

    Returns:
        Difference, balance and number of pairs of every point.
    """
    used = ~(np.isnan(difference) | np.isnan(balance))
    difference, balance = difference[used], balance[used]
    cell = np.sign(difference) * np.ceil(np.abs(difference) / step * (1 - _ROUNDING))
    points, pairs = np.unique(np.stack([cell, balance], axis=1), axis=0, return_counts=True)
    middle = np.sign(points[:, 0]) * (np.abs(points[:, 0]) - 0.5) * step
    return middle, points[:, 1], pairs


_Counts = tuple[Int[np.ndarray, " m"], Int[np.ndarray, "r c"]]


def _counts(contents: Shaped[np.ndarray, " m"], seed: int) -> _Counts:
    """The content of each pair as a number, and how often each is drawn in each resample."""
    names, number = np.unique(contents, return_inverse=True)
    return number, bootstrap_counts(len(names), RESAMPLES, seed)


def _counted(
    above: float,
    up_to: float,
    here: Bool[np.ndarray, " m"],
    balance: Float[np.ndarray, " m"],
    wrong: Float[np.ndarray, " m"],
    counts: _Counts | None,
) -> DifferenceBin:
    decided = here & (balance != 0)
    pairs, clear, against = int(here.sum()), int(decided.sum()), float(wrong[decided].sum())
    rate = wilson = over_contents = None
    if clear and up_to > 0:
        rate, wilson = against / clear, wilson_interval(against, clear)
        over_contents = None if counts is None else _over_contents(decided, wrong, *counts)
    inconsistent = int((wrong[decided] == 1).sum())
    return DifferenceBin(above, up_to, pairs, pairs - clear, inconsistent, rate, wilson, over_contents)


def _over_contents(
    decided: Bool[np.ndarray, " m"],
    wrong: Float[np.ndarray, " m"],
    number: Int[np.ndarray, " m"],
    counts: Int[np.ndarray, "r c"],
) -> Interval | None:
    shape = counts.shape[1]
    clear = counts @ np.bincount(number[decided], minlength=shape)
    against = counts @ np.bincount(number[decided], weights=wrong[decided], minlength=shape)
    if not clear.all() or np.ptp(wrong[decided]) == 0:
        return None
    low, high = percentile_interval(against / clear)
    return float(low), float(high)
