"""Results of a long `map`, kept on disk as they come: a process that was killed goes on where it stood."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, cast

from fgresq.errors import OutputError, UserError
from fgresq.files import is_ignored, written_whole
from fgresq.images.decode import printable
from fgresq.workers import Map
from fgresq.workers.order import Item, Result

PAUSE = 10.0


def resumed(
    map: Map,  # noqa: A002 - it is one
    folder: Path,
    *,
    to_plain: Callable[[Any], object],
    from_plain: Callable[[Any], Any],
    pause: float = PAUSE,
) -> Map:
    """A `map` that keeps its results in a folder, and at the next call hands out those first.

    Results come in the order of the items, so what is kept belongs to the first items. They are written in parts, a
    part under its name when it is whole: a killed process loses the results since the last part, those of `pause`
    seconds, and the items that were under way.

    Args:
        map: that does the work.
        folder: for one call only, made if it isn't there. The items must be the same at every start.
        to_plain, from_plain: a result as JSON takes it, and back.
        pause: seconds between parts; with 0 every result is a part.

    Raises:
        UserError: a part is damaged; it is named.
        OutputError: a part can't be written. What was kept before is still there.
    """

    def spread(function: Callable[[Item], Result], items: Iterable[Item], /) -> Iterator[Result]:
        kept, done = _kept(folder)
        yield from (cast(Result, from_plain(plain)) for plain in kept)
        waiting: list[object] = []
        written = time.monotonic()
        try:
            for result in map(function, islice(items, done, None)):
                waiting.append(to_plain(result))
                if time.monotonic() - written >= pause:
                    done = _write(folder, done, waiting)
                    written = time.monotonic()
                yield result
        except OutputError:
            raise  # the disk is full: another try would only hide why
        except BaseException:
            _write(folder, done, waiting)
            raise
        _write(folder, done, waiting)

    return spread


def make_folder(path: Path) -> None:
    """Make a folder and those above it.

    Raises:
        OutputError: it can't be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{printable(path)}: can't be made ({error.strerror or error})") from error


def _write(folder: Path, done: int, waiting: list[object]) -> int:
    """Write a part of the waiting results, which follow the `done` first ones; answers how many are done now."""
    if not waiting:
        return done
    make_folder(folder)
    end = done + len(waiting)
    with written_whole(folder / f"{done:010}-{end:010}.json") as temporary:
        temporary.write_text(json.dumps(waiting), encoding="utf-8")
    waiting.clear()
    return end


def _kept(folder: Path) -> tuple[Iterator[object], int]:
    """The results that are kept, and how many; parts behind a gap don't count until it is closed."""
    longest = {}
    for path in sorted(path for path in folder.glob("*.json") if not is_ignored(path.name)):
        start, end = map(int, path.stem.split("-"))
        longest[start] = (path, end)  # of two parts that start alike the longer one comes last
    parts, done = [], 0
    while done in longest:
        path, end = longest[done]
        parts.append((path, end - done))
        done = end
    return (result for path, length in parts for result in _read(path, length)), done


def _read(path: Path, length: int) -> list[object]:
    try:
        results = json.loads(path.read_bytes())
        if not isinstance(results, list) or len(results) != length:
            raise ValueError(f"it should hold {length} results")
    except (OSError, ValueError) as error:
        raise UserError(
            f"{printable(path)}: is damaged ({error}); delete it, and what it held is computed again"
        ) from error
    return results
