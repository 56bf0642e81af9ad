"""From pairwise preferences, content by content, to a leaderboard with intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from fgresq.criteria.scaling import fit_davidson
from fgresq.criteria.uncertainty import bootstrap_counts, percentile_interval
from fgresq.errors import UserError
from fgresq.records import Preference
from fgresq.results import AlgorithmStanding, Candidate, ContentRanking, ImageScore, Provenance, Ranking

# An image's place in its batch may show in the last bits of its features (up to this much is tested). A difference as
# small as that prefers nobody; without the margin, two copies of one file could win against each other.
SAME_WITHIN = 1e-5


@dataclass(frozen=True, slots=True)
class RankingSettings:
    """How intervals are made.

    Attributes:
        confidence: of the intervals, between 0 and 1.
        resamples: bootstrap resamples of the contents.
        seed: of the resampling; the same seed gives the same intervals.
    """

    confidence: float = 0.95
    resamples: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.confidence < 1:
            raise UserError(f"confidence {self.confidence} isn't between 0 and 1")
        if self.resamples < 2:
            raise UserError(f"{self.resamples} bootstrap resamples are too few; at least 2 are needed")


@dataclass(frozen=True, slots=True)
class JudgedContent:
    """All pairs of one content, judged.

    Attributes:
        content: its name.
        algorithms: those with a readable image of it.
        paths: of these images.
        scores: of these images, in (0, 1).
        probabilities: (k, k, 3): P(row better), P(column better), P(equal).
    """

    content: str
    algorithms: tuple[str, ...]
    paths: tuple[str, ...]
    scores: tuple[float, ...]
    probabilities: Float[np.ndarray, "k k 3"]

    def signs(self) -> Int[np.ndarray, "k k"]:
        """1 where the row is preferred, -1 where the column is, 0 where they are equal."""
        a, b, equal = np.moveaxis(self.probabilities, -1, 0)
        a_better = (a > b + SAME_WITHIN) & (a > equal)
        b_better = (b > a + SAME_WITHIN) & (b > equal)
        signs: Int[np.ndarray, "k k"] = 1 * a_better - 1 * b_better
        return signs


def preferred(p_a_better: float, p_b_better: float, p_equal: float) -> Preference:
    """The most probable answer; `equal` when A and B are within SAME_WITHIN, or `equal` is as probable as either."""
    if p_a_better > max(p_b_better + SAME_WITHIN, p_equal):
        return Preference.A
    if p_b_better > max(p_a_better + SAME_WITHIN, p_equal):
        return Preference.B
    return Preference.EQUAL


def rank_contents(
    judged: Sequence[JudgedContent],
    *,
    algorithms: Sequence[str],
    failures: Sequence[ImageScore],
    missing: Sequence[tuple[str, str]],
    provenance: Provenance,
    settings: RankingSettings,
) -> Ranking:
    """Fit Bradley-Terry strengths with Davidson ties to all preferences, and bootstrap the contents.

    Args:
        judged: one entry a content.
        algorithms: all of them, also those without a readable image.
        failures, missing, provenance: passed on.
        settings: of the intervals.
    """
    place = {name: i for i, name in enumerate(algorithms)}
    wins, ties = _tables(judged, place)
    strengths = fit_davidson(wins.sum(axis=0), ties.sum(axis=0)).strengths
    intervals = _intervals(wins, ties, settings)
    order = sorted(range(len(algorithms)), key=lambda i: (-strengths[i], algorithms[i]))
    leaderboard = [
        _standing(i, algorithms, strengths, intervals, (wins.sum(axis=0), ties.sum(axis=0)), judged) for i in order
    ]
    return Ranking(
        leaderboard=tuple(leaderboard),
        win_matrix=_win_matrix(wins.sum(axis=0), ties.sum(axis=0), order),
        contents=tuple(_content_ranking(entry) for entry in judged),
        failures=tuple(failures),
        missing=tuple(missing),
        confidence=settings.confidence,
        resamples=settings.resamples if intervals is not None else 0,
        seed=settings.seed,
        provenance=provenance,
    )


def _tables(
    judged: Sequence[JudgedContent], place: dict[str, int]
) -> tuple[Float[np.ndarray, "n k k"], Float[np.ndarray, "n k k"]]:
    """Wins of the row over the column, and ties, content by content."""
    wins = np.zeros((len(judged), len(place), len(place)))
    ties = np.zeros_like(wins)
    for n, entry in enumerate(judged):
        members = np.array([place[name] for name in entry.algorithms], dtype=np.int64)
        signs = entry.signs()
        wins[n][np.ix_(members, members)] = signs > 0
        ties[n][np.ix_(members, members)] = (signs == 0) & ~np.eye(len(members), dtype=bool)
    return wins, ties


def _intervals(
    wins: Float[np.ndarray, "n k k"], ties: Float[np.ndarray, "n k k"], settings: RankingSettings
) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]] | None:
    """Percentile intervals of the strengths; None with fewer than two contents, which say nothing of the spread."""
    contents, algorithms, _ = wins.shape
    if contents < 2:
        return None
    counts = bootstrap_counts(contents, settings.resamples, settings.seed).astype(np.float64)
    shape = (settings.resamples, algorithms, algorithms)
    resampled_wins = (counts @ wins.reshape(contents, -1)).reshape(shape)
    resampled_ties = (counts @ ties.reshape(contents, -1)).reshape(shape)
    return percentile_interval(fit_davidson(resampled_wins, resampled_ties).strengths, settings.confidence)


def _standing(
    i: int,
    algorithms: Sequence[str],
    strengths: Float[np.ndarray, " k"],
    intervals: tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]] | None,
    totals: tuple[Float[np.ndarray, "k k"], Float[np.ndarray, "k k"]],
    judged: Sequence[JudgedContent],
) -> AlgorithmStanding:
    wins, losses, ties = int(totals[0][i].sum()), int(totals[0][:, i].sum()), int(totals[1][i].sum())
    name, compared = algorithms[i], wins + losses + ties
    scores = [entry.scores[entry.algorithms.index(name)] for entry in judged if name in entry.algorithms]
    overlapping: list[str] = []
    if intervals is not None:
        low, high = intervals
        overlapping = [
            algorithms[j] for j in range(len(algorithms)) if j != i and low[i] <= high[j] and low[j] <= high[i]
        ]
    return AlgorithmStanding(
        place=1 + int((strengths > strengths[i]).sum()),
        algorithm=name,
        strength=float(strengths[i]),
        low=None if intervals is None else float(intervals[0][i]),
        high=None if intervals is None else float(intervals[1][i]),
        win_rate=(wins + ties / 2) / compared if compared else None,
        wins=wins,
        ties=ties,
        losses=losses,
        mean_score=float(np.mean(scores)) if scores else None,
        contents=len(scores),
        not_separated_from=tuple(overlapping),
    )


def _win_matrix(
    wins: Float[np.ndarray, "k k"], ties: Float[np.ndarray, "k k"], order: Sequence[int]
) -> tuple[tuple[float | None, ...], ...]:
    compared = wins + wins.T + ties
    return tuple(
        tuple(float((wins[i, j] + ties[i, j] / 2) / compared[i, j]) if compared[i, j] else None for j in order)
        for i in order
    )


def _content_ranking(entry: JudgedContent) -> ContentRanking:
    signs = entry.signs()
    candidates = [
        Candidate(
            algorithm,
            entry.paths[i],
            entry.scores[i],
            wins=int((signs[i] > 0).sum()),
            ties=int((signs[i] == 0).sum()) - 1,  # an image equals itself
            losses=int((signs[i] < 0).sum()),
        )
        for i, algorithm in enumerate(entry.algorithms)
    ]
    points = {candidate.algorithm: candidate.wins + candidate.ties / 2 for candidate in candidates}
    candidates.sort(key=lambda candidate: (-points[candidate.algorithm], -candidate.score, candidate.algorithm))
    best = max(points.values(), default=0.0)
    winners = tuple(c.algorithm for c in candidates if len(candidates) > 1 and points[c.algorithm] == best)
    return ContentRanking(entry.content, tuple(candidates), winners)
