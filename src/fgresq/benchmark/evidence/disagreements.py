"""Pairs of images on which people and a metric differ most.

Both images show one content and restore the same task. Where people compared pairs of a source, those pairs are looked
at; elsewhere every two images with MOS. How far a score (or a MOS) puts two images apart is counted in ranks: the share
of the source's images between them. So metrics of any unit can be compared, and an outlier doesn't win by its size.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fgresq.benchmark.sets import BenchmarkSet
from fgresq.benchmark.tables.cells import predicted
from fgresq.benchmark.tables.groups import Numbers
from fgresq.benchmark.tables.labels import Answers, Floats, Gathered, Labels
from fgresq.records import ImageRecord, Preference
from fgresq.results import Disagreement, SeenImage

PREFERENCES, MOS = "preferences", "MOS"
_BLOCK = 512  # images by all others of their content at once


@dataclass(frozen=True, slots=True)
class _Found:
    """Numbers of the image that people prefer and of the one that the metric does, and how far apart they are."""

    by_people: int
    by_metric: int
    size: float
    basis: str


def find_disagreements(gathered: Gathered, sets: Sequence[BenchmarkSet], most: int) -> tuple[Disagreement, ...]:
    """The greatest disagreements of each metric, greatest first; each content once before any comes a second time.

    Args:
        gathered: labels and answers.
        sets: that they were gathered from, in the same order.
        most: of each metric; at least 0.
    """
    labels = gathered.labels
    images = [image for data in sets for image in data.manifest.images]
    if len(images) != len(labels.source):
        raise ValueError(f"labels of {len(labels.source)} images don't belong to sets of {len(images)}")
    groups, by_mos = _groups(labels), _ranks(labels.mos, labels)
    found = []
    for answers in gathered.answers if most > 0 else ():
        by_score = _ranks(answers.scores, labels)
        candidates = [
            *_of_pairs(labels, answers, by_score),
            *(pair for group in groups for pair in _of_group(group, by_mos, by_score, most)),
        ]
        chosen = _one_a_content_first(candidates, labels)[:most]
        found += [_told(each, answers, images) for each in sorted(chosen, key=_greatest)]
    return tuple(found)


def _greatest(found: _Found) -> tuple[float, int, int]:
    return (-found.size, found.by_people, found.by_metric)


def _ranks(values: Floats, labels: Labels) -> Floats:
    """Place among the values of the source, from 0 to 1; NaN where there is no value."""
    from scipy.stats import rankdata  # noqa: PLC0415 - takes a while to import

    source = np.array(labels.source)
    ranks = np.full(len(values), np.nan)
    for name in labels.sources:
        rows = np.flatnonzero((source == name) & ~np.isnan(values))
        if len(rows) > 1:
            ranks[rows] = (rankdata(values[rows]) - 1) / (len(rows) - 1)
    return ranks


def _groups(labels: Labels) -> list[Numbers]:
    """Images with MOS of one content and task, where people compared no pairs of their source."""
    compared = {labels.source[a] for a in labels.pairs[:, 0]}
    groups = defaultdict(list)
    for number, key in enumerate(zip(labels.content, labels.task, strict=True)):
        if labels.source[number] not in compared and np.isfinite(labels.mos[number]):
            groups[key].append(number)
    return [np.array(group, np.int64) for group in groups.values() if len(group) > 1]


def _of_pairs(labels: Labels, answers: Answers, by_score: Floats) -> Iterator[_Found]:
    """Compared pairs that the metric puts the other way round."""
    told = predicted(labels, answers, np.arange(len(labels.pairs)))
    opposite = {(Preference.A, Preference.B), (Preference.B, Preference.A)}
    for (a, b), human, metric in zip(labels.pairs.tolist(), labels.preferences, told, strict=True):
        if (human, metric) in opposite and not np.isnan(by_score[[a, b]]).any():
            people, other = (a, b) if human is Preference.A else (b, a)
            # A metric that compares may prefer the image to which it gives the lower score.
            yield _Found(people, other, max(0.0, float(by_score[other] - by_score[people])), PREFERENCES)


def _of_group(group: Numbers, by_mos: Floats, by_score: Floats, most: int) -> Iterator[_Found]:
    """The greatest of a content's disagreements between MOS and scores."""
    for start in range(0, len(group), _BLOCK):
        rows = group[start : start + _BLOCK]
        people = by_mos[rows, None] - by_mos[group]
        metric = by_score[group] - by_score[rows, None]
        size = np.where((people > 0) & (metric > 0), np.minimum(people, metric), 0.0).ravel()
        least = np.partition(size, -most)[-most] if len(size) > most else 0.0
        places = np.flatnonzero((size >= least) & (size > 0))
        for place in places[np.argsort(-size[places], kind="stable")][:most].tolist():
            row, column = divmod(place, len(group))
            yield _Found(int(rows[row]), int(group[column]), float(size[place]), MOS)


def _one_a_content_first(candidates: Sequence[_Found], labels: Labels) -> list[_Found]:
    """By how many greater ones there are of the same content, then by size."""
    seen: dict[str, int] = defaultdict(int)
    turns = []
    for each in sorted(candidates, key=_greatest):
        content = labels.content[each.by_people]
        turns.append((seen[content], each))
        seen[content] += 1
    return [each for _, each in sorted(turns, key=lambda turn: turn[0])]


def _told(found: _Found, answers: Answers, images: Sequence[ImageRecord]) -> Disagreement:
    people, metric = (_seen(images[n], float(answers.scores[n]), answers) for n in (found.by_people, found.by_metric))
    of = images[found.by_people]
    return Disagreement(
        metric=answers.card.name,
        source=of.source,
        task=None if of.task is None else of.task.value,
        content=of.content,
        by_people=people,
        by_metric=metric,
        basis=found.basis,
        size=found.size,
    )


def _seen(image: ImageRecord, score: float, answers: Answers) -> SeenImage:
    # Turned twice is as it was: the score in the metric's own unit.
    return SeenImage(image.path, image.algorithm, image.mos, answers.card.oriented(score))
