"""The paper's finding as a picture: SRCC over all images, and in narrow ranges of MOS, where it falls."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fgresq.errors import UserError
from fgresq.report.benchmark.marks import SEEN, seen
from fgresq.report.picture import check_picture, grid, save_picture
from fgresq.results import BenchmarkResult, BenchmarkTable, TableCell, TableRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OVERALL = "Overall"

_COLUMNS = 2
_COLOURS = "tab20"


def draw_fall(result: BenchmarkResult, path: Path) -> None:
    """Draw one panel a data set: each metric's SRCC overall, then in each range; the paper's figures dashed.

    Args:
        result: by range.
        path: to write; .png or .svg.

    Raises:
        UserError: the result isn't by range, or matplotlib isn't installed.
        OutputError: another suffix, or it can't be written there.
    """
    check_picture(path)
    if result.by != "range":
        raise UserError("the fall of SRCC is drawn of tables by range; use --by range")
    figure, axes = grid(len(result.tables), "benchmark", columns=_COLUMNS, width=6.4, height=4.4)
    from matplotlib import colormaps  # noqa: PLC0415 - an extra

    names = list(dict.fromkeys(row.title for table in result.tables for row in table.rows))
    colours = {name: colormaps[_COLOURS](number % 20) for number, name in enumerate(names)}
    for axis, table in zip(axes, result.tables, strict=True):
        _draw_panel(axis, table, colours)
    save_picture(figure, path)


def fall(table: BenchmarkTable, row: TableRow) -> tuple[float | None, tuple[float | None, ...]]:
    """A metric's SRCC overall, and in each range, None where it is undefined."""
    cells = _srcc(table, row)
    return cells[OVERALL].value, tuple(cell.value for group, cell in cells.items() if group != OVERALL)


def _srcc(table: BenchmarkTable, row: TableRow) -> dict[str, TableCell]:
    both = zip(table.columns, row.cells, strict=True)
    return {column.group: cell for column, cell in both if column.criterion == "SRCC"}


def _draw_panel(axis: "Axes", table: BenchmarkTable, colours: Mapping[str, object]) -> None:
    groups = [column.group for column in table.columns if column.criterion == "SRCC"]
    groups = [OVERALL, *(group for group in groups if group != OVERALL)]
    for row in table.rows:
        cells = _srcc(table, row)
        ours = [cells[group].value for group in groups]
        paper = [cells[group].published for group in groups]
        if any(value is not None for value in ours):
            sign = SEEN if any(seen(cell) for cell in cells.values()) else ""
            _line(axis, ours, f"{row.title}{sign}", colours[row.title], "-")
        if any(value is not None for value in paper):
            _line(axis, paper, f"{row.title} (paper)", colours[row.title], "--")
    axis.axhline(0, color="black", linewidth=0.6)
    counts = [max((_srcc(table, row)[group].of for row in table.rows), default=0) for group in groups]
    labels = [f"{group}\nn={count:,}" for group, count in zip(groups, counts, strict=True)]
    axis.set(title=table.name, ylabel="SRCC", ylim=(-1.05, 1.05))
    axis.set_xticks(range(len(groups)), labels, fontsize=8)
    if table.warnings:
        text = f"{SEEN} has seen images of this data set in its training"
        axis.text(0.5, 0.01, text, transform=axis.transAxes, ha="center", va="bottom", color="red", fontsize=8)
    axis.legend(frameon=False, fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))


def _line(axis: "Axes", values: Sequence[float | None], label: str, colour: object, style: str) -> None:
    """Overall as a large dot, joined to the ranges; a gap where a figure is undefined."""
    heights = [np.nan if value is None else value for value in values]
    axis.plot(range(len(heights)), heights, style, color=colour, label=label, linewidth=1.2, marker="o", markersize=3)
    axis.plot([0], heights[:1], "o", color=colour, markersize=7, fillstyle="full" if style == "-" else "none")
