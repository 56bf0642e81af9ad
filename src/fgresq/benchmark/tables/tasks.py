"""Table 3 of the paper: SRCC, PLCC and ACC for each restoration task, and their means."""

from dataclasses import replace
from functools import cache

import numpy as np

from fgresq.benchmark.published import figures_by_task
from fgresq.benchmark.tables.cells import Measured, accuracy, correlation, mean
from fgresq.benchmark.tables.groups import TASKS, by_source, images_of_task, normalised, pairs_of_task
from fgresq.benchmark.tables.intervals import Correlations
from fgresq.benchmark.tables.labels import Answers, Gathered, Labels
from fgresq.benchmark.tables.rows import Printed, make_rows
from fgresq.benchmark.tables.settings import TableSettings
from fgresq.errors import UserError
from fgresq.metrics.catalogue import PAPER
from fgresq.names import first_few
from fgresq.records import RestorationTask
from fgresq.results import BenchmarkTable, TableCell, TableColumn

AVERAGE = "Average"


def by_task(gathered: Gathered, settings: TableSettings, *, published: bool = False) -> BenchmarkTable:
    """Make the table.

    Args:
        gathered: from a store.
        settings: of the table.
        published: set the paper's figures beside ours.

    Raises:
        UserError: no image has a task, or those that have one have neither MOS nor preferences.
    """
    labels = gathered.labels
    tasks = [task for task in TASKS if len(images_of_task(labels, task)) or len(pairs_of_task(labels, task))]
    if not tasks:
        what = "a MOS or a pair with a preference" if any(labels.task) else "a task"
        raise UserError(f"no image has {what}; nothing can be shown by task (by range, only MOS are needed)")
    scored = any(len(images_of_task(labels, task)) for task in tasks)
    criteria = (("SRCC", "PLCC") if scored else ()) + (("ACC",) if labels.preferences else ())
    columns = tuple(
        TableColumn(group, criterion) for group in (*(task.value for task in tasks), AVERAGE) for criterion in criteria
    )
    measure = _Measure(gathered, settings, tuple(tasks))
    printed = None
    if published:
        figures = figures_by_task()
        if len(tasks) < len(TASKS):  # the paper's means are over all six
            figures = {place: figure for place, figure in figures.items() if place[1] != AVERAGE}
        metrics = tuple(name for name in PAPER if any(place[0] == name for place in figures))
        printed = Printed(figures, metrics)
    rows = make_rows(gathered.answers, columns, measure.cell, printed)
    return BenchmarkTable(
        "tasks",
        "Agreement with people, by restoration task",
        columns,
        rows,
        (*_notes(labels, settings, tasks, published=published), *gathered.notes),
    )


class _Measure:
    """Figures of one table; each is computed once, though the mean needs it again."""

    def __init__(self, gathered: Gathered, settings: TableSettings, tasks: tuple[RestorationTask, ...]) -> None:
        self._labels = _comparable(gathered.labels) if settings.over_sources == "pooled" else gathered.labels
        self._resampled = Correlations(self._labels, gathered.answers, settings)
        self._settings = settings
        self._tasks = tasks
        self._figures: dict[tuple[str, RestorationTask, str, bool], Measured] = {}
        self._images = cache(lambda task: images_of_task(self._labels, task))
        self._pairs = cache(lambda task: pairs_of_task(self._labels, task))

    def cell(self, answers: Answers, column: TableColumn, from_scores: bool) -> TableCell:
        """The cell of a metric in a column."""
        if column.group == AVERAGE:
            parts = [self._figure(answers, task, column.criterion, from_scores) for task in self._tasks]
            return mean(parts, self._settings).cell
        return self._figure(answers, RestorationTask(column.group), column.criterion, from_scores).cell

    def _figure(self, answers: Answers, task: RestorationTask, criterion: str, from_scores: bool) -> Measured:
        key = (answers.card.name, task, criterion, from_scores)
        if key not in self._figures:
            self._figures[key] = self._compute(answers, task, criterion, from_scores)
        return self._figures[key]

    def _compute(self, answers: Answers, task: RestorationTask, criterion: str, from_scores: bool) -> Measured:
        if criterion == "ACC":
            return accuracy(self._labels, answers, self._pairs(task), self._settings, from_scores=from_scores)
        images = self._images(task)
        strata = (images,) if self._settings.over_sources == "pooled" else by_source(self._labels, images)
        return correlation(criterion, self._labels, answers, strata, self._settings, self._resampled)


def _comparable(labels: Labels) -> Labels:
    """The labels with MOS brought to [0, 1] in each source; a source whose MOS are all equal has none left."""
    mos = labels.mos.copy()
    source = np.array(labels.source)
    for name in labels.sources:
        rows = (source == name) & np.isfinite(mos)
        if rows.any():
            mos[rows] = normalised(mos[rows]) if np.ptp(mos[rows]) > 0 else np.nan
    return replace(labels, mos=mos)


def _notes(
    labels: Labels, settings: TableSettings, tasks: list[RestorationTask], *, published: bool
) -> tuple[str, ...]:
    """What must be said of the figures."""
    notes = []
    sources = {task.value: sorted({labels.source[n] for n in images_of_task(labels, task)}) for task in tasks}
    several = [f"{task} ({', '.join(names)})" for task, names in sources.items() if len(names) > 1]
    if several and settings.over_sources == "mean":
        notes.append(f"SRCC and PLCC are means over sources, each computed within one: {first_few(several, 6)}.")
    elif several:
        notes.append(f"SRCC and PLCC are over all sources, MOS brought to [0, 1] in each: {first_few(several, 6)}.")
    if labels.preferences and settings.ties == "half":
        notes.append("ACC leaves out pairs that people judged equal; a predicted tie counts one half.")
    elif labels.preferences:
        notes.append("ACC is the share of pairs whose class (A, B or equal) is predicted; equal scores are a tie.")
    if published:
        notes.append(
            "The paper's figures are of the test side of its own split of FGRestore, for learned metrics that were "
            "trained again on the rest; ours are of the images and weights named here."
        )
    return tuple(notes)
