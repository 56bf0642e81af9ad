"""A scale for each content: Bradley-Terry strengths of its images from all votes, with intervals over annotators."""

from collections.abc import Iterator

import numpy as np
import polars as pl
from jaxtyping import Float

from fgresq.criteria.scaling import fit_davidson
from fgresq.criteria.uncertainty import bootstrap_counts, percentile_interval

SCALE_TYPES = {
    **dict.fromkeys(("content", "image", "algorithm"), pl.String),
    **dict.fromkeys(("strength", "low", "high"), pl.Float64),
    **dict.fromkeys(("votes", "annotators"), pl.Int64),
}


def content_scales(
    votes: pl.DataFrame, *, resamples: int = 500, seed: int = 0, confidence: float = 0.95
) -> pl.DataFrame:
    """Scale the images of every content by all votes, not by verdicts: a split vote says that images are close.

    Strengths are Bradley-Terry with Davidson's ties and the prior of `criteria.scaling`; their mean over a content's
    images is 0, so strengths of two contents aren't comparable. Intervals resample annotators whole, since one's
    answers go together: they say how far other people of this kind would move the scale. They need two annotators.

    Args:
        votes: of `store.frames.votes_frame`.
        resamples: of the annotators.
        seed: of the resamples.
        confidence: of the intervals.

    Returns:
        One row an image that was judged, by content and falling strength; columns `SCALE_TYPES`. `votes` counts those
        on the image's pairs; `low` and `high` are null with one annotator.
    """
    rows = []
    for content in votes["content"].unique().sort():
        rows += list(_scaled(votes.filter(content=content), content, resamples, seed, confidence))
    table = pl.DataFrame(rows, schema=SCALE_TYPES, orient="row")
    return table.sort("content", "strength", "image", descending=[False, True, False])


def _scaled(
    votes: pl.DataFrame, content: str, resamples: int, seed: int, confidence: float
) -> Iterator[tuple[str, str, str, float, float | None, float | None, int, int]]:
    algorithms = dict(votes.select("image_a", "algorithm_a").iter_rows())
    algorithms.update(votes.select("image_b", "algorithm_b").iter_rows())
    images, people = sorted(algorithms), votes["person"].unique().sort().to_list()
    wins, ties = _counts(votes, images, people)
    strengths = fit_davidson(wins.sum(axis=0), ties.sum(axis=0)).strengths
    low = high = None
    if len(people) >= 2:
        drawn = bootstrap_counts(len(people), resamples, seed).astype(np.float64)
        fits = fit_davidson(np.tensordot(drawn, wins, axes=1), np.tensordot(drawn, ties, axes=1))
        low, high = percentile_interval(fits.strengths, confidence)
    judged = (wins + np.swapaxes(wins, 1, 2) + ties).sum(axis=(0, 2))
    for place, image in enumerate(images):
        ends = (None, None) if low is None or high is None else (float(low[place]), float(high[place]))
        yield content, image, algorithms[image], float(strengths[place]), *ends, int(judged[place]), len(people)


def _counts(
    votes: pl.DataFrame, images: list[str], people: list[str]
) -> tuple[Float[np.ndarray, "p k k"], Float[np.ndarray, "p k k"]]:
    """Each person's wins and ties; a tie stands at both places."""
    place = {image: number for number, image in enumerate(images)}
    who = {person: number for number, person in enumerate(people)}
    wins, ties = np.zeros((2, len(people), len(images), len(images)))
    for person, image_a, image_b, said in votes.select("person", "image_a", "image_b", "preference").iter_rows():
        a, b = place[image_a], place[image_b]
        if said == "equal":
            ties[who[person], a, b] += 1
            ties[who[person], b, a] += 1
        else:
            wins[who[person], *((a, b) if said == "A" else (b, a))] += 1
    return wins, ties
