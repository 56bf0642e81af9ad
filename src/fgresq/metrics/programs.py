"""A program of the user's as a metric: `program:COMMAND`. docs/add-a-metric.md describes what it is asked."""

import atexit
import hashlib
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fgresq.errors import UserError
from fgresq.metrics.base import Item, MetricCard, Score
from fgresq.metrics.directions import split_direction
from fgresq.metrics.engines.program import ProgramFault
from fgresq.metrics.engines.service import Service
from fgresq.metrics.runners import MetricSettings, Runner

STATED: Mapping[str, type | tuple[type, ...]] = {
    "title": str,
    "version": str,
    "full_reference": bool,
    "higher_is_better": bool,
    "least_side": int,
    "lowest": (int, float),
    "highest": (int, float),
    "licence": str,
    "citation": str,
}
_running: dict[str, Service] = {}


@dataclass(frozen=True, slots=True)
class ProgramMetric:
    """A running program as a metric. It judges one picture at a time, and one of it runs."""

    card: MetricCard
    service: Service

    def score(self, items: Sequence[Item]) -> list[Score]:
        """As `Metric`; a program that crashes or hangs on a picture is started anew for the others."""
        self.service.forgive()
        return [self.service.judge(item, self.card.least_side) for item in items]


def describe(name: str) -> MetricCard:
    """The card of `program:COMMAND`, with `:lower` or `:higher` behind it where the program doesn't say it.

    The program is started for it, since it says itself what it is. It runs until `end_programs` or the end.

    Raises:
        UserError: the command is empty or can't be started, or what the program says of itself can't be.
    """
    given, lower = split_direction(name)
    command = given.removeprefix("program:").strip()
    said = {key: value for key, value in _greeting(command).items() if key != "ready"}
    for key, value in said.items():
        if key not in STATED or not isinstance(value, STATED[key]):
            raise UserError(f"{name}: the program says of itself {key}: {value!r}; known are {', '.join(STATED)}")
    said.pop("version", None)
    direction = {} if lower is None else {"higher_is_better": not lower}
    parts = shlex.split(command)
    files = [Path(part) for part in parts if Path(part).is_file()]
    try:
        return MetricCard(
            **{
                "name": name,
                "title": Path(files[-1] if files else parts[0]).stem,
                "full_reference": False,
                "higher_is_better": True,
                "licence": "not stated",
                **said,
                **direction,
                "engine": "program",
                "engine_name": command,
                "spreads": False,
            }
        )
    except ValueError as error:
        raise UserError(f"{name}: what the program says of itself can't be: {error}") from error


def end_programs() -> None:
    """End all programs that run as metrics; they are started anew when they are needed."""
    while _running:
        _running.popitem()[1].__exit__(None, None, None)


def _missing(card: MetricCard, settings: MetricSettings) -> None:
    """Nothing: `describe` has started it."""


def _identify(card: MetricCard, settings: MetricSettings) -> MetricCard:
    """By the version that the program states and by the files that its command names, wherever these lie.

    Where there is neither, by the program itself.
    """
    version = _greeting(card.engine_name).get("version")
    parts = shlex.split(card.engine_name)
    files = [Path(part) for part in parts if Path(part).is_file()]
    found = shutil.which(parts[0])
    if version is None and not files and found is not None:
        files = [Path(found)]
    digest = hashlib.sha256()
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return card.model_copy(update={"metric": "program"}).identified(
        version="not stated" if version is None else str(version),
        parameters=digest.hexdigest() if files else None,
        settings=shlex.join(Path(part).name if Path(part).is_file() else part for part in parts),
    )


def _open(card: MetricCard, settings: MetricSettings) -> ProgramMetric:
    _greeting(card.engine_name)
    return ProgramMetric(card, _running[card.engine_name])


def _greeting(command: str) -> Mapping[str, Any]:
    """What the program of a command says when it starts; it's started if it doesn't run."""
    if command not in _running:
        try:
            parts = shlex.split(command)
        except ValueError as error:
            raise UserError(f"program:{command}: isn't a command ({error}); quote its parts as in a shell") from error
        if not parts:
            raise UserError("program: names no command; write program:COMMAND, such as 'program:perl my_metric.pl'")
        if not _running:
            atexit.register(end_programs)
        service = Service(f"the program {parts[0]}", parts, "ppm")
        _running[command] = service.__enter__()
    try:
        return _running[command].started().greeting
    except ProgramFault as fault:
        _running.pop(command).__exit__(None, None, None)
        raise UserError(f"program:{command}: the program {fault}") from fault


RUNNER = Runner(_missing, _identify, _open, describe)
