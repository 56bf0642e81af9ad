"""From answers to the rows of a table, with the paper's figures beside ours where that is wanted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from fgresq.benchmark.published import Figure
from fgresq.benchmark.published.figures import Place
from fgresq.benchmark.tables.labels import Answers
from fgresq.metrics.catalogue import PAPER, card_of
from fgresq.results import TableCell, TableColumn, TableRow

SCORES_ALONE = ", scores alone"
ONLY_PRINTED = "wasn't run; the paper's figures alone"

# The cell of one metric in one column; the flag asks for ACC by the scores of a metric that compares.
CellMaker = Callable[[Answers, TableColumn, bool], TableCell]


@dataclass(frozen=True, slots=True)
class Printed:
    """The paper's figures for a table.

    Attributes:
        figures: by metric, group and criterion.
        metrics: to give a row even where they weren't run.
    """

    figures: Mapping[Place, Figure]
    metrics: tuple[str, ...]


def make_rows(
    answers: Sequence[Answers], columns: Sequence[TableColumn], cell: CellMaker, printed: Printed | None
) -> tuple[TableRow, ...]:
    """All rows, full-reference metrics first; in each half the paper's order, then that of the answers.

    Args:
        answers: of the metrics.
        columns: of the table.
        cell: makes a cell.
        printed: the paper's figures, to set beside ours; None leaves them out.
    """
    rows = []
    for each in answers:
        rows.append(_row(each, columns, cell, printed))
        if each.preferences is not None and any(column.criterion == "ACC" for column in columns):
            rows.append(_scores_alone(each, columns, cell))
    if printed is not None:
        run = {each.card.metric for each in answers}
        rows += [_only_printed(name, columns, printed) for name in printed.metrics if name not in run]
    return tuple(sorted(rows, key=_place))


def _place(row: TableRow) -> tuple[bool, int]:
    name = row.metric.removesuffix(SCORES_ALONE)
    return (not row.full_reference, PAPER.index(name) if name in PAPER else len(PAPER))


def _row(answers: Answers, columns: Sequence[TableColumn], cell: CellMaker, printed: Printed | None) -> TableRow:
    card = answers.card
    cells = (cell(answers, column, False) for column in columns)
    note = card.note
    if answers.preferences is not None and any(column.criterion == "ACC" for column in columns):
        note = "; ".join(part for part in (note, "ACC by its comparison head") if part)
    return TableRow(
        card.name,
        card.title,
        card.full_reference,
        note,
        tuple(_beside(card.metric, column, own, printed) for column, own in zip(columns, cells, strict=True)),
    )


def _scores_alone(answers: Answers, columns: Sequence[TableColumn], cell: CellMaker) -> TableRow:
    """ACC as it follows from the scores, in a row of its own: its SRCC and PLCC stand in the row above."""
    card = answers.card
    cells = tuple(
        cell(answers, column, True) if column.criterion == "ACC" else TableCell(None, 0, 0, "as in the row above")
        for column in columns
    )
    name, title = card.name + SCORES_ALONE, card.title + SCORES_ALONE
    return TableRow(name, title, card.full_reference, "ACC by its scores", cells)


def _only_printed(metric: str, columns: Sequence[TableColumn], printed: Printed) -> TableRow:
    spec = card_of(metric)
    absent = TableCell(None, 0, 0, "wasn't run")
    cells = tuple(_beside(metric, column, absent, printed) for column in columns)
    return TableRow(metric, spec.title, spec.full_reference, ONLY_PRINTED, cells)


def _beside(metric: str, column: TableColumn, cell: TableCell, printed: Printed | None) -> TableCell:
    figure = None if printed is None else printed.figures.get((metric, column.group, column.criterion))
    return cell if figure is None else replace(cell, published=figure.value, doubt=figure.doubt)
