"""Is one metric better than another? Paired tests, and Holm's correction for asking many times.

- Correlations with the same MOS: Meng, Rosenthal and Rubin's test, or Steiger's. Both take images for independent,
  which images of one content aren't; then their p-values are too small.
- Accuracies on the same pairs: McNemar's exact test, which takes pairs for independent.
- Either, by content: the bootstrap of the difference (`resampling`), the one to trust where contents are known.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np
from jaxtyping import Float

from fgresq.criteria.correlation import plcc, srcc
from fgresq.criteria.resampling import Bootstrapped, pairs_of

_CORRELATIONS = {"srcc": srcc, "plcc": plcc}
CorrelationTest = Literal["meng", "steiger"]
_Test = tuple[float | None, tuple[float, float] | None, float | None]  # difference, interval, p
_NO_VARIANCE = 1e-12  # what rounding leaves of two equal metrics


@dataclass(frozen=True, slots=True)
class Comparison:
    """One metric against another.

    Attributes:
        first, second: their columns.
        difference: the first's criterion minus the second's; None where it is undefined.
        interval: 95 % interval of the difference; None where the test gives none.
        p: two-sided; None where the test is undefined.
        adjusted: `holm` over all comparisons of the table.
    """

    first: int
    second: int
    difference: float | None
    interval: tuple[float, float] | None
    p: float | None
    adjusted: float | None


def compare_bootstrapped(differences: Bootstrapped) -> tuple[Comparison, ...]:
    """Test every difference by its resamples.

    p = 2 min(#{d <= 0} + 1, #{d >= 0} + 1) / (r + 1), at most 1: the percentile interval at confidence 1 - p just
    reaches 0. An undefined resample counts on both sides. With r resamples no p is below 2 / (r + 1).

    Args:
        differences: `Bootstrapped.differences()` of correlations or `resampling.accuracy_differences`, of all two
            metrics in the order of `pairs_of`.

    Returns:
        In that order.

    Raises:
        ValueError: the number of differences isn't that of the pairs of some metrics.

    Reference: A. C. Davison, D. V. Hinkley, "Bootstrap Methods and their Application" (1997), sections 4.2 and 5.3.
    """
    count = len(differences.value)
    metrics = round((1 + math.sqrt(1 + 8 * count)) / 2)
    if metrics * (metrics - 1) // 2 != count:
        raise ValueError(f"{count} differences aren't those of every two of some metrics")
    d, resamples = differences.samples, len(differences.samples)
    below, above = (~(d > 0)).sum(axis=0), (~(d < 0)).sum(axis=0)
    p = np.minimum(1.0, 2 * (np.minimum(below, above) + 1) / (resamples + 1))
    low, high = differences.interval()
    defined = ~np.isnan(differences.value)
    tests = [
        (float(differences.value[k]), (float(low[k]), float(high[k])), float(p[k]))
        if defined[k]
        else (None, None, None)
        for k in range(count)
    ]
    return _table(metrics, tests)


def compare_correlations(
    scores: Float[np.ndarray, "n k"],
    mos: Float[np.ndarray, " n"],
    criterion: Literal["srcc", "plcc"] = "srcc",
    test: CorrelationTest = "meng",
) -> tuple[Comparison, ...]:
    """Test the correlations of every two metrics with people as if images were independent.

    For the SRCC this treats ranks as scores, a common approximation.

    Args:
        scores: of each image and metric, higher is better.
        mos: mean opinion scores.
        criterion: which correlation.
        test: which test.

    Returns:
        In the order of `pairs_of`.

    Raises:
        ValueError: unequal lengths, NaN or infinite values.
    """
    correlate = _CORRELATIONS[criterion]
    people = [correlate(column, mos) for column in scores.T]
    tests: list[_Test] = []
    for i, j in pairs_of(scores.shape[1]):
        first, second = people[i], people[j]
        between = correlate(scores[:, i], scores[:, j])
        if first is None or second is None or between is None:
            tests.append((None, None, None))
        else:
            z = dependent_correlations_z(first, second, between, len(mos), test)
            tests.append((first - second, None, None if z is None else two_sided(z)))
    return _table(scores.shape[1], tests)


def compare_accuracies(outcomes: Float[np.ndarray, "m k"]) -> tuple[Comparison, ...]:
    """McNemar's test of every two metrics' accuracies, over the pairs that count for both.

    Args:
        outcomes: of each pair and metric, as in `agreement`: 1, 0, 1/2 or NaN.

    Returns:
        In the order of `pairs_of`.
    """
    tests: list[_Test] = []
    for i, j in pairs_of(outcomes.shape[1]):
        result = mcnemar(outcomes[:, i], outcomes[:, j])
        tests.append((result.difference, None, result.p))
    return _table(outcomes.shape[1], tests)


def dependent_correlations_z(
    first: float, second: float, between: float, images: int, test: CorrelationTest = "meng"
) -> float | None:
    """Standard normal deviate of the difference of two correlations with the same third variable.

    With z(r) = artanh r, n images, r_12 between the two:

    "meng": (z(r_1) - z(r_2)) sqrt((n - 3) / (2 (1 - r_12) h)), h = (1 - f m) / (1 - m), m = (r_1^2 + r_2^2) / 2,
    f = min(1, (1 - r_12) / (2 (1 - m))).
    "steiger": (z(r_1) - z(r_2)) sqrt((n - 3) / (2 - 2 s)), s = (r_12 (1 - 2 r^2) - r^2 (1 - 2 r^2 - r_12^2) / 2) /
    (1 - r^2)^2, r = (r_1 + r_2) / 2.

    Args:
        first, second: r_1 and r_2, -1 to 1.
        between: r_12, -1 to 1.
        images: n.
        test: which form.

    Returns:
        z, positive if the first is higher; None with fewer than 4 images, with a correlation of -1 or 1 with people,
        or when the metrics are the same up to scale.

    Raises:
        ValueError: a correlation out of range.

    Reference: X.-L. Meng, R. Rosenthal, D. B. Rubin, "Comparing correlated correlation coefficients" (1992), eq. 1-3;
    J. H. Steiger, "Tests for comparing elements of a correlation matrix" (1980), eq. 14.
    """
    if not all(-1 <= r <= 1 for r in (first, second, between)):
        raise ValueError(f"correlations must be from -1 to 1, not {first}, {second}, {between}")
    if images < 4 or abs(first) == 1 or abs(second) == 1:
        return None
    if test == "meng":
        m = (first**2 + second**2) / 2
        f = min(1.0, (1 - between) / (2 * (1 - m)))
        variance = 2 * (1 - between) * (1 - f * m) / (1 - m)
    else:
        m = ((first + second) / 2) ** 2
        s = (between * (1 - 2 * m) - m * (1 - 2 * m - between**2) / 2) / (1 - m) ** 2
        variance = 2 - 2 * s
    if variance <= _NO_VARIANCE:
        return None
    return (math.atanh(first) - math.atanh(second)) * math.sqrt((images - 3) / variance)


@dataclass(frozen=True, slots=True)
class McNemar:
    """Two metrics' outcomes on the same pairs.

    Attributes:
        pairs: that count for both.
        first_better, second_better: of them, those on which one has the higher outcome.
        difference: of the accuracies over these pairs; None without any.
        p: exact, two-sided; 1 when they never differ, None without pairs.
    """

    pairs: int
    first_better: int
    second_better: int
    difference: float | None
    p: float | None


def mcnemar(first: Float[np.ndarray, " m"], second: Float[np.ndarray, " m"]) -> McNemar:
    """McNemar's exact test: are the pairs on which two metrics differ split evenly?

    p = min(1, 2 P(X <= min(b, c))), X binomial with b + c trials of chance 1/2. A tie (1/2) is between right and wrong,
    which makes it the sign test of the outcomes; without ties it is McNemar's.

    Args:
        first, second: outcomes of the metrics, as in `agreement`: 1, 0, 1/2, or NaN where a pair doesn't count.

    Returns:
        Counts and p.

    Reference: Q. McNemar, "Note on the sampling error of the difference between correlated proportions or percentages"
    (1947).
    """
    both = ~(np.isnan(first) | np.isnan(second))
    lead = first[both] - second[both]
    b, c = int((lead > 0).sum()), int((lead < 0).sum())
    if not len(lead):
        return McNemar(0, 0, 0, None, None)
    from scipy.stats import binom  # noqa: PLC0415 - takes a while

    p = min(1.0, 2 * float(binom.cdf(min(b, c), b + c, 0.5)))
    return McNemar(len(lead), b, c, float(lead.mean()), p)


def holm(p: Sequence[float | None]) -> tuple[float | None, ...]:
    """Holm's step-down correction: the chance of even one false finding stays below the level.

    The k-th smallest of m becomes the greatest of (m - i + 1) p_(i) over i <= k, at most 1.

    Args:
        p: of each test, 0 to 1; None for one that couldn't be done, which counts as no test.

    Returns:
        Adjusted values in the same order.

    Raises:
        ValueError: a value out of range.

    Reference: S. Holm, "A Simple Sequentially Rejective Multiple Test Procedure" (1979).
    """
    if any(value is not None and not 0 <= value <= 1 for value in p):
        raise ValueError(f"p-values must be from 0 to 1: {p}")
    order = sorted((value, place) for place, value in enumerate(p) if value is not None)
    adjusted: list[float | None] = [None] * len(p)
    reached = 0.0
    for rank, (value, place) in enumerate(order):
        reached = max(reached, min(1.0, (len(order) - rank) * value))
        adjusted[place] = reached
    return tuple(adjusted)


def two_sided(z: float) -> float:
    """Chance that a standard normal deviate is at least as far from 0."""
    return 2 * NormalDist().cdf(-abs(z))


def _table(metrics: int, tests: Sequence[_Test]) -> tuple[Comparison, ...]:
    adjusted = holm([p for _, _, p in tests])
    return tuple(
        Comparison(i, j, difference, interval, p, corrected)
        for (i, j), (difference, interval, p), corrected in zip(pairs_of(metrics), tests, adjusted, strict=True)
    )
