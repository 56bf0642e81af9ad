"""Strengths from votes, by the rules of `criteria.standings`: of a content's images, and of algorithms over contents.

All votes count, not verdicts: a split vote says that images are close.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
from jaxtyping import Float

from fgresq.criteria.paired import FEWEST_CONTENTS
from fgresq.criteria.pairings import NamedStandings, number
from fgresq.criteria.standings import IntervalSettings, standings

_STANDING_TYPES = {
    **dict.fromkeys(("group", "place"), pl.Int64),
    **dict.fromkeys(("strength", "low", "high"), pl.Float64),
    "not_separated_from": pl.String,
    "votes": pl.Int64,
}
SCALE_TYPES = {**dict.fromkeys(("content", "image", "algorithm"), pl.String), **_STANDING_TYPES, "annotators": pl.Int64}
ALGORITHM_TYPES = {"algorithm": pl.String, **_STANDING_TYPES, "contents": pl.Int64}
PAIR_TYPES = {
    **dict.fromkeys(("first", "second"), pl.String),
    "contents": pl.Int64,
    **dict.fromkeys(("p_first_better", "p_second_better", "p_equal"), pl.Float64),
    **dict.fromkeys(("difference", "low", "high", "p", "p_adjusted"), pl.Float64),
    "better": pl.String,
}
_SETTINGS = IntervalSettings()
_Tables = tuple[Float[np.ndarray, "n k k"], Float[np.ndarray, "n k k"]]


def content_scales(votes: pl.DataFrame, settings: IntervalSettings = _SETTINGS) -> pl.DataFrame:
    """Scale the images of every content.

    Strengths of two contents, or of two groups of one content that no vote connects, aren't comparable. Intervals
    weight annotators whole, since one's answers go together: they say how far other people of this kind would move the
    scale. They need two annotators, and "better than" needs six.

    Args:
        votes: of `store.frames.votes_frame`.
        settings: of the intervals.

    Returns:
        One row an image that was judged, by content, group and place; columns `SCALE_TYPES`. `votes` counts those on
        the image's pairs; `low` and `high` are null with one annotator; `not_separated_from` names images.
    """
    rows = []
    for content in votes["content"].unique().sort():
        some = votes.filter(content=content)
        algorithms = dict(some.select("image_a", "algorithm_a").iter_rows())
        algorithms.update(some.select("image_b", "algorithm_b").iter_rows())
        people = some["person"].unique().sort().to_list()
        images = sorted(algorithms)
        tables = _counts(some.select("person", "image_a", "image_b", "preference"), people, images)
        named = NamedStandings(images, standings(*tables, settings), *tables)
        judged = (named.wins + np.swapaxes(named.wins, 1, 2) + named.ties).sum(axis=(0, 2))
        rows += [
            (content, image, algorithms[image], *row, int(judged[i]), len(people)) for i, image, row in _rows(named)
        ]
    return pl.DataFrame(rows, schema=SCALE_TYPES, orient="row")


def algorithm_standings(
    votes: pl.DataFrame, settings: IntervalSettings = _SETTINGS
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rank algorithms over contents, as `fgresq rank` does, with shares of votes in place of a model's probabilities.

    Args:
        votes: of `store.frames.votes_frame`. Those on pairs of one algorithm, or of none, aren't counted.
        settings: of the intervals, which are over contents.

    Returns:
        One row an algorithm (`ALGORITHM_TYPES`), and one every two (`PAIR_TYPES`: fields of `results.AlgorithmPair`).
    """
    counted = votes.filter(pl.col("algorithm_a") != pl.col("algorithm_b"))
    names = sorted({*counted["algorithm_a"], *counted["algorithm_b"]})
    contents = counted["content"].unique().sort().to_list()
    columns = counted.select("content", "algorithm_a", "algorithm_b", "preference")
    wins, ties = _counts(columns, contents, names)
    judged = wins + np.swapaxes(wins, 1, 2) + ties
    wins, ties = (table / np.maximum(judged, 1) for table in (wins, ties))
    named = NamedStandings(names, standings(wins, ties, settings), wins, ties)
    present = (judged > 0).any(axis=2).sum(axis=0)
    rows = [(name, *row, int(judged[:, i].sum()), int(present[i])) for i, name, row in _rows(named)]
    pairs = [tuple(getattr(pair, field) for field in PAIR_TYPES) for pair in named.pairs()]
    return (
        pl.DataFrame(rows, schema=ALGORITHM_TYPES, orient="row"),
        pl.DataFrame(pairs, schema=PAIR_TYPES, orient="row"),
    )


def limits(scales: pl.DataFrame, algorithms: pl.DataFrame, pairs: pl.DataFrame) -> list[str]:
    """What these tables can't say, one line each.

    Args:
        scales: of `content_scales`.
        algorithms, pairs: of `algorithm_standings`.
    """
    lines = []
    asked = scales.group_by("content").agg(pl.col("annotators").first(), pl.col("group").max())
    few, apart = asked.filter(pl.col("annotators") < FEWEST_CONTENTS), asked.filter(pl.col("group") > 1)
    if len(few):
        lines.append(
            f"scales: {len(few)} of {len(asked)} contents have fewer than {FEWEST_CONTENTS} annotators; no image is "
            "called better there"
        )
    if len(apart):
        lines.append(f"scales: {len(apart)} of {len(asked)} contents have groups that no vote connects, ranked apart")
    untested = pairs["p"].null_count()
    if untested:
        lines.append(
            f"algorithms: {untested} of {len(pairs)} pairs share fewer than {FEWEST_CONTENTS} contents; neither of two "
            "is called better there"
        )
    groups = algorithms["group"].drop_nulls().n_unique()
    if groups > 1:
        lines.append(f"algorithms: {groups} groups share no content, and are ranked apart")
    return lines


def _rows(named: NamedStandings) -> list[tuple[int, str, tuple[object, ...]]]:
    """In order: number, name, and the columns of `_STANDING_TYPES` but the votes."""
    found = named.found
    return [
        (
            i,
            named.names[i],
            (
                None if found.group[i] < 0 else int(found.group[i]) + 1,
                named.place(i),
                number(found.strengths[i]),
                number(found.low[i]),
                number(found.high[i]),
                "; ".join(named.not_separated_from(i)),
            ),
        )
        for i in named.order()
    ]


def _counts(votes: pl.DataFrame, units: Sequence[str], names: Sequence[str]) -> _Tables:
    """Each unit's wins and ties; a tie stands at both places. Columns: the unit, the two names, the preference."""
    place = {name: i for i, name in enumerate(names)}
    which = {unit: i for i, unit in enumerate(units)}
    wins, ties = np.zeros((2, len(units), len(names), len(names)))
    for unit, first, second, said in votes.iter_rows():
        a, b = place[first], place[second]
        if said == "equal":
            ties[which[unit], a, b] += 1
            ties[which[unit], b, a] += 1
        else:
            wins[which[unit], *((a, b) if said == "A" else (b, a))] += 1
    return wins, ties
