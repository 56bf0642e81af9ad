"""Results as files for programs: CSV, JSON, Parquet, each with its provenance."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from fgresq.files import written_whole
from fgresq.report.excel import write_sheets
from fgresq.report.frames import as_json, write_document, write_frame
from fgresq.report.grid import latex, markdown, markdown_text
from fgresq.report.ranking_grid import notes_below, ranking_grids
from fgresq.report.ranking_words import caveats
from fgresq.results import Comparison, ImageScore, Provenance, Ranking

Row = Mapping[str, Any]

# Named here, since a table without rows or a column without values has no types of its own.
_SCORE_TYPES = {"path": pl.String, "score": pl.Float64, "error": pl.String}
_STANDING_TYPES = {
    **dict.fromkeys(("place", "group"), pl.Int64),
    **dict.fromkeys(("strength", "low", "high", "win_rate", "mean_score"), pl.Float64),
}

RANKING_FORMAT = 1
"""Of the JSON of a ranking; raised when a field changes its meaning or goes, not when one comes."""


def write_scores(path: Path, scores: Sequence[ImageScore], provenance: Provenance) -> None:
    """Write one row an image; failed images have no score and say why.

    JSON: {"provenance": {...}, "scores": [{"path", "score", "error"}, ...]}. CSV and Parquet: the same columns, with
    the provenance in every row.

    Raises:
        OutputError: it can't be written there.
    """
    rows = _score_rows(scores)
    _write(path, {"provenance": asdict(provenance), "scores": rows}, rows, provenance, _SCORE_TYPES)


def write_comparison(path: Path, comparison: Comparison, provenance: Provenance) -> None:
    """Write one comparison; in JSON its fields stand at the top, beside "provenance".

    Raises:
        OutputError: it can't be written there.
    """
    row = _comparison_row(comparison)
    _write(path, {**row, "provenance": asdict(provenance)}, [row], provenance, {})


def write_comparisons(path: Path, comparisons: Mapping[str, Comparison | None], provenance: Provenance) -> None:
    """Write comparisons content by content; what couldn't be compared is left out.

    JSON: {"provenance": {...}, "comparisons": [{"content", ...}, ...]}. CSV and Parquet: one row a content.

    Raises:
        OutputError: it can't be written there.
    """
    rows = [
        {"content": content, **_comparison_row(found)} for content, found in comparisons.items() if found is not None
    ]
    document = {"provenance": asdict(provenance), "comparisons": rows}
    _write(path, document, rows, provenance, {} if rows else {"content": pl.String})


def scores_frame(scores: Sequence[ImageScore]) -> pl.DataFrame:
    """One row an image: path, score, error."""
    return _frame(_score_rows(scores), _SCORE_TYPES)


def comparison_frame(comparison: Comparison) -> pl.DataFrame:
    """One row: the comparison's fields without its provenance."""
    return _frame([_comparison_row(comparison)], {})


def standings_frame(ranking: Ranking) -> pl.DataFrame:
    """The leaderboard, one row an algorithm; `not_separated_from` is a list joined by "; "."""
    return _frame(_standing_rows(ranking), _STANDING_TYPES)


def ranking_document(ranking: Ranking) -> dict[str, Any]:
    """All of a ranking as docs/ranking.md describes it: its fields, what limits them, and the version of this form."""
    fields = asdict(ranking)
    return {
        "format": "fgresq ranking",
        "format_version": RANKING_FORMAT,
        **fields,
        "beside": _finite(fields["beside"]),
        "compared_contents": ranking.compared_contents,
        "warnings": list(caveats(ranking)),
    }


def _finite(value: Any) -> Any:
    """The same with infinity, which JSON lacks, as text: the PSNR of equal pictures."""
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return str(value) if isinstance(value, float) and math.isinf(value) else value


def ranking_json(ranking: Ranking) -> str:
    """The document as text."""
    return as_json(ranking_document(ranking)).decode()


def ranking_csv(ranking: Ranking) -> str:
    """The leaderboard as CSV, as `write_ranking` writes it."""
    return _with_provenance(_standing_rows(ranking), ranking.provenance, _STANDING_TYPES).write_csv()


def write_ranking(path: Path, ranking: Ranking) -> None:
    """Write a ranking: all of it as JSON; the leaderboard as CSV or Parquet; what the terminal shows, at full width, as
    Markdown or LaTeX; leaderboard, pairs and warnings as sheets of Excel.

    Raises:
        OutputError: it can't be written there.
        UserError: an .xlsx without openpyxl.
    """
    suffix, rows = path.suffix.lower(), _standing_rows(ranking)
    if suffix in _DRAWN:
        with written_whole(path) as temporary:
            temporary.write_text(_DRAWN[suffix](ranking), encoding="utf-8", newline="\n")
    elif suffix == ".xlsx":
        notes = pl.DataFrame({"note": notes_below(ranking)})
        pairs = pl.DataFrame([asdict(pair) for pair in ranking.pairs], infer_schema_length=None)
        board = _with_provenance(rows, ranking.provenance, _STANDING_TYPES)
        write_sheets(path, {"leaderboard": board, "pairs": pairs, "notes": notes})
    else:
        _write(path, ranking_document(ranking), rows, ranking.provenance, _STANDING_TYPES)


def _ranking_markdown(ranking: Ranking) -> str:
    tables = ["\n".join(markdown(grid)) for grid in ranking_grids(ranking)]
    return "\n\n".join([*tables, "\n".join(f"- {markdown_text(note)}" for note in notes_below(ranking))]) + "\n"


def _ranking_latex(ranking: Ranking) -> str:
    notes = "\n".join(f"% {' '.join(note.split())}" for note in notes_below(ranking))
    tables = ["\n".join(latex(grid)) for grid in ranking_grids(ranking)]
    return "\n".join(["% \\usepackage{booktabs}", notes, *tables]) + "\n"


_DRAWN = {".md": _ranking_markdown, ".tex": _ranking_latex}
RANKING_FORMATS = (".csv", ".json", ".parquet", ".xlsx", *_DRAWN)


def _score_rows(scores: Sequence[ImageScore]) -> list[Row]:
    return [asdict(score) for score in scores]


def _comparison_row(comparison: Comparison) -> Row:
    return {name: value for name, value in asdict(comparison).items() if name != "provenance"}


def _standing_rows(ranking: Ranking) -> list[Row]:
    return [
        {
            **asdict(standing),
            "not_separated_from": "; ".join(standing.not_separated_from),
            **{each.metric: each.standings[number].mean for each in ranking.beside},  # in the leaderboard's order
        }
        for number, standing in enumerate(ranking.leaderboard)
    ]


def _write(path: Path, document: Row, rows: Sequence[Row], provenance: Provenance, types: Mapping[str, Any]) -> None:
    if path.suffix.lower() == ".json":
        write_document(path, document)
        return
    write_frame(path, _with_provenance(rows, provenance, types))


def _with_provenance(rows: Sequence[Row], provenance: Provenance, types: Mapping[str, Any]) -> pl.DataFrame:
    return _frame(rows, types).with_columns(pl.lit(value).alias(key) for key, value in asdict(provenance).items())


def _frame(rows: Sequence[Row], types: Mapping[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema_overrides=types, infer_schema_length=None)
