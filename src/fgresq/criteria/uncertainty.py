"""How far a number would move with other contents: the bootstrap, which resamples contents, never single images.

Images of one content share their scene, so their scores rise and fall together. Drawing contents whole keeps
that dependence; drawing images or comparisons one by one would give intervals that are too short.

Reference: B. Efron, R. J. Tibshirani, "An Introduction to the Bootstrap" (1993), chapters 6 and 13.
"""

import math
from collections.abc import Iterator
from statistics import NormalDist

import numpy as np
from jaxtyping import Float, Int


def bootstrap_counts(clusters: int, resamples: int, seed: int) -> Int[np.ndarray, "r n"]:
    """How often each content is drawn in each resample.

    A row is multinomial: n draws with replacement, 1 / n for each content. Any sum over contents becomes, in all
    resamples at once, counts @ per_content.

    Args:
        clusters: number of contents n, at least 2.
        resamples: number of rows r, at least 1.
        seed: of the generator; the same seed gives the same counts.

    Returns:
        Counts from 0 to n; each row sums to n.

    Raises:
        ValueError: fewer than two contents, since one says nothing about the spread over contents; no resamples.

    Reference: Efron and Tibshirani (1993), section 6.2.
    """
    return next(count_blocks(clusters, resamples, seed, max(resamples, 1)))


def count_blocks(clusters: int, resamples: int, seed: int, rows: int) -> Iterator[Int[np.ndarray, "b n"]]:
    """The same counts as `bootstrap_counts`, some rows at a time: all at once are too many for many contents.

    Args:
        clusters, resamples, seed: as there.
        rows: of a block, at least 1; the last one may be shorter. It doesn't change the counts.

    Raises:
        ValueError: as there.
    """
    if clusters < 2:
        raise ValueError(f"an interval over contents needs at least 2 contents, not {clusters}")
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1, not {resamples}")
    generator = np.random.default_rng(seed)
    chances = np.full(clusters, 1.0 / clusters)
    for start in range(0, resamples, rows):
        yield generator.multinomial(clusters, chances, size=min(rows, resamples - start))


def percentile_interval(
    samples: Float[np.ndarray, "r *rest"],  # noqa: F821 - a shape that happens to parse as a product
    confidence: float = 0.95,
) -> tuple[Float[np.ndarray, "*rest"], Float[np.ndarray, "*rest"]]:
    """Percentile interval over resamples.

    [q(a), q(1 - a)] with a = (1 - confidence) / 2 and q the sample quantile, linear between order statistics.

    Args:
        samples: one value a resample, at least 2; any unit.
        confidence: share of the resamples inside, above 0 and below 1.

    Returns:
        Lower and upper ends, in the unit of the samples.

    Raises:
        ValueError: fewer than two resamples, a confidence out of range, a sample that is NaN or infinite. None is
            ever dropped: a resample without an answer is a fault to see, not a gap to skip.

    Reference: Efron and Tibshirani (1993), section 13.3.
    """
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence must be above 0 and below 1, not {confidence}")
    if samples.ndim < 1 or len(samples) < 2:
        raise ValueError("an interval needs at least 2 resamples")
    bad = np.count_nonzero(~np.isfinite(samples))
    if bad:
        raise ValueError(f"{bad} of {samples.size} bootstrap values are NaN or infinite")
    tail = 0.5 * (1.0 - confidence)
    ends = np.quantile(samples, [tail, 1.0 - tail], axis=0)
    # Slices, unlike items, stay arrays when there is nothing after the resamples' axis.
    return ends[0, ...], ends[1, ...]


def wilson_interval(successes: float, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a share, for independent trials; it never leaves [0, 1] nor has length 0.

    (p + z^2 / 2n -+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n), with p = successes / n.

    Args:
        successes: from 0 to `trials`; half a success is allowed.
        trials: n, above 0.
        confidence: above 0 and below 1.

    Returns:
        Lower and upper ends, in [0, 1].

    Raises:
        ValueError: an argument out of range.

    Reference: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference" (1927).
    """
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence must be above 0 and below 1, not {confidence}")
    if not (trials > 0 and 0 <= successes <= trials):
        raise ValueError(f"successes must be from 0 to the trials, and those above 0: not {successes} of {trials}")
    z = NormalDist().inv_cdf(0.5 + 0.5 * confidence)
    share, squared = successes / trials, z * z / trials
    middle = share + 0.5 * squared
    reach = z * math.sqrt((share * (1 - share) + 0.25 * squared) / trials)
    return max(0.0, (middle - reach) / (1 + squared)), min(1.0, (middle + reach) / (1 + squared))
