"""A ranking as tables of texts: each group's leaderboard, the differences to the baseline, and what goes below them."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from fgresq.report.grid import Grid, GridColumn
from fgresq.report.ranking_words import caveats, count, places, probability
from fgresq.report.wording import weights_line
from fgresq.results import (
    AlgorithmPair,
    AlgorithmStanding,
    BesideStanding,
    CurvePoint,
    MetricBeside,
    Ranking,
    RunSpread,
    TrainingCurve,
)


def ranking_grids(ranking: Ranking) -> list[Grid]:
    """One table a group, and one of the differences to the baseline if there is one. Names are as they are."""
    grids = []
    for number, group in enumerate(ranking.groups, start=1):
        head = f"group {number}: {len(group.algorithms)} algorithms, {count(group.contents, 'content', 'contents')}"
        grids.append(Grid(head if len(ranking.groups) > 1 else "", _board(ranking, number)))
    if ranking.against_baseline:
        grids.append(Grid(f"against {ranking.baseline}", _against_baseline(ranking)))
    return [*grids, *further_grids(ranking)]


def further_grids(ranking: Ranking) -> list[Grid]:
    """Tables of what only some rankings have: data sets, runs of an algorithm, checkpoints, other metrics."""
    grids = []
    for own in ranking.datasets:
        judged = tuple(content for content in ranking.contents if content.content in own.contents)
        alone = replace(
            ranking, leaderboard=own.leaderboard, pairs=own.pairs, groups=own.groups, contents=judged, datasets=()
        )
        for number in range(1, len(own.groups) + 1):
            group = f", group {number}" if len(own.groups) > 1 else ""
            head = f"{own.dataset}: {count(len(own.contents), 'content', 'contents')}{group}"
            grids.append(Grid(head, _board(alone, number)))
    if ranking.runs:
        grids.append(Grid("runs of one algorithm: mean and standard deviation", _runs(ranking.runs)))
    grids += [
        Grid(f"checkpoints{f' of {curve.name}' if curve.name else ''}", _curve(curve)) for curve in ranking.curves
    ]
    if ranking.beside:
        cut = next((f"; {each.cut}" for each in ranking.beside if each.cut), "")
        grids.append(Grid(f"Other metrics: means and places{cut}", _beside(ranking)))
        grids.append(Grid("Do they agree?", _agreement(ranking)))
    return grids


def _beside(ranking: Ranking) -> list[GridColumn]:
    def text(row: BesideStanding) -> str:
        return "-" if row.mean is None else f"{row.mean:.4g} ({row.place})"

    rows = ranking.leaderboard
    return [
        GridColumn("algorithm", [row.algorithm for row in rows], left=True),
        GridColumn(
            "strength", [f"{_signed(row.strength)} ({'-' if row.place is None else row.place})" for row in rows]
        ),
        *(
            GridColumn(f"{each.metric} {'↑' if each.higher_is_better else '↓'}", [text(row) for row in each.standings])
            for each in ranking.beside
        ),
    ]


def _agreement(ranking: Ranking) -> list[GridColumn]:
    beside = ranking.beside

    def furthest(each: MetricBeside) -> str:
        if not each.disagreements:
            return "-"
        first = each.disagreements[0]
        values = f"{first.other_value:.4g} to {first.preferred_value:.4g}"
        return f"{first.content}: {first.preferred} won, {first.other} has {values}"

    return [
        GridColumn("metric", [each.metric for each in beside], left=True),
        GridColumn("contents", [str(each.contents) for each in beside], spare=3),
        GridColumn("order, SRCC", ["-" if each.order_srcc is None else f"{each.order_srcc:+.2f}" for each in beside]),
        GridColumn("pairs", [str(each.pairs) for each in beside], spare=2),
        GridColumn("same", ["-" if each.agreed is None else f"{100 * each.agreed:.0f} %" for each in beside]),
        GridColumn("furthest apart", [furthest(each) for each in beside], left=True, spare=4),
    ]


def _runs(runs: Sequence[RunSpread]) -> list[GridColumn]:
    def scores(run: RunSpread) -> str:
        return "-" if run.mean_score is None else f"{run.mean_score:.4f} ± {run.score_spread or 0.0:.4f}"

    return [
        GridColumn("algorithm", [run.algorithm for run in runs], left=True),
        GridColumn("runs", [str(len(run.runs)) for run in runs]),
        GridColumn("strength", [f"{run.strength:+.2f} ± {run.spread:.2f}" for run in runs]),
        GridColumn("from", [_signed(run.least) for run in runs], spare=2),
        GridColumn("to", [_signed(run.most) for run in runs], spare=2),
        GridColumn("score", [scores(run) for run in runs], spare=1),
    ]


def _curve(curve: TrainingCurve) -> list[GridColumn]:
    said = {None: "-", True: "better", False: "not called better"}
    points = curve.points
    return [
        GridColumn("step", [str(point.step) for point in points]),
        GridColumn("strength", [_signed(point.strength) for point in points]),
        GridColumn("interval", [_interval(point) for point in points]),
        GridColumn("score", ["-" if p.mean_score is None else f"{p.mean_score:.4f}" for p in points], spare=1),
        GridColumn(
            "best so far", [str(point.best_so_far) if point.best_so_far is not None else "-" for point in points]
        ),
        GridColumn("than the best before", [said[point.better] for point in points], left=True, spare=2),
    ]


def summary(ranking: Ranking) -> str:
    """What the figures rest on, in one sentence."""
    contents = count(ranking.compared_contents, "content", "contents")
    if not ranking.resamples:
        return f"{contents} compared"
    tested = sum(pair.p is not None for pair in ranking.pairs)
    return (
        f"{contents} compared, {ranking.resamples} resamples of them; level with: places of which neither is called "
        f"better (p < {1 - ranking.confidence:.2g} after Holm's correction over {count(tested, 'pair', 'pairs')})"
    )


def notes_below(ranking: Ranking) -> list[str]:
    """All that stands below the tables."""
    return [summary(ranking), *caveats(ranking), weights_line(ranking.provenance)]


def _board(ranking: Ranking, group: int) -> list[GridColumn]:
    rows = [row for row in ranking.leaderboard if row.group == group]
    total = ranking.compared_contents

    def column(
        title: str, text: Callable[[AlgorithmStanding], str], *, left: bool = False, spare: int = 0
    ) -> GridColumn:
        return GridColumn(title, [text(row) for row in rows], left, spare)

    return [
        column("", lambda row: str(row.place)),
        column("algorithm", lambda row: row.algorithm, left=True),
        column("strength", lambda row: _signed(row.strength)),
        column(f"{100 * ranking.confidence:g} % interval", _interval),
        column("won", lambda row: "-" if row.win_rate is None else f"{100 * row.win_rate:.0f} %", spare=3),
        column("W/T/L", lambda row: f"{row.wins}/{row.ties}/{row.losses}", spare=4),
        column("score", lambda row: "-" if row.mean_score is None else f"{row.mean_score:.4f}", spare=1),
        column("on", lambda row: f"{row.contents}/{total}", spare=2),
        column("level with", lambda row: places(row, ranking), left=True),
    ]


def _against_baseline(ranking: Ranking) -> list[GridColumn]:
    def column(title: str, text: Callable[[AlgorithmPair], str], *, left: bool = False, spare: int = 0) -> GridColumn:
        return GridColumn(title, [text(pair) for pair in ranking.against_baseline], left, spare)

    return [
        column("algorithm", lambda pair: pair.first, left=True),
        column("difference", lambda pair: _signed(pair.difference)),
        column(f"{100 * ranking.confidence:g} % interval", _interval),
        column("p", lambda pair: probability(pair.p), spare=1),
        column("p, Holm", lambda pair: probability(pair.p_adjusted)),
        column("on", lambda pair: str(pair.contents), spare=2),
        column("", _verdict, left=True),
    ]


def _verdict(pair: AlgorithmPair) -> str:
    return "-" if pair.better is None else "better" if pair.better == pair.first else "worse"


def _interval(row: AlgorithmStanding | AlgorithmPair | CurvePoint) -> str:
    return "-" if row.low is None or row.high is None else f"[{row.low:+.2f}, {row.high:+.2f}]"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.2f}"
