import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fgresq.criteria.agreement import accuracy_without_ties, preferences_from_scores
from fgresq.criteria.consistency import consistency, frequencies, vote_balance
from fgresq.records import Preference

A, B, EQUAL = Preference.A, Preference.B, Preference.EQUAL
EDGES = (0.05, 0.1, 0.5)
SCORE = st.one_of(st.none(), st.integers(-60, 60).map(lambda k: k / 100))
VOTES = st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 3))
PAIRS = st.lists(st.tuples(SCORE, VOTES), max_size=30)


def columns(pairs):
    difference = np.array([math.nan if d is None else d for d, _ in pairs], dtype=np.float64)
    votes = np.array([v for _, v in pairs], dtype=np.float64).reshape(-1, 3)
    return difference, vote_balance(votes[:, 0], votes[:, 1], votes[:, 2])


def looped(pairs):
    """Each pair by the stated rules, one at a time."""
    bins = [(0.0, 0.0), (0.0, 0.05), (0.05, 0.1), (0.1, 0.5), (0.5, math.inf)]
    counts = [{"pairs": 0, "equal": 0, "against": 0} for _ in bins]
    without_scores = without_votes = 0
    for difference, (for_a, equal, for_b) in pairs:
        if difference is None:
            without_scores += 1
            continue
        if for_a + equal + for_b == 0:
            without_votes += 1
            continue
        size = abs(round(difference * 100))
        place = 0 if size == 0 else 1 if size <= 5 else 2 if size <= 10 else 3 if size <= 50 else 4
        counts[place]["pairs"] += 1
        if for_a + equal / 2 == for_b + equal / 2:
            counts[place]["equal"] += 1
        elif size and (for_a > for_b) != (difference > 0):
            counts[place]["against"] += 1
    return without_scores, without_votes, dict(zip(bins, counts, strict=True))


@settings(max_examples=80)
@given(PAIRS)
def test_counts_agree_with_the_loop(pairs):
    found = consistency(*columns(pairs), edges=EDGES)
    without_scores, without_votes, bins = looped(pairs)
    assert (found.pairs, found.without_scores, found.without_votes) == (len(pairs), without_scores, without_votes)
    if not bins[0.5, math.inf]["pairs"]:
        del bins[0.5, math.inf]
    assert [(part.above, part.up_to) for part in found.bins] == list(bins)
    for part in found.bins:
        counts = bins[part.above, part.up_to]
        assert (part.pairs, part.judged_equal) == (counts["pairs"], counts["equal"])
        assert part.inconsistent == counts["against"]
        clear = counts["pairs"] - counts["equal"]
        expected = counts["against"] / clear if clear and part.up_to else None
        assert part.rate == expected
        assert (part.wilson is None) == (expected is None)
    assert int(found.inconsistent.sum()) == found.overall.inconsistent == sum(c["against"] for c in bins.values())


@settings(max_examples=80)
@given(PAIRS)
def test_over_all_pairs_it_is_one_minus_the_accuracy(pairs):
    difference, balance = columns(pairs)
    human = [None if math.isnan(b) else A if b > 0 else B if b < 0 else EQUAL for b in balance.tolist()]
    accuracy = accuracy_without_ties(human, preferences_from_scores(difference, np.zeros(len(difference))))
    rate = consistency(difference, balance).overall.rate
    assert rate == (None if accuracy.accuracy is None else pytest.approx(1 - accuracy.accuracy))


@settings(max_examples=50)
@given(PAIRS)
def test_turning_all_pairs_round_changes_nothing(pairs):
    difference, balance = columns(pairs)
    found, turned = consistency(difference, balance), consistency(-difference, -balance)
    assert (found.overall, found.bins) == (turned.overall, turned.bins)


def test_equal_votes_pull_to_the_middle_without_changing_sides():
    balance = vote_balance(np.array([1.0, 1, 0, 0, 2]), np.array([0.0, 4, 3, 0, 0]), np.array([0.0, 0, 0, 0, 3]))
    np.testing.assert_allclose(balance, [1, 0.2, 0, math.nan, -0.2])


def test_a_difference_that_is_an_edge_up_to_rounding_is_below_it():
    difference = np.array([4.57 - 4.47, 0.1, 0.1 + 1e-6])
    found = consistency(difference, np.ones(3), edges=(0.1,))
    assert [part.pairs for part in found.bins] == [0, 2, 1]


def test_intervals_over_contents_are_those_of_a_slow_bootstrap():
    generator = np.random.default_rng(4)
    difference = generator.uniform(-0.2, 0.2, 300)
    contents = np.array([f"c{k}" for k in generator.integers(0, 12, 300)])
    shift = {f"c{k}": s for k, s in enumerate(generator.uniform(0.5, 0.95, 12))}
    agrees = np.array([generator.random() < shift[c] for c in contents])
    balance = np.where(agrees, np.sign(difference), -np.sign(difference))
    found = consistency(difference, balance, edges=(0.1, 0.2), contents=contents)
    by_content = {c: np.flatnonzero(contents == c) for c in shift}
    for part in (*found.bins[1:], found.overall):
        here = (np.abs(difference) > part.above) & (np.abs(difference) <= part.up_to)
        rates = []
        for _ in range(3000):
            rows = np.concatenate([by_content[c] for c in generator.choice(list(shift), 12)])
            rates.append(np.mean(~agrees[rows[here[rows]]]))
        # Two bootstraps of 2,000 and 3,000 resamples: their quantiles differ by some hundredths of the interval.
        ends = np.quantile(rates, [0.025, 0.975])
        np.testing.assert_allclose(part.over_contents, ends, atol=0.07 * (ends[1] - ends[0]))


def test_an_interval_over_contents_that_says_nothing_is_none():
    contents = np.array(["x", "x", "y", "y"])
    agree = consistency(np.array([0.1, 0.2, 0.1, 0.2]), np.ones(4), contents=contents)
    assert agree.overall.rate == 0
    assert agree.overall.over_contents is None  # all pairs agree in every resample
    assert agree.overall.wilson[1] > 0.3
    balance = np.array([1.0, -1.0, 1.0, 1.0])
    one_side = consistency(np.array([0.1, 0.1, 0.3, 0.3]), balance, edges=(0.2, 0.4), contents=contents)
    assert one_side.bins[1].over_contents is None  # a resample of y alone has no such pair
    assert one_side.overall.over_contents is not None


def test_what_cannot_be_used_is_refused():
    numbers = np.array([0.1, 0.2])
    for edges in ((), (0.0, 1.0), (0.2, 0.1), (0.1, math.nan)):
        with pytest.raises(ValueError, match="edges of bins"):
            consistency(numbers, numbers, edges=edges)
    with pytest.raises(ValueError, match="must be numbers"):
        consistency(np.array([math.inf, 0.1]), numbers)
    with pytest.raises(ValueError, match="at least 2 contents"):
        consistency(numbers, numbers, contents=np.array(["x", "x"]))
    with pytest.raises(ValueError, match="votes must be"):
        vote_balance(numbers, -numbers, numbers)


@settings(max_examples=50)
@given(PAIRS)
def test_points_of_the_scatter_keep_every_pair_on_its_side(pairs):
    difference, balance = columns(pairs)
    x, y, counts = frequencies(difference, balance, step=0.05)
    used = ~(np.isnan(difference) | np.isnan(balance))
    assert counts.sum() == used.sum()
    assert len({*zip(x.tolist(), y.tolist(), strict=True)}) == len(x)
    for sign_x in (-1, 0, 1):
        for value in np.unique(balance[used]):
            here = used & (np.sign(difference) == sign_x) & (balance == value)
            assert counts[(np.sign(x) == sign_x) & (y == value)].sum() == here.sum()
    for point, size in zip(x.tolist(), counts.tolist(), strict=True):
        near = used & (np.sign(difference) == np.sign(point)) & (np.abs(np.abs(difference) - abs(point)) < 0.0251)
        assert near.sum() >= size
