"""What a result's methods give in Python: a data frame, a file, a view in a notebook (`results.saving` looks here)."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import polars as pl

from fgresq.errors import OutputError, UserError
from fgresq.report.grid import Grid
from fgresq.report.ranking_grid import notes_below, ranking_grids
from fgresq.report.tables import (
    RANKING_FORMATS,
    comparison_frame,
    scores_frame,
    standings_frame,
    write_comparison,
    write_ranking,
    write_scores,
)
from fgresq.report.wording import visible_name, weights_line
from fgresq.results import Comparison, ImageScores, Ranking

Result = ImageScores | Comparison | Ranking

_TABLES = (".csv", ".json", ".parquet")
_PAGES = (".html", ".htm")
_ROWS = 20
"""Of scores in a notebook; the first and last half of them where there are more."""


def frame(result: Result) -> pl.DataFrame:
    """One row a score, a comparison, or an algorithm of the leaderboard."""
    if isinstance(result, Ranking):
        return standings_frame(result)
    return comparison_frame(result) if isinstance(result, Comparison) else scores_frame(result)


def save(result: Result, path: Path) -> None:
    """Write a result; see `Shown.save`."""
    suffix, pages = path.suffix.lower(), _PAGES if isinstance(result, Ranking) else ()
    formats = RANKING_FORMATS if isinstance(result, Ranking) else _TABLES
    if suffix not in (*formats, *pages):
        raise OutputError(f"{path}: the name must end in {', '.join(sorted({*formats, *pages[:1]}))}")
    if isinstance(result, Ranking):
        if suffix in _PAGES:
            from fgresq.report.ranking_page import write_ranking_page  # noqa: PLC0415 - brings Jinja and pictures

            write_ranking_page(result, path)
        else:
            write_ranking(path, result)
    elif isinstance(result, ImageScores):
        write_scores(path, result, result.provenance)
    elif result.provenance is None:
        raise UserError("this comparison has no provenance, without which nothing is written; make it by a scorer")
    else:
        write_comparison(path, result, result.provenance)


def html(result: Result) -> str:
    """Tables with what goes below them, in HTML that stands alone."""
    if isinstance(result, Ranking):
        return "".join(map(_grid, ranking_grids(result))) + _notes(notes_below(result))
    if isinstance(result, ImageScores):
        scores = list(result)
        left = len(scores) - _ROWS
        shown = scores if left <= 0 else [*scores[: _ROWS // 2], *scores[-(_ROWS // 2) :]]
        rows = [(score.path, score.error if score.score is None else f"{score.score:.4f}") for score in shown]
        failed = sum(score.score is None for score in scores)
        count = f"{len(scores) - failed} of {len(scores)} images scored, {failed} failed"
        notes = [count + (f"; {left} in the middle aren't shown" if left > 0 else ""), weights_line(result.provenance)]
        return _table(("image", "score"), [[name, text or ""] for name, text in rows]) + _notes(notes)
    table = _table(
        ("", "image", "score", "probability"),
        [
            ["A", result.path_a, f"{result.score_a:.4f}", f"{result.p_a_better:.4f}"],
            ["B", result.path_b, f"{result.score_b:.4f}", f"{result.p_b_better:.4f}"],
            ["equal", "", "", f"{result.p_equal:.4f}"],
        ],
        bold=_BOLD[result.preference.value],
    )
    return table + _notes([] if result.provenance is None else [weights_line(result.provenance)])


_BOLD: Mapping[str, int] = {"A": 0, "B": 1, "equal": 2}


def _grid(grid: Grid) -> str:
    title = f"<p><b>{_text(grid.title)}</b></p>" if grid.title else ""
    left = [column.left for column in grid.columns]
    rows = [list(row) for row in zip(*(column.cells for column in grid.columns), strict=True)]
    return title + _table([column.title for column in grid.columns], rows, left)


def _table(
    titles: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[bool] | None = None, bold: int | None = None
) -> str:
    sides = [index < len(titles) - 1 for index in range(len(titles))] if left is None else left

    def line(cells: Sequence[str], tag: str) -> str:
        parts = (
            f'<{tag} style="text-align:{"left" if at_left else "right"}">{_text(cell)}</{tag}>'
            for cell, at_left in zip(cells, sides, strict=True)
        )
        return f"<tr>{''.join(parts)}</tr>"

    body = "".join(line(row, "th" if number == bold else "td") for number, row in enumerate(rows))
    return f"<table><thead>{line(titles, 'th')}</thead><tbody>{body}</tbody></table>"


def _notes(notes: Sequence[str]) -> str:
    return "".join(f"<p><small>{_text(note)}</small></p>" for note in notes)


def _text(text: str) -> str:
    return escape(visible_name(text)) if text else ""
