"""Let a judge work through the data sets: only what its store lacks, each file once, failures with their reason."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from fgresq.benchmark.coverage import Coverage, Known, coverage, pair_key, score_key
from fgresq.benchmark.judges import Declaration, PairVerdict, Request, Subject, Verdict, declare, open_judge
from fgresq.benchmark.sets import BenchmarkSet, Progress
from fgresq.benchmark.store.folder import PairKey, ScoreKey, Store, comparison_row, score_row
from fgresq.benchmark.store.parts import PAUSE
from fgresq.benchmark.work import compare_files, score_files
from fgresq.workers import Map

_FAILED = Verdict(None)
_Item = TypeVar("_Item")


@dataclass(slots=True)
class _Todo:
    """What is to be judged: each image and each pair once, wherever it is in the data sets."""

    subjects: dict[ScoreKey, Subject]
    pairs: dict[PairKey, tuple[str, str]]


def run_judge(
    request: Request,
    sets: Sequence[BenchmarkSet],
    store: Store,
    known: Known,
    *,
    spread: Map,
    retry_failed: bool = False,
    save_every: float = PAUSE,
    begin: Callable[[Declaration, int], Progress] | None = None,
) -> Coverage:
    """Let one judge work through the data sets.

    The store takes note of a judge only when it could be opened, or when it has worked for the store before.

    Args:
        request: the judge.
        sets: with labels and hashes.
        store: that takes the answers, every few seconds.
        known: what is in it; what is found now is added.
        spread: over processes or machines; a judge that can't be spread works here.
        retry_failed: judge again what failed before; else a stored failure stays one.
        save_every: seconds between two writes; what a killed process loses at most.
        begin: told the judge and the number of images and pairs to judge; what it answers is told of each step.

    Raises:
        UserError: the judge doesn't work here.
        OutputError: the store can't be written.
    """
    judge = declare(request)
    todo = _todo(judge, sets, known, retry_failed=retry_failed)
    images, pairs = len(todo.subjects), len(todo.pairs)
    tell = begin(judge, images + pairs) if begin is not None else lambda _: None
    opened = open_judge(request) if images or pairs or not store.has_judge(judge) else None
    store.add_judge(judge)
    if opened is not None:
        over = spread if opened.spreads else map
        work = _Work(request, judge, todo, store, known, over, opened.at_once, save_every, tell)
        work.compare()
        work.score()
    return coverage(judge, sets, known, images, pairs)


@dataclass(frozen=True, slots=True)
class _Work:
    """One judge at work; as the arguments of `run_judge`."""

    request: Request
    judge: Declaration
    todo: _Todo
    store: Store
    known: Known
    spread: Map
    at_once: int
    save_every: float
    tell: Progress

    def compare(self) -> None:
        """Compare the pairs. The scores that are found on the way are kept, and needn't be computed again."""
        chunks = list(_chunks(list(self.todo.pairs.items()), self.at_once))
        jobs = [(self.request, tuple(paths for _, paths in chunk)) for chunk in chunks]
        pause = self.save_every
        with self.store.comparison_writer(pause) as comparisons, self.store.score_writer(pause) as scores:
            for chunk, verdicts in zip(chunks, self.spread(compare_files, jobs), strict=True):
                for (key, paths), verdict in zip(chunk, verdicts, strict=True):
                    comparisons.add([comparison_row(*key, verdict)])
                    self.known.comparisons[key] = verdict.preference
                    scores.add(self._scores_of(key, paths, verdict))
                self.tell(len(chunk))

    def _scores_of(self, key: PairKey, paths: tuple[str, str], verdict: PairVerdict) -> list[dict[str, Any]]:
        rows = []
        for image, path, score in zip(key[1:], paths, verdict.scores, strict=True):
            found = (self.judge.key, image, None)
            if self.todo.subjects.pop(found, None) is not None:
                self.known.scores[found] = score
                rows.append(score_row(*found, score, path))
                self.tell(1)
        return rows

    def score(self) -> None:
        """Score the images that are left."""
        chunks = list(_chunks(list(self.todo.subjects.items()), self.at_once))
        jobs = [(self.request, tuple(subject for _, subject in chunk)) for chunk in chunks]
        with self.store.score_writer(self.save_every) as scores:
            for chunk, verdicts in zip(chunks, self.spread(score_files, jobs), strict=True):
                for (key, subject), verdict in zip(chunk, verdicts, strict=True):
                    if verdict.keep:
                        scores.add([score_row(*key, verdict, subject.image)])
                    self.known.scores[key] = verdict
                self.tell(len(chunk))


def _chunks(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _todo(judge: Declaration, sets: Sequence[BenchmarkSet], known: Known, *, retry_failed: bool) -> _Todo:
    subjects: dict[ScoreKey, Subject] = {}
    pairs: dict[PairKey, tuple[str, str]] = {}
    for data in sets:
        for image in data.manifest.images:
            key = score_key(judge, image, data)
            if key is None or not _is_open(key in known.scores, known.scores.get(key, _FAILED).score, retry_failed):
                continue
            subjects[key] = Subject(image.path, image.reference if judge.full_reference else None)
        if judge.compares:
            by_id = {image.image_id: image for image in data.manifest.images}
            for pair in data.manifest.pairs:
                a, b = by_id[pair.image_a], by_id[pair.image_b]
                found = pair_key(judge, a, b, data)
                if pair.preference is None or found is None:
                    continue
                if _is_open(found in known.comparisons, known.comparisons.get(found), retry_failed):
                    pairs[found] = (a.path, b.path)
    return _Todo(subjects, pairs)


def _is_open(is_known: bool, answer: object, retry_failed: bool) -> bool:
    return not is_known or (retry_failed and answer is None)
