"""What one annotator's answers say of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from scipy.stats import binomtest

from fgresq.annotation.protocol.trials import TrialKind
from fgresq.annotation.quality.rate import Rate
from fgresq.annotation.quality.triads import circular_triads


@dataclass(frozen=True, slots=True)
class PersonQuality:
    """Figures of one annotator, from their latest answers.

    Attributes:
        person, team: who.
        votes: pairs judged, repeats and training not counted.
        equal: of them, those judged equal.
        training: training pairs answered as they are known.
        repeats: hidden repeats, same sides, answered as the first time.
        swapped: hidden repeats with the sides swapped, answered for the same image (or equal) as the first time.
        with_others: votes that agree with the one preference that most of the team's others have; pairs where the
            others have no such preference aren't counted.
        left: decided votes for the image on the left; sides are drawn, so an unbiased person has about one half.
        left_p: of a two-sided binomial test of one half; None without decided votes.
        triads: circular among the triads whose three pairs were decided.
        median_ms, low_ms, high_ms: time per vote, and its quartiles; None where no time is known.
    """

    person: str
    team: int | None
    votes: int
    equal: Rate
    training: Rate
    repeats: Rate
    swapped: Rate
    with_others: Rate
    left: Rate
    left_p: float | None
    triads: Rate
    median_ms: float | None
    low_ms: float | None
    high_ms: float | None

    @property
    def consistency(self) -> Rate:
        """Both kinds of hidden repeats together."""
        return Rate(self.repeats.count + self.swapped.count, self.repeats.of + self.swapped.of)


def people_quality(answers: pl.DataFrame) -> tuple[PersonQuality, ...]:
    """The figures of every annotator who has answered something.

    Args:
        answers: of `store.frames.answers_frame`; the columns are described there.

    Returns:
        By team and name. Who withdrew is left out, also from the others that a person is compared with.
    """
    counted = answers.filter("counts", ~pl.col("withdrawn"), pl.col("round") == 1)
    votes = counted.filter(pl.col("kind") == TrialKind.MAIN.value)
    by_pair: dict[int, Counter[str]] = {}
    for pair, preference in votes.select("pair", "preference").iter_rows():
        by_pair.setdefault(pair, Counter())[preference] += 1
    people = counted.select("person", "team").unique().sort("team", "person", nulls_last=True)
    rows = counted.partition_by("person", as_dict=True)
    return tuple(_quality(person, team, rows[(person,)].to_dicts(), by_pair) for person, team in people.iter_rows())


def _quality(
    person: str, team: int | None, rows: Sequence[Mapping[str, Any]], by_pair: Mapping[int, Counter[str]]
) -> PersonQuality:
    votes = [row for row in rows if row["kind"] == TrialKind.MAIN]
    said = {row["pair"]: row["preference"] for row in votes}
    decided = [row for row in votes if row["preference"] != "equal"]
    training = [row for row in rows if row["kind"] == TrialKind.TRAINING]
    left = Rate(sum(row["choice"] == "left" for row in decided), len(decided))
    times = pl.Series([row["elapsed_ms"] for row in votes], dtype=pl.Float64).drop_nulls()
    return PersonQuality(
        person=person,
        team=team,
        votes=len(votes),
        equal=Rate(len(votes) - len(decided), len(votes)),
        training=Rate(sum(row["preference"] == row["known"] for row in training), len(training)),
        repeats=_same_again(rows, TrialKind.REPEAT, said),
        swapped=_same_again(rows, TrialKind.SWAPPED_REPEAT, said),
        with_others=_with_others(said, by_pair),
        left=left,
        left_p=float(binomtest(left.count, left.of, 0.5).pvalue) if left.of else None,
        triads=circular_triads(_win(row) for row in decided),
        median_ms=_quantile(times, 0.5),
        low_ms=_quantile(times, 0.25),
        high_ms=_quantile(times, 0.75),
    )


def _same_again(rows: Sequence[Mapping[str, Any]], kind: TrialKind, said: Mapping[int, str]) -> Rate:
    again = [row for row in rows if row["kind"] == kind and row["pair"] in said]
    return Rate(sum(row["preference"] == said[row["pair"]] for row in again), len(again))


def _with_others(said: Mapping[int, str], by_pair: Mapping[int, Counter[str]]) -> Rate:
    agreeing = total = 0
    for pair, preference in said.items():
        others = by_pair[pair] - Counter([preference])
        ranked = others.most_common(2)
        if not ranked or (len(ranked) == 2 and ranked[0][1] == ranked[1][1]):
            continue
        total += 1
        agreeing += ranked[0][0] == preference
    return Rate(agreeing, total)


def _win(row: Mapping[str, Any]) -> tuple[str, str, str]:
    a, b = row["image_a"], row["image_b"]
    return (row["content"], a, b) if row["preference"] == "A" else (row["content"], b, a)


def _quantile(times: pl.Series, share: float) -> float | None:
    return times.quantile(share, interpolation="linear")
