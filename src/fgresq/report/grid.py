"""A table of texts, column by column, as Markdown and LaTeX; other people's names stay text in both."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fgresq.report.wording import visible_name

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "†": r"\textdagger{}",
}


@dataclass(frozen=True, slots=True)
class GridColumn:
    """A title and its cells.

    Attributes:
        title: may be empty.
        cells: one a row.
        left: whether they stand at the left, as words do; numbers stand at the right.
        spare: where not all columns fit, those with the highest go first; 0 always stays.
    """

    title: str
    cells: Sequence[str]
    left: bool = False
    spare: int = 0


@dataclass(frozen=True, slots=True)
class Grid:
    """Columns of equal length under a title."""

    title: str
    columns: Sequence[GridColumn]


def markdown(grid: Grid) -> Iterator[str]:
    """Lines of a table as GitHub and MkDocs draw it, under a heading where there is a title."""
    if grid.title:
        yield f"## {markdown_text(grid.title)}\n"
    yield _markdown_line([column.title for column in grid.columns])
    yield "| " + " | ".join("---" if column.left else "---:" for column in grid.columns) + " |"
    for row in zip(*(column.cells for column in grid.columns), strict=True):
        yield _markdown_line(row)


def latex(grid: Grid) -> Iterator[str]:
    """Lines of a `table` for booktabs."""
    yield "\\begin{table}\n\\centering\\small"
    if grid.title:
        yield f"\\caption{{{latex_text(grid.title)}}}"
    yield "\\begin{tabular}{" + "".join("l" if column.left else "r" for column in grid.columns) + "}\n\\toprule"
    yield _latex_line([column.title for column in grid.columns])
    yield "\\midrule"
    for row in zip(*(column.cells for column in grid.columns), strict=True):
        yield _latex_line(row)
    yield "\\bottomrule\n\\end{tabular}\n\\end{table}"


def markdown_text(text: str) -> str:
    """Text of others in which nothing is Markdown."""
    shown = visible_name(text)
    for sign in "\\`*_{}[]<>#|":
        shown = shown.replace(sign, "\\" + sign)
    return shown


def latex_text(text: str) -> str:
    """Text of others in which nothing is LaTeX."""
    return "".join(_LATEX.get(character, character) for character in " ".join(text.split()))


def _markdown_line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(markdown_text(cell) if cell else "" for cell in cells) + " |"


def _latex_line(cells: Sequence[str]) -> str:
    # A row that begins with a bracket would be read as the optional argument of the line break before it.
    return " & ".join("{}" + latex_text(cell) if cell.startswith("[") else latex_text(cell) for cell in cells) + r" \\"
