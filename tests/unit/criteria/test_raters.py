from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fgresq.criteria.raters import fleiss_kappa, krippendorff_alpha

# Ten subjects, fourteen raters, five categories: a worked example in wide use; its kappa is given as 0.210.
WORKED = np.array(
    [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
)
# Krippendorff (2011), section C: four observers, twelve units, 0 where one is missing; nominal alpha 0.743.
OBSERVERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
        [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ]
)
COUNTS = arrays(np.int64, st.tuples(st.integers(1, 12), st.just(3)), elements=st.integers(0, 4))


def counted(observers, categories=5):
    return np.stack([(observers == category).sum(axis=0) for category in range(1, categories + 1)], axis=1)


def slow_alpha(counts):
    """By the coincidence matrix, value by value, as Krippendorff builds it."""
    size = counts.shape[1]
    coincidences = np.zeros((size, size))
    for row in counts:
        values = [category for category, count in enumerate(row) for _ in range(count)]
        if len(values) >= 2:
            for c, k in permutations(values, 2):
                coincidences[c, k] += 1 / (len(values) - 1)
    n, of = coincidences.sum(), coincidences.sum(axis=0)
    observed = sum(coincidences[c, k] for c in range(size) for k in range(size) if c != k)
    expected = sum(of[c] * of[k] for c in range(size) for k in range(size) if c != k) / (n - 1) if n > 1 else 0
    return None if expected == 0 else 1 - observed / expected


def slow_kappa(counts):
    """By all ordered pairs of raters."""
    raters, ratings = counts[0].sum(), counts.sum()
    agreeing = total = 0
    for row in counts:
        values = [category for category, count in enumerate(row) for _ in range(count)]
        for first, second in permutations(values, 2):
            agreeing += first == second
            total += 1
    expected = sum((counts[:, c].sum() / ratings) ** 2 for c in range(counts.shape[1]))
    assert total == len(counts) * raters * (raters - 1)
    return None if expected == 1 else (agreeing / total - expected) / (1 - expected)


def test_worked_examples():
    kappa, alpha = fleiss_kappa(WORKED), krippendorff_alpha(counted(OBSERVERS))
    assert (round(kappa.value, 3), kappa.items, kappa.ratings) == (0.210, 10, 140)
    assert (round(alpha.value, 3), alpha.items, alpha.ratings) == (0.743, 11, 40)


@settings(max_examples=60)
@given(COUNTS)
def test_alpha_agrees_with_the_coincidence_matrix(counts):
    found, slow = krippendorff_alpha(counts, resamples=2).value, slow_alpha(counts)
    assert found == (None if slow is None else pytest.approx(slow, abs=1e-12))


@settings(max_examples=60)
@given(st.integers(2, 6), st.integers(1, 12), st.integers(0, 10**6))
def test_kappa_agrees_with_the_pairs_of_raters(raters, items, seed):
    counts = np.random.default_rng(seed).multinomial(raters, [0.5, 0.3, 0.2], size=items)
    found, slow = fleiss_kappa(counts, resamples=2).value, slow_kappa(counts)
    assert found == (None if slow is None else pytest.approx(slow, abs=1e-12))


def test_the_interval_is_that_of_resampled_items():
    counts = np.random.default_rng(1).multinomial(5, [0.6, 0.3, 0.1], size=80)
    generator = np.random.default_rng(2)
    for statistic, slow in ((fleiss_kappa, slow_kappa), (krippendorff_alpha, slow_alpha)):
        found = statistic(counts, resamples=4000)
        drawn = [slow(counts[generator.integers(0, 80, 80)]) for _ in range(400)]
        low, high = np.quantile(drawn, [0.025, 0.975])
        spread = high - low
        assert abs(found.low - low) < 0.2 * spread
        assert abs(found.high - high) < 0.2 * spread
        assert found.low < found.value < found.high


def test_intervals_cover_the_truth():
    # Raters who copy a shared answer with probability 0.5 and guess evenly otherwise: pairs agree beyond chance 1/4.
    generator, covered, runs = np.random.default_rng(3), 0, 100
    for _ in range(runs):
        shared = generator.integers(0, 3, 150)
        guesses = generator.integers(0, 3, (5, 150))
        ratings = np.where(generator.random((5, 150)) < 0.5, shared, guesses)
        found = fleiss_kappa(counted(ratings + 1, 3), resamples=400)
        covered += found.low <= 0.25 <= found.high
    assert 86 <= covered <= 100  # 95 expected; below 86 with probability 0.0003


def test_full_agreement_is_one_and_one_category_is_undefined():
    counts = np.array([[5, 0, 0], [0, 5, 0], [0, 0, 5]] * 10)
    assert fleiss_kappa(counts).value == krippendorff_alpha(counts).value == 1
    one = np.array([[5, 0, 0]] * 4)
    assert fleiss_kappa(one).value is None
    assert krippendorff_alpha(one).value is None
    nearly = np.array([[5, 0, 0]] * 4 + [[4, 1, 0]])
    assert fleiss_kappa(nearly).value < 0
    assert fleiss_kappa(nearly).low is None  # a resample without the fifth item is undefined


def test_without_ratings():
    assert fleiss_kappa(np.zeros((0, 3), int)).value is None
    assert krippendorff_alpha(np.zeros((0, 3), int)).items == 0
    assert krippendorff_alpha(np.array([[1, 0, 0], [0, 1, 0]])).items == 0


def test_what_is_refused():
    with pytest.raises(ValueError, match="same number of raters"):
        fleiss_kappa(np.array([[2, 0], [2, 1]]))
    with pytest.raises(ValueError, match="same number of raters"):
        fleiss_kappa(np.array([[1, 0], [0, 1]]))
    for statistic in (fleiss_kappa, krippendorff_alpha):
        with pytest.raises(ValueError, match="at least 0"):
            statistic(np.array([[3, -1]]))
