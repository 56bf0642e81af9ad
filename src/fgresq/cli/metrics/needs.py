"""Whether a metric works on this machine, and what it needs before it does."""

from dataclasses import dataclass

from fgresq.metrics.base import MetricSpec
from fgresq.metrics.engines.caches import NOT_ON_DISK, needs_fetching

READY, ABSENT = "yes", "no"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a metric stands here.

    Attributes:
        here: `READY`, `NOT_ON_DISK` or `ABSENT`.
        needs: what is missing and what to do about it; None when it's ready.
    """

    here: str
    needs: str | None


def standing(spec: MetricSpec) -> Standing:
    """How a metric stands here. Nothing is run or fetched."""
    if spec.engine == "native":
        from fgresq.metrics.native import missing

        need = missing(spec.name)
    elif spec.engine == "fgresq":
        need = _needs_weights(spec.engine_name)
    else:
        need = _needs_engine(spec.engine)
        if need is None and (fetching := needs_fetching(spec)) is not None:
            return Standing(NOT_ON_DISK, fetching)
    return Standing(READY if need is None else ABSENT, need)


def _needs_weights(name: str) -> str | None:
    from fgresq.errors import WeightsError
    from fgresq.model.store import locate

    try:
        locate(name)
    except WeightsError as error:
        return str(error)
    return None


def _needs_engine(name: str) -> str | None:
    from fgresq.metrics.engines.declarations import ENGINES
    from fgresq.metrics.engines.environment import State, find

    if name not in ENGINES:
        return f"the engine {name}, which this version of fgresq doesn't have"
    found = find(ENGINES[name])
    return None if found.state is State.READY else found.why
