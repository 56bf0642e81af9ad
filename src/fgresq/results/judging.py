"""What scoring, comparing and ranking answer.

Every answer carries its `Provenance`, so that a number found in a file a year later can be traced
to the program, the weights and the preprocessing that made it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fgresq.records import Preference
from fgresq.results.saving import Shown

if TYPE_CHECKING:
    from fgresq.results.beside import MetricBeside

_SHOWN = 5
"""Rows of a short `repr`."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a number comes from.

    Attributes:
        version: of fgresq.
        weights: the name or path that was asked for.
        weights_sha256: of the file that was loaded, in hexadecimal.
        weights_note: what the weights were trained on, in one line; says so when they weren't trained.
        preprocessing: how an image became the network's input.
        precision: "fp32", "bf16" or "fp16".
        device: as torch names it.
    """

    version: str
    weights: str
    weights_sha256: str
    weights_note: str
    preprocessing: str
    precision: str
    device: str


@dataclass(frozen=True, slots=True, repr=False)
class ImageScore:
    """The quality of one image.

    Attributes:
        path: the image's path, or its place in the arguments when it has none.
        score: in (0, 1), higher is better; None when the image couldn't be judged.
        error: why there is no score; None when there is one.
    """

    path: str
    score: float | None
    error: str | None = None

    def __repr__(self) -> str:
        return (
            f"ImageScore({self.path!r}, {'failed: ' + str(self.error) if self.score is None else f'{self.score:.4f}'})"
        )


class ImageScores(Shown, list[ImageScore]):
    """What `Scorer.score` answers to several images: a list, in their order.

    Attributes:
        provenance: of all of them.
    """

    def __init__(self, scores: Iterable[ImageScore], provenance: Provenance) -> None:
        super().__init__(scores)
        self.provenance = provenance

    def __repr__(self) -> str:
        more = f", and {len(self) - _SHOWN} more" if len(self) > _SHOWN else ""
        return f"ImageScores([{', '.join(map(repr, self[:_SHOWN]))}{more}])"


@dataclass(frozen=True, slots=True, repr=False)
class Comparison(Shown):
    """Which of two images looks better.

    Attributes:
        path_a, path_b: the images' names, as in `ImageScore.path`.
        score_a, score_b: their quality, in (0, 1), higher is better.
        p_a_better, p_b_better, p_equal: probabilities; they add up to 1.
        preference: the most probable of the three; equal when A and B differ by no more than rounding (1e-5).
        order: "symmetric" (mean over both orders) or "released" (A first only, as the authors' code).
        provenance: of the numbers; a scorer always gives it.
    """

    path_a: str
    path_b: str
    score_a: float
    score_b: float
    p_a_better: float
    p_b_better: float
    p_equal: float
    preference: Preference
    order: str
    provenance: Provenance | None = None

    def __repr__(self) -> str:
        better = "equal" if self.preference is Preference.EQUAL else f"{self.preference.value} is better"
        return (
            f"Comparison({better}: "
            f"P(A) {self.p_a_better:.3f}, P(B) {self.p_b_better:.3f}, P(equal) {self.p_equal:.3f}; "
            f"A {self.path_a!r} {self.score_a:.4f}, B {self.path_b!r} {self.score_b:.4f})"
        )


@dataclass(frozen=True, slots=True)
class AlgorithmStanding:
    """One row of the leaderboard.

    Attributes:
        place: in its group, 1 is best; equal strengths share it. None for an algorithm that was compared with no other.
        algorithm: its name.
        strength: Bradley-Terry log-strength of its expected wins; the mean over its group is 0. None without a place.
        low, high: interval of the strength over contents (`criteria.standings`); None with one content.
        win_rate: share of its comparisons that it wins, a tie counting one half; None without any.
        wins, ties, losses: its comparisons by their most probable answers.
        mean_score: mean quality score, in (0, 1), of its images of the contents that all algorithms of its group have
            in common; None without any.
        contents: on how many contents it was compared with another.
        not_separated_from: algorithms of its group of which neither is called better than the other.
        group: its group's number, from 1; None without a place.
    """

    place: int | None
    algorithm: str
    strength: float | None
    low: float | None
    high: float | None
    win_rate: float | None
    wins: int
    ties: int
    losses: int
    mean_score: float | None
    contents: int
    not_separated_from: tuple[str, ...]
    group: int | None = 1


@dataclass(frozen=True, slots=True)
class AlgorithmPair:
    """Two algorithms against each other.

    Attributes:
        first, second: their names, the stronger first; in `Ranking.against_baseline` the baseline is second.
        contents: that both have, and on which they were compared.
        p_first_better, p_second_better, p_equal: mean probabilities (a model's) or shares of the votes (people's) over
            these contents; they add up to 1. None without any.
        difference: strength of the first minus that of the second; None in different groups.
        low, high: interval of the difference; None with one content.
        p: two-sided, by the paired bootstrap of the difference; None with fewer than 6 contents, which aren't tested.
        p_adjusted: by Holm's correction over all pairs tested: in `against_baseline`, those with the baseline.
        better: the one that is called better, p_adjusted being below 1 - confidence; None where neither is.
    """

    first: str
    second: str
    contents: int
    p_first_better: float | None
    p_second_better: float | None
    p_equal: float | None
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    p_adjusted: float | None
    better: str | None


@dataclass(frozen=True, slots=True)
class ComparedGroup:
    """Algorithms that a chain of comparisons connects. Those of two groups have no common scale.

    Attributes:
        algorithms: best first.
        contents: that have images of at least two of them.
        common: of these, those that have images of all of them; mean scores are over these.
    """

    algorithms: tuple[str, ...]
    contents: int
    common: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """One algorithm's image of one content.

    Attributes:
        algorithm: whose image it is.
        path: the image's name.
        score: quality score in (0, 1).
        wins, ties, losses: against the other candidates of this content.
    """

    algorithm: str
    path: str
    score: float
    wins: int
    ties: int
    losses: int


@dataclass(frozen=True, slots=True)
class ContentRanking:
    """The candidates of one content, best first (wins plus half the ties, then score).

    `winners` names every algorithm that shares the first place by wins and ties.
    """

    content: str
    candidates: tuple[Candidate, ...]
    winners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DatasetRanking:
    """The same algorithms on the contents of one data set; its strengths have a scale of their own.

    Attributes:
        dataset: its name.
        contents: names of those of it that have images of two algorithms or more.
        leaderboard, pairs, groups: as in `Ranking`, without algorithms that have no image there.
    """

    dataset: str
    contents: tuple[str, ...]
    leaderboard: tuple[AlgorithmStanding, ...]
    pairs: tuple[AlgorithmPair, ...]
    groups: tuple[ComparedGroup, ...]


@dataclass(frozen=True, slots=True)
class RunSpread:
    """Several runs of one algorithm, which differ by chance alone (seeds).

    Attributes:
        algorithm: what their names have in common.
        runs: names of those that have a place, in one group, by their numbers.
        strength, spread: mean and standard deviation (n - 1) of their strengths.
        least, most: of them.
        mean_score, score_spread: the same of their mean scores; None where one has none.
    """

    algorithm: str
    runs: tuple[str, ...]
    strength: float
    spread: float
    least: float
    most: float
    mean_score: float | None
    score_spread: float | None


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One checkpoint of a training.

    Attributes:
        step: that its name says.
        algorithm: its name.
        strength, low, high, mean_score: as on the leaderboard.
        best_so_far: step of the highest strength until here.
        better: whether it is called better than the best before it; None for the first, and where that isn't tested.
    """

    step: int
    algorithm: str
    strength: float | None
    low: float | None
    high: float | None
    mean_score: float | None
    best_so_far: int | None
    better: bool | None


@dataclass(frozen=True, slots=True)
class TrainingCurve:
    """Checkpoints of one training in order; `name` is "" where they are called by their steps alone."""

    name: str
    points: tuple[CurvePoint, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Ranking(Shown):
    """Restoration algorithms ranked by pairwise comparison of their images.

    Attributes:
        leaderboard: group by group, best first; then those that were compared with no other.
        win_matrix: win_matrix[a][b] is the share of common contents on which a is preferred to b, a tie
            counting one half; None where a and b have no common content. In leaderboard order.
        contents: one entry a content, in name order, also those with an image of one algorithm only.
        failures: images that couldn't be judged, by name.
        missing: (algorithm, content) without a file.
        confidence: of the intervals, such as 0.95; 1 - confidence is the level of "better than".
        resamples: how many bootstrap resamples the intervals rest on.
        seed: of the bootstrap.
        provenance: of every number here.
        pairs: every two algorithms, in leaderboard order.
        groups: the largest first; a single one where all are connected.
        baseline: that was asked for, or None.
        against_baseline: every other algorithm against it, in leaderboard order.
        warnings: what whoever gathered the images has to say of them.
        beside: what other metrics say of the same images.
        datasets: the same on each data set, by name; empty with one or none.
        runs: algorithms of which there are several runs.
        curves: trainings of which there are several checkpoints.
    """

    leaderboard: tuple[AlgorithmStanding, ...]
    win_matrix: tuple[tuple[float | None, ...], ...]
    contents: tuple[ContentRanking, ...]
    failures: tuple[ImageScore, ...]
    missing: tuple[tuple[str, str], ...]
    confidence: float
    resamples: int
    seed: int
    provenance: Provenance
    pairs: tuple[AlgorithmPair, ...] = ()
    groups: tuple[ComparedGroup, ...] = ()
    baseline: str | None = None
    against_baseline: tuple[AlgorithmPair, ...] = ()
    warnings: tuple[str, ...] = ()
    beside: "tuple[MetricBeside, ...]" = ()
    datasets: tuple[DatasetRanking, ...] = ()
    runs: tuple[RunSpread, ...] = ()
    curves: tuple[TrainingCurve, ...] = ()

    @property
    def compared_contents(self) -> int:
        """Contents with images of at least two algorithms: those that the figures rest on."""
        return sum(len(entry.candidates) > 1 for entry in self.contents)

    @property
    def winners_per_content(self) -> Mapping[str, tuple[str, ...]]:
        """Content to the algorithms that share its first place."""
        return {entry.content: entry.winners for entry in self.contents}

    def __repr__(self) -> str:
        rows = [
            f"{'-' if row.place is None else row.place} {row.algorithm}"
            f"{'' if row.strength is None else f' {row.strength:+.2f}'}"
            for row in self.leaderboard[:_SHOWN]
        ]
        more = f"; and {len(self.leaderboard) - _SHOWN} more" if len(self.leaderboard) > _SHOWN else ""
        failed = f", {len(self.failures)} images failed" if self.failures else ""
        return f"Ranking(contents: {self.compared_contents}; {'; '.join(rows)}{more}{failed})"
