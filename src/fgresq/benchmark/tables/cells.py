"""One figure at a time: a correlation over some images, an accuracy over some pairs, with what it rests on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fgresq.benchmark.coverage import NO_REFERENCE
from fgresq.benchmark.tables.intervals import Correlations, accuracy_resamples, ends, mean_of
from fgresq.benchmark.tables.labels import Answers, Floats, Labels
from fgresq.benchmark.tables.settings import TableSettings
from fgresq.criteria.agreement import (
    accuracy_without_ties,
    macro_average,
    outcomes_without_ties,
    preferences_from_scores,
    three_class_accuracy,
    three_class_outcomes,
)
from fgresq.criteria.correlation import plcc, srcc
from fgresq.criteria.resampling import Bootstrapped
from fgresq.records import Preference
from fgresq.results import TableCell

FEWEST = 3

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Measured:
    """A cell, and its figure in all resamples where there are any."""

    cell: TableCell
    resamples: Bootstrapped | None = None


def correlation(
    criterion: str,
    labels: Labels,
    answers: Answers,
    strata: Sequence[Numbers],
    settings: TableSettings,
    resampled: Correlations,
) -> Measured:
    """SRCC or PLCC: the mean over the strata in which it is defined.

    Args:
        criterion: "SRCC" or "PLCC".
        labels: of all images.
        answers: of the metric.
        strata: numbers of the images with MOS, of each source apart.
        settings: of the table.
        resampled: for the intervals.
    """
    values, resamples, used, seen = [], [], 0, 0
    for images in strata:
        rows = images[np.isfinite(answers.scores[images])]
        scores, mos = answers.scores[rows], labels.mos[rows]
        value = srcc(scores, mos) if criterion == "SRCC" else plcc(scores, mos, settings.mapping)
        if value is None:
            continue
        values.append(value)
        used += len(rows)
        seen += int(answers.seen[rows].sum())
        if settings.intervals:
            resamples.append(resampled.resamples(criterion, answers, images))
    images = np.concatenate([*strata, np.empty(0, np.int64)])
    mean = macro_average(values)
    if mean is None:
        scored = int(np.isfinite(answers.scores[images]).sum())
        return Measured(TableCell(None, scored, len(images), why_undefined(answers, images, labels.mos)))
    return _with_interval(TableCell(mean, used, len(images), seen=seen), mean_of(resamples), settings)


def accuracy(
    labels: Labels, answers: Answers, pairs: Numbers, settings: TableSettings, *, from_scores: bool
) -> Measured:
    """ACC over some pairs.

    Args:
        labels: of all images.
        answers: of the metric.
        pairs: numbers of the pairs.
        settings: of the table; its rule for ties.
        from_scores: by the scores, also for a metric that compares.
    """
    human = [labels.preferences[n] for n in pairs]
    said = predicted(labels, answers, pairs, from_scores=from_scores)
    half = settings.ties == "half"
    agreement = (accuracy_without_ties if half else three_class_accuracy)(human, said)
    of = sum(judged is not Preference.EQUAL for judged in human) if half else len(human)
    if agreement.accuracy is None:
        images = np.unique(labels.pairs[pairs])
        missing = next((answers.reasons[n] for n in images if answers.reasons[n] is not None), None)
        return Measured(
            TableCell(None, 0, of, "no pair with a preference" if of == 0 else missing or "not compared yet")
        )
    outcomes = (outcomes_without_ties if half else three_class_outcomes)(human, said)
    counted = labels.pairs[pairs[~np.isnan(outcomes)]]
    seen = int(answers.seen[counted].any(axis=1).sum())
    cell = TableCell(agreement.accuracy, agreement.used, of, seen=seen)
    if not settings.intervals:
        return Measured(cell)
    contents = [labels.content[labels.pairs[n, 0]] for n in pairs]
    return _with_interval(cell, accuracy_resamples(outcomes, contents, settings), settings)


def mean(measured: Sequence[Measured], settings: TableSettings) -> Measured:
    """The plain mean of the figures that there are, as in the last columns of the paper's Table 3."""
    there = [each for each in measured if each.cell.value is not None]
    value = macro_average(each.cell.value for each in there)
    n, of = sum(each.cell.n for each in there), sum(each.cell.of for each in measured)
    seen = sum(each.cell.seen for each in there)
    if value is None:
        reasons = {each.cell.why for each in measured}
        return Measured(TableCell(None, n, of, reasons.pop() if len(reasons) == 1 else "no task has a value"))
    return _with_interval(TableCell(value, n, of, seen=seen), mean_of([each.resamples for each in there]), settings)


def _with_interval(cell: TableCell, resamples: Bootstrapped | None, settings: TableSettings) -> Measured:
    low, high = ends(resamples, settings)
    return Measured(replace(cell, low=low, high=high), resamples)


def predicted(
    labels: Labels, answers: Answers, pairs: Numbers, *, from_scores: bool = False
) -> tuple[Preference | None, ...]:
    """What a metric says of some pairs: its own preferences where it compares, else those of its scores.

    Args:
        labels: of all images.
        answers: of the metric.
        pairs: numbers of the pairs.
        from_scores: by the scores, also for a metric that compares.
    """
    if answers.preferences is not None and not from_scores:
        return tuple(answers.preferences[n] for n in pairs)
    a, b = (answers.scores[labels.pairs[pairs, side]] for side in (0, 1))
    both = a == b  # two infinite PSNR are equal, though they have no difference
    return preferences_from_scores(np.where(both, 0.0, a), np.where(both, 0.0, b))


def why_undefined(answers: Answers, images: Numbers, mos: Floats) -> str:
    """Why a correlation over some images is undefined."""
    rows = images[np.isfinite(answers.scores[images])]
    reasons = {answers.reasons[n] for n in images} - {None}
    if len(rows) == 0 and len(reasons) == 1:
        return str(next(iter(reasons)))
    if len(rows) == 0 and NO_REFERENCE in reasons:
        return NO_REFERENCE
    if len(rows) < FEWEST:
        return f"{len(rows)} images; {FEWEST} are needed"
    if np.ptp(mos[rows]) == 0:
        return "all MOS are equal"
    if np.ptp(answers.scores[rows]) == 0:
        return "all scores are equal"
    return f"fewer than {FEWEST} images, or equal values, in every source"
