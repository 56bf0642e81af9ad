"""How many answers an active order saves: simulated observers judge images whose true scores are known."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float
from scipy.stats import spearmanr

from fgresq.annotation.active.belief import believe, information_gain, spanning_batch

Judge = Callable[[int, int], bool]
"""Whether image i is preferred to j, asked once more."""


@dataclass(frozen=True, slots=True)
class Saving:
    """Answers that two orders need for the same accuracy of the ranking.

    Attributes:
        target: mean SRCC with the true scores.
        random, active: answers a content until the mean SRCC stays at or above the target, linear between rounds;
            None if it isn't reached.
    """

    target: float
    random: float | None
    active: float | None

    @property
    def share(self) -> float | None:
        """Answers saved, of those that the random order needs; None where either doesn't get there."""
        return None if self.random is None or self.active is None else 1 - self.active / self.random


@dataclass(frozen=True, slots=True)
class Curves:
    """Accuracy of the ranking by number of answers.

    Attributes:
        answers: a content, at the ends of rounds of k - 1 answers.
        random, active: SRCC of the estimated with the true scores, one row a content.
    """

    answers: tuple[int, ...]
    random: Float[np.ndarray, "c n"]
    active: Float[np.ndarray, "c n"]

    def saving(self, target: float) -> Saving:
        """The answers that each order needs for a mean SRCC."""
        return Saving(target, self._reached(self.random, target), self._reached(self.active, target))

    def _reached(self, curve: Float[np.ndarray, "c n"], target: float) -> float | None:
        mean = curve.mean(axis=0)
        below = np.flatnonzero(mean < target)
        if not len(below):
            return float(self.answers[0])
        last = int(below[-1])
        if last + 1 == len(mean):
            return None
        return float(np.interp(target, mean[last : last + 2], self.answers[last : last + 2]))


def compare_orders(
    *, images: int, contents: int, passes: int, spread: float, seed: int = 0, step: Callable[[], None] = lambda: None
) -> Curves:
    """Let simulated observers judge in both orders.

    True scores are N(0, spread^2) in units of a judgement's noise, and an observer prefers i to j if r_i - r_j plus
    noise of N(0, 1) is above 0. Both orders have the same contents and estimate scores by the same `believe`; only
    which pair is asked next differs.

    Args:
        images: a content, at least 3.
        contents: at least 1.
        passes: how many times all pairs are asked in the random order; the active one gets as many answers.
        spread: of true scores; the smaller, the closer the images.
        seed: of scores, answers and the random order.
        step: called after each content.

    Returns:
        Both curves.
    """
    rows: dict[str, list[list[float]]] = {"random": [], "active": []}
    rounds = passes * images // 2
    for content in range(contents):
        truth = np.random.default_rng((seed, content)).normal(0, spread, images)
        for name, order in (("random", random_order), ("active", active_order)):
            generator = np.random.default_rng((seed, content, len(name)))
            rows[name].append(_accuracy(truth, order, generator, rounds))
        step()
    answers = tuple((images - 1) * (n + 1) for n in range(rounds))
    return Curves(answers, np.array(rows["random"]), np.array(rows["active"]))


Order = Callable[[Float[np.ndarray, "k k"], np.random.Generator], Iterator[tuple[int, int]]]


def random_order(wins: Float[np.ndarray, "k k"], generator: np.random.Generator) -> Iterator[tuple[int, int]]:
    """All pairs in an order drawn by lot, then all again: what annotators who judge every pair once give."""
    pairs = list(combinations(range(len(wins)), 2))
    while True:
        yield from (pairs[number] for number in generator.permutation(len(pairs)))


def active_order(wins: Float[np.ndarray, "k k"], generator: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Spanning trees of the most informative pairs; `wins` is filled by the caller between them."""
    while True:
        # Before the first answers all pairs are alike; without a lot, the tree would be a star round the first image.
        jitter = 1 + 1e-6 * generator.random(wins.shape)
        yield from spanning_batch(information_gain(believe(wins)) * (jitter + jitter.T))


def answers_for(
    order: Order, images: int, judge: Judge, generator: np.random.Generator, rounds: int
) -> Iterator[Float[np.ndarray, "k k"]]:
    """The wins after every round of k - 1 answers."""
    wins = np.zeros((images, images))
    pairs = order(wins, generator)
    for _ in range(rounds):
        for _ in range(images - 1):
            i, j = next(pairs)
            wins[(i, j) if judge(i, j) else (j, i)] += 1
        yield wins


def _accuracy(truth: Float[np.ndarray, " k"], order: Order, generator: np.random.Generator, rounds: int) -> list[float]:
    def judge(i: int, j: int) -> bool:
        return bool(truth[i] - truth[j] + generator.normal() > 0)

    return [
        float(spearmanr(believe(wins).mean, truth).statistic)
        for wins in answers_for(order, len(truth), judge, generator, rounds)
    ]
