"""Correlation of predicted scores with people's: SRCC, PLCC with a named mapping, KRCC, RMSE.

Each answers None where it is undefined (fewer than three images, or all values equal), never 0. None takes an
absolute value: orient a lower-is-better metric from its declaration before it comes here.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
from jaxtyping import Float

from fgresq.errors import UserError

ScoreMapping = Literal["raw", "logistic4", "logistic5"]

_FEWEST = 3
_MOST_EVALUATIONS = 100_000


def srcc(predicted: Float[np.ndarray, " n"], mos: Float[np.ndarray, " n"]) -> float | None:
    """Spearman's rank correlation: Pearson's of the ranks, equal values sharing the mean of their ranks.

    Args:
        predicted: scores, higher is better, any unit.
        mos: mean opinion scores, higher is better, any unit.

    Returns:
        -1 to 1; None with fewer than 3 images, or when either is constant.

    Raises:
        ValueError: unequal lengths, NaN or infinite values.

    Reference: C. Spearman, "The Proof and Measurement of Association between Two Things" (1904).
    """
    predicted, mos = _checked(predicted, mos)
    return _pearson(_average_ranks(predicted), _average_ranks(mos)) if len(mos) >= _FEWEST else None


def plcc(
    predicted: Float[np.ndarray, " n"], mos: Float[np.ndarray, " n"], mapping: ScoreMapping = "raw"
) -> float | None:
    """Pearson's linear correlation, of the scores as they are or after a fitted mapping.

    sum (x - mean x)(y - mean y) / sqrt(sum (x - mean x)^2 sum (y - mean y)^2).

    A fitted mapping may fall as well as rise, so a mapped PLCC no longer tells a metric from its reverse; read it
    beside the SRCC.

    Args:
        predicted: scores x, any unit.
        mos: mean opinion scores y, any unit.
        mapping: "raw", or a logistic of `mapped`.

    Returns:
        -1 to 1; None with fewer than 3 images, when either is constant, or when the fitted mapping is.

    Raises:
        ValueError: unequal lengths, NaN or infinite values.
        UserError, ArithmeticError: as `mapped`.

    Reference: K. Pearson (1895).
    """
    predicted, mos = _checked(predicted, mos)
    if len(mos) < _FEWEST or _is_constant(predicted) or _is_constant(mos):
        return None
    return _pearson(mapped(predicted, mos, mapping), mos)


def krcc(predicted: Float[np.ndarray, " n"], mos: Float[np.ndarray, " n"]) -> float | None:
    """Kendall's tau-b: (concordant - discordant pairs) / sqrt(pairs not tied in x * pairs not tied in y).

    Args:
        predicted: scores, higher is better, any unit.
        mos: mean opinion scores, higher is better, any unit.

    Returns:
        -1 to 1; None with fewer than 3 images, or when either is constant.

    Raises:
        ValueError: unequal lengths, NaN or infinite values.

    Reference: M. G. Kendall, "The Treatment of Ties in Ranking Problems" (1945).
    """
    predicted, mos = _checked(predicted, mos)
    if len(mos) < _FEWEST or _is_constant(predicted) or _is_constant(mos):
        return None
    from scipy.stats import kendalltau  # noqa: PLC0415 - takes a while to import

    return float(kendalltau(predicted, mos, method="asymptotic").statistic)  # the method is that of its p-value


def rmse(
    predicted: Float[np.ndarray, " n"], mos: Float[np.ndarray, " n"], mapping: ScoreMapping = "raw"
) -> float | None:
    """Root of the mean squared error, in the unit of the MOS.

    sqrt(mean((f(x) - y)^2)).

    Args:
        predicted: scores x; on the scale of the MOS if the mapping is "raw".
        mos: mean opinion scores y.
        mapping: f, "raw" or a logistic of `mapped`.

    Returns:
        At least 0; None without images, and for a fitted mapping where `plcc` has none.

    Raises:
        ValueError: unequal lengths, NaN or infinite values.
        UserError, ArithmeticError: as `mapped`.
    """
    predicted, mos = _checked(predicted, mos)
    fewest = 1 if mapping == "raw" else _FEWEST
    if len(mos) < fewest or (mapping != "raw" and (_is_constant(predicted) or _is_constant(mos))):
        return None
    return float(np.sqrt(np.mean((mapped(predicted, mos, mapping) - mos) ** 2)))


def mapped(
    predicted: Float[np.ndarray, " n"], mos: Float[np.ndarray, " n"], mapping: ScoreMapping
) -> Float[np.ndarray, " n"]:
    """The scores on the scale of the MOS, by least squares.

    "logistic4": (b1 - b2) / (1 + exp(-(x - b3) / b4)) + b2, from max y, min y, mean x, std x / 4.
    "logistic5": b1 (1/2 - 1 / (1 + exp(b2 (x - b3)))) + b4 x + b5, from the usual 10, 0, mean x, 0.1, 0.1, and from
    range y, 2 / std x, mean x, 0, mean y; the better fit counts. On MOS in the hundreds (PIPAL's Elo) the usual start
    ends at a straight line more often than not.

    Args:
        predicted: scores x, not all equal, at least as many as the mapping has parameters.
        mos: mean opinion scores y.
        mapping: which one; "raw" gives x back.

    Returns:
        f(x), in the unit of the MOS.

    Raises:
        UserError: too few images for the fit.
        ArithmeticError: the fit didn't converge; nothing unconverged is returned.

    Reference: VQEG, "Final Report on the Validation of Objective Models" (2000), for four parameters; Sheikh, Sabir and
    Bovik (2006), "A Statistical Evaluation of Recent Full Reference Image Quality Assessment Algorithms", for five.
    """
    if mapping == "raw":
        return predicted
    curve: Callable[..., Float[np.ndarray, " n"]]
    starts: list[tuple[float, ...]]
    if mapping == "logistic4":
        curve, starts = _logistic4, [(mos.max(), mos.min(), predicted.mean(), predicted.std() / 4)]
    else:
        usual = (10.0, 0.0, predicted.mean(), 0.1, 0.1)
        curve, starts = _logistic5, [usual, (np.ptp(mos), 2 / predicted.std(), predicted.mean(), 0.0, mos.mean())]
    if len(mos) < len(starts[0]):
        raise UserError(f"{len(mos)} images can't determine the {len(starts[0])} parameters of {mapping}")
    from scipy.optimize import least_squares  # noqa: PLC0415 - takes a while, and most need no mapping

    fits = [
        least_squares(lambda b: curve(predicted, *b) - mos, start, x_scale="jac", max_nfev=_MOST_EVALUATIONS)
        for start in starts
    ]
    fit = min(fits, key=lambda fit: fit.cost)
    if not fit.success:
        raise ArithmeticError(f"the fit of {mapping} to {len(mos)} images didn't converge: {fit.message}")
    result: Float[np.ndarray, " n"] = curve(predicted, *fit.x)
    return result


def _logistic4(x: Float[np.ndarray, " n"], b1: float, b2: float, b3: float, b4: float) -> Float[np.ndarray, " n"]:
    return (b1 - b2) * _sigmoid((x - b3) / b4) + b2


def _logistic5(
    x: Float[np.ndarray, " n"], b1: float, b2: float, b3: float, b4: float, b5: float
) -> Float[np.ndarray, " n"]:
    return b1 * (0.5 - _sigmoid(-b2 * (x - b3))) + b4 * x + b5


def _sigmoid(z: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """1 / (1 + exp(-z)), which never overflows."""
    value: Float[np.ndarray, " n"] = 0.5 * (1 + np.tanh(z / 2))
    return value


def _checked(
    predicted: Float[np.ndarray, " n"], mos: Float[np.ndarray, " m"]
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " m"]]:
    if predicted.ndim != 1 or predicted.shape != mos.shape:
        raise ValueError(f"two rows of equal length are needed, not {predicted.shape} and {mos.shape}")
    for name, values in (("predicted scores", predicted), ("mean opinion scores", mos)):
        bad = int(np.count_nonzero(~np.isfinite(values)))
        if bad:
            raise ValueError(f"{bad} of {len(values)} {name} are NaN or infinite")
    return predicted.astype(np.float64), mos.astype(np.float64)


def _pearson(x: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"]) -> float | None:
    if _is_constant(x) or _is_constant(y):
        return None
    return float(np.clip(_direction(x) @ _direction(y), -1.0, 1.0))


def _direction(values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Deviations from the mean, of length 1; scaled before they are squared, so that tiny ones don't vanish."""
    deviations = values - values.mean()
    deviations /= np.abs(deviations).max()
    direction: Float[np.ndarray, " n"] = deviations / np.linalg.norm(deviations)
    return direction


def _is_constant(values: Float[np.ndarray, " n"]) -> bool:
    return bool(values.max() == values.min())  # deviations from a rounded mean wouldn't be 0


def _average_ranks(values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Ranks from 1; equal values share the mean of the ranks that they take."""
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Float[np.ndarray, " n"] = (last - (counts - 1) / 2)[group]
    return ranks
