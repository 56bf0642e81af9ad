"""Tables and documents as files for programs."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from fgresq.errors import OutputError
from fgresq.files import written_whole


def write_frame(path: Path, table: pl.DataFrame) -> None:
    """Write a table as CSV, Parquet, or JSON (a list of objects).

    Raises:
        OutputError: another suffix, or it can't be written there.
    """
    content = io.BytesIO()  # through memory, since polars reports a full disk in a way of its own
    if path.suffix.lower() == ".csv":
        table.write_csv(content)
    elif path.suffix.lower() == ".parquet":
        table.write_parquet(content)
    elif path.suffix.lower() == ".json":
        content.write(as_json(table.to_dicts()))
    else:
        raise OutputError(f"{path}: the name must end in .csv, .json or .parquet")
    with written_whole(path) as temporary:
        temporary.write_bytes(content.getvalue())


def write_document(path: Path, document: Mapping[str, Any]) -> None:
    """Write a JSON object.

    Raises:
        OutputError: it can't be written there.
    """
    with written_whole(path) as temporary:
        temporary.write_bytes(as_json(document))


def as_json(value: Any) -> bytes:
    """Indented, in UTF-8, with a line end; NaN and infinity are errors."""
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
