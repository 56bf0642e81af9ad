"""Metrics that run in a program of their own, in an environment that fgresq made for it."""

import atexit
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from fgresq.errors import EngineError
from fgresq.metrics.base import Item, MetricCard, Score
from fgresq.metrics.engines.caches import NOT_ON_DISK, missing_weights, needs_fetching
from fgresq.metrics.engines.declarations import ENGINES
from fgresq.metrics.engines.engine import Engine
from fgresq.metrics.engines.environment import State, find
from fgresq.metrics.runners import MetricSettings, Missing, Runner
from fgresq.names import first_few


@dataclass(frozen=True, slots=True)
class EngineMetric:
    """A metric of an engine. One program judges for all metrics of its engine, so the work isn't spread."""

    card: MetricCard
    engine: Engine

    def score(self, items: Sequence[Item]) -> list[Score]:
        """As `Metric`; what a program that failed too often wasn't asked of is to be asked again."""
        return self.engine.scores(self.card.engine_name, items, self.card.least_side)


def _missing(card: MetricCard, settings: MetricSettings) -> Missing | None:
    found = find(ENGINES[card.engine])
    if found.state is not State.READY:
        return Missing(found.why)
    fetching = needs_fetching(card)
    return None if fetching is None else Missing(fetching, is_fetched=True)


def identify_engine_metric(card: MetricCard, settings: MetricSettings) -> MetricCard:
    """The card of a metric that an engine runs, with what identifies its weights.

    A metric that was never loaded here, or whose weights are gone, is loaded for it, which fetches them. Otherwise what
    identified them at the first load is taken; `open_engine_metric` makes sure of it before the metric judges anything.

    Raises:
        UserError: the engine isn't installed; the message says how to.
        EngineError: the program can't start or can't load the metric.
    """
    engine = _started(card.engine, settings.device)
    known = engine.recorded
    if card.engine_name in known and not missing_weights(card):
        weights = known[card.engine_name]
    else:
        weights = _load(card, engine)
    identified = card.identified(version=f"{card.revision}, {engine.version}", parameters=weights)
    return identified.model_copy(update={"spreads": False})


def open_engine_metric(card: MetricCard, settings: MetricSettings) -> EngineMetric:
    """A metric of an engine, loaded in place of the one before.

    Raises:
        UserError, EngineError: as `identify_engine_metric`.
        HashMismatchError: its weights are others than when it was first loaded.
    """
    engine = _started(card.engine, settings.device)
    _load(card, engine)
    return EngineMetric(card, engine)


def _load(card: MetricCard, engine: Engine) -> str | None:
    missing = missing_weights(card)
    try:
        return engine.weights(card.engine_name)
    except EngineError as error:
        why = f"{NOT_ON_DISK} ({first_few(missing)}), and couldn't be fetched: " if missing else ""
        raise EngineError(f"{card.name}: {why}{error}") from error


@cache
def _started(name: str, device: str) -> Engine:
    """The engine of this process; it ends with it."""
    engine = Engine(name, device)
    engine.__enter__()
    atexit.register(engine.__exit__, None, None, None)
    return engine


RUNNER = Runner(_missing, identify_engine_metric, open_engine_metric)
