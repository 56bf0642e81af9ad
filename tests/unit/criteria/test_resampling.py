import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fgresq.criteria.agreement import (
    accuracy_without_ties,
    outcomes_without_ties,
    three_class_accuracy,
    three_class_outcomes,
)
from fgresq.criteria.resampling import (
    Bootstrapped,
    accuracy_differences,
    bootstrap_accuracy,
    draw_contents,
    pairs_of,
)
from fgresq.criteria.uncertainty import bootstrap_counts, count_blocks
from fgresq.errors import UserError
from fgresq.records import Preference

JUDGEMENT = st.sampled_from([Preference.A, Preference.B, Preference.EQUAL, None])


@given(st.integers(2, 30), st.integers(1, 50), st.integers(1, 60), st.integers(0, 99))
def test_blocks_of_counts_are_the_counts(clusters, resamples, rows, seed):
    blocks = list(count_blocks(clusters, resamples, seed, rows))
    np.testing.assert_array_equal(np.concatenate(blocks), bootstrap_counts(clusters, resamples, seed))
    assert all(len(block) <= rows for block in blocks)


def test_the_draw_is_the_same_whatever_is_computed():
    draw = draw_contents(["b", "a", "b", "c"] * 40_000, resamples=40, seed=3)
    assert draw.content[:4].tolist() == [1, 0, 1, 2]
    few, many = (np.concatenate(list(draw.blocks(columns))) for columns in (1, 160_000))
    np.testing.assert_array_equal(few, many)
    np.testing.assert_array_equal(few, bootstrap_counts(3, 40, 3))
    assert len(next(draw.blocks(160_000))) == 1


@pytest.mark.parametrize(("contents", "said"), [(["x", "x"], "there is only x"), ([], "there is none")])
def test_one_content_is_refused(contents, said):
    with pytest.raises(UserError, match=f"needs at least 2 contents, and {said}"):
        draw_contents(contents)


def test_one_resample_is_refused():
    with pytest.raises(ValueError, match="at least 2 resamples"):
        draw_contents(["x", "y"], resamples=1)


@settings(max_examples=80)
@given(st.lists(st.tuples(JUDGEMENT, JUDGEMENT), max_size=20))
def test_outcomes_are_what_accuracies_are_means_of(judged):
    human, predicted = [h for h, _ in judged], [p for _, p in judged]
    for outcomes, rule in (
        (outcomes_without_ties, accuracy_without_ties),
        (three_class_outcomes, three_class_accuracy),
    ):
        found, accuracy = outcomes(human, predicted), rule(human, predicted)
        assert len(found) == accuracy.pairs
        assert (~np.isnan(found)).sum() == accuracy.used
        mean = None if np.isnan(found).all() else np.nanmean(found)
        assert accuracy.accuracy == (None if mean is None else pytest.approx(mean))


def drawn(pairs, metrics, seed):
    generator = np.random.default_rng(seed)
    outcomes = generator.choice([0.0, 0.5, 1.0, math.nan], size=(pairs, metrics), p=[0.3, 0.1, 0.5, 0.1])
    return outcomes, [f"c{k}" for k in generator.integers(0, 5, pairs)]


def looped_means(values, contents, draw):
    """Every resample written out, row by row."""
    names = sorted(set(contents))
    samples = []
    for counts in np.concatenate(list(draw.blocks())):
        times = dict(zip(names, counts.astype(int), strict=True))
        rows = [row for row, content in zip(values, contents, strict=True) for _ in range(times[content])]
        row = []
        for k in range(values.shape[1]):
            used = [r[k] for r in rows if not math.isnan(r[k])]
            row.append(sum(used) / len(used) if used else math.nan)
        samples.append(row)
    return np.array(samples)


def test_accuracies_and_their_differences_agree_with_the_loop():
    outcomes, contents = drawn(40, 3, 1)
    draw = draw_contents(contents, resamples=60, seed=4)
    found = bootstrap_accuracy(outcomes, draw)
    np.testing.assert_allclose(found.value, np.nanmean(outcomes, axis=0))
    np.testing.assert_allclose(found.samples, looped_means(outcomes, contents, draw), atol=1e-12)
    between = accuracy_differences(outcomes, draw)
    leads = np.stack([outcomes[:, i] - outcomes[:, j] for i, j in pairs_of(3)], axis=1)
    np.testing.assert_allclose(between.value, np.nanmean(leads, axis=0))
    np.testing.assert_allclose(between.samples, looped_means(leads, contents, draw), atol=1e-12)
    assert pairs_of(3) == ((0, 1), (0, 2), (1, 2))


def test_an_accuracy_without_pairs_is_undefined_not_zero():
    outcomes = np.array([[math.nan, 1.0], [math.nan, math.nan]])
    draw = draw_contents(["x", "y"], resamples=200, seed=0)
    found = bootstrap_accuracy(outcomes, draw)
    assert np.isnan(found.value[0])
    assert found.value[1] == 1.0
    assert found.undefined[0] == 200
    # A resample of y alone has no pair that counts: a quarter of them, within five standard errors.
    assert found.undefined[1] == pytest.approx(50, abs=31)
    low, high = found.interval()
    assert np.isnan([low[0], high[0]]).all()
    assert (low[1], high[1]) == (0.0, 1.0)


def test_an_undefined_resample_widens_the_interval_to_what_it_could_be():
    samples = np.full((1000, 3), 0.25)
    samples[:24, 1] = math.nan  # 2.4 % are inside the tails of 2.5 %
    samples[:26, 2] = math.nan
    found = Bootstrapped(np.full(3, 0.25), samples, (-1.0, 1.0))
    low, high = found.interval()
    np.testing.assert_allclose(low, [0.25, 0.25, -1.0])
    np.testing.assert_allclose(high, [0.25, 0.25, 1.0])
    assert found.undefined.tolist() == [0, 24, 26]


def test_differences_are_taken_resample_by_resample():
    samples = np.random.default_rng(0).normal(size=(50, 3))
    samples[7, 1] = math.nan
    pairs, between = Bootstrapped(np.array([0.1, 0.4, math.nan]), samples, (-1.0, 1.0)).differences()
    assert pairs == ((0, 1), (0, 2), (1, 2))
    np.testing.assert_allclose(between.value, [-0.3, math.nan, math.nan])
    for k, (i, j) in enumerate(pairs):
        np.testing.assert_array_equal(between.samples[:, k], samples[:, i] - samples[:, j])
    assert between.bounds == (-2.0, 2.0)
    assert between.undefined.tolist() == [1, 0, 1]
