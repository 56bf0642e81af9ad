"""Strengths over contents, with intervals, groups, and who is called better."""

import numpy as np
import pytest

from fgresq.criteria.content_weights import draw_weights
from fgresq.criteria.paired import point_differences
from fgresq.criteria.pairings import NamedStandings
from fgresq.criteria.scaling import fit_davidson
from fgresq.criteria.standings import PRIOR_SD, IntervalSettings, Standings, standings

SETTINGS = IntervalSettings(resamples=300)


def outcomes(n: int, k: int, seed: int = 0, ties: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of all pairs of k algorithms on n contents; the earlier tend to be better."""
    generator = np.random.default_rng(seed)
    quality = -0.4 * np.arange(k) + generator.normal(0, 1, (n, k))
    share = 1 / (1 + np.exp(quality[:, None, :] - quality[:, :, None]))
    others = 1 - np.eye(k)
    return (1 - ties) * share * others, ties * others * np.ones((n, 1, 1))


def always(n: int, k: int = 2) -> tuple[np.ndarray, np.ndarray]:
    return np.triu(np.ones((n, k, k)), 1), np.zeros((n, k, k))


def test_strengths_are_those_of_the_wins_and_half_a_win_each_way() -> None:
    wins, ties = outcomes(9, 4)
    half = 0.5 * (1 - np.eye(4))
    expected = fit_davidson(wins.sum(axis=0) + half, ties.sum(axis=0), prior_sd=PRIOR_SD).strengths
    np.testing.assert_allclose(standings(wins, ties, SETTINGS).strengths, expected, atol=1e-9)


@pytest.mark.parametrize("ties", [0.0, 0.3])
def test_strengths_of_a_resample_stand_in_the_order_of_its_points(ties: float) -> None:
    """So p, which is computed from points, is about the difference of the strengths."""
    wins, equal = outcomes(7, 4, ties=ties)
    points, _ = point_differences(wins, equal)
    weights = draw_weights(7, 500, seed=3)
    added = weights.as_is[:, None, None] * wins.mean(axis=0) + weights.turned[:, None, None] * wins.mean(axis=0).T
    extra = (weights.as_is + weights.turned)[:, None, None] * equal.mean(axis=0)
    drawn = np.tensordot(weights.contents, wins, axes=1) + added, np.tensordot(weights.contents, equal, axes=1) + extra
    strengths = fit_davidson(*drawn).strengths
    sums = np.tensordot(weights.contents, points, axes=1)
    sums += (weights.as_is - weights.turned)[:, None, None] * points.mean(axis=0)
    clear = np.abs(sums) > 1e-6
    differences = strengths[:, :, None] - strengths[:, None, :]
    assert clear.mean() > 0.7
    np.testing.assert_array_equal(np.sign(differences)[clear], np.sign(sums)[clear])


def test_an_interval_at_confidence_one_minus_p_just_reaches_zero() -> None:
    wins, ties = outcomes(10, 2, seed=4, ties=0.0)
    p = standings(wins, ties, SETTINGS).p[0, 1]
    found = standings(wins, ties, IntervalSettings(confidence=1 - p, resamples=20_000))
    nearer = found.difference_low[0, 1] if found.difference[0, 1] > 0 else found.difference_high[0, 1]
    assert 0.001 < p < 0.5
    assert abs(nearer) < 0.05 * (found.difference_high[0, 1] - found.difference_low[0, 1])


@pytest.mark.parametrize("contents", [2, 3, 6, 24])
def test_an_algorithm_that_always_wins_has_an_interval(contents: int) -> None:
    for k in (2, 5):
        found = standings(*always(contents, k), SETTINGS)
        assert (found.high - found.low > 0.3).all()
        assert (found.low <= found.strengths).all()
        assert (found.strengths <= found.high).all()
        assert np.isfinite(found.high).all()


def test_ties_everywhere_have_an_interval_too() -> None:
    found = standings(np.zeros((6, 2, 2)), np.tile(1 - np.eye(2), (6, 1, 1)), SETTINGS)
    assert found.strengths.tolist() == [0, 0]
    assert (found.low < -0.1).all()
    assert (found.high > 0.1).all()
    assert found.p[0, 1] == 1


def test_one_content_gives_strengths_without_intervals() -> None:
    found = standings(*outcomes(1, 3), SETTINGS)
    assert np.isfinite(found.strengths).all()
    assert np.isnan([*found.low, *found.high, *found.difference_low.ravel(), *found.p.ravel()]).all()
    assert not found.better.any()


def holm_by_hand(p: list[float], level: float) -> list[bool]:
    """The smallest against level / m, the next against level / (m - 1), until one fails."""
    rejected = [False] * len(p)
    for done, place in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        if p[place] >= level / (len(p) - done):
            break
        rejected[place] = True
    return rejected


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_better_is_what_holm_rejects(seed: int) -> None:
    found = standings(*outcomes(14, 6, seed), SETTINGS)
    i, j = np.triu_indices(6, 1)
    rejected = holm_by_hand(found.p[i, j].tolist(), 0.05)
    assert rejected == (found.better | found.better.T)[i, j].tolist()
    assert 0 < sum(rejected) < len(rejected)
    assert not (found.better & found.better.T).any()
    assert (found.difference[found.better] > 0).all()


def test_all_is_turned_round_when_names_are() -> None:
    wins, ties = outcomes(8, 4)
    there = standings(wins, ties, SETTINGS)
    back = standings(wins[:, ::-1, ::-1], ties[:, ::-1, ::-1], SETTINGS)
    np.testing.assert_allclose(there.strengths, back.strengths[::-1], atol=1e-9)
    np.testing.assert_allclose(there.p, back.p[::-1, ::-1], rtol=1e-9)
    np.testing.assert_allclose(there.low, back.low[::-1], atol=0.1)


def named(found: Standings, wins: np.ndarray, ties: np.ndarray) -> NamedStandings:
    return NamedStandings([f"a{n}" for n in range(wins.shape[1])], found, wins, ties)


def test_groups_that_nothing_connects() -> None:
    """Three meet on contents 0 and 1, two others on 2; one meets nobody."""
    wins, ties = np.zeros((3, 6, 6)), np.zeros((3, 6, 6))
    wins[0, 0, 1] = wins[1, 1, 2] = wins[2, 4, 3] = 1
    found = standings(wins, ties, SETTINGS)
    assert found.group.tolist() == [0, 0, 0, 1, 1, -1]
    assert np.isnan(found.strengths[5])
    assert np.isnan(found.difference[0, 3])
    assert found.strengths[:3].sum() == pytest.approx(0, abs=1e-9)
    both = named(found, wins, ties).groups()
    assert [(group.algorithms, group.contents, group.common) for group in both] == [
        (("a0", "a1", "a2"), 2, 0),
        (("a4", "a3"), 1, 1),
    ]


def test_nothing_compared_has_no_group() -> None:
    found = standings(np.zeros((0, 2, 2)), np.zeros((0, 2, 2)), SETTINGS)
    assert found.group.tolist() == [-1, -1]
    assert np.isnan(found.strengths).all()
    assert named(found, np.zeros((0, 2, 2)), np.zeros((0, 2, 2))).groups() == ()


@pytest.mark.slow
def test_coverage() -> None:
    """Over data sets drawn anew, intervals hold the truth about as often as they say; see benchmarks for more."""
    wins, ties = outcomes(20_000, 3)
    truth = fit_davidson(wins.sum(axis=0), ties.sum(axis=0)).strengths
    held = []
    for seed in range(200):
        found = standings(*outcomes(8, 3, seed=1000 + seed), IntervalSettings(resamples=200, seed=seed))
        held.append((found.low <= truth) & (truth <= found.high))
    assert 0.91 < np.mean(held) < 0.995


@pytest.mark.slow
def test_equals_are_hardly_ever_called_better() -> None:
    """At most 5 % of data sets; with 300 of them, 8.3 % are 2.6 standard errors more."""
    generator = np.random.default_rng(0)
    called = 0
    for _ in range(300):
        quality = generator.normal(0, 1, (10, 4))
        share = (1 - np.eye(4)) / (1 + np.exp(quality[:, None, :] - quality[:, :, None]))
        called += standings(share, np.zeros_like(share), IntervalSettings(resamples=4)).better.any()
    assert called / 300 < 0.083
