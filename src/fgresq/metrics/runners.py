"""What a thing that runs metrics has to offer: `fgresq.metrics.registry` finds it by the card's `engine`."""

from collections.abc import Callable
from dataclasses import dataclass

from fgresq.metrics.base import Metric, MetricCard


@dataclass(frozen=True, slots=True)
class MetricSettings:
    """How metrics run; small enough to be sent to another process, which opens the metric there.

    Attributes:
        parameters: file or folder of the authors' parameters, for native metrics that read some; None for the usual
            place.
        device: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`, for FGResQ and for programs.
        precision, batch_size: of FGResQ, as for `fgresq.load`.
        order: of FGResQ's comparisons, as for `Scorer.compare`.
    """

    parameters: str | None = None
    device: str = "auto"
    precision: str = "fp32"
    batch_size: int | None = None
    order: str = "symmetric"


@dataclass(frozen=True, slots=True)
class Missing:
    """What a metric lacks here.

    Attributes:
        what: is missing, and what to do about it.
        is_fetched: whether a run that names the metric fetches it, so that it only takes longer.
    """

    what: str
    is_fetched: bool = False


@dataclass(frozen=True, slots=True)
class Runner:
    """What runs metrics of one kind.

    Attributes:
        missing: what a metric lacks here; None where it works. Nothing is run, fetched or written.
        identify: the card with all that its scores depend on; asked only of a metric that lacks nothing, or only what
            is fetched, which this may do.
        open: the metric of an identified card, ready to judge.
        describe: the card of a metric that a user names (`csv:FILE`); None where the catalogue names all there are.
    """

    missing: Callable[[MetricCard, MetricSettings], Missing | None]
    identify: Callable[[MetricCard, MetricSettings], MetricCard]
    open: Callable[[MetricCard, MetricSettings], Metric]
    describe: Callable[[str], MetricCard] | None = None
