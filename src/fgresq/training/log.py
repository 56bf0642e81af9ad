"""One JSON object a line: what was told at the start, every update, every evaluation, and the test at the end."""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fgresq.errors import OutputError, UserError
from fgresq.files import written_whole
from fgresq.training.events import EventFile


class Log:
    """Appends lines to a file; nothing is lost when the process dies between two lines.

    Lines that a training will write again, since it goes on from an earlier state, are dropped first. So is a last
    line that was cut off.

    Args:
        path: of the file; None for processes that don't write.
        steps, epochs: that were done when the training goes on; of a new one, 0.
        tested: whether the kept network was measured on the test side.
        events: write the numbers for TensorBoard as well, into a file beside `path`.

    Raises:
        OutputError: it can't be written.
        UserError: what stands there isn't a training log.
    """

    def __init__(
        self, path: Path | None, steps: int = 0, epochs: int = 0, *, tested: bool = False, events: bool = False
    ) -> None:
        self.path = path
        self._events: EventFile | None = None
        if path is None:
            return
        if path.exists():
            entries = read_log(path)
            kept = [entry for entry in entries if steps and _is_done(entry, steps, epochs, tested=tested)]
            with written_whole(path) as temporary:
                temporary.write_text("".join(_line(entry) for entry in kept), encoding="utf-8")
        if events:
            self._events = EventFile(path.parent, steps + 1)

    def write(self, event: str, **values: Any) -> None:
        """Write one line; a number that is infinite or none at all becomes null, as JSON has no other word for it.

        Raises:
            OutputError: it can't be written (a full disk, say).
        """
        if self.path is None:
            return
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(_line({"event": event, **values}))
        except OSError as error:
            raise OutputError(f"{self.path}: the log can't be written ({error.strerror})") from error
        if self._events is not None:
            self._events.write(event, values)


def read_log(path: Path) -> list[Mapping[str, Any]]:
    """All entries of a log; a last line that was cut off is left out.

    Raises:
        UserError: it isn't a training log.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return list(_entries(lines, path))
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: isn't text; this isn't a training log") from error


def _entries(lines: list[str], path: Path) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(lines, start=1):
        try:
            entry = json.loads(line)
        except ValueError as error:
            if number == len(lines):
                return
            raise UserError(f"{path}: line {number} isn't JSON; this isn't a training log") from error
        if not _is_entry(entry):
            raise UserError(f"{path}: line {number} isn't an entry of a training log")
        yield entry


def _is_entry(entry: Any) -> bool:
    if not isinstance(entry, dict) or "event" not in entry:
        return False
    of_scores = ("step", "epoch")
    needed = {"step": ("step", "loss"), "evaluation": of_scores, "test": of_scores}.get(entry["event"], ())
    return all(isinstance(entry.get(name), int | float) for name in needed)


def _is_done(entry: Mapping[str, Any], steps: int, epochs: int, *, tested: bool) -> bool:
    if entry["event"] == "test":
        return tested
    if entry["event"] == "evaluation":
        return bool(entry["epoch"] <= epochs)
    return bool(entry.get("step", 0) <= steps)


def _line(entry: Mapping[str, Any]) -> str:
    finite = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in entry.items()
    }
    return json.dumps(finite, allow_nan=False) + "\n"
