"""A ranking as tables of texts: each group's leaderboard, the differences to the baseline, and what goes below them."""

from collections.abc import Callable

from fgresq.report.grid import Grid, GridColumn
from fgresq.report.ranking_words import caveats, count, places, probability
from fgresq.report.wording import weights_line
from fgresq.results import AlgorithmPair, AlgorithmStanding, Ranking


def ranking_grids(ranking: Ranking) -> list[Grid]:
    """One table a group, and one of the differences to the baseline if there is one. Names are as they are."""
    grids = []
    for number, group in enumerate(ranking.groups, start=1):
        head = f"group {number}: {len(group.algorithms)} algorithms, {count(group.contents, 'content', 'contents')}"
        grids.append(Grid(head if len(ranking.groups) > 1 else "", _board(ranking, number)))
    if ranking.against_baseline:
        grids.append(Grid(f"against {ranking.baseline}", _against_baseline(ranking)))
    return grids


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


def _interval(row: AlgorithmStanding | AlgorithmPair) -> str:
    return "-" if row.low is None or row.high is None else f"[{row.low:+.2f}, {row.high:+.2f}]"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.2f}"
