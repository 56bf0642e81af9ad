"""Rows in Parquet files that are written whole; more come along, and only a removal takes any out."""

import io
import os
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from fgresq.errors import OutputError, UserError
from fgresq.files import is_ignored, written_whole

SCORES = {
    "judge": pl.String,
    "image": pl.String,
    "reference": pl.String,
    "score": pl.Float64,
    "error": pl.String,
    "path": pl.String,
}
COMPARISONS = {
    "judge": pl.String,
    "image_a": pl.String,
    "image_b": pl.String,
    "preference": pl.String,
    "p_a_better": pl.Float64,
    "p_b_better": pl.Float64,
    "p_equal": pl.Float64,
    "error": pl.String,
}

PAUSE = 10.0
_MOST_ROWS = 4096


def read_parts(folder: Path, columns: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All rows, oldest part first.

    Raises:
        UserError: a part that can't be read, or lacks a column; the message names it.
    """
    for path in _parts(folder):
        yield from _read(path, columns).iter_rows(named=True)


def drop_rows(*which: tuple[Path, dict[str, Any], pl.Expr]) -> None:
    """Take rows out of all parts; every part is replaced whole, or goes when nothing of it is left.

    Args:
        which: folders of parts, the columns of their rows, and what is true for the rows to take out; it's never null.

    Raises:
        UserError: as `read_parts`; nothing has been changed then.
        OutputError: a part can't be replaced; those before it have been.
    """
    changed = []
    for folder, columns, rows in which:
        for path in _parts(folder):
            table = _read(path, columns)
            kept = table.filter(~rows)
            if len(kept) < len(table):
                changed.append((path, kept))
    for path, kept in changed:
        if len(kept):
            _write(path, kept)
        else:
            _unlink(path)


def _parts(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.parquet") if not is_ignored(path.name))


def _read(path: Path, columns: dict[str, Any]) -> pl.DataFrame:
    try:
        table = pl.read_parquet(io.BytesIO(path.read_bytes()))
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{path}: can't be read ({reason}); delete it, and what it held is computed again") from error
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise UserError(f"{path}: lacks the columns {', '.join(missing)}; it isn't a part of a store")
    return table.select(list(columns))


def _write(path: Path, rows: pl.DataFrame) -> None:
    content = io.BytesIO()  # through memory, since polars reports a full disk in a way of its own
    rows.write_parquet(content)
    with written_whole(path) as temporary:
        temporary.write_bytes(content.getvalue())


def _unlink(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        raise OutputError(f"{path}: can't be removed ({error.strerror or error})") from error


class PartWriter:
    """Collects rows and writes a part every few seconds; leave its `with` block and the rest is written.

    A process that is killed loses the rows of the last seconds, nothing else: a part appears under its name when it is
    whole.
    """

    def __init__(self, folder: Path, columns: dict[str, Any], pause: float = PAUSE) -> None:
        self._folder = folder
        self._columns = columns
        self._pause = pause
        self._rows: list[dict[str, Any]] = []
        self._last = time.monotonic()

    def __enter__(self) -> "PartWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()  # after an error as well: what was computed stays

    def add(self, rows: Sequence[dict[str, Any]]) -> None:
        """Keep rows; they are on disk a few seconds later.

        Raises:
            OutputError: a part can't be written.
        """
        self._rows.extend(rows)
        if len(self._rows) >= _MOST_ROWS or time.monotonic() - self._last >= self._pause:
            self.flush()

    def flush(self) -> None:
        """Write what is kept.

        Raises:
            OutputError: as `add`.
        """
        if self._rows:
            # Named so that a later part sorts behind an earlier one, and two processes never write the same.
            name = f"{time.time_ns():020d}-{os.getpid()}-{uuid.uuid4().hex[:8]}.parquet"
            _write(self._folder / name, pl.DataFrame(self._rows, schema=self._columns))
            self._rows.clear()
        self._last = time.monotonic()
