"""From a store to a result that can be written down and drawn."""

from dataclasses import replace
from typing import Literal

import numpy as np

from fgresq.benchmark.coverage import NO_REFERENCE, NOT_RUN
from fgresq.benchmark.tables.labels import Gathered
from fgresq.benchmark.tables.ranges import by_range
from fgresq.benchmark.tables.seen import not_on_record, warnings
from fgresq.benchmark.tables.settings import TableSettings
from fgresq.benchmark.tables.tasks import by_task
from fgresq.errors import UserError
from fgresq.metrics.base import MetricCard
from fgresq.results import BenchmarkResult, BenchmarkTable
from fgresq.version import __version__

SCHEMA = 1

By = Literal["task", "range"]


def make_tables(
    gathered: Gathered, by: By, settings: TableSettings | None = None, *, published: bool = False
) -> BenchmarkResult:
    """Make the tables of a store.

    Args:
        gathered: what the store holds.
        by: "task" or "range".
        settings: of the tables.
        published: set the paper's figures beside ours.

    Raises:
        UserError: the labels don't suffice for such a table; intervals are wanted and every figure is of one content.
    """
    settings = settings or TableSettings()
    if by == "task":
        tables: tuple[BenchmarkTable, ...] = (by_task(gathered, settings, published=published),)
    else:
        tables = by_range(gathered, settings, published=published)
    if settings.intervals:
        _require_an_interval(tables)
        tables = tuple(_with_interval_notes(table, settings) for table in tables)
    gaps = _gaps(gathered)
    tables = tuple(
        replace(table, notes=(*table.notes, *gaps, *not_on_record(gathered)), warnings=_warnings(table, gathered))
        for table in tables
    )
    made_by = {answers.card.name: _made_by(answers.card) for answers in gathered.answers}
    return BenchmarkResult(SCHEMA, __version__, by, {**settings.told(), **gathered.told}, made_by, tables)


def _warnings(table: BenchmarkTable, gathered: Gathered) -> tuple[str, ...]:
    return warnings(gathered, {row.metric for row in table.rows if any(cell.seen for cell in row.cells)})


def _gaps(gathered: Gathered) -> tuple[str, ...]:
    """What each metric lacks that isn't a missing reference."""
    notes = []
    for answers in gathered.answers:
        infinite = int(np.isinf(answers.scores).sum())
        if infinite:
            notes.append(f"{answers.card.title}: {infinite} infinite scores are left out of correlations.")
        failed = sum(reason not in (None, NO_REFERENCE, NOT_RUN) for reason in answers.reasons)
        if failed:
            notes.append(f"{answers.card.title}: {failed} of {len(answers.reasons)} images couldn't be judged.")
        open_ones = answers.reasons.count(NOT_RUN)
        if open_ones:
            notes.append(f"{answers.card.title}: {open_ones} of {len(answers.reasons)} images aren't judged yet.")
    return tuple(notes)


def _with_interval_notes(table: BenchmarkTable, settings: TableSettings) -> BenchmarkTable:
    text = f"Intervals: {settings.confidence:.0%}, from {settings.resamples:,} resamples of the contents."
    bare = any(cell.value is not None and cell.low is None for row in table.rows for cell in row.cells)
    more = (" Figures over one content have none.",) if bare else ()
    return replace(table, notes=(*table.notes, "".join((text, *more))))


def _made_by(card: MetricCard) -> str:
    parameters = "" if card.parameters is None else f"parameters {card.parameters}"
    return "; ".join(part for part in (f"{card.engine} {card.version}", card.settings, card.note, parameters) if part)


def _require_an_interval(tables: tuple[BenchmarkTable, ...]) -> None:
    cells = [cell for table in tables for row in table.rows for cell in row.cells if cell.value is not None]
    if cells and all(cell.low is None for cell in cells):
        raise UserError(
            "every figure rests on one content, which says nothing of the spread over contents; leave out --intervals, "
            "or measure on more contents"
        )
