"""Tables in Markdown, as GitHub and MkDocs draw them."""

from collections.abc import Iterator

from fgresq.report.benchmark.marks import (
    Mark,
    figure,
    interval,
    kind,
    marks,
    number_in,
    published,
    remarks,
    rests_on_fewer,
    seen,
    warnings,
)
from fgresq.report.wording import visible_name
from fgresq.results import BenchmarkResult, BenchmarkTable, TableCell


def as_markdown(result: BenchmarkResult) -> str:
    """All tables, each under a heading, with its notes below."""
    return "\n".join(line for table in result.tables for line in _lines(table))


def _lines(table: BenchmarkTable) -> Iterator[str]:
    yield f"## {_escaped(table.title)}\n"
    for warning in warnings(table):
        yield f"**Warning: {_escaped(warning)}**\n"
    yield _line(["Type", "Metric", *(f"{column.group} {column.criterion}" for column in table.columns)])
    yield _line(["---", "---", *("---:" for _ in table.columns)])
    yield _line(["", "n", *(str(number_in(table, number)) for number in range(len(table.columns)))])
    for row, places in zip(table.rows, marks(table), strict=True):
        cells = (
            _cell(cell, place, rests_on_fewer(table, number, cell))
            for number, (cell, place) in enumerate(zip(row.cells, places, strict=True))
        )
        yield _line([kind(row.full_reference), _escaped(row.title), *cells])
    yield ""
    for remark in remarks(table):
        yield f"- {_escaped(remark)}"
    yield ""


def _cell(cell: TableCell, mark: Mark, fewer: bool) -> str:
    text = figure(cell.value)
    if mark is Mark.BEST:
        text = f"**{text}**"
    elif mark is Mark.SECOND:
        text = f"<u>{text}</u>"
    text += seen(cell)
    paper = published(cell)
    parts = [text, interval(cell), f"n={cell.n}" if fewer else "", f"(paper {paper})" if paper else ""]
    return " ".join(part for part in parts if part)


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _escaped(text: str) -> str:
    """Text of others in which nothing is Markdown."""
    shown = visible_name(text)
    for sign in "\\`*_{}[]<>#|":
        shown = shown.replace(sign, "\\" + sign)
    return shown
