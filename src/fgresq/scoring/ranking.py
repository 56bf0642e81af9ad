"""From pairwise preferences, content by content, to a leaderboard with intervals."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from jaxtyping import Float, Int

from fgresq.criteria.pairings import NamedStandings, number
from fgresq.criteria.standings import IntervalSettings, standings
from fgresq.errors import UserError
from fgresq.names import nearest
from fgresq.records import Preference
from fgresq.results import (
    AlgorithmStanding,
    Candidate,
    ComparedGroup,
    ContentRanking,
    DatasetRanking,
    ImageScore,
    Provenance,
    Ranking,
)
from fgresq.scoring.families import run_spreads, training_curves

# An image's place in its batch may show in the last bits of its features (up to this much is tested). A difference as
# small as that prefers nobody; without the margin, two copies of one file could win against each other.
SAME_WITHIN = 1e-5


@dataclass(frozen=True, slots=True)
class RankingSettings(IntervalSettings):
    """How intervals are made, and what all are compared with.

    Attributes:
        confidence, resamples, seed: as in `IntervalSettings`.
        baseline: the algorithm that all others are compared with; None for none.
    """

    baseline: str | None = None

    def check_baseline(self, algorithms: Iterable[str]) -> None:
        """Refuse a baseline that isn't one of the algorithms.

        Raises:
            UserError: so.
        """
        names = list(algorithms)
        if self.baseline is not None and self.baseline not in names:
            raise UserError(f"no algorithm is called {self.baseline!r}; {nearest(self.baseline, names)}")


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

    def answers(self) -> Float[np.ndarray, "k k 3"]:
        """The most probable answers as probabilities of 0 and 1."""
        signs = self.signs()
        return np.stack([signs > 0, signs < 0, signs == 0], axis=-1).astype(np.float64)


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
    warnings: Sequence[str] = (),
    datasets: Mapping[str, str] = MappingProxyType({}),
) -> Ranking:
    """Rank algorithms by the probabilities of all comparisons, by the rules of `criteria.standings`.

    Args:
        judged: one entry a content.
        algorithms: all of them, also those without a readable image.
        failures, missing, provenance, warnings: passed on.
        settings: of the intervals; the baseline, if there is one, is one of the algorithms.
        datasets: content to data set; of two or more, each is ranked by itself as well.

    Raises:
        UserError: no content has images of two algorithms, and not because they failed.
    """
    compared = [entry for entry in judged if len(entry.algorithms) > 1]
    if not compared and not failures:
        raise UserError("no content is shared by two algorithms, so there is nothing to compare")
    named, leaderboard, totals = _standings(compared, algorithms, settings)
    pairs = named.pairs()
    return Ranking(
        leaderboard=leaderboard,
        win_matrix=_win_matrix(*totals, named.order()),
        contents=tuple(_content_ranking(entry) for entry in judged),
        failures=tuple(failures),
        missing=tuple(missing),
        confidence=settings.confidence,
        resamples=settings.resamples if len(compared) > 1 else 0,
        seed=settings.seed,
        provenance=provenance,
        pairs=pairs,
        groups=named.groups(),
        baseline=settings.baseline,
        against_baseline=named.against(settings.baseline) if settings.baseline is not None else (),
        warnings=tuple(warnings),
        datasets=_of_datasets(compared, algorithms, datasets, settings),
        runs=run_spreads(leaderboard),
        curves=training_curves(leaderboard, pairs),
    )


def _standings(
    compared: Sequence[JudgedContent], algorithms: Sequence[str], settings: RankingSettings
) -> tuple[NamedStandings, tuple[AlgorithmStanding, ...], tuple[Float[np.ndarray, "k k"], Float[np.ndarray, "k k"]]]:
    """Standings, the leaderboard of them, and wins and ties by the most probable answers."""
    place = {name: i for i, name in enumerate(algorithms)}
    expected = _tables(compared, place, [entry.probabilities for entry in compared])
    named = NamedStandings(algorithms, standings(*expected, settings), *expected)
    answers = _tables(compared, place, [entry.answers() for entry in compared])
    totals = answers[0].sum(axis=0), answers[1].sum(axis=0)
    scores = _mean_scores(compared, named.groups())
    return named, tuple(_standing(i, named, totals, scores, compared) for i in named.order()), totals


def _of_datasets(
    compared: Sequence[JudgedContent], algorithms: Sequence[str], datasets: Mapping[str, str], settings: RankingSettings
) -> tuple[DatasetRanking, ...]:
    found = []
    names = sorted({datasets[entry.content] for entry in compared if entry.content in datasets})
    for name in names if len(names) > 1 else ():
        own = [entry for entry in compared if datasets.get(entry.content) == name]
        there = [algorithm for algorithm in algorithms if any(algorithm in entry.algorithms for entry in own)]
        named, leaderboard, _ = _standings(own, there, settings)
        found.append(
            DatasetRanking(name, tuple(entry.content for entry in own), leaderboard, named.pairs(), named.groups())
        )
    return tuple(found)


def _tables(
    judged: Sequence[JudgedContent], place: Mapping[str, int], tables: Sequence[Float[np.ndarray, "_ _ 3"]]
) -> tuple[Float[np.ndarray, "n k k"], Float[np.ndarray, "n k k"]]:
    """Wins of the row over the column, and ties, content by content; 0 where an algorithm has no image.

    Each is the mean of what the table says of the pair in both orders, so that wins and ties of a pair add up to 1.
    """
    wins = np.zeros((len(judged), len(place), len(place)))
    ties = np.zeros_like(wins)
    for n, (entry, table) in enumerate(zip(judged, tables, strict=True)):
        members = np.array([place[name] for name in entry.algorithms], dtype=np.int64)
        others = ~np.eye(len(members), dtype=bool)
        first, second, equal = np.moveaxis(table, -1, 0)
        wins[n][np.ix_(members, members)] = 0.5 * (first + second.T) * others
        ties[n][np.ix_(members, members)] = 0.5 * (equal + equal.T) * others
    return wins, ties


def _mean_scores(judged: Sequence[JudgedContent], groups: Sequence[ComparedGroup]) -> dict[str, float]:
    """Mean score of each algorithm over the contents that all of its group have in common."""
    means = {}
    for group in groups:
        tables = [dict(zip(entry.algorithms, entry.scores, strict=True)) for entry in judged]
        common = [table for table in tables if table.keys() >= set(group.algorithms)]
        if common:
            means.update({name: float(np.mean([table[name] for table in common])) for name in group.algorithms})
    return means


def _standing(
    i: int,
    named: NamedStandings,
    totals: tuple[Float[np.ndarray, "k k"], Float[np.ndarray, "k k"]],
    scores: Mapping[str, float],
    compared: Sequence[JudgedContent],
) -> AlgorithmStanding:
    wins, losses, ties = int(totals[0][i].sum()), int(totals[0][:, i].sum()), int(totals[1][i].sum())
    name, number_of, found = named.names[i], wins + losses + ties, named.found
    return AlgorithmStanding(
        place=named.place(i),
        algorithm=name,
        strength=number(found.strengths[i]),
        low=number(found.low[i]),
        high=number(found.high[i]),
        win_rate=(wins + ties / 2) / number_of if number_of else None,
        wins=wins,
        ties=ties,
        losses=losses,
        mean_score=scores.get(name),
        contents=sum(name in entry.algorithms for entry in compared),
        not_separated_from=named.not_separated_from(i),
        group=None if found.group[i] < 0 else int(found.group[i]) + 1,
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
