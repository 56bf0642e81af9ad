"""Let a metric work through the data sets: only what its store lacks, each file once, failures with their reason."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from fgresq.benchmark.coverage import Coverage, Known, coverage, pair_key, score_key
from fgresq.benchmark.sets import BenchmarkSet, Progress
from fgresq.benchmark.store.folder import PairKey, ScoreKey, Store, comparison_row, score_row
from fgresq.benchmark.store.parts import PAUSE
from fgresq.benchmark.work import compare_files, score_files
from fgresq.metrics.base import Item, MetricCard, PairScore, Score
from fgresq.metrics.registry import open_metric
from fgresq.metrics.runners import MetricSettings
from fgresq.workers import Map

_FAILED = Score(None)
_Item = TypeVar("_Item")


@dataclass(slots=True)
class _Todo:
    """What is to be judged: each image and each pair once, wherever it is in the data sets."""

    items: dict[ScoreKey, Item]
    pairs: dict[PairKey, tuple[str, str]]


def run_metric(
    card: MetricCard,
    settings: MetricSettings,
    sets: Sequence[BenchmarkSet],
    store: Store,
    known: Known,
    *,
    spread: Map,
    retry_failed: bool = False,
    save_every: float = PAUSE,
    begin: Callable[[MetricCard, int], Progress] | None = None,
) -> Coverage:
    """Let one metric work through the data sets.

    The store takes note of a metric only when it could be opened, or when it has worked for the store before.

    Args:
        card: of the metric, identified.
        settings: how it runs.
        sets: with labels and hashes.
        store: that takes the answers, every few seconds.
        known: what is in it; what is found now is added.
        spread: over processes or machines; a metric that can't be spread works here.
        retry_failed: judge again what failed before; else a stored failure stays one.
        save_every: seconds between two writes; what a killed process loses at most.
        begin: told the metric and the number of images and pairs to judge; what it answers is told of each step.

    Raises:
        UserError: the metric doesn't work here.
        OutputError: the store can't be written.
    """
    todo = _todo(card, sets, known, retry_failed=retry_failed)
    images, pairs = len(todo.items), len(todo.pairs)
    tell = begin(card, images + pairs) if begin is not None else lambda _: None
    opened = open_metric(card, settings) if images or pairs or not store.has_metric(card) else None
    store.add_metric(card)
    if opened is not None:
        over = spread if opened.card.spreads else map
        work = _Work(card, settings, todo, store, known, over, opened.card.at_once, save_every, tell)
        work.compare()
        work.score()
    return coverage(card, sets, known, images, pairs)


@dataclass(frozen=True, slots=True)
class _Work:
    """One metric at work; as the arguments of `run_metric`."""

    card: MetricCard
    settings: MetricSettings
    todo: _Todo
    store: Store
    known: Known
    spread: Map
    at_once: int
    save_every: float
    tell: Progress

    @property
    def _sent(self) -> MetricCard:
        """What another process needs to open the metric; not 140 kB of what its weights have seen, for every job."""
        return self.card.model_copy(update={"seen": None})

    def compare(self) -> None:
        """Compare the pairs. The scores that are found on the way are kept, and needn't be computed again."""
        chunks = list(_chunks(list(self.todo.pairs.items()), self.at_once))
        jobs = [(self._sent, self.settings, tuple(paths for _, paths in chunk)) for chunk in chunks]
        pause = self.save_every
        with self.store.comparison_writer(pause) as comparisons, self.store.score_writer(pause) as scores:
            for chunk, answers in zip(chunks, self.spread(compare_files, jobs), strict=True):
                for (key, paths), answer in zip(chunk, answers, strict=True):
                    comparisons.add([comparison_row(*key, answer)])
                    self.known.comparisons[key] = answer.preference
                    scores.add(self._scores_of(key, paths, answer))
                self.tell(len(chunk))

    def _scores_of(self, key: PairKey, paths: tuple[str, str], answer: PairScore) -> list[dict[str, Any]]:
        rows = []
        for image, path, score in zip(key[1:], paths, answer.scores, strict=True):
            found = (self.card.key, image, None)
            if self.todo.items.pop(found, None) is not None:
                self.known.scores[found] = score
                rows.append(score_row(*found, score, path))
                self.tell(1)
        return rows

    def score(self) -> None:
        """Score the images that are left."""
        chunks = list(_chunks(list(self.todo.items.items()), self.at_once))
        jobs = [(self._sent, self.settings, tuple(item for _, item in chunk)) for chunk in chunks]
        with self.store.score_writer(self.save_every) as scores:
            for chunk, answers in zip(chunks, self.spread(score_files, jobs), strict=True):
                for (key, (image, _)), answer in zip(chunk, answers, strict=True):
                    if not answer.retry:
                        scores.add([score_row(*key, answer, str(image))])
                    self.known.scores[key] = answer
                self.tell(len(chunk))


def _chunks(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _todo(card: MetricCard, sets: Sequence[BenchmarkSet], known: Known, *, retry_failed: bool) -> _Todo:
    items: dict[ScoreKey, Item] = {}
    pairs: dict[PairKey, tuple[str, str]] = {}
    for data in sets:
        for image in data.manifest.images:
            key = score_key(card, image, data)
            if key is None or not _is_open(key in known.scores, known.scores.get(key, _FAILED).value, retry_failed):
                continue
            items[key] = (image.path, image.reference if card.full_reference else None)
        if card.compares:
            by_id = {image.image_id: image for image in data.manifest.images}
            for pair in data.manifest.pairs:
                a, b = by_id[pair.image_a], by_id[pair.image_b]
                found = pair_key(card, a, b, data)
                if pair.preference is None or found is None:
                    continue
                if _is_open(found in known.comparisons, known.comparisons.get(found), retry_failed):
                    pairs[found] = (a.path, b.path)
    return _Todo(items, pairs)


def _is_open(is_known: bool, answer: object, retry_failed: bool) -> bool:
    return not is_known or (retry_failed and answer is None)
