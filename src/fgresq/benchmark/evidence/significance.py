"""Is one metric better than another? Every two of them, on the same images, by the bootstrap over contents.

A matrix compares what a column of the tables shows: SRCC of a task (the mean over sources, as there), ACC of a task,
the mean over tasks, SRCC of a data set. Resamples are paired: all metrics see the same draw of the same contents.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from fgresq.benchmark.evidence.predictions import outcomes_of
from fgresq.benchmark.tables import TableSettings
from fgresq.benchmark.tables.groups import (
    OVERALL,
    TASKS,
    Numbers,
    by_source,
    images_of_ranges,
    images_of_task,
    pairs_of_task,
)
from fgresq.benchmark.tables.intervals import Correlations, accuracy_resamples, mean_of
from fgresq.benchmark.tables.labels import Answers, Floats, Gathered, Labels
from fgresq.criteria.correlation import srcc
from fgresq.criteria.resampling import Bootstrapped
from fgresq.criteria.significance import compare_bootstrapped
from fgresq.metrics.base import MetricCard
from fgresq.records import RestorationTask
from fgresq.results import MetricTest, SignificanceMatrix

AVERAGE = "Average"
MOST_MISSING = 0.1
"""Share of the images that a metric may lack and still be compared, on the images that all compared metrics have."""

_FEWEST = 3


@dataclass(slots=True)
class _Family:
    """Metrics of one matrix.

    Attributes:
        group, criterion: of the matrix.
        titles: of the metrics, by name.
        values: the criterion in the data, by name.
        resamples: the criterion in all resamples, by name; None where there is only one content.
        n: images or pairs.
        contents: names.
        left_out: a sentence each.
    """

    group: str
    criterion: str
    titles: dict[str, str] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)
    resamples: dict[str, Bootstrapped | None] = field(default_factory=dict)
    n: int = 0
    contents: set[str] = field(default_factory=set)
    left_out: list[str] = field(default_factory=list)

    def add(self, card: MetricCard, value: float, resamples: Bootstrapped | None) -> None:
        """One metric more."""
        self.titles[card.name], self.values[card.name], self.resamples[card.name] = card.title, value, resamples


def significance_matrices(gathered: Gathered, settings: TableSettings) -> tuple[SignificanceMatrix, ...]:
    """All matrices: SRCC and ACC by task and their means over tasks, SRCC by data set."""
    labels, answers = gathered.labels, gathered.answers
    families: list[_Family] = []
    for criterion in ("SRCC", "ACC"):
        of_tasks = [_of_task(criterion, task, labels, answers, settings) for task in TASKS]
        there = [family for family in of_tasks if family is not None]
        families += there
        measured = [family for family in there if family.values]
        if len(measured) > 1:
            families.append(_average(measured))
    shown = {frozenset(images_of_task(labels, task).tolist()) for task in TASKS}
    for source in labels.sources:
        images = images_of_ranges(labels, source)[OVERALL]
        if len(images) and frozenset(images.tolist()) not in shown:  # else a task's matrix says the same
            families.append(_of_images(source, labels, answers, (images,), settings))
    return tuple(map(_matrix, families))


def _of_task(
    criterion: str, task: RestorationTask, labels: Labels, answers: Sequence[Answers], settings: TableSettings
) -> _Family | None:
    if criterion == "SRCC":
        images = images_of_task(labels, task)
        return _of_images(task.value, labels, answers, by_source(labels, images), settings) if len(images) else None
    pairs = pairs_of_task(labels, task)
    return _of_pairs(task.value, labels, answers, pairs, settings) if len(pairs) else None


def _of_images(
    group: str, labels: Labels, answers: Sequence[Answers], strata: Sequence[Numbers], settings: TableSettings
) -> _Family:
    family = _Family(group, "SRCC")
    images = np.concatenate(strata)
    covering = _covering(
        answers, [np.isfinite(each.scores[images]) for each in answers], family, "finite score for {} of {} images"
    )
    kept = list(compress(answers, covering))
    if not kept:
        return family
    common = np.all([np.isfinite(each.scores) for each in kept], axis=0)
    rows_of = [rows for rows in (stratum[common[stratum]] for stratum in strata) if _varies(labels.mos[rows])]
    resampled = Correlations(labels, kept, settings)
    for each in kept:
        values = [srcc(each.scores[rows], labels.mos[rows]) for rows in rows_of]
        defined = [value for value in values if value is not None]
        if not defined or len(defined) < len(values):
            family.left_out.append(f"{each.card.title}: its SRCC is undefined there.")
            continue
        resamples = [resampled.resamples("SRCC", each, rows) for rows in rows_of]
        family.add(each.card, float(np.mean(defined)), mean_of(resamples))
    family.n = sum(map(len, rows_of))
    family.contents = {labels.content[n] for rows in rows_of for n in rows}
    return family


def _of_pairs(
    group: str, labels: Labels, answers: Sequence[Answers], pairs: Numbers, settings: TableSettings
) -> _Family:
    family = _Family(group, "ACC")
    outcomes = [outcomes_of(labels, each, pairs, settings.ties) for each in answers]
    clear = ~np.all(np.isnan(outcomes), axis=0)
    kept = _covering(answers, [~np.isnan(row[clear]) for row in outcomes], family, "answer for {} of {} pairs")
    rows = [row for row, is_kept in zip(outcomes, kept, strict=True) if is_kept]
    common = ~np.any(np.isnan(rows), axis=0) if rows else np.zeros(len(pairs), bool)
    if not common.any():
        return family
    contents = [labels.content[labels.pairs[n, 0]] for n in pairs[common]]
    family.n, family.contents = len(contents), set(contents)
    for each, row in zip(compress(answers, kept), rows, strict=True):
        family.add(each.card, float(row[common].mean()), accuracy_resamples(row[common], contents, settings))
    return family


def _covering(answers: Sequence[Answers], there: Sequence[NDArray[np.bool_]], family: _Family, what: str) -> list[bool]:
    """Which metrics have judged nearly all; the others are named."""
    covering = []
    for each, known in zip(answers, there, strict=True):
        missing = int(len(known) - np.count_nonzero(known))
        covering.append(len(known) > 0 and missing <= MOST_MISSING * len(known))
        if missing and not covering[-1]:
            family.left_out.append(f"{each.card.title}: no {what.format(missing, len(known))}.")
    return covering


def _average(families: Sequence[_Family]) -> _Family:
    """The mean over tasks, of the metrics that are compared in all of them."""
    whole = _Family(AVERAGE, families[0].criterion, n=sum(family.n for family in families))
    whole.contents = {content for family in families for content in family.contents}
    whole.titles = {name: title for family in families for name, title in family.titles.items()}
    for name, title in whole.titles.items():
        if all(name in family.values for family in families):
            whole.values[name] = float(np.mean([family.values[name] for family in families]))
            whole.resamples[name] = mean_of([family.resamples[name] for family in families])
        else:
            whole.left_out.append(f"{title}: isn't compared in every task.")
    return whole


def _matrix(family: _Family) -> SignificanceMatrix:
    names = sorted(family.values, key=lambda name: -family.values[name])
    resamples = [each for each in (family.resamples[name] for name in names) if each is not None]
    why = None
    if len(names) < 2:
        why = "Fewer than two metrics can be compared."
    elif len(resamples) < len(names):
        why = "A test by content needs at least two contents in each data set, and there is only one."
    return SignificanceMatrix(
        family.group,
        family.criterion,
        tuple(family.titles[name] for name in names),
        tuple(family.values[name] for name in names),
        _tests(resamples) if why is None else (),
        family.n,
        len(family.contents),
        tuple(family.left_out),
        why,
    )


def _tests(resamples: Sequence[Bootstrapped]) -> tuple[MetricTest, ...]:
    together = Bootstrapped(
        np.concatenate([each.value for each in resamples]),
        np.concatenate([each.samples for each in resamples], axis=1),
        resamples[0].bounds,
    )
    tests = []
    for found in compare_bootstrapped(together.differences()[1]):
        low, high = found.interval or (None, None)
        tests.append(MetricTest(found.first, found.second, found.difference, low, high, found.p, found.adjusted))
    return tuple(tests)


def _varies(mos: Floats) -> bool:
    return len(mos) >= _FEWEST and bool(np.ptp(mos) > 0)
