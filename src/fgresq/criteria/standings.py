"""Strengths of algorithms over contents, with intervals, and which of two is better: one way for models and people.

- Strengths are fitted to expected wins: a comparison counts with its probabilities (a model's), or with the shares of
  its votes (people's), not with its most probable answer alone. To every two that were compared, half a win each way is
  added: the mean of the content that `content_weights` adds. So strengths of separable data are finite because of one
  content more, whatever their scale.
- Intervals are quantiles over weights of the contents. One resample weights all algorithms and pairs alike, so that
  differences keep the pairing by content.
- One of two is called better if p of their difference (`paired`), corrected by Holm over all pairs tested, is below
  1 - confidence. Two that fewer than 6 contents compare aren't tested.
- Algorithms that no chain of comparisons connects have no common scale. Each group is fitted by itself, with mean 0.

Contents may as well be annotators of one content, if the interval is to be over people.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from fgresq.criteria.content_weights import concentration, draw_weights
from fgresq.criteria.paired import paired_p, point_differences
from fgresq.criteria.scaling import fit_davidson
from fgresq.criteria.significance import holm
from fgresq.criteria.uncertainty import percentile_interval
from fgresq.errors import UserError

PRIOR_SD = 30.0
"""Of the fits here, in natural log units: so wide that the added content bounds strengths, not this. With the default
of `fit_davidson`, intervals hold hardly any difference beyond 4 units, however few contents they come from."""

_BLOCK_ELEMENTS = 1 << 22  # of the resampled tables at a time: 32 MiB


@dataclass(frozen=True, slots=True)
class IntervalSettings:
    """How intervals are made, and how sure "better than" must be.

    Attributes:
        confidence: of the intervals, between 0 and 1; 1 - confidence is the level of "better than".
        resamples: of the contents.
        seed: of the resampling; the same seed gives the same intervals.
    """

    confidence: float = 0.95
    resamples: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.confidence < 1:
            raise UserError(f"confidence {self.confidence} isn't between 0 and 1")
        if self.resamples < 4:  # every second one is of differences
            raise UserError(f"{self.resamples} bootstrap resamples are too few; at least 4 are needed")


@dataclass(frozen=True, slots=True)
class Standings:
    """Strengths of k algorithms and differences of every two. NaN is what the contents don't tell.

    Attributes:
        group: of each algorithm, from 0, the largest first; -1 without any comparison.
        strengths: log-strengths, mean 0 in each group.
        low, high: ends of their intervals; NaN with fewer than two contents.
        contents: contents[i, j] that compare i and j.
        difference: strengths[i] - strengths[j]; NaN across groups.
        difference_low, difference_high: ends of their intervals.
        lead: lead[i, j] is i's points minus j's over the contents that compare the two; the test is of its sign.
        p: two-sided, of the difference; NaN with fewer than 6 contents that compare the two.
        adjusted: p by Holm's correction over all pairs.
        level: of p, below which one is called better.
    """

    group: Int[np.ndarray, " k"]
    strengths: Float[np.ndarray, " k"]
    low: Float[np.ndarray, " k"]
    high: Float[np.ndarray, " k"]
    contents: Int[np.ndarray, "k k"]
    difference: Float[np.ndarray, "k k"]
    difference_low: Float[np.ndarray, "k k"]
    difference_high: Float[np.ndarray, "k k"]
    lead: Float[np.ndarray, "k k"]
    p: Float[np.ndarray, "k k"]
    adjusted: Float[np.ndarray, "k k"]
    level: float

    @property
    def better(self) -> Bool[np.ndarray, "k k"]:
        """better[i, j] if i is called better than j."""
        return called_better(self.difference, self.lead, self.adjusted, self.level) > 0


def standings(
    wins: Float[np.ndarray, "n k k"], ties: Float[np.ndarray, "n k k"], settings: IntervalSettings
) -> Standings:
    """Fit strengths, and say how sure they and their differences are.

    Args:
        wins: wins[c, i, j] of i over j on content c: a probability, a share of votes or a count.
        ties: symmetric.
        settings: of the intervals.

    Raises:
        ValueError: as `scaling.fit_davidson`.
    """
    k = wins.shape[1]
    differences, compared = point_differences(wins, ties)
    found = Standings(
        group=_groups(np.asarray(compared.any(axis=0))),
        strengths=np.full(k, np.nan),
        low=np.full(k, np.nan),
        high=np.full(k, np.nan),
        contents=compared.sum(axis=0),
        difference=np.full((k, k), np.nan),
        difference_low=np.full((k, k), np.nan),
        difference_high=np.full((k, k), np.nan),
        lead=differences.sum(axis=0),
        p=np.full((k, k), np.nan),
        adjusted=np.full((k, k), np.nan),
        level=1.0 - settings.confidence,
    )
    for group in range(found.group.max(initial=-1) + 1):
        members = np.flatnonzero(found.group == group)
        table = np.ix_(np.arange(len(wins)), members, members)
        _fit(found, members, wins[table], ties[table], settings)
    _test(found, differences, compared)
    return found


def called_better(
    difference: Float[np.ndarray, "*m"] | float,
    lead: Float[np.ndarray, "*m"] | float,
    adjusted: Float[np.ndarray, "*m"] | float,
    level: float,
) -> Float[np.ndarray, "*m"]:
    """1 where the first of two is called better, -1 where the second is, 0 where neither.

    With missing images, strengths may lean on other contents than the test does. If the two disagree, nobody is better.

    Args:
        difference, lead, adjusted: fields of `Standings`; NaN calls nobody.
        level: of `adjusted`.
    """
    agreed = (np.asarray(adjusted) < level) & (np.sign(lead) == np.sign(difference))
    called: Float[np.ndarray, "*m"] = np.where(agreed, np.sign(lead), 0.0)
    return called


def _groups(compared: Bool[np.ndarray, "k k"]) -> Int[np.ndarray, " k"]:
    """Components that comparisons connect, the largest first and then that of the first algorithm; -1 for lone ones."""
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415 - takes a while

    _, label = connected_components(compared, directed=False)
    sizes = np.bincount(label, minlength=1)
    order = [part for part in np.argsort(-sizes, kind="stable") if sizes[part] > 1]
    place = np.full(len(sizes), -1)
    place[order] = range(len(order))
    group: Int[np.ndarray, " k"] = place[label]
    return group


def _fit(
    found: Standings,
    members: Int[np.ndarray, " g"],
    wins: Float[np.ndarray, "n g g"],
    ties: Float[np.ndarray, "n g g"],
    settings: IntervalSettings,
) -> None:
    """Strengths, differences and intervals of one group, written to their places."""
    mean_wins, mean_ties = _mean_content(wins, ties)
    prior = 0.5 * (mean_wins + mean_wins.T + mean_ties)  # half as it is, half turned round, ties broken
    strengths = fit_davidson(wins.sum(axis=0) + prior, ties.sum(axis=0), prior_sd=PRIOR_SD).strengths
    square = np.ix_(members, members)
    found.strengths[members] = strengths
    found.difference[square] = strengths[:, None] - strengths
    if len(wins) < 2:
        return
    resampled = np.concatenate(list(_resampled(wins, ties, settings)))
    found.low[members], found.high[members] = percentile_interval(resampled, settings.confidence)
    whole = resampled[::2]
    for i, member in enumerate(members):
        low, high = percentile_interval(whole[:, [i]] - whole, settings.confidence)
        found.difference_low[member, members], found.difference_high[member, members] = low, high


def _resampled(
    wins: Float[np.ndarray, "n g g"], ties: Float[np.ndarray, "n g g"], settings: IntervalSettings
) -> Iterator[Float[np.ndarray, "b g"]]:
    """Strengths in the resamples, some at a time.

    In every second one, from the first, all pairs of the added content have one share that is turned round: so the
    points of two algorithms are those that the test of their difference looks at. But an algorithm that beats one half
    of the others and loses to the other half stays where it is then, and so do all where all tie, as if that were sure.
    Hence, in the others, each pair has a share of its own, and ties are broken by lot.
    """
    n, g, _ = wins.shape
    mean_wins, mean_ties = _mean_content(wins, ties)
    weights = draw_weights(n, settings.resamples, settings.seed)
    shape = 0.5 * concentration(np.array([n]))[0]
    lots = np.random.default_rng([settings.seed, 1])
    rows = 2 * max(1, _BLOCK_ELEMENTS // (2 * g**2))  # even, so that each block begins with a whole one
    for start in range(0, settings.resamples, rows):
        block = slice(start, start + rows)
        contents, added = weights.contents[block], (weights.as_is + weights.turned)[block]
        as_is = _mirrored(lots.beta(shape, shape, (len(contents), g, g)))
        first = _mirrored(lots.integers(2, size=(len(contents), g, g)).astype(np.float64))
        first = np.where(np.tri(g, dtype=np.bool_), 1.0 - first, first)
        as_is[::2], first[::2] = (weights.as_is[block] / added)[::2, None, None], 0.5
        drawn_wins = as_is * mean_wins + (1.0 - as_is) * mean_wins.T + first * mean_ties
        drawn_wins = np.tensordot(contents, wins, axes=1) + added[:, None, None] * drawn_wins
        drawn_ties = np.tensordot(contents, ties, axes=1)
        yield fit_davidson(drawn_wins, drawn_ties, prior_sd=PRIOR_SD).strengths


def _mirrored(lots: Float[np.ndarray, "b g g"]) -> Float[np.ndarray, "b g g"]:
    """The same above the diagonal and below it, where only one of the two is drawn for a pair."""
    upper = np.triu(lots, 1)
    mirrored: Float[np.ndarray, "b g g"] = upper + np.swapaxes(upper, 1, 2)
    return mirrored


def _mean_content(
    wins: Float[np.ndarray, "n g g"], ties: Float[np.ndarray, "n g g"]
) -> tuple[Float[np.ndarray, "g g"], Float[np.ndarray, "g g"]]:
    """Mean over the contents that compare the two; 0 where none does."""
    number = np.maximum((wins + np.swapaxes(wins, 1, 2) + ties > 0).sum(axis=0), 1)
    return wins.sum(axis=0) / number, ties.sum(axis=0) / number


def _test(found: Standings, differences: Float[np.ndarray, "n k k"], compared: Bool[np.ndarray, "n k k"]) -> None:
    """p of every two, and Holm's correction over them."""
    first, second = np.triu_indices(len(found.group), 1)
    p = paired_p(differences[:, first, second].T, compared[:, first, second].T)
    adjusted = np.array([np.nan if q is None else q for q in holm([None if np.isnan(q) else q for q in p.tolist()])])
    for i, j in ((first, second), (second, first)):
        found.p[i, j], found.adjusted[i, j] = p, adjusted
