"""Labels without people: what five metrics agree on. They are not human preference, and say so where they are stored.

Dissimilarities are compared as logarithms, l = log(d + floor), so that a margin is a ratio and means the same for
every metric and at every level of quality; the floors keep differences that nobody sees from counting.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from numpy.random import Generator

from fgresq.records import Preference

# In the order of `fidelity.METRICS`: about the dissimilarity of a picture that looks the same as the pristine one.
_FLOORS = np.array([0.004, 0.006, 0.04, 0.5, 0.03])
# And that of about the worst picture that synthesis makes of a photograph (the largest of 858 on `bsds500`).
_WORST = np.array([0.47, 0.32, 0.88, 41.0, 1.25])


@dataclass(frozen=True, slots=True)
class Consensus:
    """When metrics count as agreeing.

    Attributes:
        margin: log ratio from which a metric takes sides.
        quorum: metrics that must take one side, none taking the other, for a hard label.
        tie: log ratio up to which a metric sees no difference; all must, for `equal`.
    """

    margin: float = 0.08
    quorum: int = 4
    tie: float = 0.05


def levels(dissimilarities: Float64[np.ndarray, "*n k"]) -> Float64[np.ndarray, "*n k"]:
    """Dissimilarities as logarithms above each metric's floor."""
    return np.asarray(np.log(dissimilarities + _FLOORS), dtype=np.float64)


def pseudo_mos(levels_of: Float64[np.ndarray, "n k"]) -> Float64[np.ndarray, " n"]:
    """Mean over metrics of how far a level lies from the worst towards the pristine picture's.

    mos = mean_k (log(worst_k + floor_k) - l_k) / (log(worst_k + floor_k) - log floor_k): 1 for the pristine picture,
    about 0 for the worst. Unlike a rank within a content it means the same, as far as the metrics do, for every
    content, so that images of different contents can be trained on together; within one it gives the ranks.
    """
    best, worst = np.log(_FLOORS), np.log(_WORST + _FLOORS)
    return np.asarray(((worst - levels_of) / (worst - best)).mean(axis=-1), dtype=np.float64)


def preference(a: Float64[np.ndarray, " k"], b: Float64[np.ndarray, " k"], consensus: Consensus) -> Preference | None:
    """The label of a pair from the levels of its two images; None when the metrics don't agree."""
    lead = b - a
    if np.all(np.abs(lead) <= consensus.tie):
        return Preference.EQUAL
    for_a, for_b = int((lead > consensus.margin).sum()), int((lead < -consensus.margin).sum())
    if for_a >= consensus.quorum and not for_b:
        return Preference.A
    if for_b >= consensus.quorum and not for_a:
        return Preference.B
    return None


def choose_pairs(
    levels_of: Float64[np.ndarray, "n k"],
    limit: int,
    consensus: Consensus,
    generator: Generator,
    pristine: int | None = None,
) -> list[tuple[int, int, Preference]]:
    """Labelled pairs of one content and task, at most `limit`, fine-grained ones first in likelihood.

    A pair is drawn with a weight of 1 / (0.1 + mean lead of its winner); at most a quarter are `equal`. Which image
    comes first is drawn too. An eighth have the picture with the index `pristine` in them, where there is one: it
    leads by so much that hardly any would be drawn otherwise, and then nothing would tell what a flawless picture is.

    Returns:
        (index of image A, index of image B, preference), by index.
    """
    hard: list[tuple[int, int, Preference]] = []
    equal: list[tuple[int, int, Preference]] = []
    for i in range(len(levels_of)):
        for j in range(i + 1, len(levels_of)):
            a, b = (i, j) if generator.random() < 0.5 else (j, i)
            label = preference(levels_of[a], levels_of[b], consensus)
            if label is not None:
                (equal if label is Preference.EQUAL else hard).append((a, b, label))
    ties = _drawn(equal, np.ones(len(equal)), max(limit // 4, 1), generator)
    flawless = [pair for pair in hard if pristine in pair[:2]]
    chosen = ties + _drawn(flawless, np.ones(len(flawless)), limit // 8, generator)
    rest = [pair for pair in hard if pair not in chosen]
    lead = np.array([abs(float((levels_of[a] - levels_of[b]).mean())) for a, b, _ in rest])
    return sorted(chosen + _drawn(rest, 1 / (0.1 + lead), limit - len(chosen), generator))


def _drawn(
    pairs: list[tuple[int, int, Preference]], weights: Float64[np.ndarray, " n"], limit: int, generator: Generator
) -> list[tuple[int, int, Preference]]:
    """At most `limit` of the pairs, drawn without replacement."""
    if len(pairs) <= limit:
        return pairs
    chosen = generator.choice(len(pairs), size=limit, replace=False, p=weights / weights.sum())
    return [pairs[index] for index in chosen]
