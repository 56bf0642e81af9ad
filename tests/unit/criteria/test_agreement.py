import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fgresq.criteria.agreement import (
    accuracy_without_ties,
    best_tie_band,
    macro_average,
    preferences_from_scores,
    three_class_accuracy,
)
from fgresq.records import Preference

A, B, EQUAL = Preference.A, Preference.B, Preference.EQUAL
JUDGEMENT = st.sampled_from([A, B, EQUAL, None])
JUDGED = st.lists(st.tuples(JUDGEMENT, JUDGEMENT), max_size=20)


def test_both_tie_rules_on_a_small_example():
    human = [A, A, A, B, EQUAL, EQUAL, None, B]
    predicted = [A, B, EQUAL, B, EQUAL, A, A, None]
    clear = accuracy_without_ties(human, predicted)
    assert (clear.accuracy, clear.used, clear.pairs) == ((1 + 0 + 0.5 + 1) / 4, 4, 8)
    classes = three_class_accuracy(human, predicted)
    assert (classes.accuracy, classes.used, classes.pairs) == (3 / 6, 6, 8)


@settings(max_examples=80)
@given(JUDGED)
def test_agree_with_the_loops(judged):
    human, predicted = [h for h, _ in judged], [p for _, p in judged]
    points, clear, right, both = 0.0, 0, 0, 0
    for h, p in judged:
        if h is None or p is None:
            continue
        both += 1
        if h == p:
            right += 1
        if h != EQUAL:
            clear += 1
            if p == EQUAL:
                points += 0.5
            elif p == h:
                points += 1
    found, classes = accuracy_without_ties(human, predicted), three_class_accuracy(human, predicted)
    assert (found.used, classes.used) == (clear, both)
    assert found.accuracy == (pytest.approx(points / clear) if clear else None)
    assert classes.accuracy == (pytest.approx(right / both) if both else None)


@settings(max_examples=80)
@given(JUDGED)
def test_swapping_all_pairs_changes_nothing(judged):
    swap = {A: B, B: A, EQUAL: EQUAL, None: None}
    human, predicted = [h for h, _ in judged], [p for _, p in judged]
    swapped = [swap[h] for h in human], [swap[p] for p in predicted]
    for rule in (accuracy_without_ties, three_class_accuracy):
        assert rule(human, predicted) == rule(*swapped)


def test_without_pairs_there_is_no_accuracy():
    assert accuracy_without_ties([EQUAL, None], [A, A]).accuracy is None
    assert three_class_accuracy([], []).accuracy is None


def test_rows_of_different_length_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        accuracy_without_ties([A, B], [A])
    with pytest.raises(ValueError, match="shorter"):
        three_class_accuracy([A, B], [A])


def test_preferences_from_scores():
    a, b = np.array([0.5, 0.5, 0.5, 0.5, math.nan]), np.array([0.25, 0.75, 0.5, 0.625, 0.5])
    assert preferences_from_scores(a, b) == (A, B, EQUAL, B, None)
    assert preferences_from_scores(a, b, tie_band=0.125) == (A, B, EQUAL, EQUAL, None)
    for band in (-0.1, math.nan):
        with pytest.raises(ValueError, match="at least 0"):
            preferences_from_scores(a, b, band)


@settings(max_examples=80)
@given(st.lists(st.tuples(JUDGEMENT, st.sampled_from([-3, -2, -1, -0.5, 0, 0.5, 1, 2, math.nan])), max_size=15))
def test_the_best_tie_band_is_found_by_trying_all(pairs):
    human = [h for h, _ in pairs]
    a, b = np.array([float(d) for _, d in pairs]), np.zeros(len(pairs))
    found = best_tie_band(human, a, b)

    def accuracy(band):
        return three_class_accuracy(human, preferences_from_scores(a, b, band)).accuracy or 0.0

    trials = {band: accuracy(band) for band in sorted({0.0, *np.abs(a[~np.isnan(a)]).tolist()})}
    assert trials[found] == max(trials.values())
    assert found == min(band for band, value in trials.items() if value == max(trials.values()))


def test_macro_average_skips_tasks_without_a_value():
    assert macro_average([0.5, None, 0.9]) == pytest.approx(0.7)
    assert macro_average([None, None]) is None
    assert macro_average([]) is None
    assert macro_average([-0.5, 0.0]) == -0.25
