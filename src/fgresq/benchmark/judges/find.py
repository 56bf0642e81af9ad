"""From a name on the command line to a judge."""

from dataclasses import dataclass, field, replace
from functools import lru_cache

from fgresq.benchmark.judges.base import Declaration, Judge
from fgresq.benchmark.judges.engines import declare_engine, open_engine
from fgresq.benchmark.judges.model import ModelSettings, declare_model, open_model
from fgresq.benchmark.judges.native import declare_native, open_native
from fgresq.errors import FgresqError, UserError
from fgresq.metrics.base import MetricSpec
from fgresq.metrics.catalogue import declaration, declarations
from fgresq.metrics.engines.caches import needs_fetching
from fgresq.metrics.engines.declarations import ENGINES
from fgresq.metrics.engines.environment import State, find
from fgresq.metrics.native import NATIVE

_MODEL = "fgresq"


@dataclass(frozen=True, slots=True)
class Request:
    """A judge by its name and what it needs; small enough to be sent to another process, which opens it there.

    Attributes:
        name: of a metric of the catalogue, or `fgresq:FILE` for weights of one's own.
        parameters: folder with the authors' parameter files of native metrics; None for the usual place.
        model: how FGResQ runs.
    """

    name: str
    parameters: str | None = None
    model: ModelSettings = field(default_factory=ModelSettings)


def declare(request: Request) -> Declaration:
    """What a judge is. Everything that keeps it from working here is found out now, before any work.

    Raises:
        UserError: no metric of that name (the nearest are listed), or it doesn't work here: the message says what it
            needs.
    """
    spec, weights = _spec_and_weights(request.name)
    if spec.name in NATIVE:
        return declare_native(spec.name, request.parameters)
    if weights is not None:
        return declare_model(request.name, spec, weights, request.model)
    if spec.engine in ENGINES:
        return declare_engine(spec, request.model.device)
    raise UserError(
        f"{spec.name}: nothing here runs {spec.title} ({spec.engine}); `fgresq metrics list` says what it needs"
    )


def check(request: Request) -> None:
    """Find out whether a judge works here, before any work: its declaration, and a weights file of one's own is loaded.

    Raises:
        UserError: as `declare`, or the file holds no weights of FGResQ.
    """
    declare(request)
    if request.name.startswith(f"{_MODEL}:"):
        open_judge(request)


def all_that_work(like: Request) -> tuple[list[Request], dict[str, str]]:
    """A request for every metric of the catalogue that works here, and why each of the others doesn't.

    A metric whose weights would have to be fetched is none of them: that may take hours, so it's asked for by its name.

    Args:
        like: whose parameters and settings they have.
    """
    working, reasons = [], {}
    for spec in declarations():
        request = replace(like, name=spec.name)
        try:
            if spec.engine in ENGINES and (fetching := _would_fetch(spec)):
                raise UserError(fetching)
            declare(request)
        except FgresqError as error:
            reasons[spec.name] = str(error)
        else:
            working.append(request)
    return working, reasons


def _would_fetch(spec: MetricSpec) -> str | None:
    """What a metric would fetch if it ran; None where nothing, or where its engine can't run it anyway."""
    return needs_fetching(spec) if find(ENGINES[spec.engine]).state is State.READY else None


@lru_cache(maxsize=2)
def open_judge(request: Request) -> Judge:
    """The judge, ready to work; a process that is asked again answers with the same one.

    Raises:
        UserError: as `declare`.
    """
    spec, weights = _spec_and_weights(request.name)
    if weights is not None:
        return open_model(declare(request), weights, request.model)
    if spec.engine in ENGINES:
        return open_engine(spec, request.model.device)
    declare(request)
    return open_native(spec.name, request.parameters)


def _spec_and_weights(name: str) -> tuple[MetricSpec, str | None]:
    """The catalogue's entry, and for FGResQ its weights."""
    metric, colon, weights = name.partition(":")
    if colon and metric == _MODEL:
        return declaration(_MODEL), weights
    spec = declaration(name)
    return spec, spec.engine_name if spec.engine == _MODEL else None
