"""A benchmark's result on disk: whole as JSON, a row a figure as CSV or Parquet, drawn as Markdown, LaTeX or HTML."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import TypeAdapter, ValidationError

from fgresq.errors import OutputError, UserError
from fgresq.files import written_whole
from fgresq.report.benchmark.html import as_html
from fgresq.report.benchmark.latex import as_latex
from fgresq.report.benchmark.markdown import as_markdown
from fgresq.report.frames import write_document, write_frame
from fgresq.results import BenchmarkResult

SCHEMA = 1

_DRAWN: Mapping[str, Callable[[BenchmarkResult], str]] = {".md": as_markdown, ".tex": as_latex, ".html": as_html}
FORMATS = (".json", ".csv", ".parquet", *_DRAWN)

_TYPES = {
    "table": pl.String,
    "metric": pl.String,
    "title": pl.String,
    "full_reference": pl.Boolean,
    "group": pl.String,
    "criterion": pl.String,
    "value": pl.Float64,
    "n": pl.Int64,
    "of": pl.Int64,
    "why": pl.String,
    "low": pl.Float64,
    "high": pl.Float64,
    "published": pl.Float64,
    "doubt": pl.String,
    "seen": pl.Int64,
    "warning": pl.String,
    "made_by": pl.String,
    "version": pl.String,
}


def write_result(path: Path, result: BenchmarkResult) -> None:
    """Write a result in the form that the name's ending asks for, one of `FORMATS`.

    JSON holds all of it and is what `read_result` reads. CSV and Parquet hold one row a figure.

    Raises:
        OutputError: another ending, or it can't be written there.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise OutputError(f"{path}: the name must end in {', '.join(FORMATS)}")
    if suffix == ".json":
        write_document(path, asdict(result))
    elif suffix in _DRAWN:
        text = _DRAWN[suffix](result)
        with written_whole(path) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="\n")
    else:
        write_frame(path, pl.DataFrame(_rows(result), schema=_TYPES))


def read_result(path: Path) -> BenchmarkResult:
    """Read a result that was written as JSON.

    Raises:
        UserError: it isn't there, isn't one, or a newer version of fgresq wrote it.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file; `fgresq benchmark table --output FILE.json` writes one") from error
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: isn't readable JSON ({error})") from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if isinstance(schema, int) and schema > SCHEMA:
        raise UserError(f"{path}: has schema {schema}, of a newer fgresq; this version reads up to {SCHEMA}")
    try:
        return TypeAdapter(BenchmarkResult).validate_python(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the document"
        raise UserError(f"{path}: isn't a benchmark's result; {where}: {first['msg']}") from error


def _rows(result: BenchmarkResult) -> list[dict[str, Any]]:
    return [
        {
            "table": table.name,
            "metric": row.metric,
            "title": row.title,
            "full_reference": row.full_reference,
            **asdict(column),
            **asdict(cell),
            "warning": " ".join(table.warnings) if cell.seen else None,
            "made_by": result.judges.get(row.metric),
            "version": result.version,
        }
        for table in result.tables
        for row in table.rows
        for column, cell in zip(table.columns, row.cells, strict=True)
    ]
