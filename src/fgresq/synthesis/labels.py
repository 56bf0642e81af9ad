"""Labels without people: what five metrics agree on. They are not human preference, and say so where they are stored.

Dissimilarities are compared as logarithms, l = log(d + floor), so that a margin is a ratio and means the same for
every metric and at every level of quality; the floors keep differences that nobody sees from counting.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from numpy.random import Generator

from fgresq.records import Preference

# In the order of `fidelity.METRICS`: about the dissimilarity of a picture that looks the same as the pristine one.
_FLOORS = np.array([0.02, 0.05, 0.002])
# And that of about the worst picture that synthesis makes of a photograph (the largest of 858 on `bsds500`).
_WORST = np.array([9.0, 9.0, 0.6])


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an image from how it was made.

    Attributes:
        base: index of the image that it was made of by distorting or copying; None otherwise.
        ladder: name of the ladder that it is a step of; None otherwise.
        rung: number of the step, from 1, the mildest; 0 for a copy.
        blank: it shows nothing.
    """

    base: int | None = None
    ladder: str | None = None
    rung: int = 0
    blank: bool = False


@dataclass(frozen=True, slots=True)
class Consensus:
    """When metrics count as agreeing.

    Attributes:
        margin: log ratio from which a metric takes sides.
        quorum: metrics that must take one side, none taking the other, for a hard label.
        tie: log ratio up to which a metric sees no difference; all must, for `equal`.
    """

    margin: float = 0.04
    quorum: int = 2
    tie: float = 0.02


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
    known: Sequence[Known] | None = None,
    pristine: int | None = 0,
) -> list[tuple[int, int, Preference]]:
    """Labelled pairs of one content, across tasks and restorers, at most `limit`; close ones first in likelihood.

    What is known by construction goes before what metrics say: a step of a ladder is worse than the steps below it and
    than its base, unless every metric clearly says otherwise; a copy is equal to its base; a blank picture is worse
    than any other. Such pairs take at most three fifths. The others are labelled by `preference`, and drawn with a
    weight of 1 / (0.1 + mean lead of the winner); at most an eighth are `equal`, and an eighth have the picture with
    the index `pristine` in them: it leads by so much that hardly any would be drawn otherwise, and then nothing would
    tell what a flawless picture is. Which image comes first is drawn.

    Returns:
        (index of image A, index of image B, preference), by index.
    """
    known = known or [Known()] * len(levels_of)
    kinds: dict[str, list[tuple[int, int, Preference]]] = {"known": [], "blank": [], "equal": [], "hard": []}
    for i in range(len(levels_of)):
        for j in range(i + 1, len(levels_of)):
            a, b = (i, j) if generator.random() < 0.5 else (j, i)
            label = constructed(known, a, b)
            if label is None:
                kind, label = "hard", preference(levels_of[a], levels_of[b], consensus)
            else:
                kind = "blank" if known[a].blank or known[b].blank else "known"
                if kind == "known" and _denied(levels_of[a], levels_of[b], label, consensus):
                    continue
            if label is not None:
                kinds["equal" if kind == "hard" and label is Preference.EQUAL else kind].append((a, b, label))
    chosen = _drawn(kinds["known"], np.ones(len(kinds["known"])), limit * 9 // 20, generator)
    chosen += _drawn(kinds["blank"], np.ones(len(kinds["blank"])), limit * 3 // 20, generator)
    chosen += _drawn(kinds["equal"], np.ones(len(kinds["equal"])), max(limit // 8, 1), generator)
    flawless = [pair for pair in kinds["hard"] if pristine in pair[:2]]
    chosen += _drawn(flawless, np.ones(len(flawless)), limit // 8, generator)
    already = set(chosen)
    rest = [pair for pair in kinds["hard"] if pair not in already]
    lead = np.array([abs(float((levels_of[a] - levels_of[b]).mean())) for a, b, _ in rest])
    return sorted(chosen + _drawn(rest, 1 / (0.1 + lead), max(limit - len(chosen), 0), generator))


def constructed(known: Sequence[Known], a: int, b: int) -> Preference | None:
    """The label that follows from how two images were made; None where nothing follows."""
    if known[a].blank or known[b].blank:
        return None if known[a].blank and known[b].blank else Preference.B if known[a].blank else Preference.A
    rungs = [known[i].rung if known[i].base is not None else 0 for i in (a, b)]
    same = known[a].ladder == known[b].ladder and known[a].base == known[b].base and known[a].base is not None
    if not (same and known[a].ladder is not None) and a != known[b].base and b != known[a].base:
        return None
    if rungs[0] == rungs[1]:
        return Preference.EQUAL
    return Preference.A if rungs[0] < rungs[1] else Preference.B


def _denied(
    a: Float64[np.ndarray, " k"], b: Float64[np.ndarray, " k"], label: Preference, consensus: Consensus
) -> bool:
    """Whether every metric clearly says the opposite: noise that compression removes, say, makes it the better step."""
    lead = b - a if label is Preference.A else a - b
    return label is not Preference.EQUAL and bool(np.all(lead < -consensus.margin))


def _drawn(
    pairs: list[tuple[int, int, Preference]], weights: Float64[np.ndarray, " n"], limit: int, generator: Generator
) -> list[tuple[int, int, Preference]]:
    """At most `limit` of the pairs, drawn without replacement."""
    if len(pairs) <= limit:
        return list(pairs)
    chosen = generator.choice(len(pairs), size=limit, replace=False, p=weights / weights.sum())
    return [pairs[index] for index in chosen]
