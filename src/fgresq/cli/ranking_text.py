"""A ranking as people read it on a terminal: one row an algorithm, names whole, as many columns as the width takes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len

from fgresq.cli.terminal import cell, notes, number, one_line, print_failures, print_provenance, results
from fgresq.report.ranking_words import caveats, count, places, probability
from fgresq.results import AlgorithmPair, AlgorithmStanding, Ranking

_MISSING_SHOWN = 10
_GAP = 2  # between columns


@dataclass(frozen=True, slots=True)
class _Column:
    """A title and its cells; `spare` says which columns go first where the width doesn't take all: the highest."""

    title: str
    cells: Sequence[str]
    spare: int = 0
    justify: Literal["left", "right"] = "right"

    @property
    def width(self) -> int:
        return max(map(cell_len, [self.title, *self.cells]))

    def padded(self, text: str) -> str:
        """The text, filled up to the column's width."""
        space = " " * (self.width - cell_len(text))
        return text + space if self.justify == "left" else space + text


def print_ranking(ranking: Ranking) -> None:
    """Print every group's leaderboard, the differences to the baseline, what failed, and what limits the figures."""
    for place, group in enumerate(ranking.groups, start=1):
        if len(ranking.groups) > 1:
            head = f"group {place}: {len(group.algorithms)} algorithms, {count(group.contents, 'content', 'contents')}"
            results.print(head, style="bold")
        _print_board(ranking, [row for row in ranking.leaderboard if row.group == place])
    if ranking.against_baseline:
        _print_baseline(ranking)
    print_failures(list(ranking.failures))
    _print_missing(ranking)
    results.print(f"\n{_summary(ranking)}", style="bold", soft_wrap=True)
    for caveat in caveats(ranking):
        results.print(cell(caveat, "yellow"), soft_wrap=True)
    print_provenance(ranking.provenance)


def _print_board(ranking: Ranking, rows: Sequence[AlgorithmStanding]) -> None:
    def column(
        title: str,
        text: Callable[[AlgorithmStanding], str],
        spare: int = 0,
        justify: Literal["left", "right"] = "right",
    ) -> _Column:
        return _Column(title, [text(row) for row in rows], spare, justify)

    total = ranking.compared_contents
    _print_columns(
        [
            column("", lambda row: str(row.place)),
            column("algorithm", lambda row: one_line(row.algorithm), justify="left"),
            column("strength", lambda row: number(row.strength, 2, signed=True)),
            column(f"{100 * ranking.confidence:g} % interval", _interval),
            column("won", lambda row: "-" if row.win_rate is None else f"{100 * row.win_rate:.0f} %", spare=3),
            column("W/T/L", lambda row: f"{row.wins}/{row.ties}/{row.losses}", spare=4),
            column("score", lambda row: number(row.mean_score), spare=1),
            column("on", lambda row: f"{row.contents}/{total}", spare=2),
            column("level with", lambda row: places(row, ranking), justify="left"),
        ]
    )


def _print_baseline(ranking: Ranking) -> None:
    rows = ranking.against_baseline

    def verdict(pair: AlgorithmPair) -> str:
        return "-" if pair.better is None else "better" if pair.better == pair.first else "worse"

    results.print()
    results.print(cell(f"against {ranking.baseline}", "bold"), soft_wrap=True)
    _print_columns(
        [
            _Column("algorithm", [one_line(pair.first) for pair in rows], justify="left"),
            _Column("difference", [number(pair.difference, 2, signed=True) for pair in rows]),
            _Column(f"{100 * ranking.confidence:g} % interval", [_interval(pair) for pair in rows]),
            _Column("p", [probability(pair.p) for pair in rows], spare=1),
            _Column("p, Holm", [probability(pair.p_adjusted) for pair in rows]),
            _Column("on", [str(pair.contents) for pair in rows], spare=2),
            _Column("", [verdict(pair) for pair in rows], justify="left"),
        ]
    )


def _print_columns(columns: Sequence[_Column]) -> None:
    """Leave out spare columns until the rest fits; what still doesn't is left to the terminal, uncut."""
    kept = list(columns)
    while _width(kept) > results.width and any(column.spare for column in kept):
        kept.remove(max(kept, key=lambda column: column.spare))
    lines = [[column.title for column in kept], *zip(*(column.cells for column in kept), strict=True)]
    for number_of, line in enumerate(lines):
        padded = [column.padded(text) for column, text in zip(kept, line, strict=True)]
        results.print(cell((" " * _GAP).join(padded).rstrip(), "" if number_of else "bold"), soft_wrap=True)


def _width(columns: Sequence[_Column]) -> int:
    return sum(column.width for column in columns) + _GAP * (len(columns) - 1)


def _interval(row: AlgorithmStanding | AlgorithmPair) -> str:
    return "-" if row.low is None or row.high is None else f"[{row.low:+.2f}, {row.high:+.2f}]"


def _summary(ranking: Ranking) -> str:
    contents = count(ranking.compared_contents, "content", "contents")
    if not ranking.resamples:
        return f"{contents} compared"
    tested = sum(pair.p is not None for pair in ranking.pairs)
    level = f"p < {1 - ranking.confidence:.2g}"
    return (
        f"{contents} compared, {ranking.resamples} resamples of them; level with: places of which neither is called "
        f"better ({level} after Holm's correction over {count(tested, 'pair', 'pairs')})"
    )


def _print_missing(ranking: Ranking) -> None:
    for algorithm, content in ranking.missing[:_MISSING_SHOWN]:
        notes.print(cell(f"missing: {algorithm} has no image of {content}", "yellow"), soft_wrap=True)
    if len(ranking.missing) > _MISSING_SHOWN:
        notes.print(f"missing: {len(ranking.missing) - _MISSING_SHOWN} more; --output FILE.json lists all")
