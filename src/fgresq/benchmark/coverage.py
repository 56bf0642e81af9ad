"""What a judge has answered of the data sets in a store, and why it hasn't answered the rest."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from fgresq.benchmark.judges import Declaration, Verdict
from fgresq.benchmark.sets import BenchmarkSet, FileState
from fgresq.benchmark.store.folder import PairKey, ScoreKey, Store
from fgresq.errors import UserError
from fgresq.records import ImageRecord, Preference

NO_REFERENCE = "no reference image"
NOT_RUN = "not judged yet"


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the data sets a judge has judged.

    Attributes:
        judge: its declaration.
        images: of the data sets; those without a reference count for a full-reference metric as well.
        scored: that have a score, found now or earlier.
        computed: scores that were computed now, failures too.
        without_reference: images that it can't judge since there is no reference.
        failed: path and reason of each image without a score.
        pairs: with a preference of people; 0 for a judge that doesn't compare.
        compared: of these, those with an answer.
        compared_now: of these, those that were compared now.
    """

    judge: Declaration
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
    """What a store holds, kept up to date while judges work.

    Attributes:
        scores, comparisons: as `Store` reads them.
    """

    scores: dict[ScoreKey, Verdict] = field(default_factory=dict)
    comparisons: dict[PairKey, Preference | None] = field(default_factory=dict)


def known_in(store: Store) -> Known:
    """What a store holds.

    Raises:
        UserError: a part of it is damaged.
    """
    return Known(store.scores(), store.comparisons())


def score_key(judge: Declaration, image: ImageRecord, data: BenchmarkSet) -> ScoreKey | None:
    """Where the score of an image stands; None when a file that is needed isn't there."""
    picture = data.files[image.path].sha256
    if not judge.full_reference:
        return None if picture is None else (judge.key, picture, None)
    reference = None if image.reference is None else data.files[image.reference].sha256
    return None if picture is None or reference is None else (judge.key, picture, reference)


def pair_key(judge: Declaration, a: ImageRecord, b: ImageRecord, data: BenchmarkSet) -> PairKey | None:
    """Where the answer for a pair stands; None when a file isn't there."""
    hash_a, hash_b = data.files[a.path].sha256, data.files[b.path].sha256
    return None if hash_a is None or hash_b is None else (judge.key, hash_a, hash_b)


def why_unscored(judge: Declaration, image: ImageRecord, data: BenchmarkSet, known: Known) -> str | None:
    """Why an image has no score; None when it has one.

    Raises:
        UserError: its files were never hashed; the set is damaged.
    """
    if image.path not in data.files or (image.reference is not None and image.reference not in data.files):
        raise UserError(f"{data.name}: the store doesn't know the files of {image.image_id}; run it again")
    state = data.files[image.path]
    if state.error is not None:
        return state.error
    if judge.full_reference:
        if image.reference is None:
            return NO_REFERENCE
        reference: FileState = data.files[image.reference]
        if reference.error is not None:
            return f"{image.reference}: {reference.error}"
    key = score_key(judge, image, data)
    verdict = None if key is None else known.scores.get(key)
    if verdict is None:
        return NOT_RUN
    return None if verdict.score is not None else verdict.error or "failed without a reason"


def coverage(
    judge: Declaration, sets: Sequence[BenchmarkSet], known: Known, computed: int, compared_now: int
) -> Coverage:
    """What a judge has answered, counted; `computed` and `compared_now` are passed on."""
    scored, without, failed, images = 0, 0, [], 0
    pairs, compared = 0, 0
    for data in sets:
        for image in data.manifest.images:
            images += 1
            reason = why_unscored(judge, image, data, known)
            scored += reason is None
            without += reason == NO_REFERENCE
            if reason is not None and reason != NO_REFERENCE:
                failed.append((image.path, reason))
        by_id = {image.image_id: image for image in data.manifest.images}
        for pair in data.manifest.pairs if judge.compares else ():
            if pair.preference is not None:
                pairs += 1
                key = pair_key(judge, by_id[pair.image_a], by_id[pair.image_b], data)
                compared += key is not None and known.comparisons.get(key) is not None
    return Coverage(judge, images, scored, computed, without, tuple(failed), pairs, compared, compared_now)
