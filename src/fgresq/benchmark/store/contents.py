"""What a store holds, counted; and how a metric, a data set or failures are taken out of it, and nothing else."""

import os
import shutil
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from fgresq.benchmark.store.folder import ScoreKey, Store
from fgresq.benchmark.store.parts import COMPARISONS, SCORES, drop_rows, read_parts
from fgresq.errors import OutputError, UserError
from fgresq.files import is_ignored
from fgresq.metrics.base import MetricCard
from fgresq.names import nearest

_ASIDE = ".removed-"


@dataclass(frozen=True, slots=True)
class MetricContents:
    """What a store holds of a metric.

    Attributes:
        key: that its rows have.
        card: None where rows are left whose metric the store doesn't know.
        last_run: None likewise.
        scored, failed: files with a score, and without one for a reason.
        compared, not_compared: pairs likewise.
    """

    key: str
    card: MetricCard | None
    last_run: datetime | None
    scored: int
    failed: int
    compared: int
    not_compared: int

    @property
    def name(self) -> str:
        """What it is called by, or its key where that isn't known."""
        return self.key if self.card is None else self.card.name


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that a metric couldn't score.

    Attributes:
        metric: its key.
        path: where the file was.
        reason: what was wrong.
    """

    metric: str
    path: str
    reason: str


def metrics_in(store: Store) -> tuple[MetricContents, ...]:
    """All metrics with what they have answered, the one that worked last first, those that aren't known last.

    Raises:
        UserError: a part of the store is damaged.
    """
    scored, failed = _counted((key[0], score.value is not None) for key, score in store.scores().items())
    compared, not_compared = _counted((key[0], answer is not None) for key, answer in store.comparisons().items())
    known = {card.key: (card, last_run) for card, last_run in store.metrics()}
    unknown = sorted({*scored, *failed, *compared, *not_compared} - set(known))
    return tuple(
        MetricContents(
            key,
            known[key][0] if key in known else None,
            known[key][1] if key in known else None,
            scored[key],
            failed[key],
            compared[key],
            not_compared[key],
        )
        for key in (*known, *unknown)
    )


def failures_in(store: Store) -> tuple[Failure, ...]:
    """All files that a metric couldn't score, in the order in which they failed; not those that have a score by now.

    Raises:
        UserError: a part of the store is damaged.
    """
    found: dict[ScoreKey, Failure | None] = {}
    for row in read_parts(store.root / "scores", SCORES):
        key = (row["judge"], row["image"], row["reference"])
        if row["score"] is not None:
            found[key] = None  # it stands, whatever failed before or after
        elif key not in found or found[key] is not None:
            found[key] = Failure(row["judge"], row["path"], row["error"] or "failed without a reason")
    return tuple(failure for failure in found.values() if failure is not None)


def find_metric(metrics: Collection[MetricContents], name: str) -> MetricContents:
    """A metric by its name or its key.

    Raises:
        UserError: there is none (the nearest names are listed), or the name is that of several; their keys are listed.
    """
    found = [metric for metric in metrics if name in (metric.name, metric.key)]
    if not found:
        raise UserError(f"the store has no metric {name!r}; {nearest(name, {metric.name for metric in metrics})}")
    if len(found) > 1:
        keys = ", ".join(f"{each.key} (last run {each.last_run:%Y-%m-%d %H:%M})" for each in found if each.last_run)
        raise UserError(f"{name} is the name of {len(found)} metrics in the store; name one by its key: {keys}")
    return found[0]


def set_names(store: Store) -> tuple[str, ...]:
    """Names of all data sets, damaged ones too."""
    return tuple(
        sorted(path.name for path in (store.root / "sets").glob("*") if path.is_dir() and not is_ignored(path.name))
    )


def remove_metric(store: Store, key: str) -> None:
    """Take a metric out of a store, with all its scores and comparisons.

    A process that is killed here leaves the metric with fewer answers; the same call goes on.

    Raises:
        UserError: a part of the store is damaged; nothing is removed.
        OutputError: a file can't be replaced or removed.
    """
    its = pl.col("judge") == key
    drop_rows((store.root / "comparisons", COMPARISONS, its), (store.root / "scores", SCORES, its))
    try:
        (store.root / "judges" / f"{key}.json").unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{error.filename}: can't be removed ({error.strerror or error})") from error


def remove_set(store: Store, name: str) -> None:
    """Take a data set out of a store: its labels. Scores belong to files, so those of its files stay.

    Raises:
        UserError: there is no such set.
        OutputError: its folder can't be removed.
    """
    names = set_names(store)
    if name not in names:
        raise UserError(f"the store has no set {name!r}; {nearest(name, names)}")
    for left in store.root.glob(f"{_ASIDE}*"):  # by a removal that was killed
        shutil.rmtree(left, ignore_errors=True)
    aside = store.root / f"{_ASIDE}{name}-{os.getpid()}"
    try:
        (store.root / "sets" / name).rename(aside)  # gone at once, whatever becomes of the rest
        shutil.rmtree(aside)
    except OSError as error:
        raise OutputError(f"{error.filename}: can't be removed ({error.strerror or error})") from error


def remove_failures(store: Store, keys: Collection[str]) -> None:
    """Take out of a store what some metrics couldn't judge, so that they're asked again; what they judged stays.

    Raises:
        UserError: a part of the store is damaged; nothing is removed.
        OutputError: a file can't be replaced or removed.
    """
    by_them = pl.col("judge").is_in(list(keys))
    drop_rows(
        (store.root / "comparisons", COMPARISONS, by_them & pl.col("preference").is_null()),
        (store.root / "scores", SCORES, by_them & pl.col("score").is_null()),
    )


def _counted(answers: Iterable[tuple[str, bool]]) -> tuple[Counter[str], Counter[str]]:
    """Of each metric's key, how many are answered and how many aren't."""
    done: Counter[str] = Counter()
    undone: Counter[str] = Counter()
    for key, answered in answers:
        (done if answered else undone)[key] += 1
    return done, undone
