"""Tables in LaTeX, for `booktabs`."""

from collections.abc import Iterator

from fgresq.report.benchmark.marks import (
    Mark,
    figure,
    groups,
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
from fgresq.report.grid import latex_text
from fgresq.results import BenchmarkResult, BenchmarkTable, TableCell


def as_latex(result: BenchmarkResult) -> str:
    """All tables, each a `table*` of its own; the preamble needs booktabs, and xcolor where something is in red."""
    packages = "booktabs,xcolor" if any(table.warnings for table in result.tables) else "booktabs"
    lines = (line for table in result.tables for line in _lines(table))
    return f"% \\usepackage{{{packages}}}\n" + "\n".join(lines)


def _lines(table: BenchmarkTable) -> Iterator[str]:
    spans = groups(table.columns)
    yield "\\begin{table*}\n\\centering\\small"
    yield f"\\caption{{{latex_text(table.title)}}}"
    for warning in warnings(table):
        yield f"{{\\footnotesize\\textcolor{{red}}{{{latex_text(warning)}}}\\par}}"
    yield "\\begin{tabular}{ll" + "r" * len(table.columns) + "}\n\\toprule"
    yield (
        "Type & Metric & "
        + " & ".join(f"\\multicolumn{{{n}}}{{c}}{{{latex_text(name)}}}" for name, n in spans)
        + r" \\"
    )
    yield _rules([n for _, n in spans])
    yield " &  & " + " & ".join(latex_text(column.criterion) for column in table.columns) + r" \\"
    yield " & $n$ & " + " & ".join(str(number_in(table, number)) for number in range(len(table.columns))) + r" \\"
    before = None
    for row, places in zip(table.rows, marks(table), strict=True):
        if row.full_reference is not before:
            yield "\\midrule"
        before = row.full_reference
        cells = (
            _cell(cell, place, rests_on_fewer(table, number, cell))
            for number, (cell, place) in enumerate(zip(row.cells, places, strict=True))
        )
        yield f"{kind(row.full_reference)} & {latex_text(row.title)} & " + " & ".join(cells) + r" \\"
    yield "\\bottomrule\n\\end{tabular}"
    for remark in remarks(table):
        yield f"\\par\\footnotesize {latex_text(remark)}"
    yield "\\end{table*}\n"


def _rules(spans: list[int]) -> str:
    rules, start = [], 3
    for span in spans:
        rules.append(f"\\cmidrule(lr){{{start}-{start + span - 1}}}")
        start += span
    return "".join(rules)


def _cell(cell: TableCell, mark: Mark, fewer: bool) -> str:
    text = figure(cell.value).replace("-", "--" if cell.value is None else "$-$")
    if mark is Mark.BEST:
        text = f"\\textbf{{{text}}}"
    elif mark is Mark.SECOND:
        text = f"\\underline{{{text}}}"
    if seen(cell):
        text = f"\\textcolor{{red}}{{{text}{latex_text(seen(cell))}}}"
    paper = published(cell).replace("-", "$-$")
    parts = [text, interval(cell).replace("-", "$-$"), f"$n={cell.n}$" if fewer else "", f"({paper})" if paper else ""]
    return " ".join(part for part in parts if part)
