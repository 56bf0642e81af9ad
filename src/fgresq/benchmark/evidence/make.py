"""From a store to all that a report shows."""

import platform
from collections.abc import Sequence
from importlib.metadata import version as installed_version

from fgresq.benchmark.coverage import known_in
from fgresq.benchmark.evidence.disagreements import find_disagreements
from fgresq.benchmark.evidence.kept import metric_records, set_records
from fgresq.benchmark.evidence.significance import significance_matrices
from fgresq.benchmark.sides import Side
from fgresq.benchmark.store import Store
from fgresq.benchmark.tables import TableSettings
from fgresq.benchmark.tables.build import By, make_tables
from fgresq.benchmark.tables.labels import Gathered, gather
from fgresq.benchmark.tables.seen import warnings
from fgresq.errors import UserError
from fgresq.results import BenchmarkEvidence, BenchmarkResult
from fgresq.version import __version__

_COMPUTING = ("numpy", "scipy", "polars")


def make_evidence(
    store: Store,
    settings: TableSettings,
    *,
    sets: Sequence[str] = (),
    sources: Sequence[str] = (),
    metrics: Sequence[str] = (),
    side: Side | None = None,
    published: bool = False,
    disagreements: int = 4,
) -> BenchmarkEvidence:
    """Read a store and compute what a report shows.

    A table that the labels don't suffice for is left out, and so are intervals where all figures rest on one content;
    the reason stands in `missing`.

    Args:
        store: with at least one set and one metric.
        settings: of tables and tests; intervals are computed where they can be, whatever it says of them.
        sets, sources, metrics, side: to look at, as for `gather`.
        published: set the paper's figures beside ours.
        disagreements: of each metric, at most; at least 0.

    Raises:
        UserError: a name that the store doesn't hold, an empty or damaged store.
    """
    gathered = gather(store, sets=sets, sources=sources, metrics=metrics, side=side)
    by_task, no_tasks = _tables(gathered, "task", settings, published=published)
    by_range, no_ranges = _tables(gathered, "range", settings, published=published)
    return BenchmarkEvidence(
        by_task=by_task,
        by_range=by_range,
        missing=tuple(dict.fromkeys((*no_tasks, *no_ranges))),
        matrices=significance_matrices(gathered, settings),
        disagreements=find_disagreements(gathered, gathered.sets, disagreements),
        metrics=metric_records(store, gathered, known_in(store)),
        sets=set_records(store, gathered.sets),
        settings={**settings.model_copy(update={"intervals": True}).told(), **gathered.told},
        software={
            "fgresq": __version__,
            "Python": platform.python_version(),
            **{name: installed_version(name) for name in _COMPUTING},
        },
        notes=gathered.notes,
        warnings=warnings(gathered),
    )


def _tables(
    gathered: Gathered, by: By, settings: TableSettings, *, published: bool
) -> tuple[BenchmarkResult | None, tuple[str, ...]]:
    """Tables with intervals, or without, or none; and why."""
    without, reason = settings.model_copy(update={"intervals": False}), ""
    try:
        return make_tables(gathered, by, settings.model_copy(update={"intervals": True}), published=published), ()
    except UserError as error:
        reason = str(error)
    try:
        return make_tables(gathered, by, without, published=published), (f"No intervals by {by}: {reason}",)
    except UserError as error:  # intervals weren't the trouble
        return None, (f"No table by {by}: {error}",)
