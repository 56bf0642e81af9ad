"""Which figures of a column are best and second, which rest on what was trained on, and how a figure is written."""

from collections.abc import Sequence
from enum import StrEnum
from itertools import groupby

from fgresq.results import BenchmarkTable, TableCell, TableColumn

DIGITS = 3
DASH = "-"
DOUBTED = "?"
SEEN = "†"


class Mark(StrEnum):
    """A figure's place in its column."""

    NONE = ""
    BEST = "best"
    SECOND = "second"


def marks(table: BenchmarkTable) -> tuple[tuple[Mark, ...], ...]:
    """The mark of every cell, row by row. Figures that print alike are equal: both are best, and the next is second.

    A figure over images that the metric's weights have seen has no place.
    """
    columns = [_of_column([row.cells[number] for row in table.rows]) for number in range(len(table.columns))]
    return tuple(tuple(column[row] for column in columns) for row in range(len(table.rows)))


def _of_column(cells: Sequence[TableCell]) -> list[Mark]:
    values = [None if cell.value is None or cell.seen else round(cell.value, DIGITS) for cell in cells]
    ranked = sorted({value for value in values if value is not None}, reverse=True)
    places = dict(zip(ranked, (Mark.BEST, Mark.SECOND), strict=False))
    return [Mark.NONE if value is None else places.get(value, Mark.NONE) for value in values]


def figure(value: float | None, digits: int = DIGITS) -> str:
    """A figure with three decimals, or a dash where there is none; never "-0.000"."""
    return DASH if value is None else f"{round(value, digits) + 0.0:.{digits}f}"


def seen(cell: TableCell) -> str:
    """A sign behind a figure over images that the metric's weights have seen; or nothing."""
    return SEEN if cell.value is not None and cell.seen else ""


def warnings(table: BenchmarkTable) -> list[str]:
    """What must be said before a table, in red where there are colours."""
    return [f"{SEEN} {text}" for text in table.warnings]


def interval(cell: TableCell) -> str:
    """A cell's interval, or nothing."""
    return "" if cell.low is None or cell.high is None else f"[{figure(cell.low, 2)}, {figure(cell.high, 2)}]"


def published(cell: TableCell) -> str:
    """The paper's figure, with a question mark where something speaks against it; or nothing."""
    if cell.published is None:
        return ""
    return figure(cell.published) + (DOUBTED if cell.doubt else "")


def groups(columns: Sequence[TableColumn]) -> list[tuple[str, int]]:
    """The groups of a table's columns, and how many columns each has."""
    return [(name, len(list(of))) for name, of in groupby(columns, key=lambda column: column.group)]


def number_in(table: BenchmarkTable, column: int) -> int:
    """How many images or pairs a column is over: as many as the metric has that could be judged on most."""
    return max((row.cells[column].of for row in table.rows), default=0)


def rests_on_fewer(table: BenchmarkTable, column: int, cell: TableCell) -> bool:
    """Whether a figure rests on fewer images or pairs than its column is over."""
    return cell.value is not None and cell.n != number_in(table, column)


def kind(full_reference: bool) -> str:
    """FR or NR, as the literature has it."""
    return "FR" if full_reference else "NR"


def remarks(table: BenchmarkTable) -> list[str]:
    """What must be said under a table: its notes, those of its rows, and what speaks against the paper's figures."""
    return [*table.notes, *_of_rows(table), *_doubts(table)]


def _of_rows(table: BenchmarkTable) -> list[str]:
    """One line a note, with the rows that it is of."""
    said: dict[str, list[str]] = {}
    for row in table.rows:
        if row.note:
            said.setdefault(row.note, []).append(row.title)
    return [f"{', '.join(titles)}: {note}." for note, titles in said.items()]


def _doubts(table: BenchmarkTable) -> list[str]:
    """One line a reason, with the groups and the metrics that it is said of."""
    said: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    for row in table.rows:
        for column, cell in zip(table.columns, row.cells, strict=True):
            if cell.doubt:
                of_groups, titles = said.setdefault(cell.doubt, ({}, {}))
                of_groups[column.group] = titles[row.title] = None
    return [
        f"{DOUBTED} {', '.join(of_groups)} of {_few(list(titles))}: {reason}"
        for reason, (of_groups, titles) in said.items()
    ]


def _few(titles: Sequence[str], shown: int = 4) -> str:
    return ", ".join(titles) if len(titles) <= shown else f"{len(titles)} metrics"
