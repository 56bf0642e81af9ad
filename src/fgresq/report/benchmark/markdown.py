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
from fgresq.report.grid import markdown_text
from fgresq.results import BenchmarkResult, BenchmarkTable, TableCell


def as_markdown(result: BenchmarkResult) -> str:
    """All tables, each under a heading, with its notes below."""
    return "\n".join(line for table in result.tables for line in _lines(table))


def _lines(table: BenchmarkTable) -> Iterator[str]:
    yield f"## {markdown_text(table.title)}\n"
    for warning in warnings(table):
        yield f"**Warning: {markdown_text(warning)}**\n"
    yield _line(["Type", "Metric", *(f"{column.group} {column.criterion}" for column in table.columns)])
    yield _line(["---", "---", *("---:" for _ in table.columns)])
    yield _line(["", "n", *(str(number_in(table, number)) for number in range(len(table.columns)))])
    for row, places in zip(table.rows, marks(table), strict=True):
        cells = (
            _cell(cell, place, rests_on_fewer(table, number, cell))
            for number, (cell, place) in enumerate(zip(row.cells, places, strict=True))
        )
        yield _line([kind(row.full_reference), markdown_text(row.title), *cells])
    yield ""
    for remark in remarks(table):
        yield f"- {markdown_text(remark)}"
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
