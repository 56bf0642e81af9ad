"""Many numbers in all resamples of contents at once: the draw, the result with its interval, and accuracies.

The same contents, resamples and seed give the same draw whatever is computed, so that numbers of one data set can be
compared resample by resample.

Reference: B. Efron, R. J. Tibshirani, "An Introduction to the Bootstrap" (1993), chapters 6 and 13.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from fgresq.criteria.uncertainty import count_blocks, percentile_interval
from fgresq.errors import UserError

RESAMPLES = 10_000
_BLOCK_ELEMENTS = 1 << 17  # 1 MiB of float64: what a block of resamples works on stays in a core's cache

Interval = tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]


@dataclass(frozen=True, slots=True)
class ContentDraw:
    """Resamples of the contents of a table's rows.

    Attributes:
        content: number of each row's content, from 0.
        contents: how many there are.
        resamples: how many to draw.
        seed: of the draw.
    """

    content: Int[np.ndarray, " n"]
    contents: int
    resamples: int
    seed: int

    def blocks(self, columns: int = 1) -> Iterator[Float[np.ndarray, "b c"]]:
        """How often each content is drawn, some resamples at a time, in order.

        Args:
            columns: numbers that the work on one resample keeps; more make smaller blocks.
        """
        rows = max(1, _BLOCK_ELEMENTS // max(self.contents, columns))
        for counts in count_blocks(self.contents, self.resamples, self.seed, rows):
            yield counts.astype(np.float64)


def draw_contents(contents: Sequence[str], resamples: int = RESAMPLES, seed: int = 0) -> ContentDraw:
    """Prepare the draw for rows (images or pairs) of some contents.

    Args:
        contents: of each row.
        resamples: at least 2.
        seed: of the draw.

    Raises:
        UserError: all rows are of one content.
        ValueError: too few resamples.
    """
    names, content = np.unique(np.asarray(contents, dtype=np.str_), return_inverse=True)
    if len(names) < 2:
        found = f"only {names[0]}" if len(names) else "none"
        raise UserError(f"an interval over contents needs at least 2 contents, and there is {found}")
    if resamples < 2:
        raise ValueError(f"an interval needs at least 2 resamples, not {resamples}")
    return ContentDraw(content, len(names), resamples, seed)


@dataclass(frozen=True, slots=True)
class Bootstrapped:
    """Some numbers, one a metric, in the data and in every resample.

    Attributes:
        value: in the data; NaN where it is undefined (never 0).
        samples: in the resamples; NaN where it is undefined there.
        bounds: the least and the greatest that such a number can be.
    """

    value: Float[np.ndarray, " k"]
    samples: Float[np.ndarray, "r k"]
    bounds: tuple[float, float]

    @property
    def undefined(self) -> Int[np.ndarray, " k"]:
        """Resamples in which each number is undefined."""
        number: Int[np.ndarray, " k"] = np.isnan(self.samples).sum(axis=0)
        return number

    def interval(self, confidence: float = 0.95) -> Interval:
        """Percentile interval of each number.

        An undefined resample isn't dropped: it counts as the least possible value for the lower end and as the
        greatest for the upper one, so the interval is the widest that the unknown values could give.

        Args:
            confidence: above 0 and below 1.

        Returns:
            Lower and upper ends; NaN where the number itself is undefined.

        Raises:
            ValueError: a confidence out of range.
        """
        unknown = np.isnan(self.samples)
        low, _ = percentile_interval(np.where(unknown, self.bounds[0], self.samples), confidence)
        _, high = percentile_interval(np.where(unknown, self.bounds[1], self.samples), confidence)
        none = np.isnan(self.value)
        return np.where(none, np.nan, low), np.where(none, np.nan, high)

    def differences(self) -> tuple[tuple[tuple[int, int], ...], "Bootstrapped"]:
        """First minus second of every two numbers, resample by resample, and which two."""
        first, second = np.triu_indices(len(self.value), 1)
        reach = self.bounds[1] - self.bounds[0]
        return pairs_of(len(self.value)), Bootstrapped(
            self.value[first] - self.value[second], self.samples[:, first] - self.samples[:, second], (-reach, reach)
        )


def pairs_of(metrics: int) -> tuple[tuple[int, int], ...]:
    """Every two metrics, in the order of all tables of comparisons."""
    return tuple((i, j) for i in range(metrics) for j in range(i + 1, metrics))


def bootstrap_accuracy(outcomes: Float[np.ndarray, "m k"], draw: ContentDraw) -> Bootstrapped:
    """Pairwise accuracies.

    Args:
        outcomes: of each pair and metric, as in `agreement`: 1 right, 0 wrong, 1/2 a tie, NaN not counted.
        draw: of the contents of the pairs.

    Returns:
        Mean outcomes, each over the pairs that count for its metric.
    """
    return _means(outcomes, draw, (0.0, 1.0))


def accuracy_differences(outcomes: Float[np.ndarray, "m k"], draw: ContentDraw) -> Bootstrapped:
    """Accuracy of the first minus that of the second of every two metrics, over the pairs that count for both.

    Args:
        outcomes, draw: as in `bootstrap_accuracy`.

    Returns:
        In the order of `pairs_of`.
    """
    first, second = np.triu_indices(outcomes.shape[1], 1)
    return _means(outcomes[:, first] - outcomes[:, second], draw, (-1.0, 1.0))


def _means(values: Float[np.ndarray, "m k"], draw: ContentDraw, bounds: tuple[float, float]) -> Bootstrapped:
    """Means over the values that aren't NaN, as sums over contents divided by counts over contents."""
    there = ~np.isnan(values)
    sums = by_content(np.where(there, values, 0.0), draw)
    numbers = by_content(there.astype(np.float64), draw)
    samples = np.empty((draw.resamples, values.shape[1]))
    done = 0
    for counts in draw.blocks(columns=values.shape[1]):
        samples[done : done + len(counts)] = _ratio(counts @ sums, counts @ numbers)
        done += len(counts)
    return Bootstrapped(_ratio(sums.sum(axis=0), numbers.sum(axis=0)), samples, bounds)


def by_content(values: Float[np.ndarray, "n k"], draw: ContentDraw) -> Float[np.ndarray, "c k"]:
    """Sum of each column over the rows of each content."""
    sums = np.zeros((draw.contents, values.shape[1]))
    np.add.at(sums, draw.content, values)
    return sums


def _ratio(sums: Float[np.ndarray, "*r k"], numbers: Float[np.ndarray, "*r k"]) -> Float[np.ndarray, "*r k"]:
    ratio: Float[np.ndarray, "*r k"] = np.full(sums.shape, np.nan)
    np.divide(sums, numbers, out=ratio, where=numbers > 0)
    return ratio
