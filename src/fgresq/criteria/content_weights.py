"""Weights of contents for intervals of strengths: the Bayesian bootstrap, with one more content so no width is 0.

The ordinary bootstrap draws contents with replacement. Where one algorithm wins on every content, each draw gives the
same answer, and the interval has width 0, as if the next content were known. Two changes mend that:

- Contents get gamma weights instead of counts (Rubin's Bayesian bootstrap). No content's weight is 0, so algorithms
  that few contents connect stay connected in every resample.
- One content is added: the mean of all contents, half of its weight as it is, half turned round. For two algorithms
  without ties this is Jeffreys' prior of a share: wins on k of n contents that all say the same give a share
  distributed as Beta(k + 1/2, n - k + 1/2) times the concentration.

The weights' total concentration is n - 3 where Rubin's would be n + 1: so the mean of n normal values spreads about as
Student's distribution with n - 1 degrees of freedom says, whose variance is (n - 1) / (n - 3) times as large. Without
it, intervals of 6 to 12 contents cover too rarely. `benchmarks/standings_coverage.py` simulates it.

References: D. B. Rubin, "The Bayesian Bootstrap", Annals of Statistics 9 (1981) 130-134. P. Muliere, P. Secchi,
"Bayesian nonparametric predictive inference and bootstrap techniques", Annals of the Institute of Statistical
Mathematics 48 (1996) 663-673, for the bootstrap with a prior. L. D. Brown, T. T. Cai, A. DasGupta, "Interval
estimation for a binomial proportion", Statistical Science 16 (2001) 101-133, for Jeffreys' interval.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True, slots=True)
class ContentWeights:
    """Weights of n contents and of the one that is added, in r resamples; each resample's add up to n + 1.

    Attributes:
        contents: of the contents.
        as_is: of the contents' mean as it is.
        turned: of the contents' mean with every preference turned round.
    """

    contents: Float[np.ndarray, "r n"]
    as_is: Float[np.ndarray, " r"]
    turned: Float[np.ndarray, " r"]


def concentration(contents: Int[np.ndarray, "*m"]) -> Float[np.ndarray, "*m"]:
    """Shape of one content's gamma weight: max(n - 3, 1) / (n + 1), which tends to Rubin's 1.

    Args:
        contents: n, at least 1.
    """
    shape: Float[np.ndarray, "*m"] = np.maximum(contents - 3.0, 1.0) / (contents + 1.0)
    return shape


def draw_weights(contents: int, resamples: int, seed: int) -> ContentWeights:
    """Draw weights; the same arguments give the same weights.

    Args:
        contents: n, at least 2.
        resamples: r, at least 1.
        seed: of the generator.

    Raises:
        ValueError: fewer than two contents, which say nothing of the spread; no resamples.
    """
    if contents < 2:
        raise ValueError(f"an interval over contents needs at least 2 contents, not {contents}")
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1, not {resamples}")
    shapes = np.append(np.ones(contents), [0.5, 0.5]) * concentration(np.array([contents]))
    drawn = np.random.default_rng(seed).gamma(shapes, size=(resamples, contents + 2))
    drawn *= (contents + 1) / drawn.sum(axis=1, keepdims=True)
    return ContentWeights(drawn[:, :contents], drawn[:, contents], drawn[:, contents + 1])
