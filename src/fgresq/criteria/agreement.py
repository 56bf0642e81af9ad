"""How often a model prefers the image that people prefer, with both ways to count ties.

The paper doesn't say how its ACC counts ties, so there are two numbers, and each says how many pairs it rests on.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from fgresq.records import Preference

Judgements = Sequence[Preference | None]


@dataclass(frozen=True, slots=True)
class Agreement:
    """A pairwise accuracy and its coverage.

    Attributes:
        accuracy: 0 to 1; None when no pair could be used.
        used: pairs that it is the mean over.
        pairs: pairs that there are.
    """

    accuracy: float | None
    used: int
    pairs: int


def accuracy_without_ties(human: Judgements, predicted: Judgements) -> Agreement:
    """Share of the pairs with a clear human preference that are predicted right; a predicted tie counts one half.

    Args:
        human: of people; pairs judged equal, and unjudged ones (None), are left out.
        predicted: of the model; pairs without a prediction (None) are left out, and `used` shows it.

    Returns:
        The accuracy over the pairs left; 0.5 is what guessing gives.

    Raises:
        ValueError: unequal lengths.
    """
    return _mean(outcomes_without_ties(human, predicted))


def three_class_accuracy(human: Judgements, predicted: Judgements) -> Agreement:
    """Share of the pairs whose class (A, B or equal) is predicted.

    Args:
        human: of people; unjudged pairs (None) are left out.
        predicted: of the model; pairs without a prediction (None) are left out, and `used` shows it.

    Returns:
        The accuracy over the pairs left. Here a predicted tie is right for a human tie and wrong otherwise.

    Raises:
        ValueError: unequal lengths.
    """
    return _mean(three_class_outcomes(human, predicted))


def outcomes_without_ties(human: Judgements, predicted: Judgements) -> Float[np.ndarray, " m"]:
    """What `accuracy_without_ties` is the mean of, for resamples and paired tests.

    Args:
        human, predicted: as there.

    Returns:
        One a pair: 1 right, 0 wrong, 1/2 a predicted tie; NaN for a pair that is left out.

    Raises:
        ValueError: unequal lengths.
    """
    none = math.nan
    return np.array(
        [
            none if h is None or p is None or h == Preference.EQUAL else 0.5 if p == Preference.EQUAL else float(p == h)
            for h, p in zip(human, predicted, strict=True)
        ],
        dtype=np.float64,
    )


def three_class_outcomes(human: Judgements, predicted: Judgements) -> Float[np.ndarray, " m"]:
    """What `three_class_accuracy` is the mean of.

    Args:
        human, predicted: as there.

    Returns:
        One a pair: 1 right, 0 wrong; NaN for a pair that is left out.

    Raises:
        ValueError: unequal lengths.
    """
    both = zip(human, predicted, strict=True)
    return np.array([math.nan if h is None or p is None else float(p == h) for h, p in both], dtype=np.float64)


def preferences_from_scores(
    score_a: Float[np.ndarray, " m"], score_b: Float[np.ndarray, " m"], tie_band: float = 0.0
) -> tuple[Preference | None, ...]:
    """The preferences that follow from scores: equal within the band, else the higher score.

    Args:
        score_a, score_b: of the two images, higher is better, any unit; NaN where there is none.
        tie_band: largest difference that counts as equal, at least 0, in the scores' unit.

    Returns:
        One a pair; None where a score is NaN.

    Raises:
        ValueError: a negative band.
    """
    if not tie_band >= 0:
        raise ValueError(f"a tie band must be at least 0, not {tie_band}")
    return tuple(
        None if np.isnan(d) else Preference.EQUAL if abs(d) <= tie_band else Preference.A if d > 0 else Preference.B
        for d in (score_a - score_b).tolist()
    )


def best_tie_band(human: Judgements, score_a: Float[np.ndarray, " m"], score_b: Float[np.ndarray, " m"]) -> float:
    """The tie band with the highest three-class accuracy on these pairs, the smallest of equals.

    Choose it on the training side and use it on the test side.

    Args:
        human: of people; unjudged pairs (None) are left out.
        score_a, score_b: of the two images, higher is better; pairs with NaN are left out.

    Returns:
        At least 0, in the scores' unit: 0, or one of the differences; 0 without pairs.

    Raises:
        ValueError: unequal lengths.
    """
    judged = list(zip(human, (score_a - score_b).tolist(), strict=True))
    judged = [(h, d) for h, d in judged if h is not None and not np.isnan(d)]
    if not judged:
        return 0.0
    # Widening the band over a pair turns its answer into "equal": a pair judged equal is won, one that was right lost.
    gain = [1 if h == Preference.EQUAL else -1 if d and (h == Preference.A) == (d > 0) else 0 for h, d in judged]
    size = np.abs([d for _, d in judged])
    bands, inverse = np.unique(np.append(size, 0.0), return_inverse=True)
    gains = np.zeros(len(bands))
    np.add.at(gains, inverse[:-1], gain)
    return float(bands[np.argmax(np.cumsum(gains))])


def macro_average(values: Iterable[float | None]) -> float | None:
    """Plain mean over the tasks that have a value, as in the last columns of the paper's Table 3.

    Args:
        values: one a task; None where it is undefined.

    Returns:
        The mean; None when no task has a value.
    """
    present = [value for value in values if value is not None]
    return sum(present) / len(present) if present else None


def _mean(outcomes: Float[np.ndarray, " m"]) -> Agreement:
    used = outcomes[~np.isnan(outcomes)]
    return Agreement(float(used.mean()) if len(used) else None, len(used), len(outcomes))
