"""Results as files for programs: CSV, JSON, Parquet, each with its provenance."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from fgresq.report.frames import as_json, write_document, write_frame
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
    rows = [asdict(score) for score in scores]
    _write(path, {"provenance": asdict(provenance), "scores": rows}, rows, provenance, _SCORE_TYPES)


def write_comparison(path: Path, comparison: Comparison, provenance: Provenance) -> None:
    """Write one comparison; in JSON its fields stand at the top, beside "provenance".

    Raises:
        OutputError: it can't be written there.
    """
    row = asdict(comparison)
    _write(path, {**row, "provenance": asdict(provenance)}, [row], provenance, {})


def ranking_document(ranking: Ranking) -> dict[str, Any]:
    """All of a ranking as docs/ranking.md describes it: its fields, what limits them, and the version of this form."""
    return {
        "format": "fgresq ranking",
        "format_version": RANKING_FORMAT,
        **asdict(ranking),
        "compared_contents": ranking.compared_contents,
        "warnings": list(caveats(ranking)),
    }


def ranking_json(ranking: Ranking) -> str:
    """The document as text."""
    return as_json(ranking_document(ranking)).decode()


def write_ranking(path: Path, ranking: Ranking) -> None:
    """Write a ranking: all of it as JSON, the leaderboard as CSV or Parquet.

    Raises:
        OutputError: it can't be written there.
    """
    rows = [
        {**asdict(standing), "not_separated_from": "; ".join(standing.not_separated_from)}
        for standing in ranking.leaderboard
    ]
    _write(path, ranking_document(ranking), rows, ranking.provenance, _STANDING_TYPES)


def _write(path: Path, document: Row, rows: Sequence[Row], provenance: Provenance, types: Mapping[str, Any]) -> None:
    if path.suffix.lower() == ".json":
        write_document(path, document)
        return
    table = pl.DataFrame(rows, schema_overrides=types, infer_schema_length=None)
    write_frame(path, table.with_columns(pl.lit(value).alias(key) for key, value in asdict(provenance).items()))
