"""What a metric needs before it works on this machine."""

from fgresq.metrics.base import MetricSpec


def needs(spec: MetricSpec) -> str | None:
    """What is missing and what to do about it; None when the metric works. Nothing is run or fetched."""
    if spec.engine == "native":
        from fgresq.metrics.native import missing

        return missing(spec.name)
    if spec.engine == "fgresq":
        return _needs_weights(spec.engine_name)
    return _needs_engine(spec.engine)


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
