"""SRCC, PLCC and KRCC of many metrics in all resamples of contents, without sorting or copying an image again.

A resample is a weight for each image: how often its content was drawn. Nothing else changes, so:

- PLCC needs weighted sums of 1, x, y, x^2, y^2 and xy, which are sums over contents: matrix products.
- SRCC needs ranks of the weighted sample. An image's rank less 1/2 is the weight of all images below it and half the
  weight of those equal to it; with images sorted once, that is a running sum of weights. Equal values are gathered
  into one place of the sorted row first, so ties share the mean of their ranks, exactly as in `correlation.srcc`.
- KRCC's concordant less discordant pairs are a quadratic form of the content's counts; its matrix is summed up once.

All of these are sums of whole numbers and halves (but for PLCC), exact in float64 up to 200,000 images.

Reference: D. M. Mason, M. A. Newton, "A rank statistics approach to the consistency of a general bootstrap" (1992), for
resamples as weights.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from fgresq.criteria.correlation import krcc, plcc, srcc
from fgresq.criteria.resampling import Bootstrapped, ContentDraw, by_content

Criterion = Literal["srcc", "plcc", "krcc"]
CRITERIA: dict[Criterion, Callable[..., float | None]] = {"srcc": srcc, "plcc": plcc, "krcc": krcc}

_FEWEST = 3
_TINY_VARIANCE = 1e-6  # of that in the data; below it sums of squares have lost digits, and PLCC is computed anew
_PAIR_ROWS = 64
_MOST_CONTENTS = 3000  # matrices of content by content beyond this take longer than KRCC anew in each resample


def bootstrap_correlation(
    scores: Float[np.ndarray, "n k"],
    mos: Float[np.ndarray, " n"],
    draw: ContentDraw,
    criterion: Criterion = "srcc",
    threads: int = 2,
) -> Bootstrapped:
    """A correlation with people of each of some metrics, in the data and in every resample.

    Args:
        scores: of each image and metric, higher is better. All of them: a metric that lacks a score is compared on the
            images that it has, in a call of its own.
        mos: mean opinion scores.
        draw: of the contents of the images.
        criterion: "srcc", "plcc" (raw), or "krcc", which is slower.
        threads: that share the metrics; doesn't change the result.

    Returns:
        Values and samples; NaN where `correlation`'s functions answer None: fewer than 3 images, equal scores.

    Raises:
        ValueError: unequal lengths, NaN or infinite values.
    """
    _check(scores, mos, draw)
    value = np.array([_or_nan(CRITERIA[criterion](column, mos)) for column in scores.T])
    compute = {"srcc": _srcc_blocks, "plcc": _plcc_blocks, "krcc": _krcc_blocks}[criterion]
    samples = np.full((draw.resamples, scores.shape[1]), np.nan)
    compute(scores.astype(np.float64), mos.astype(np.float64), draw, samples, threads)
    return Bootstrapped(value, samples, (-1.0, 1.0))


def _srcc_blocks(
    scores: Float[np.ndarray, "n k"],
    mos: Float[np.ndarray, " n"],
    draw: ContentDraw,
    samples: Float[np.ndarray, "r k"],
    threads: int,
) -> None:
    by_mos = np.argsort(mos, kind="stable")
    content, mos, scores = draw.content[by_mos], mos[by_mos], scores[by_mos]
    starts = _starts(mos)
    place = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(mos))))
    orders = [np.argsort(column, kind="stable") for column in scores.T]
    values = [_starts(column[order]) for column, order in zip(scores.T, orders, strict=True)]
    done = 0
    with ThreadPoolExecutor(threads) as pool:
        for counts in draw.blocks(columns=len(mos)):
            weights = np.take(counts, content, axis=1)
            of_value = np.add.reduceat(weights, starts, axis=1)
            middles = np.cumsum(of_value, axis=1) - 0.5 * of_value  # mean rank of equal values, less 1/2
            pulled = weights * np.take(middles, place, axis=1)
            of_metric = partial(_srcc_of_metric, weights, pulled, _rank_spread(of_value), _rank_spread(weights))
            samples[done : done + len(counts)] = np.stack([*pool.map(of_metric, orders, values)], axis=1)
            done += len(counts)


def _srcc_of_metric(
    weights: Float[np.ndarray, "b n"],
    pulled: Float[np.ndarray, "b n"],
    spread_mos: Float[np.ndarray, " b"],
    spread: Float[np.ndarray, " b"],
    order: Int[np.ndarray, " n"],
    starts: Int[np.ndarray, " g"],
) -> Float[np.ndarray, " b"]:
    """SRCC of one metric in some resamples.

    Args:
        weights, pulled: of each image, and that times its mean rank (less 1/2) by MOS.
        spread_mos, spread: sums of squared deviations of the ranks by MOS, and by scores of which no two are equal.
        order: that sorts the scores.
        starts: places of the sorted scores where a new value begins.
    """
    weights, pulled = np.take(weights, order, axis=1), np.take(pulled, order, axis=1)
    if len(starts) < len(order):
        weights, pulled = (np.add.reduceat(part, starts, axis=1) for part in (weights, pulled))
        spread = _rank_spread(weights)
    below = np.cumsum(weights, axis=1)  # and equal; half of the own weight is taken off below
    total = below[:, -1]
    together = np.einsum("bg,bg->b", pulled, below) - 0.5 * np.einsum("bg,bg->b", pulled, weights)
    return _quotient(together - total * (total / 2) ** 2, spread_mos * spread, total)


def _plcc_blocks(
    scores: Float[np.ndarray, "n k"],
    mos: Float[np.ndarray, " n"],
    draw: ContentDraw,
    samples: Float[np.ndarray, "r k"],
    threads: int,
) -> None:
    del threads  # matrix products use their own
    x, y = _standardised(scores), _standardised(mos[:, None])
    k = scores.shape[1]
    sums = by_content(np.concatenate([np.ones_like(y), y, y * y, x, x * x, x * y], axis=1), draw)
    done = 0
    for counts in draw.blocks(columns=sums.shape[1]):
        found = counts @ sums
        total = found[:, :1]
        mean_y, square_y, mean_x, square_x, product = np.split(found[:, 1:] / total, np.cumsum([1, 1, k, k]), axis=1)
        variance_x, variance_y = square_x - mean_x**2, square_y - mean_y**2
        rows = samples[done : done + len(counts)]
        rows[:] = _quotient(product - mean_x * mean_y, variance_x * variance_y, total)
        tiny = np.minimum(variance_x, variance_y) < _TINY_VARIANCE
        for row in np.flatnonzero(tiny.any(axis=1)):
            rows[row, tiny[row]] = _anew(plcc, scores[:, tiny[row]], mos, counts[row, draw.content])
        done += len(counts)


def _krcc_blocks(
    scores: Float[np.ndarray, "n k"],
    mos: Float[np.ndarray, " n"],
    draw: ContentDraw,
    samples: Float[np.ndarray, "r k"],
    threads: int,
) -> None:
    if draw.contents > _MOST_CONTENTS:
        done = 0
        for counts in draw.blocks():
            for row, weights in enumerate(counts[:, draw.content], start=done):
                samples[row] = _anew(krcc, scores, mos, weights)
            done += len(counts)
        return
    order = np.argsort(draw.content, kind="stable")
    content, ranked = draw.content[order], _dense_ranks(mos[order])
    sizes = np.bincount(content, minlength=draw.contents).astype(np.float64)

    def of_metric(k: int) -> None:
        x = _dense_ranks(scores[order, k])
        surplus, untied_x, untied_y = _pair_matrices(x, ranked, content, draw.contents)
        done = 0
        for counts in draw.blocks(columns=draw.contents):
            both, in_x, in_y = (np.einsum("bc,bc->b", counts @ m, counts) for m in (surplus, untied_x, untied_y))
            samples[done : done + len(counts), k] = _quotient(both, in_x * in_y, counts @ sizes)
            done += len(counts)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(of_metric, range(scores.shape[1])))


def _pair_matrices(
    x: Int[np.ndarray, " n"], y: Int[np.ndarray, " n"], content: Int[np.ndarray, " n"], contents: int
) -> tuple[Float[np.ndarray, "c c"], Float[np.ndarray, "c c"], Float[np.ndarray, "c c"]]:
    """By content and content: concordant less discordant ordered pairs, and those not tied in x, and in y."""
    starts = np.searchsorted(content, np.arange(contents))
    matrices = tuple(np.zeros((contents, contents)) for _ in range(3))
    for number, rows in enumerate(np.split(np.arange(len(x)), starts[1:])):
        for part in np.split(rows, range(_PAIR_ROWS, len(rows), _PAIR_ROWS)):
            sign_x, sign_y = ((v[part, None] > v).astype(np.int8) - (v[part, None] < v) for v in (x, y))
            for matrix, signs in zip(matrices, (sign_x * sign_y, np.abs(sign_x), np.abs(sign_y)), strict=True):
                matrix[number] += np.add.reduceat(signs.sum(axis=0, dtype=np.int64), starts)
    return matrices[0], matrices[1], matrices[2]


def _anew(
    criterion: Callable[..., float | None],
    scores: Float[np.ndarray, "n k"],
    mos: Float[np.ndarray, " n"],
    weights: Float[np.ndarray, " n"],
) -> list[float]:
    """A criterion of a resample written out."""
    rows = np.repeat(np.arange(len(mos)), weights.astype(np.int64))
    return [_or_nan(criterion(column[rows], mos[rows])) for column in scores.T]


def _rank_spread(of_value: Float[np.ndarray, "b g"]) -> Float[np.ndarray, " b"]:
    """Sum of the squared deviations of the ranks, (N^3 - sum t^3) / 12 for groups of t equal values; 0 for one."""
    total = of_value.sum(axis=1)
    cubes = np.einsum("bg,bg->b", of_value * of_value, of_value)
    spread: Float[np.ndarray, " b"] = (total * total * total - cubes) / 12  # so written, exactly 0 for one group
    return spread


def _quotient(
    together: Float[np.ndarray, "b ..."], squares: Float[np.ndarray, "b ..."], total: Float[np.ndarray, "b ..."]
) -> Float[np.ndarray, "b ..."]:
    """together / sqrt(squares), between -1 and 1; NaN for a constant side and for fewer than 3 images."""
    there = (squares > 0) & (total >= _FEWEST)
    quotient: Float[np.ndarray, "b ..."] = np.full(squares.shape, np.nan)
    quotient[there] = np.clip(together[there] / np.sqrt(squares[there]), -1.0, 1.0)
    return quotient


def _starts(ordered: Float[np.ndarray, " n"]) -> Int[np.ndarray, " g"]:
    """Places of a sorted row at which a new value begins."""
    return np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))


def _dense_ranks(values: Float[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    return np.unique(values, return_inverse=True)[1].astype(np.int32)


def _standardised(columns: Float[np.ndarray, "n k"]) -> Float[np.ndarray, "n k"]:
    """Mean 0 and variance 1, so that sums of squares keep their digits; a constant column becomes 0."""
    deviations = columns - columns.mean(axis=0)
    largest = np.abs(deviations).max(axis=0)
    deviations /= np.where(largest > 0, largest, 1.0)
    spread = deviations.std(axis=0)
    standard: Float[np.ndarray, "n k"] = deviations / np.where(spread > 0, spread, 1.0)
    return standard


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value


def _check(scores: Float[np.ndarray, "n k"], mos: Float[np.ndarray, " n"], draw: ContentDraw) -> None:
    if not len(scores) == len(mos) == len(draw.content):
        raise ValueError(f"{len(scores)} rows of scores, {len(mos)} MOS and {len(draw.content)} contents are given")
    if not np.isfinite(mos).all():
        raise ValueError(f"{np.count_nonzero(~np.isfinite(mos))} of {len(mos)} MOS are NaN or infinite")
    bad = np.count_nonzero(~np.isfinite(scores), axis=0)
    if bad.any():
        named = ", ".join(f"column {k} lacks {count}" for k, count in enumerate(bad.tolist()) if count)
        raise ValueError(f"scores that are NaN or infinite, of {len(mos)} images: {named}")
