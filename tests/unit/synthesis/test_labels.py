"""Labels: swapping, ties, disagreement, and what is drawn of all pairs."""

import numpy as np
import pytest

from fgresq.records import Preference
from fgresq.synthesis.fidelity import METRICS
from fgresq.synthesis.labels import Consensus, choose_pairs, levels, preference, pseudo_mos

K = len(METRICS)
RULE = Consensus(margin=0.1, quorum=4, tie=0.05)
SWAPPED = {Preference.A: Preference.B, Preference.B: Preference.A, Preference.EQUAL: Preference.EQUAL, None: None}


def draw(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_swapping_the_images_swaps_the_label() -> None:
    rng = draw()
    seen = set()
    for _ in range(2000):
        a = rng.normal(0, 1, K)
        b = a + rng.normal(0, 1) * 0.3 + rng.normal(0, 0.06, K)
        label = preference(a, b, RULE)
        assert preference(b, a, RULE) == SWAPPED[label]
        seen.add(label)
    assert seen == {Preference.A, Preference.B, Preference.EQUAL, None}


def test_an_identical_pair_is_equal() -> None:
    a = draw().normal(0, 1, K)
    assert preference(a, a, RULE) is Preference.EQUAL
    assert preference(a, a + 0.049, RULE) is Preference.EQUAL


@pytest.mark.parametrize(
    ("lead", "label"),
    [
        ([0.2, 0.2, 0.2, 0.2, 0.2], Preference.A),
        ([-0.2, -0.2, -0.2, -0.2, -0.2], Preference.B),
        ([0.2, 0.2, 0.2, 0.2, 0.0], Preference.A),
        ([0.2, 0.2, 0.2, 0.2, -0.09], Preference.A),
        ([0.2, 0.2, 0.2, 0.2, -0.2], None),
        ([0.2, 0.2, 0.2, 0.0, 0.0], None),
        ([0.07, 0.07, 0.07, 0.07, 0.07], None),
        ([0.04, -0.04, 0.04, -0.04, 0.04], Preference.EQUAL),
        ([0.04, -0.04, 0.04, -0.04, 0.07], None),
        ([0.2, -0.2, 0.2, -0.2, 0.0], None),
    ],
)
def test_the_rule(lead: list[float], label: Preference | None) -> None:
    assert preference(np.zeros(K), np.array(lead), RULE) == label


def test_levels_rise_with_dissimilarity_and_forgive_below_the_floor() -> None:
    small, large = levels(np.full(K, 1e-5)), levels(np.full(K, 2e-5))
    assert np.all(small < large)
    assert np.all(large - small < 0.01)
    assert np.all(levels(np.full(K, 200.0)) - levels(np.full(K, 100.0)) > 0.6)


def test_pseudo_mos_is_one_for_the_pristine_picture_and_falls_with_every_metric() -> None:
    pristine = levels(np.zeros(K))
    worse = np.array([pristine + step * np.eye(K)[k] for k in range(K) for step in (0.0, 0.5, 1.0)]).reshape(K, 3, K)
    assert pseudo_mos(pristine[None]).tolist() == pytest.approx([1.0])
    for of_metric in worse:
        first, second, third = pseudo_mos(of_metric)
        assert first > second > third
        assert first - second == pytest.approx(second - third)
    assert pseudo_mos(levels(np.array([[0.47, 0.32, 0.88, 41.0, 1.25]]))).tolist() == pytest.approx([0.0])


def test_pseudo_mos_does_not_depend_on_the_order() -> None:
    table = draw().normal(0, 1, (12, K))
    order = draw(1).permutation(12)
    assert pseudo_mos(table[order]).tolist() == pytest.approx(pseudo_mos(table)[order].tolist())


def test_chosen_pairs_carry_their_labels() -> None:
    rng = draw()
    table = rng.normal(0, 1, (14, 1)) + rng.normal(0, 0.03, (14, K))
    table[7] = table[3]
    every = choose_pairs(table, 1000, RULE, draw(2))
    assert len({frozenset(pair[:2]) for pair in every}) == len(every)
    assert (3, 7, Preference.EQUAL) in every or (7, 3, Preference.EQUAL) in every
    for a, b, label in every:
        assert preference(table[a], table[b], RULE) == label
    assert choose_pairs(table, 1000, RULE, draw(2)) == every


def test_the_limit_holds_and_fine_pairs_come_first() -> None:
    table = np.repeat(np.linspace(0, 6, 30)[:, np.newaxis], K, axis=1)
    every, some = choose_pairs(table, 10_000, RULE, draw()), choose_pairs(table, 40, RULE, draw())
    assert len(every) == 30 * 29 // 2
    assert len(some) == 40
    gaps = [np.mean([abs(table[a, 0] - table[b, 0]) for a, b, _ in pairs]) for pairs in (some, every)]
    assert gaps[0] < 0.75 * gaps[1]
    first = sum(label is Preference.A for *_, label in every) / len(every)
    assert 0.4 < first < 0.6


def test_ties_take_at_most_a_quarter() -> None:
    table = np.zeros((20, K))
    assert len(choose_pairs(table, 40, RULE, draw())) == 10


def test_an_eighth_of_the_pairs_show_the_pristine_picture() -> None:
    table = np.repeat(np.linspace(0, 6, 30)[:, np.newaxis], K, axis=1)
    with_it = [sum(0 in pair[:2] for pair in choose_pairs(table, 40, RULE, draw(), pristine=0))]
    assert with_it[0] >= 5
    assert len({pair[:2] for pair in choose_pairs(table, 40, RULE, draw(), pristine=0)}) == 40
    assert choose_pairs(table, 1000, RULE, draw(), pristine=0) == choose_pairs(table, 1000, RULE, draw())
