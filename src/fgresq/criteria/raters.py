"""How far raters agree beyond chance: Fleiss' kappa and Krippendorff's alpha for nominal data, with intervals.

Both compare the disagreement among raters of one item with that among ratings drawn from all items together. 1 is full
agreement, 0 what chance gives, below 0 is less than chance. Kappa needs as many raters for each item, alpha doesn't.

Intervals resample items (pairs of images). What a statistic needs of an item is a few sums, and items with the same
counts are alike: five raters and three classes have 21 different ones. So a resample is one draw of how often each
occurs, and costs the same for any number of items.

References: J. L. Fleiss, "Measuring nominal scale agreement among many raters", Psychological Bulletin 76 (1971) 378.
K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from fgresq.criteria.uncertainty import percentile_interval

_Statistic = Callable[[Float[np.ndarray, "r f"]], Float[np.ndarray, " r"]]


@dataclass(frozen=True, slots=True)
class RaterAgreement:
    """A coefficient of agreement.

    Attributes:
        value: at most 1; None where it is undefined: no item with two ratings, or all ratings of one category.
        low, high: percentile bootstrap interval over items; None where the value is, and where it is undefined in a
            resample, so that no resample is left out.
        items: that it rests on.
        ratings: of these items.
    """

    value: float | None
    low: float | None
    high: float | None
    items: int
    ratings: int


def fleiss_kappa(
    counts: Int[np.ndarray, "m k"], *, resamples: int = 2000, seed: int = 0, confidence: float = 0.95
) -> RaterAgreement:
    """Fleiss' kappa.

    (P - E) / (1 - E), with P the mean over items of sum_c n_c (n_c - 1) / (n (n - 1)) and E the sum of the squared
    shares of the categories.

    Args:
        counts: how many raters put item i into category c; each row adds up to the same n, at least 2.
        resamples: of the items, at least 2.
        seed: of the resamples.
        confidence: of the interval, above 0 and below 1.

    Returns:
        Kappa with its interval; without items it is undefined.

    Raises:
        ValueError: negative counts, or rows that don't add up to the same number of at least 2.

    Reference: Fleiss (1971), equations 3 to 7.
    """
    _require(counts)
    raters = counts.sum(axis=1)
    if len(counts) and (raters.min() != raters.max() or raters[0] < 2):
        raise ValueError(f"kappa needs the same number of raters, at least 2, for each item, not {np.unique(raters)}")
    n = int(raters[0]) if len(counts) else 2
    agreeing = (counts * (counts - 1)).sum(axis=1) / (n * (n - 1))
    return _estimate(
        counts, np.column_stack([np.ones(len(counts)), agreeing, counts]), _kappa, resamples, seed, confidence
    )


def krippendorff_alpha(
    counts: Int[np.ndarray, "m k"], *, resamples: int = 2000, seed: int = 0, confidence: float = 0.95
) -> RaterAgreement:
    """Krippendorff's alpha for nominal data; any number of raters an item.

    1 - D_o / D_e, with D_o = sum_u sum_c n_uc (n_u - n_uc) / (n_u - 1) / n and
    D_e = sum_c n_c (n - n_c) / (n (n - 1)), over the items u with n_u >= 2 ratings, n in all.

    Args:
        counts: how many raters put item u into category c; items with fewer than two ratings are left out.
        resamples: of the items, at least 2.
        seed: of the resamples.
        confidence: of the interval, above 0 and below 1.

    Returns:
        Alpha with its interval; undefined without an item that has two ratings.

    Raises:
        ValueError: negative counts.

    Reference: Krippendorff (2011), section B and C.
    """
    _require(counts)
    counts = counts[counts.sum(axis=1) >= 2]
    ratings = counts.sum(axis=1)
    apart = (counts * (ratings[:, None] - counts)).sum(axis=1) / np.maximum(ratings - 1, 1)
    return _estimate(
        counts, np.column_stack([np.zeros(len(counts)), apart, counts]), _alpha, resamples, seed, confidence
    )


def _estimate(
    counts: Int[np.ndarray, "m k"],
    features: Float[np.ndarray, "m f"],
    statistic: _Statistic,
    resamples: int,
    seed: int,
    confidence: float,
) -> RaterAgreement:
    items, ratings = len(counts), int(counts.sum())
    if items == 0:
        return RaterAgreement(None, None, None, 0, 0)
    value = float(statistic(features.sum(axis=0, keepdims=True))[0])
    if np.isnan(value):
        return RaterAgreement(None, None, None, items, ratings)
    _, first, often = np.unique(counts, axis=0, return_index=True, return_counts=True)
    drawn = np.random.default_rng(seed).multinomial(items, often / items, size=resamples)
    samples = statistic(drawn @ features[first])
    if np.isnan(samples).any():
        return RaterAgreement(value, None, None, items, ratings)
    low, high = percentile_interval(samples, confidence)
    return RaterAgreement(value, float(low), float(high), items, ratings)


def _kappa(sums: Float[np.ndarray, "r f"]) -> Float[np.ndarray, " r"]:
    items, agreeing, categories = sums[:, 0], sums[:, 1], sums[:, 2:]
    observed = agreeing / items
    expected = ((categories / categories.sum(axis=1, keepdims=True)) ** 2).sum(axis=1)
    return _divided(observed - expected, 1 - expected)


def _alpha(sums: Float[np.ndarray, "r f"]) -> Float[np.ndarray, " r"]:
    apart, categories = sums[:, 1], sums[:, 2:]
    ratings = categories.sum(axis=1)
    expected = (categories * (ratings[:, None] - categories)).sum(axis=1) / (ratings - 1)
    return _divided(expected - apart, expected)


def _divided(above: Float[np.ndarray, " r"], below: Float[np.ndarray, " r"]) -> Float[np.ndarray, " r"]:
    """NaN where all ratings are of one category: then nothing could disagree."""
    quotient: Float[np.ndarray, " r"] = np.full(len(below), np.nan)
    np.divide(above, below, out=quotient, where=below > 1e-12)
    return quotient


def _require(counts: Int[np.ndarray, "m k"]) -> None:
    if (counts < 0).any():
        raise ValueError("counts of ratings must be at least 0")
