"""Coverage and failures, counted and gathered for reading."""

from collections.abc import Sequence
from dataclasses import dataclass

from fgresq.results import MetricRecord, SetCoverage


@dataclass(frozen=True, slots=True)
class Failure:
    """One file that some metrics couldn't metric, for one reason."""

    path: str
    reason: str
    metrics: tuple[str, ...]


def totals(metric: MetricRecord) -> SetCoverage:
    """A metric's coverage over all data sets."""
    of = metric.coverage
    return SetCoverage(
        name="all",
        images=sum(each.images for each in of),
        scored=sum(each.scored for each in of),
        failed=sum(each.failed for each in of),
        without_reference=sum(each.without_reference for each in of),
        open=sum(each.open for each in of),
        pairs=sum(each.pairs for each in of),
        compared=sum(each.compared for each in of),
    )


def failures_by_file(metrics: Sequence[MetricRecord]) -> list[Failure]:
    """Every file that failed, in the order of names; metrics that give the same reason stand together."""
    found: dict[tuple[str, str], list[str]] = {}
    for metric in metrics:
        for failure in metric.failures:
            found.setdefault(failure, []).append(metric.title)
    return [Failure(path, reason, tuple(titles)) for (path, reason), titles in sorted(found.items())]
