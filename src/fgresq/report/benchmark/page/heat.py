"""Heat maps of a table: each group of its columns with the metrics in order, coloured figures, intervals on an axis."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fgresq.report.benchmark.marks import groups
from fgresq.report.interval_axis import IntervalAxis
from fgresq.results import BenchmarkTable, TableCell, TableRow

LEVELS = 20
"""Steps of the colour scale; the middle one is what guessing gives."""

_WITH_AXIS = ("ACC", "SRCC")
_MEAN, _MEAN_AND_ONE = "Average", 2


def level(value: float, criterion: str) -> int:
    """Step of the scale: 0 is -1 (ACC: 0), the middle 0 (ACC: 0.5), the last 1."""
    share = value if criterion == "ACC" else (value + 1) / 2
    return min(max(round(share * LEVELS), 0), LEVELS)


@dataclass(frozen=True, slots=True)
class HeatMap:
    """One group of a table's columns.

    Attributes:
        name: of the group.
        criteria: of its columns.
        axes: one a criterion; None where its intervals aren't drawn.
        rows: metrics and their cells, the best first; those without any figure are left out.
        absent: titles of the metrics that are left out, with the reason.
    """

    name: str
    criteria: tuple[str, ...]
    axes: tuple[IntervalAxis | None, ...]
    rows: tuple[tuple[TableRow, tuple[TableCell, ...]], ...]
    absent: tuple[tuple[str, str], ...]


def heat_maps(table: BenchmarkTable) -> tuple[HeatMap, ...]:
    """One a group of columns, in the table's order."""
    maps, start, spans = [], 0, groups(table.columns)
    for name, span in spans:
        columns = slice(start, start + span)
        start += span
        if name == _MEAN and len(spans) == _MEAN_AND_ONE:
            continue  # the same again
        criteria = tuple(column.criterion for column in table.columns[columns])
        rows = [(row, row.cells[columns]) for row in table.rows]
        there = [pair for pair in rows if any(cell.value is not None for cell in pair[1])]
        # A row that the paper alone has isn't missing here.
        absent = [(row.title, cells[0].why or "") for row, cells in rows if _is_empty(cells) and _was_run(cells)]
        axes = tuple(
            _axis(number, criterion, [cells for _, cells in there]) for number, criterion in enumerate(criteria)
        )
        ordered = sorted(there, key=lambda pair: _best_first(pair[1], criteria))
        maps.append(HeatMap(name, criteria, axes, tuple(ordered), tuple(absent)))
    return tuple(maps)


def _is_empty(cells: Sequence[TableCell]) -> bool:
    return all(cell.value is None for cell in cells)


def _was_run(cells: Sequence[TableCell]) -> bool:
    return any(cell.of > 0 for cell in cells)


def _best_first(cells: Sequence[TableCell], criteria: Sequence[str]) -> list[tuple[bool, float]]:
    """By ACC where there is one, then by the first criterion; rows without a figure last.

    Behind all others stand those whose weights have seen some of the images.
    """
    ranked = [cells[criteria.index(name)].value for name in ("ACC", criteria[0]) if name in criteria]
    has_seen = any(cell.seen for cell in cells)
    return [(has_seen, 0.0), *((value is None, 0.0 if value is None else -value) for value in ranked)]


def _axis(number: int, criterion: str, rows: Sequence[Sequence[TableCell]]) -> IntervalAxis | None:
    """From a round number below all intervals to 1; a figure at the least possible value gets a margin."""
    low = [cells[number].low for cells in rows]
    if criterion not in _WITH_AXIS or all(value is None for value in low):
        return None
    step = 0.25 if criterion == "ACC" else 0.5
    least = min(value for cells in rows for value in (cells[number].low, cells[number].value) if value is not None)
    start = min(math.floor(least / step) * step, 0.5 if criterion == "ACC" else 0.0)
    ticks = tuple(start + step * k for k in range(round((1 - start) / step) + 1))
    margin = 0.03 * (1 - start)
    return IntervalAxis(start - margin, 1 + margin, ticks, 2)
