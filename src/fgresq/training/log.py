"""One JSON object a line: what was told at the start, every update, every evaluation."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fgresq.errors import OutputError, UserError


class Log:
    """Appends lines to a file; nothing is lost when the process dies between two lines.

    Args:
        path: of the file; None for processes that don't write.
        keep: lines of updates after this step are dropped first: a training that goes on from a checkpoint repeats
            them.
    """

    def __init__(self, path: Path | None, keep: int | None = None) -> None:
        self.path = path
        if path is not None and keep is not None and path.is_file():
            kept = [json.dumps(entry) for entry in read_log(path) if entry.get("step", 0) <= keep]
            path.write_text("".join(line + "\n" for line in kept), encoding="utf-8")

    def write(self, event: str, **values: Any) -> None:
        """Write one line.

        Raises:
            OutputError: it can't be written (a full disk, say).
        """
        if self.path is None:
            return
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"event": event, **values}) + "\n")
        except OSError as error:
            raise OutputError(f"{self.path}: the log can't be written ({error.strerror})") from error


def read_log(path: Path) -> list[Mapping[str, Any]]:
    """All entries of a log; a last line that was cut off is left out.

    Raises:
        UserError: it isn't a training log.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return list(_entries(lines, path))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: can't be read as a training log ({error})") from error


def _entries(lines: list[str], path: Path) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(lines, start=1):
        try:
            entry = json.loads(line)
        except ValueError as error:
            if number == len(lines):
                return
            raise UserError(f"{path}: line {number} isn't JSON; this isn't a training log") from error
        if not isinstance(entry, dict) or "event" not in entry:
            raise UserError(f"{path}: line {number} isn't an entry of a training log")
        yield entry
