"""Metrics that run in a program of their own, as judges of files."""

import atexit
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fgresq.benchmark.judges.base import Declaration, Subject, Verdict
from fgresq.errors import EngineError
from fgresq.metrics.base import MetricSpec
from fgresq.metrics.engines.caches import NOT_ON_DISK, missing_weights
from fgresq.metrics.engines.engine import Engine
from fgresq.names import first_few

_AT_ONCE = 16


def declare_engine(spec: MetricSpec, device: str) -> Declaration:
    """The declaration of a metric that an engine runs.

    A metric that was never loaded here, or whose weights are gone, is loaded for it, which fetches them. Otherwise what
    identified them at the first load is taken; `open_engine` makes sure of it before the metric judges anything.

    Raises:
        UserError: the engine isn't installed; the message says how to.
        EngineError: the program can't start or can't load the metric.
    """
    engine = _started(spec.engine, device)
    known = engine.recorded
    if spec.engine_name in known and not missing_weights(spec):
        weights = known[spec.engine_name]
    else:
        weights = _load(spec, engine)
    return Declaration(
        name=spec.name,
        metric=spec.name,
        title=spec.title,
        full_reference=spec.full_reference,
        higher_is_better=spec.higher_is_better,
        engine=spec.engine,
        version=f"{spec.revision}, {engine.version}",
        parameters=weights,
    )


@dataclass(frozen=True, slots=True)
class EngineJudge:
    """A metric of an engine. One program judges for all metrics of its engine, so the work isn't spread."""

    declaration: Declaration
    spec: MetricSpec
    engine: Engine
    at_once: int = _AT_ONCE
    spreads: bool = False

    def scores(self, subjects: Sequence[Subject]) -> list[Verdict]:
        """As `Judge`; what a program that failed too often wasn't asked of is no verdict to keep."""
        items = [(Path(each.image), None if each.reference is None else Path(each.reference)) for each in subjects]
        answers = self.engine.scores(self.spec.engine_name, items, self.spec.least_side)
        return [Verdict(answer.score, answer.error, answer.asked) for answer in answers]


def open_engine(spec: MetricSpec, device: str) -> EngineJudge:
    """A metric of an engine, loaded in place of the one before.

    Raises:
        UserError, EngineError: as `declare_engine`.
        HashMismatchError: its weights are others than when it was first loaded.
    """
    declared, engine = declare_engine(spec, device), _started(spec.engine, device)
    _load(spec, engine)
    return EngineJudge(declared, spec, engine)


def _load(spec: MetricSpec, engine: Engine) -> str | None:
    missing = missing_weights(spec)
    try:
        return engine.weights(spec.engine_name)
    except EngineError as error:
        why = f"{NOT_ON_DISK} ({first_few(missing)}), and couldn't be fetched: " if missing else ""
        raise EngineError(f"{spec.name}: {why}{error}") from error


@cache
def _started(name: str, device: str) -> Engine:
    """The engine of this process; it ends with it."""
    engine = Engine(name, device)
    engine.__enter__()
    atexit.register(engine.__exit__, None, None, None)
    return engine
