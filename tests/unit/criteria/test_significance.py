import itertools
import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from fgresq.criteria.resampled_correlation import bootstrap_correlation
from fgresq.criteria.resampling import Bootstrapped, accuracy_differences, draw_contents
from fgresq.criteria.significance import (
    compare_accuracies,
    compare_bootstrapped,
    compare_correlations,
    dependent_correlations_z,
    holm,
    mcnemar,
    two_sided,
)

OUTCOMES = st.lists(st.sampled_from([0.0, 0.5, 1.0, math.nan]), max_size=20)
P = st.one_of(st.none(), st.floats(0, 1))


def looped_holm(p):
    """From the definition: the least level at which the procedure, run at that level, rejects."""
    tests = [value for value in p if value is not None]

    def rejected(value, level):
        for rank, smallest in enumerate(sorted(tests)):
            if smallest > level / (len(tests) - rank):
                return False
            if smallest == value:
                return True
        raise AssertionError

    answers = []
    for value in p:
        if value is None:
            answers.append(None)
            continue
        low, high = 0.0, 1.0
        if not rejected(value, high):
            answers.append(1.0)
            continue
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (low, middle) if rejected(value, middle) else (middle, high)
        answers.append(high)
    return answers


@settings(max_examples=60)
@given(st.lists(P, max_size=8))
def test_holm_is_the_least_level_that_rejects(p):
    for found, expected in zip(holm(p), looped_holm(p), strict=True):
        assert found == (None if expected is None else pytest.approx(expected, abs=1e-9))


@settings(max_examples=60)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_keeps_the_order_and_is_between_none_and_bonferroni(p):
    adjusted = holm(p)
    for value, corrected in zip(p, adjusted, strict=True):
        assert value <= corrected <= min(1.0, len(p) * value) + 1e-12
    for (one, first), (other, second) in itertools.combinations(zip(p, adjusted, strict=True), 2):
        assert (first <= second) or one > other


def test_a_p_that_is_none_of_a_test_is_refused():
    for value in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="from 0 to 1"):
            holm([0.5, value])


@settings(max_examples=60)
@given(st.lists(st.tuples(*[st.sampled_from([0.0, 0.5, 1.0, math.nan])] * 2), max_size=25))
def test_mcnemar_is_the_binomial_test_of_the_pairs_that_differ(rows):
    first, second = (np.array([row[k] for row in rows], dtype=np.float64) for k in (0, 1))
    both = [row for row in rows if not any(map(math.isnan, row))]
    b, c = sum(x > y for x, y in both), sum(x < y for x, y in both)
    found = mcnemar(first, second)
    assert (found.pairs, found.first_better, found.second_better) == (len(both), b, c)
    if not both:
        assert (found.p, found.difference) == (None, None)
    else:
        assert found.p == pytest.approx(scipy.stats.binomtest(b, b + c).pvalue if b + c else 1.0)
        assert found.difference == pytest.approx(sum(x - y for x, y in both) / len(both))
    turned = mcnemar(second, first)
    assert (turned.first_better, turned.second_better, turned.p) == (c, b, found.p)


@pytest.mark.parametrize("test", ["meng", "steiger"])
@pytest.mark.parametrize("between", [0.3, 0.9])
def test_z_of_equal_correlations_is_standard_normal(test, between):
    """Simulated: 4,000 data sets of 60 images whose two metrics correlate alike with people."""
    generator = np.random.default_rng(round(10 * between))
    r = 0.6
    root = np.linalg.cholesky(np.array([[1, r, r], [r, 1, between], [r, between, 1]]))
    data = generator.normal(size=(4000, 60, 3)) @ root.T
    data -= data.mean(axis=1, keepdims=True)
    data /= np.linalg.norm(data, axis=1, keepdims=True)
    products = np.einsum("tni,tnj->tij", data, data)
    z = [dependent_correlations_z(float(m[0, 1]), float(m[0, 2]), float(m[1, 2]), 60, test=test) for m in products]
    # Standard errors: 0.016 of the mean, 0.011 of the deviation, 0.0034 of the share.
    assert np.mean(z) == pytest.approx(0, abs=0.08)
    assert np.std(z) == pytest.approx(1, abs=0.06)
    assert np.mean([two_sided(value) < 0.05 for value in z]) == pytest.approx(0.05, abs=0.017)


@pytest.mark.parametrize("test", ["meng", "steiger"])
def test_z_changes_sign_with_the_order(test):
    assert dependent_correlations_z(0.8, 0.6, 0.5, 50, test) == -dependent_correlations_z(0.6, 0.8, 0.5, 50, test)
    assert dependent_correlations_z(0.8, 0.6, 0.5, 50, test) > 0


@pytest.mark.parametrize("test", ["meng", "steiger"])
def test_z_is_undefined_where_it_says_nothing(test):
    assert dependent_correlations_z(0.5, 0.4, 0.9, 3, test) is None
    assert dependent_correlations_z(1.0, 0.4, 0.4, 30, test) is None
    assert dependent_correlations_z(0.5, 0.5, 1.0, 30, test) is None
    with pytest.raises(ValueError, match="from -1 to 1"):
        dependent_correlations_z(1.1, 0.4, 0.4, 30, test)


def test_two_sided_is_scipys():
    for z in (-3.2, 0.0, 0.5, 8.0):
        assert two_sided(z) == pytest.approx(2 * scipy.stats.norm.sf(abs(z)), rel=1e-9)


def metrics(seed, noise, images=200):
    generator = np.random.default_rng(seed)
    mos = generator.normal(size=images)
    return (
        mos[:, None] + generator.normal(size=(images, len(noise))) * noise,
        mos,
        [f"c{k % 20}" for k in range(images)],
    )


def test_the_table_of_correlations():
    scores, mos, _ = metrics(0, [0.5, 0.6, 3.0, 1.0])
    scores[:, 3] = 7.0
    table = compare_correlations(scores, mos, "plcc")
    assert [(row.first, row.second) for row in table] == list(itertools.combinations(range(4), 2))
    r = np.corrcoef(np.column_stack([mos, scores[:, :3]]), rowvar=False)
    for row in table:
        if row.second == 3:
            assert (row.difference, row.p, row.adjusted) == (None, None, None)  # undefined, and no test
            continue
        i, j = row.first + 1, row.second + 1
        assert row.difference == pytest.approx(r[0, i] - r[0, j])
        z = dependent_correlations_z(float(r[0, i]), float(r[0, j]), float(r[i, j]), 200)
        assert row.p == pytest.approx(two_sided(z), rel=1e-6)
    assert [row.adjusted for row in table] == list(holm([row.p for row in table]))
    ranks = scipy.stats.rankdata(scores[:, :3], axis=0)
    by_ranks = compare_correlations(ranks, scipy.stats.rankdata(mos), "plcc", "steiger")
    by_srcc = compare_correlations(scores[:, :3], mos, "srcc", "steiger")
    for one, other in zip(by_ranks, by_srcc, strict=True):
        assert one.p == pytest.approx(other.p, rel=1e-9)


def test_the_table_of_bootstrapped_differences():
    scores, mos, contents = metrics(1, [0.5, 0.5, 3.0])
    found = bootstrap_correlation(scores, mos, draw_contents(contents, 999, seed=0), "srcc")
    _, between = found.differences()
    table = compare_bootstrapped(between)
    for row in table:
        d = found.samples[:, row.first] - found.samples[:, row.second]
        expected = min(1.0, 2 * (min((d <= 0).sum(), (d >= 0).sum()) + 1) / 1000)
        assert row.p == pytest.approx(expected)
        assert row.interval == (pytest.approx(np.quantile(d, 0.025)), pytest.approx(np.quantile(d, 0.975)))
        assert (row.p < 0.05) == (not row.interval[0] <= 0 <= row.interval[1])
    like, worse, _ = table
    assert like.p > 0.05
    assert worse.p == worse.adjusted / 3 == 2 / 1000


def test_undefined_resamples_count_on_both_sides():
    samples = np.full((99, 1), 0.5)
    table = compare_bootstrapped(Bootstrapped(np.array([0.5]), samples, (-2.0, 2.0)))
    assert table[0].p == 0.02
    samples[:30] = math.nan
    assert compare_bootstrapped(Bootstrapped(np.array([0.5]), samples, (-2.0, 2.0)))[0].p == pytest.approx(0.62)
    undefined = compare_bootstrapped(Bootstrapped(np.array([math.nan]), samples, (-2.0, 2.0)))[0]
    assert (undefined.difference, undefined.interval, undefined.p) == (None, None, None)


def test_a_metric_against_itself_is_no_finding():
    scores, mos, contents = metrics(2, [0.5])
    twice = np.repeat(scores, 2, axis=1)
    found = bootstrap_correlation(twice, mos, draw_contents(contents, 200), "plcc")
    (row,) = compare_bootstrapped(found.differences()[1])
    assert (row.difference, row.p) == (0.0, 1.0)
    assert compare_correlations(twice, mos)[0].p is None


def test_the_tables_of_accuracies():
    generator = np.random.default_rng(3)
    outcomes = (generator.random((300, 3)) < [0.9, 0.9, 0.6]).astype(np.float64)
    outcomes[::7, 1] = math.nan
    exact = compare_accuracies(outcomes)
    contents = [f"c{k % 30}" for k in range(300)]
    resampled = compare_bootstrapped(accuracy_differences(outcomes, draw_contents(contents, 999)))
    for row, other in zip(exact, resampled, strict=True):
        result = mcnemar(outcomes[:, row.first], outcomes[:, row.second])
        assert row.p == result.p
        assert row.difference == pytest.approx(other.difference)
    assert [row.adjusted for row in exact] == list(holm([row.p for row in exact]))
    assert [row.adjusted < 0.01 for row in exact] == [row.adjusted < 0.01 for row in resampled] == [False, True, True]


def test_differences_that_are_not_of_all_pairs():
    with pytest.raises(ValueError, match="2 differences aren't those of every two"):
        compare_bootstrapped(Bootstrapped(np.zeros(2), np.zeros((9, 2)), (-2.0, 2.0)))


def test_bootstrapped_p_values_are_even_where_nothing_differs():
    """400 data sets of 40 contents in which both metrics are equally good: about 5 % of p are below 0.05."""
    generator = np.random.default_rng(5)
    found = []
    for _ in range(400):
        contents = np.repeat(np.arange(40), 5)
        good = 0.75 + 0.2 * generator.uniform(-1, 1, 40)[contents]
        outcomes = (generator.random((200, 2)) < good[:, None]).astype(np.float64)
        draw = draw_contents([f"{c}" for c in contents], 300, seed=1)
        found.append(compare_bootstrapped(accuracy_differences(outcomes, draw))[0].p)
    assert 0.015 < np.mean(np.array(found) < 0.05) < 0.10
