"""What a build leaves out, by name, and why."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

_TYPES = {
    **dict.fromkeys(("stage", "source", "kind", "name", "reason"), pl.String()),
    "fault": pl.Boolean(),
}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One thing that didn't get into the data set.

    Attributes:
        stage: where it fell out: scan, files, threshold or jnd.
        source: the data set's name.
        kind: image, reference, label, pair, file or count.
        name: of the image, of both images of a pair, or of the file.
        reason: what is wrong, or the rule.
        fault: whether something is wrong; False where a rule that the configuration states left it out.
    """

    stage: str
    source: str
    kind: str
    name: str
    reason: str
    fault: bool = True


def as_table(rows: Iterable[LeftOut]) -> pl.DataFrame:
    """One row each, in their order."""
    values = [(row.stage, row.source, row.kind, row.name, row.reason, row.fault) for row in rows]
    return pl.DataFrame(values, schema=_TYPES, orient="row")
