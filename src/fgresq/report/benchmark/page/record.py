"""Coverage and failures, counted and gathered for reading."""

from collections.abc import Sequence
from dataclasses import dataclass

from fgresq.results import JudgeRecord, SetCoverage


@dataclass(frozen=True, slots=True)
class Failure:
    """One file that some metrics couldn't judge, for one reason."""

    path: str
    reason: str
    metrics: tuple[str, ...]


def totals(judge: JudgeRecord) -> SetCoverage:
    """A metric's coverage over all data sets."""
    of = judge.coverage
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


def failures_by_file(judges: Sequence[JudgeRecord]) -> list[Failure]:
    """Every file that failed, in the order of names; metrics that give the same reason stand together."""
    found: dict[tuple[str, str], list[str]] = {}
    for judge in judges:
        for failure in judge.failures:
            found.setdefault(failure, []).append(judge.title)
    return [Failure(path, reason, tuple(titles)) for (path, reason), titles in sorted(found.items())]
