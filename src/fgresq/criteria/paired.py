"""Is one algorithm preferred to another on other contents too? The paired bootstrap of the difference, not by drawing.

On a content, the difference of two algorithms is that of their points there: a win is 1, a tie 1/2, against all whom
both were compared with, each other among them. Its sum over resampled contents is D = sum_c E_c x_c + (G - H) mean(x),
with E, G, H the gamma weights of `content_weights`. Where every content has all algorithms, the Bradley-Terry strengths
of a resample stand in the order of its points, so D > 0 exactly where the difference of the strengths is.

D is a weighted sum of gamma variables, so P(D <= 0) needs no draws: it is the inversion integral of the moment
generating function, taken along the line through its saddle point, where the integrand doesn't oscillate. Hence p isn't
bounded by a number of resamples, which Holm's correction over hundreds of pairs would need in the tens of thousands.

References: A. C. Davison, D. V. Hinkley, "Saddlepoint approximations in resampling methods", Biometrika 75 (1988)
417-431, for distributions of a bootstrap without draws; here the integral itself is evaluated. L. N. Trefethen,
J. A. C. Weideman, "The exponentially convergent trapezoidal rule", SIAM Review 56 (2014) 385-458, for the quadrature.
"""

import numpy as np
from jaxtyping import Bool, Float

from fgresq.criteria.content_weights import concentration

FEWEST_CONTENTS = 6
"""Of a test. With 5, even five wins of five give p > 0.05, as in the sign test."""

_BISECTIONS = 60
_NODES = 72
_REACH = 1e6  # of the integral, where the largest difference is 1
_NEAREST = 1e-2  # of the line to the pole at 0
_CHUNK_ELEMENTS = 1 << 19


def point_differences(
    wins: Float[np.ndarray, "n k k"], ties: Float[np.ndarray, "n k k"]
) -> tuple[Float[np.ndarray, "n k k"], Bool[np.ndarray, "n k k"]]:
    """Row's points minus column's on each content, against all whom both were compared with.

    Args:
        wins: of the row over the column, on each content; counts, shares or probabilities.
        ties: symmetric.

    Returns:
        Differences, 0 where the two weren't compared on the content, and where they were.
    """
    weight = wins + np.swapaxes(wins, 1, 2) + ties
    compared = weight > 0
    lead = np.divide(wins - np.swapaxes(wins, 1, 2), weight, out=np.zeros_like(wins), where=compared)
    shared = lead @ np.swapaxes(compared, 1, 2).astype(np.float64)  # each one's lead over the other's opponents
    return np.where(compared, lead + 0.5 * (shared - np.swapaxes(shared, 1, 2)), 0.0), compared


def paired_p(differences: Float[np.ndarray, "m n"], compared: Bool[np.ndarray, "m n"]) -> Float[np.ndarray, " m"]:
    """Two-sided p of every row: 2 min(P(D <= 0), P(D >= 0)), at most 1.

    Args:
        differences: of a pair of algorithms on each content; any unit.
        compared: where there is one.

    Returns:
        p in (0, 1]; NaN where fewer than FEWEST_CONTENTS contents compare the two. It has about 8 digits.
    """
    number = compared.sum(axis=1)
    x = np.where(compared, differences, 0.0)
    x = x * np.sign(x.sum(axis=1, keepdims=True))  # the mean is positive, so D <= 0 is the smaller tail
    x /= np.maximum(np.abs(x).max(axis=1, initial=0.0, keepdims=True), np.finfo(np.float64).tiny)
    mean = x.sum(axis=1) / np.maximum(number, 1)
    p = np.where(number < FEWEST_CONTENTS, np.nan, 1.0)  # 1 where the mean is 0
    rows = np.flatnonzero((number >= FEWEST_CONTENTS) & (mean > 1e-9))
    chunk = max(1, _CHUNK_ELEMENTS // (_NODES * (x.shape[1] + 2)))
    for start in range(0, len(rows), chunk):
        some = rows[start : start + chunk]
        shape = concentration(number[some])[:, None]
        values = np.column_stack([x[some], mean[some], -mean[some]])
        shapes = np.broadcast_to(shape, values.shape) * np.append(np.ones(x.shape[1]), [0.5, 0.5])
        p[some] = np.clip(2.0 * _below_zero(values, shapes), np.finfo(np.float64).tiny, 1.0)
    return p


def _below_zero(values: Float[np.ndarray, "m q"], shapes: Float[np.ndarray, "m q"]) -> Float[np.ndarray, " m"]:
    """P(sum of gamma(shapes) values <= 0), whose mean is positive and whose values have both signs.

    With K(s) = -sum shape log(1 - s value): -(1 / pi) times the integral of Re(exp(K(s)) / s) over s = c + iy, y > 0,
    for any c below 0 and above -1 / |least value|.
    """
    low = 1.0 / values.min(axis=1)
    high = np.zeros(len(values))
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        rising = (shapes * values / (1.0 - middle[:, None] * values)).sum(axis=1) > 0
        low, high = np.where(rising, low, middle), np.where(rising, middle, high)
    line = np.minimum(high, -_NEAREST)
    curvature = (shapes * (values / (1.0 - line[:, None] * values)) ** 2).sum(axis=1)
    width = np.minimum(1.0 / np.sqrt(curvature), -line)  # of the integrand's peak, where nodes are densest
    step = np.arcsinh(_REACH / width) / (_NODES - 1)
    u = step[:, None] * np.arange(_NODES)
    s = line[:, None] + 1j * width[:, None] * np.sinh(u)
    log_mgf = -(shapes[:, None, :] * np.log(1.0 - s[:, :, None] * values[:, None, :])).sum(axis=2)
    heights = (np.exp(log_mgf) / s).real * np.cosh(u) * width[:, None]
    heights[:, 0] *= 0.5
    below: Float[np.ndarray, " m"] = -heights.sum(axis=1) * step / np.pi
    return below
