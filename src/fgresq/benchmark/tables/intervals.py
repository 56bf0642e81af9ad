"""Intervals of a table's figures: contents are resampled, and a mean of figures is the mean of their resamples.

Figures over the same contents are resampled together: the draw is seeded with the contents' names. So the tasks of one
source rise and fall together in their mean, and two sources don't.
"""

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fgresq.benchmark.tables.labels import Answers, Floats, Labels
from fgresq.benchmark.tables.settings import TableSettings
from fgresq.criteria.resampled_correlation import Criterion, bootstrap_correlation
from fgresq.criteria.resampling import Bootstrapped, ContentDraw, bootstrap_accuracy, draw_contents
from fgresq.errors import UserError

Numbers = NDArray[np.int64]

_NAMES: dict[str, Criterion] = {"SRCC": "srcc", "PLCC": "plcc"}


class Correlations:
    """Correlations of the metrics of a table in all resamples; those that judged the same images are resampled at once.

    Args:
        labels: of all images.
        answers: of all metrics of the table.
        settings: of the table.
    """

    def __init__(self, labels: Labels, answers: Sequence[Answers], settings: TableSettings) -> None:
        self._labels = labels
        self._answers = answers
        self._settings = settings
        self._found: dict[tuple[str, str, bytes], Bootstrapped | None] = {}

    def resamples(self, criterion: str, answers: Answers, images: Numbers) -> Bootstrapped | None:
        """A correlation in all resamples; None with fewer than two contents, which say nothing of the spread.

        Args:
            criterion: "SRCC" or "PLCC".
            answers: of one of the metrics.
            images: of one source; those that it scored count.

        Raises:
            UserError: a mapped PLCC; it would take a fit in each resample.
        """
        key = (answers.card.name, criterion, images.tobytes())
        if key not in self._found:
            self._compute(criterion, answers, images)
        return self._found[key]

    def _compute(self, criterion: str, answers: Answers, images: Numbers) -> None:
        scored = np.isfinite(answers.scores[images])
        alike = [each for each in self._answers if np.array_equal(np.isfinite(each.scores[images]), scored)]
        rows = images[scored]
        contents = [self._labels.content[n] for n in rows]
        scores = np.stack([each.scores[rows] for each in alike], axis=1)
        together = _bootstrapped(criterion, scores, self._labels.mos[rows], contents, self._settings)
        for number, each in enumerate(alike):
            own = None
            if together is not None:
                column = slice(number, number + 1)
                own = Bootstrapped(together.value[column], together.samples[:, column], together.bounds)
            self._found[each.card.name, criterion, images.tobytes()] = own


def correlation_resamples(
    criterion: str, scores: Floats, mos: Floats, contents: Sequence[str], settings: TableSettings
) -> Bootstrapped | None:
    """A correlation of one metric in all resamples; None with fewer than two contents.

    Args:
        criterion: "SRCC" or "PLCC".
        scores, mos: of some images of one source, finite.
        contents: of these images.
        settings: of the table.

    Raises:
        UserError: a mapped PLCC; it would take a fit in each resample.
    """
    return _bootstrapped(criterion, scores[:, None], mos, contents, settings)


def _bootstrapped(
    criterion: str, scores: Floats, mos: Floats, contents: Sequence[str], settings: TableSettings
) -> Bootstrapped | None:
    if criterion == "PLCC" and settings.mapping != "raw":
        raise UserError(f"no intervals of PLCC after {settings.mapping}; leave out --intervals, or use --mapping raw")
    draw = _draw(contents, settings)
    return None if draw is None else bootstrap_correlation(scores, mos, draw, _NAMES[criterion])


def accuracy_resamples(outcomes: Floats, contents: Sequence[str], settings: TableSettings) -> Bootstrapped | None:
    """An accuracy in all resamples; None with fewer than two contents.

    Args:
        outcomes: of each pair: 1, 0, 1/2, or NaN for one that doesn't count.
        contents: of these pairs.
        settings: of the table.
    """
    counted = ~np.isnan(outcomes)
    draw = _draw([content for content, counts in zip(contents, counted, strict=True) if counts], settings)
    return None if draw is None else bootstrap_accuracy(outcomes[counted][:, None], draw)


def mean_of(parts: Sequence[Bootstrapped | None]) -> Bootstrapped | None:
    """The mean of some figures, resample by resample; None when one of them has no resamples."""
    there = [part for part in parts if part is not None]
    if not there or len(there) < len(parts):
        return None
    return Bootstrapped(
        np.mean([part.value for part in there], axis=0),
        np.mean([part.samples for part in there], axis=0),
        (min(part.bounds[0] for part in there), max(part.bounds[1] for part in there)),
    )


def ends(resamples: Bootstrapped | None, settings: TableSettings) -> tuple[float | None, float | None]:
    """Lower and upper end of a figure's interval."""
    if resamples is None:
        return None, None
    low, high = resamples.interval(settings.confidence)
    return float(low[0]), float(high[0])


def _draw(contents: Sequence[str], settings: TableSettings) -> ContentDraw | None:
    names = sorted(set(contents))
    if len(names) < 2:
        return None
    return draw_contents(contents, settings.resamples, settings.seed + zlib.crc32("\n".join(names).encode()))
