"""p of the paired bootstrap of the difference, held to closed forms and to draws."""

import numpy as np
import pytest
from scipy.stats import beta

from fgresq.criteria.content_weights import concentration, draw_weights
from fgresq.criteria.paired import paired_p, point_differences


def p_of(differences: list[float] | np.ndarray) -> float:
    row = np.atleast_2d(np.asarray(differences, dtype=np.float64))
    return float(paired_p(row, np.ones(row.shape, dtype=bool))[0])


@pytest.mark.parametrize("contents", [6, 7, 8, 12, 20])
def test_equal_wins_on_all_contents_give_the_tail_of_a_beta(contents: int) -> None:
    shape = concentration(np.array([contents]))[0]
    expected = 2 * beta.cdf(0.5, shape * (contents + 0.5), shape * 0.5)
    for unit in (1.0, 1e-3, -7.0):
        assert p_of(np.full(contents, unit)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("contents", [6, 9, 25])
def test_agrees_with_drawing(contents: int) -> None:
    generator = np.random.default_rng(contents)
    weights = draw_weights(contents, 200_000, seed=1)
    for shift, scale in ((0.2, 1.0), (0.6, 1.0), (-0.5, 2.0), (1.0, 0.3)):
        x = generator.normal(shift, scale, contents)
        drawn = weights.contents @ x + (weights.as_is - weights.turned) * x.mean()
        expected = 2 * min((drawn <= 0).mean(), (drawn >= 0).mean())
        assert p_of(x) == pytest.approx(min(expected, 1), abs=0.004)


def test_five_contents_are_not_tested_and_six_wins_are_enough() -> None:
    assert np.isnan(p_of(np.ones(5)))
    assert 0.04 < p_of(np.ones(6)) < 0.05


def test_no_difference_gives_one() -> None:
    assert p_of(np.zeros(8)) == 1
    assert p_of([1, -1] * 4) == 1


def test_contents_without_the_pair_do_not_count() -> None:
    x = np.array([[1.0, 0.5, -0.2, 0.7, 0.9, 1.2, 0.8, 0.4]])
    compared = np.ones(x.shape, dtype=bool)
    more, there = np.column_stack([x, [[9.0, -9.0]]]), np.column_stack([compared, [[False, False]]])
    assert paired_p(more, there)[0] == pytest.approx(paired_p(x, compared)[0], rel=1e-9)


def test_many_pairs_give_what_each_gives_alone() -> None:
    x = np.random.default_rng(0).normal(0.4, 1, (300, 40))
    together = paired_p(x, np.ones(x.shape, dtype=bool))
    assert [p_of(row) for row in x[::50]] == pytest.approx(together[::50].tolist(), rel=1e-9)


def test_points_count_opponents_that_both_met() -> None:
    """Content 0: all three met. Content 1: nobody met the third."""
    wins, ties = np.zeros((2, 3, 3)), np.zeros((2, 3, 3))
    wins[0, 0, 1], wins[0, 1, 2], wins[0, 0, 2] = 1, 1, 1
    ties[1, 0, 1] = ties[1, 1, 0] = 1
    differences, compared = point_differences(wins, ties)
    points = np.array([2.0, 1.0, 0.0])
    np.testing.assert_allclose(differences[0], points[:, None] - points)
    assert not differences[1].any()
    assert compared[1].tolist() == [[False, True, False], [True, False, False], [False, False, False]]
