import itertools
import math

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fgresq.criteria.correlation import _checked, krcc, mapped, plcc, rmse, srcc
from fgresq.errors import UserError

PAIRS = st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=3, max_size=25)


def array(*values):
    return np.array(values, dtype=np.float64)


def columns(pairs):
    return tuple(np.array(column, dtype=np.float64) for column in zip(*pairs, strict=True))


def looped_tau_b(x, y):
    surplus = untied_x = untied_y = 0
    for i, j in itertools.combinations(range(len(x)), 2):
        dx, dy = x[i] - x[j], y[i] - y[j]
        surplus += int(dx * dy > 0) - int(dx * dy < 0)
        untied_x += int(dx != 0)
        untied_y += int(dy != 0)
    return surplus / math.sqrt(untied_x * untied_y)


def looped_spearman(x, y):
    def ranks(values):
        return [sum(o < v for o in values) + (sum(o == v for o in values) + 1) / 2 for v in values]

    rx, ry = ranks(x), ranks(y)
    mx, my = sum(rx) / len(rx), sum(ry) / len(ry)
    both = sum((a - mx) * (b - my) for a, b in zip(rx, ry, strict=True))
    return both / math.sqrt(sum((a - mx) ** 2 for a in rx) * sum((b - my) ** 2 for b in ry))


@settings(max_examples=80)
@given(PAIRS)
def test_agree_with_scipy_and_the_loops_with_ties(pairs):
    x, y = columns(pairs)
    assume(np.ptp(x) > 0 and np.ptp(y) > 0)
    assert srcc(x, y) == pytest.approx(scipy.stats.spearmanr(x, y).statistic, abs=1e-12)
    assert srcc(x, y) == pytest.approx(looped_spearman(x, y), abs=1e-12)
    assert plcc(x, y) == pytest.approx(scipy.stats.pearsonr(x, y).statistic, abs=1e-12)
    assert krcc(x, y) == pytest.approx(scipy.stats.kendalltau(x, y).statistic, abs=1e-12)
    assert krcc(x, y) == pytest.approx(looped_tau_b(x, y), abs=1e-12)


def test_agree_with_scipy_on_many_values():
    generator = np.random.default_rng(0)
    x = generator.normal(size=3000).round(2)
    y = (x + generator.normal(size=3000)).round(1)
    assert srcc(x, y) == pytest.approx(scipy.stats.spearmanr(x, y).statistic, abs=1e-12)
    assert krcc(x, y) == pytest.approx(scipy.stats.kendalltau(x, y).statistic, abs=1e-12)


@pytest.mark.parametrize("criterion", [srcc, plcc, krcc])
def test_a_reversed_metric_is_negative(criterion):
    assert criterion(array(1, 2, 3), array(30, 20, 10)) == pytest.approx(-1)
    assert criterion(array(1, 2, 3), array(10, 20, 30)) == pytest.approx(1)


@pytest.mark.parametrize("criterion", [srcc, plcc, krcc])
@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([], []),
        ([1.0], [2.0]),
        ([1.0, 2.0], [2.0, 1.0]),
        ([0.1, 0.1, 0.1], [1.0, 2.0, 3.0]),
        ([1.0, 2.0, 3.0], [0.1, 0.1, 0.1]),
    ],
)
def test_undefined_is_none(criterion, x, y):
    assert criterion(array(*x), array(*y)) is None


@pytest.mark.parametrize("criterion", [srcc, plcc, krcc, rmse])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_values_that_are_no_numbers_are_refused(criterion, bad):
    with pytest.raises(ValueError, match="1 of 3 predicted scores"):
        criterion(array(1, bad, 3), array(1, 2, 3))
    with pytest.raises(ValueError, match="1 of 3 mean opinion scores"):
        criterion(array(1, 2, 3), array(bad, 2, 3))


def test_rows_of_different_length_are_refused():
    # While tests run, the shapes of public functions are checked before their bodies get to it.
    with pytest.raises(ValueError, match="equal length"):
        _checked(array(1, 2, 3), array(1, 2, 3, 4))


def test_tiny_and_huge_scores_are_correlated_all_the_same():
    x, y = array(1, 2, 3, 5), array(2, 1, 4, 6)
    expected = plcc(x, y)
    assert plcc(1e-200 * x, 1e200 * y) == pytest.approx(expected, abs=1e-12)
    assert plcc(1e6 + 1e-4 * x, y) == pytest.approx(expected, abs=1e-5)


def test_rmse():
    assert rmse(array(1, 2, 3), array(1, 4, 3)) == pytest.approx(math.sqrt(4 / 3))
    assert rmse(array(2), array(5)) == 3
    assert rmse(array(), array()) is None
    assert rmse(array(1, 1, 1), array(1, 2, 3), "logistic4") is None


# MOS of three kinds of scale: [0, 1], 1 to 5, and Elo as in PIPAL.
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (1.0, 5.0), (900.0, 1850.0)])
@pytest.mark.parametrize("mapping", ["logistic4", "logistic5"])
def test_a_logistic_relation_is_straightened(mapping, low, high):
    generator = np.random.default_rng(1)
    x = generator.uniform(0, 1, 300)
    y = low + (high - low) / (1 + np.exp(-(x - 0.4) / 0.08)) + generator.normal(0, 0.01 * (high - low), 300)
    assert plcc(x, y) < 0.96
    assert plcc(x, y, mapping) > 0.997
    assert rmse(x, y, mapping) == pytest.approx(0.01 * (high - low), rel=0.15)


@pytest.mark.parametrize("mapping", ["logistic4", "logistic5"])
def test_the_fit_is_as_good_as_scipy_curve_fit_from_the_true_parameters(mapping):
    generator = np.random.default_rng(2)
    x = generator.normal(0, 2, 200)
    if mapping == "logistic4":
        true = (4.5, 1.2, 0.5, 0.7)

        def curve(x, b1, b2, b3, b4):
            return (b1 - b2) / (1 + np.exp(-(x - b3) / b4)) + b2
    else:
        true = (3.0, 1.1, 0.2, 0.15, 2.5)

        def curve(x, b1, b2, b3, b4, b5):
            return b1 * (0.5 - 1 / (1 + np.exp(b2 * (x - b3)))) + b4 * x + b5

    y = curve(x, *true) + generator.normal(0, 0.2, 200)
    best, _ = scipy.optimize.curve_fit(curve, x, y, true)
    lowest = np.sqrt(np.mean((curve(x, *best) - y) ** 2))
    assert rmse(x, y, mapping) == pytest.approx(lowest, rel=1e-4)


def test_raw_is_the_scores_themselves():
    x = array(3, 1, 2)
    np.testing.assert_array_equal(mapped(x, array(1, 2, 3), "raw"), x)


def test_too_few_images_for_the_parameters():
    with pytest.raises(UserError, match="4 images can't determine the 5 parameters of logistic5"):
        plcc(array(1, 2, 3, 4), array(1, 2, 4, 3), "logistic5")
