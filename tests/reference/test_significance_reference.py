"""Paired tests against published results of other programs."""

import numpy as np
import pytest

from fgresq.criteria.significance import dependent_correlations_z, holm, mcnemar

# Outputs of R's cocor (Diedenhofen and Musch 2015) as printed in public course notes and in a package's vignette: r_jk,
# r_jh, r_kh, n, z of Steiger (1980) with average correlations, z of Meng et al. (1992). Correlations are printed with
# four digits, which moves z by up to 0.004, and by 0.025 for the largest n.
COCOR = [
    (-0.1741, 0.2015, 0.3734, 646, -8.6124, -8.5080),
    (0.1724, 0.1795, 0.5387, 646, -0.1909, -0.1909),
    (0.8066, 0.2383, 0.2255, 177, 8.5460, 8.3907),
    (0.7245, 0.7108, 0.8972, 15549, 5.5498, 5.5496),
]


@pytest.mark.parametrize(("first", "second", "between", "images", "steiger", "meng"), COCOR)
def test_dependent_correlations(first, second, between, images, steiger, meng):
    reach = 0.025 if images > 10_000 else 0.004
    assert dependent_correlations_z(first, second, between, images, "steiger") == pytest.approx(steiger, abs=reach)
    assert dependent_correlations_z(first, second, between, images, "meng") == pytest.approx(meng, abs=reach)


# Exact p-values of Vassar College's calculator, which statsmodels' tests hold it to: b, c, p.
VASSAR = [
    (121, 59, 0.000004),
    (70, 59, 0.378688),
    (80, 59, 0.089452),
    (30, 60, 0.00206),
    (10, 30, 0.002221),
    (10, 10, 1.0),
]


@pytest.mark.parametrize(("b", "c", "p"), VASSAR)
def test_mcnemar(b, c, p):
    first = np.repeat([1.0, 0.0, 1.0, 0.0], [b, c, 101, 33])
    second = np.repeat([0.0, 1.0, 1.0, 0.0], [b, c, 101, 33])
    assert mcnemar(first, second).p == pytest.approx(p, abs=1e-6)


def test_holm():
    # The example of the article "Holm-Bonferroni method": at 0.05 the first and the last are rejected.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
