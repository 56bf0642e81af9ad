"""Labels: swapping, ties, disagreement, and what is drawn of all pairs."""

import numpy as np
import pytest

from fgresq.records import Preference
from fgresq.synthesis.fidelity import METRICS
from fgresq.synthesis.labels import Consensus, Known, choose_pairs, constructed, levels, preference, pseudo_mos

K = len(METRICS)
RULE = Consensus(margin=0.1, quorum=2, tie=0.05)
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
        ([0.2, 0.2, 0.2], Preference.A),
        ([-0.2, -0.2, -0.2], Preference.B),
        ([0.2, 0.2, 0.0], Preference.A),
        ([0.2, 0.2, -0.09], Preference.A),
        ([0.2, 0.2, -0.2], None),
        ([0.2, 0.0, 0.0], None),
        ([0.07, 0.07, 0.07], None),
        ([0.04, -0.04, 0.04], Preference.EQUAL),
        ([0.04, -0.04, 0.07], None),
        ([0.2, -0.2, 0.0], None),
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
    assert pseudo_mos(levels(np.array([[9.0, 9.0, 0.6]]))).tolist() == pytest.approx([0.0])


def test_pseudo_mos_does_not_depend_on_the_order() -> None:
    table = draw().normal(0, 1, (12, K))
    order = draw(1).permutation(12)
    assert pseudo_mos(table[order]).tolist() == pytest.approx(pseudo_mos(table)[order].tolist())


def test_chosen_pairs_carry_their_labels() -> None:
    rng = draw()
    table = rng.normal(0, 1, (14, 1)) + rng.normal(0, 0.03, (14, K))
    table[7] = table[3]
    every = choose_pairs(table, 1000, RULE, draw(2), pristine=None)
    assert len({frozenset(pair[:2]) for pair in every}) == len(every)
    assert (3, 7, Preference.EQUAL) in every or (7, 3, Preference.EQUAL) in every
    for a, b, label in every:
        assert preference(table[a], table[b], RULE) == label
    assert choose_pairs(table, 1000, RULE, draw(2), pristine=None) == every


def test_the_limit_holds_and_fine_pairs_come_first() -> None:
    table = np.repeat(np.linspace(0, 6, 30)[:, np.newaxis], K, axis=1)
    every, some = choose_pairs(table, 10_000, RULE, draw()), choose_pairs(table, 40, RULE, draw())
    assert len(every) == 30 * 29 // 2
    assert len(some) == 40
    gaps = [np.mean([abs(table[a, 0] - table[b, 0]) for a, b, _ in pairs]) for pairs in (some, every)]
    assert gaps[0] < 0.75 * gaps[1]
    first = sum(label is Preference.A for *_, label in every) / len(every)
    assert 0.4 < first < 0.6


def test_ties_take_at_most_an_eighth() -> None:
    table = np.zeros((20, K))
    assert len(choose_pairs(table, 40, RULE, draw())) == 5


def test_an_eighth_of_the_pairs_show_the_pristine_picture() -> None:
    table = np.repeat(np.linspace(0, 6, 30)[:, np.newaxis], K, axis=1)
    with_it = sum(0 in pair[:2] for pair in choose_pairs(table, 40, RULE, draw(), pristine=0))
    assert with_it >= 5
    assert len({pair[:2] for pair in choose_pairs(table, 40, RULE, draw(), pristine=0)}) == 40
    assert choose_pairs(table, 1000, RULE, draw(), pristine=0) == choose_pairs(table, 1000, RULE, draw(), pristine=None)


LADDER = [Known(), *(Known(base=0, ladder="blur 7", rung=rung) for rung in (1, 2, 3))]


def test_steps_of_a_ladder_are_ordered_by_construction() -> None:
    for a in range(4):
        for b in range(4):
            if a != b:
                assert constructed(LADDER, a, b) is (Preference.A if a < b else Preference.B)


def test_steps_of_two_ladders_are_not_ordered_by_construction() -> None:
    known = [Known(), Known(0, "blur 7", 1), Known(0, "noise 3", 2), Known(3, "blur 7", 3), Known(), Known(4)]
    assert constructed(known, 1, 2) is None
    assert constructed(known, 1, 3) is None
    assert constructed(known, 0, 4) is None
    assert constructed(known, 1, 5) is None


def test_a_copy_is_equal_to_its_base_and_a_blank_picture_worse_than_any_other() -> None:
    known = [Known(), Known(base=0), Known(blank=True), Known(blank=True)]
    assert constructed(known, 0, 1) is constructed(known, 1, 0) is Preference.EQUAL
    assert constructed(known, 1, 2) is Preference.A
    assert constructed(known, 2, 1) is Preference.B
    assert constructed(known, 2, 3) is None


def test_metrics_only_stop_a_ladder_where_all_say_the_opposite() -> None:
    """Every step is closer to the pristine picture than the one below it: compression that removes noise."""
    agree = np.array([[0.0], [0.1], [0.2], [0.3]]) * np.ones(K)
    assert len(choose_pairs(agree, 100, RULE, draw(), LADDER)) == 6
    assert choose_pairs(-5 * agree, 100, RULE, draw(), LADDER) == []
    split = -5 * agree * np.eye(K)[0] + agree
    labels = choose_pairs(split, 100, RULE, draw(), LADDER)
    assert len(labels) == 6
    for a, b, label in labels:
        assert label is (Preference.A if a < b else Preference.B)


def test_known_pairs_leave_room_for_the_others() -> None:
    known = [Known()] * 30 + [Known(base=0, ladder="x", rung=rung) for rung in range(1, 30)] + [Known(blank=True)] * 4
    table = np.linspace(0, 6, len(known))[:, np.newaxis] * np.ones(K)
    pairs = choose_pairs(table, 100, RULE, draw(), known)
    assert len(pairs) == 100
    by_hand = [constructed(known, a, b) for a, b, _ in pairs]
    assert sum(label is not None for label in by_hand) == 60
    assert sum(known[a].blank or known[b].blank for a, b, _ in pairs) == 15
