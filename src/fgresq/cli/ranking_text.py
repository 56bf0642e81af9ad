"""A ranking as people read it on a terminal: one row an algorithm, names whole, as many columns as the width takes."""

from collections.abc import Sequence

from rich.cells import cell_len

from fgresq.cli.terminal import cell, notes, one_line, print_failures, print_provenance, results
from fgresq.report.grid import GridColumn
from fgresq.report.ranking_grid import ranking_grids, summary
from fgresq.report.ranking_words import caveats
from fgresq.results import Ranking

_MISSING_SHOWN = 10
_GAP = 2  # between columns


def print_ranking(ranking: Ranking) -> None:
    """Print every group's leaderboard, the differences to the baseline, what failed, and what limits the figures."""
    for number, grid in enumerate(ranking_grids(ranking)):
        if number:
            results.print()
        if grid.title:
            results.print(cell(grid.title, "bold"), soft_wrap=True)
        _print_columns(grid.columns)
    print_failures(list(ranking.failures))
    _print_missing(ranking)
    results.print(f"\n{summary(ranking)}", style="bold", soft_wrap=True)
    for caveat in caveats(ranking):
        results.print(cell(caveat, "yellow"), soft_wrap=True)
    print_provenance(ranking.provenance)


def _print_columns(columns: Sequence[GridColumn]) -> None:
    """Leave out spare columns until the rest fits; what still doesn't is left to the terminal, uncut."""
    kept = list(columns)
    while sum(map(_width, kept)) + _GAP * (len(kept) - 1) > results.width and any(column.spare for column in kept):
        kept.remove(max(kept, key=lambda column: column.spare))
    lines = [[column.title for column in kept], *zip(*(column.cells for column in kept), strict=True)]
    for number, line in enumerate(lines):
        padded = [_padded(text, column) for column, text in zip(kept, line, strict=True)]
        results.print(cell((" " * _GAP).join(padded).rstrip(), "" if number else "bold"), soft_wrap=True)


def _width(column: GridColumn) -> int:
    return max(cell_len(one_line(text)) for text in (column.title, *column.cells))


def _padded(text: str, column: GridColumn) -> str:
    shown = one_line(text)
    space = " " * (_width(column) - cell_len(shown))
    return shown + space if column.left else space + shown


def _print_missing(ranking: Ranking) -> None:
    for algorithm, content in ranking.missing[:_MISSING_SHOWN]:
        notes.print(cell(f"missing: {algorithm} has no image of {content}", "yellow"), soft_wrap=True)
    if len(ranking.missing) > _MISSING_SHOWN:
        notes.print(f"missing: {len(ranking.missing) - _MISSING_SHOWN} more; --output FILE.json lists all")
