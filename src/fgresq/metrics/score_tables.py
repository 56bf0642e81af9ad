"""Scores that were computed elsewhere as a metric: `csv:FILE`, or `csv:FILE:lower` where lower is better."""

import csv
import hashlib
import math
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from fgresq.errors import UserError
from fgresq.metrics.base import Item, MetricCard, Score
from fgresq.metrics.directions import split_direction
from fgresq.metrics.runners import MetricSettings, Missing, Runner

_FORM = "a table with the columns `path` (or `image`, `name`) and `score` is needed"
_NAMED = ("path", "image", "name")
_ALL = 1 << 20  # at once, so that two images that one row would serve are seen beside each other

Parts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """A table of scores as a metric. An image has the score of the row whose path its own ends in, the longest such.

    Attributes:
        card: what it is.
        rows: parts of a path to the score, or why there is none.
    """

    card: MetricCard
    rows: Mapping[Parts, Score]

    def score(self, items: Sequence[Item]) -> list[Score]:
        """As `Metric`. Two of the images that one row would serve have no score, since it can't be that of both."""
        found = [self._row(os.fspath(image)) for image, _ in items]
        pairs = zip(found, items, strict=True)
        served = Counter(row for row, _ in {(row, Path(image).absolute()) for row, (image, _) in pairs})
        return [self._score(row, served[row]) for row in found]

    def _row(self, path: str) -> Parts | None:
        for parts in (PurePath(path).parts, Path(path).absolute().parts):
            for start in range(len(parts)):
                if parts[start:] in self.rows:
                    return parts[start:]
        return None

    def _score(self, row: Parts | None, served: int) -> Score:
        file = PurePath(self.card.engine_name).name
        if row is None:
            return Score(None, f"{file} has no row for it")
        if served > 1:
            name = str(PurePath(*row))
            return Score(None, f"{served} images are called {name}, and {file} has one row for them; add folders to it")
        return self.rows[row]


def describe(name: str) -> MetricCard:
    """The card of `csv:FILE`, `csv:FILE:lower` or `csv:FILE:higher`. The file isn't read."""
    given, lower = split_direction(name)
    file = given.removeprefix("csv:")
    if not file:
        raise UserError(f"{name}: names no file; write csv:FILE, or csv:FILE:lower where lower is better")
    return MetricCard(
        name=name,
        title=PurePath(file).stem or file,
        full_reference=False,
        higher_is_better=not lower,
        engine="csv",
        engine_name=file,
        licence="not stated",
        notes=("Scores that were computed elsewhere; nothing is known of how.",),
        at_once=_ALL,
        spreads=False,
    )


def _missing(card: MetricCard, settings: MetricSettings) -> Missing | None:
    return None if Path(card.engine_name).is_file() else Missing(f"{card.engine_name}: no such file; {_FORM}")


def _identify(card: MetricCard, settings: MetricSettings) -> MetricCard:
    digest = hashlib.sha256(_read(card.engine_name)).hexdigest()
    return card.model_copy(update={"metric": "csv"}).identified(version="1", parameters=digest)


def _open(card: MetricCard, settings: MetricSettings) -> ScoreTable:
    return ScoreTable(card, _rows(card.engine_name))


def _read(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise UserError(f"{file}: can't be read ({error.strerror or error}); {_FORM}") from error


def _rows(file: str) -> Mapping[Parts, Score]:
    try:
        text = _read(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{file}: isn't text in UTF-8 ({error.reason}); {_FORM}") from error
    reader = csv.DictReader(text.splitlines(), restkey="", restval="")
    columns = reader.fieldnames or []
    named = next((name for name in _NAMED if name in columns), None)
    if named is None or "score" not in columns:
        raise UserError(f"{file}: has the columns {', '.join(columns) or '(none)'}; {_FORM}")
    found: dict[Parts, Score] = {}
    lines: dict[Parts, int] = {}
    try:
        for row in reader:
            parts = _parts(row[named], file)
            if not parts:
                raise UserError(f"{file}, line {reader.line_num}: names no image")
            score = _score(row["score"], f"{PurePath(file).name}, line {reader.line_num}")
            if parts in found and found[parts].value != score.value:
                first, last = lines[parts], reader.line_num
                raise UserError(f"{file}: lines {first} and {last} give {row[named]} two scores; keep one of them")
            found.setdefault(parts, score)
            lines.setdefault(parts, reader.line_num)
    except csv.Error as error:
        raise UserError(f"{file}, line {reader.line_num}: isn't a row of a table ({error}); {_FORM}") from error
    if not found:
        raise UserError(f"{file}: has no rows; {_FORM}")
    return found


def _parts(path: str, file: str) -> Parts:
    """The parts of a path in the table; one that leaves the table's folder (`../results/a.png`) starts there."""
    parts = PurePath(path).parts
    return parts if ".." not in parts else PurePath(os.path.normpath(Path(file).absolute().parent / path)).parts


def _score(text: str, where: str) -> Score:
    try:
        value = float(text)
    except ValueError:
        return Score(None, f"{where}: has no score" if not text.strip() else f"{where}: {text!r} isn't a number")
    return Score(None, f"{where}: {text!r} isn't a number") if math.isnan(value) else Score(value)


RUNNER = Runner(_missing, _identify, _open, describe)
