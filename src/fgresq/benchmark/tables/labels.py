"""What people said of the images in a store, and what each metric answered: rows of numbers side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fgresq.benchmark.coverage import Known, known_in, pair_key, score_key, why_unscored
from fgresq.benchmark.sets import BenchmarkSet
from fgresq.benchmark.sides import Side
from fgresq.benchmark.store import Store
from fgresq.benchmark.tables.titles import told_apart
from fgresq.errors import UserError
from fgresq.metrics.base import MetricCard
from fgresq.metrics.catalogue import PAPER
from fgresq.names import first_few, nearest
from fgresq.records import ImageRecord, Preference, RestorationTask

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Labels:
    """Images of all data sets, one after the other.

    Attributes:
        source: of each image.
        task: of each image; None where it has none.
        content: of each image, with its source before it, so that it is unique.
        mos: of each image, NaN where there is none.
        pairs: numbers of A and B, for each pair with a preference.
        preferences: of people, one a pair.
    """

    source: tuple[str, ...]
    task: tuple[RestorationTask | None, ...]
    content: tuple[str, ...]
    mos: Floats
    pairs: NDArray[np.int64]
    preferences: tuple[Preference, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """Names, in order."""
        return tuple(sorted(set(self.source)))


@dataclass(frozen=True, slots=True)
class Answers:
    """What a metric answered.

    Attributes:
        card: of the metric.
        scores: one an image, higher is better; NaN where there is none, and a PSNR may be infinite.
        reasons: why an image has no score; None where it has one.
        preferences: one a pair of `Labels`, None where there is none; None for a metric that doesn't compare.
        seen: of each image, whether the metric's weights have seen it, or its scene.
        seen_itself: of each image, whether they have seen its file.
    """

    card: MetricCard
    scores: Floats
    reasons: tuple[str | None, ...]
    preferences: tuple[Preference | None, ...] | None
    seen: NDArray[np.bool_]
    seen_itself: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Gathered:
    """All that tables are made from.

    Attributes:
        sets: what is looked at.
        labels, answers: of these sets, in their order.
        notes: what was left out.
        told: for the settings of a result, what was chosen by a split.
    """

    sets: tuple[BenchmarkSet, ...]
    labels: Labels
    answers: tuple[Answers, ...]
    notes: tuple[str, ...]
    told: Mapping[str, str]


def gather(
    store: Store,
    *,
    sets: Sequence[str] = (),
    sources: Sequence[str] = (),
    metrics: Sequence[str] = (),
    side: Side | None = None,
) -> Gathered:
    """Read a store.

    Args:
        store: with at least one set and one metric.
        sets, sources, metrics: to look at; all when none is named.
        side: of a split, to look at alone.

    Raises:
        UserError: a name that the store doesn't hold (the nearest are listed), an empty store, an image
            that stands in two of the sets, a side that none of the images is on.
    """
    kept = store.sets()
    _require_known("set", sets, [data.name for data in kept], store)
    kept = tuple(data for data in kept if not sets or data.name in sets)
    _require_distinct(kept)
    present = {image.source for data in kept for image in data.manifest.images}
    _require_known("data set", sources, present, store)
    wanted = tuple(data.of_sources(sources) for data in kept)
    looked_at = wanted if side is None else side.of(wanted)
    cards, left_out = _latest(store)
    _require_known("metric", metrics, cards, store)
    chosen = told_apart([cards[name] for name in sorted(cards, key=_place) if not metrics or name in metrics])
    titles = {card.name: card.title for card in chosen}
    notes = tuple(
        f"{titles[name]}: scores of another version or other weights, last used {day}, are left out."
        for name, day in left_out
        if name in titles
    )
    if side is not None:
        notes = (side.note(wanted, looked_at), *notes)
    known = known_in(store)
    return Gathered(
        looked_at,
        _labels(looked_at),
        tuple(_answers(card, looked_at, known) for card in chosen),
        notes,
        {} if side is None else side.told,
    )


def _require_known(
    kind: str, names: Sequence[str], known: Sequence[str] | set[str] | dict[str, MetricCard], store: Store
) -> None:
    if not known:
        raise UserError(f"{store.root}: holds no {kind} yet; `fgresq benchmark run` adds some")
    for name in names:
        if name not in known:
            raise UserError(f"{store.root}: holds no {kind} called {name!r}; {nearest(name, known)}")


def _latest(store: Store) -> tuple[dict[str, MetricCard], list[tuple[str, str]]]:
    """Of metrics of one name, in several versions or weights, the last that worked; names and days of the others."""
    found: dict[str, MetricCard] = {}
    left_out = []
    for card, last_run in store.metrics():
        if found.setdefault(card.name, card) is not card:
            left_out.append((card.name, last_run.date().isoformat()))
    return found, left_out


def _place(name: str) -> tuple[int, str]:
    """The paper's order, then the alphabet."""
    return (PAPER.index(name) if name in PAPER else len(PAPER), name)


def _require_distinct(sets: Sequence[BenchmarkSet]) -> None:
    """An image that stands in two sets would count twice."""
    where: dict[tuple[object, ...], str] = {}
    twice = []
    for data in sets:
        for image in data.manifest.images:
            key = (
                image.source,
                image.task,
                image.content,
                image.algorithm,
                data.files[image.path].sha256 or image.path,
            )
            if where.setdefault(key, data.name) != data.name:
                twice.append(f"{image.image_id} ({where[key]}, {data.name})")
    if twice:
        raise UserError(f"images that stand in two sets: {first_few(twice)}; choose one of the sets with --set")


def _hash(data: BenchmarkSet, image: ImageRecord) -> str:
    state = data.files.get(image.path)
    return image.path if state is None or state.sha256 is None else state.sha256


def _labels(sets: Sequence[BenchmarkSet]) -> Labels:
    images = [image for data in sets for image in data.manifest.images]
    pairs, preferences = [], []
    start = 0
    for data in sets:
        number = {image.image_id: n for n, image in enumerate(data.manifest.images, start)}
        for pair in data.manifest.pairs:
            if pair.preference is not None:
                pairs.append((number[pair.image_a], number[pair.image_b]))
                preferences.append(pair.preference)
        start += len(number)
    return Labels(
        tuple(image.source for image in images),
        tuple(image.task for image in images),
        tuple(f"{image.source}/{image.content}" for image in images),
        np.array([np.nan if image.mos is None else image.mos for image in images], dtype=np.float64),
        np.array(pairs, dtype=np.int64).reshape(-1, 2),
        tuple(preferences),
    )


def _answers(card: MetricCard, sets: Sequence[BenchmarkSet], known: Known) -> Answers:
    scores, reasons, seen = [], [], []
    preferences: list[Preference | None] = []
    for data in sets:
        for image in data.manifest.images:
            reasons.append(why_unscored(card, image, data, known))
            key = score_key(card, image, data)
            score = None if key is None or reasons[-1] is not None else known.scores[key].value
            scores.append(np.nan if score is None else card.oriented(score))
            seen.append(_seen(card, image, data))
        by_id = {image.image_id: image for image in data.manifest.images}
        for pair in data.manifest.pairs if card.compares else ():
            if pair.preference is not None:
                found = pair_key(card, by_id[pair.image_a], by_id[pair.image_b], data)
                preferences.append(None if found is None else known.comparisons.get(found))
    itself, scene = np.array(seen, dtype=np.bool_).reshape(-1, 2).T
    return Answers(
        card,
        np.array(scores, dtype=np.float64),
        tuple(reasons),
        tuple(preferences) if card.compares else None,
        itself | scene,
        itself,
    )


def _seen(card: MetricCard, image: ImageRecord, data: BenchmarkSet) -> tuple[bool, bool]:
    """Whether a metric's weights have seen an image, and its scene."""
    if card.seen is None:
        return False, False
    states = (data.files.get(path) for path in (image.path, image.reference) if path is not None)
    files = [state.sha256 for state in states if state is not None and state.sha256 is not None]
    own = data.files.get(image.path)
    itself = own is not None and own.sha256 is not None and card.seen.has_image(own.sha256)
    return itself, card.seen.has_scene(image.source, image.content, files)
