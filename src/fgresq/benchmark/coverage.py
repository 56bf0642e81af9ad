"""What a metric has answered of the data sets in a store, and why it hasn't answered the rest."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from fgresq.benchmark.sets import BenchmarkSet, FileState
from fgresq.benchmark.store.folder import PairKey, ScoreKey, Store
from fgresq.errors import UserError
from fgresq.metrics.base import MetricCard, Score
from fgresq.records import ImageRecord, Preference

NO_REFERENCE = "no reference image"
NOT_RUN = "not judged yet"


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the data sets a metric has judged.

    Attributes:
        card: of the metric.
        images: of the data sets; those without a reference count for a full-reference metric as well.
        scored: that have a score, found now or earlier.
        computed: scores that were computed now, failures too.
        without_reference: images that it can't judge since there is no reference.
        failed: path and reason of each image without a score.
        pairs: with a preference of people; 0 for a metric that doesn't compare.
        compared: of these, those with an answer.
        compared_now: of these, those that were compared now.
    """

    card: MetricCard
    images: int
    scored: int
    computed: int
    without_reference: int
    failed: tuple[tuple[str, str], ...]
    pairs: int
    compared: int
    compared_now: int


@dataclass(slots=True)
class Known:
    """What a store holds, kept up to date while metrics work.

    Attributes:
        scores, comparisons: as `Store` reads them.
    """

    scores: dict[ScoreKey, Score] = field(default_factory=dict)
    comparisons: dict[PairKey, Preference | None] = field(default_factory=dict)


def known_in(store: Store) -> Known:
    """What a store holds.

    Raises:
        UserError: a part of it is damaged.
    """
    return Known(store.scores(), store.comparisons())


def score_key(card: MetricCard, image: ImageRecord, data: BenchmarkSet) -> ScoreKey | None:
    """Where the score of an image stands; None when a file that is needed isn't there."""
    picture = data.files[image.path].sha256
    if not card.full_reference:
        return None if picture is None else (card.key, picture, None)
    reference = None if image.reference is None else data.files[image.reference].sha256
    return None if picture is None or reference is None else (card.key, picture, reference)


def pair_key(card: MetricCard, a: ImageRecord, b: ImageRecord, data: BenchmarkSet) -> PairKey | None:
    """Where the answer for a pair stands; None when a file isn't there."""
    hash_a, hash_b = data.files[a.path].sha256, data.files[b.path].sha256
    return None if hash_a is None or hash_b is None else (card.key, hash_a, hash_b)


def why_unscored(card: MetricCard, image: ImageRecord, data: BenchmarkSet, known: Known) -> str | None:
    """Why an image has no score; None when it has one.

    Raises:
        UserError: its files were never hashed; the set is damaged.
    """
    if image.path not in data.files or (image.reference is not None and image.reference not in data.files):
        raise UserError(f"{data.name}: the store doesn't know the files of {image.image_id}; run it again")
    state = data.files[image.path]
    if state.error is not None:
        return state.error
    if card.full_reference:
        if image.reference is None:
            return NO_REFERENCE
        reference: FileState = data.files[image.reference]
        if reference.error is not None:
            return f"{image.reference}: {reference.error}"
    key = score_key(card, image, data)
    answer = None if key is None else known.scores.get(key)
    if answer is None:
        return NOT_RUN
    return None if answer.value is not None else answer.error or "failed without a reason"


def coverage(
    card: MetricCard, sets: Sequence[BenchmarkSet], known: Known, computed: int, compared_now: int
) -> Coverage:
    """What a metric has answered, counted; `computed` and `compared_now` are passed on."""
    scored, without, failed, images = 0, 0, [], 0
    pairs, compared = 0, 0
    for data in sets:
        for image in data.manifest.images:
            images += 1
            reason = why_unscored(card, image, data, known)
            scored += reason is None
            without += reason == NO_REFERENCE
            if reason is not None and reason != NO_REFERENCE:
                failed.append((image.path, reason))
        by_id = {image.image_id: image for image in data.manifest.images}
        for pair in data.manifest.pairs if card.compares else ():
            if pair.preference is not None:
                pairs += 1
                key = pair_key(card, by_id[pair.image_a], by_id[pair.image_b], data)
                compared += key is not None and known.comparisons.get(key) is not None
    return Coverage(card, images, scored, computed, without, tuple(failed), pairs, compared, compared_now)
