import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fgresq.criteria.scaling import fit_davidson, preference_probabilities


@st.composite
def counts(draw, smallest=1, largest=6):
    """Wins and ties of 1 to 6 algorithms: zeros, fractions and counts up to 10^4 mixed."""
    k = draw(st.integers(smallest, largest))
    value = st.sampled_from([0.0, 0.0, 0.5, 1.0, 3.0, 20.0, 1e4])
    wins = draw(arrays(np.float64, (k, k), elements=value)) * (1.0 - np.eye(k))
    ties = np.triu(draw(arrays(np.float64, (k, k), elements=value)), 1)
    return wins, ties + ties.T


@given(counts())
def test_strengths_are_finite_with_mean_zero(case):
    fit = fit_davidson(*case)
    assert np.isfinite(fit.strengths).all()
    assert np.isfinite(fit.log_tie)
    assert abs(fit.strengths.mean()) < 1e-12


@given(counts(), st.randoms(use_true_random=False))
def test_renaming_the_algorithms_renames_the_strengths(case, random):
    wins, ties = case
    order = list(range(len(wins)))
    random.shuffle(order)
    pick = np.ix_(order, order)
    fit, renamed = fit_davidson(wins, ties), fit_davidson(wins[pick], ties[pick])
    np.testing.assert_allclose(renamed.strengths, fit.strengths[order], atol=1e-8)
    np.testing.assert_allclose(renamed.log_tie, fit.log_tie, atol=1e-8)


@given(counts())
def test_swapping_wins_and_losses_negates_the_strengths(case):
    wins, ties = case
    fit, swapped = fit_davidson(wins, ties), fit_davidson(wins.T.copy(), ties)
    np.testing.assert_allclose(swapped.strengths, -fit.strengths, atol=1e-8)
    np.testing.assert_allclose(swapped.log_tie, fit.log_tie, atol=1e-8)


@settings(max_examples=50)
@given(st.integers(1, 5).flatmap(lambda k: st.lists(counts(k, k), min_size=2, max_size=5)))
def test_a_batch_gives_what_single_fits_give(cases):
    batch = fit_davidson(np.stack([wins for wins, _ in cases]), np.stack([ties for _, ties in cases]))
    for row, case in enumerate(cases):
        single = fit_davidson(*case)
        np.testing.assert_allclose(batch.strengths[row], single.strengths, atol=1e-8)
        np.testing.assert_allclose(batch.log_tie[row], single.log_tie, atol=1e-8)


@given(counts(), st.floats(-500, 500))
def test_a_common_shift_changes_no_probability(case, shift):
    fit = fit_davidson(*case)
    here = preference_probabilities(fit.strengths, fit.log_tie)
    there = preference_probabilities(fit.strengths + shift, fit.log_tie)
    np.testing.assert_allclose(there, here, atol=1e-11)


@given(arrays(np.float64, st.integers(1, 6), elements=st.floats(-300, 300)), st.floats(-300, 300))
def test_the_three_probabilities_add_up_to_one(strengths, log_tie):
    p_win, p_tie = preference_probabilities(strengths, log_tie)
    np.testing.assert_allclose(p_win + p_win.T + p_tie, 1.0, atol=1e-14)
    np.testing.assert_array_equal(p_tie, p_tie.T)
    assert ((p_win >= 0) & (p_tie >= 0)).all()


@given(counts(2), st.sampled_from([0.1, 1.0, 50.0]))
def test_more_wins_never_lower_the_probability_of_winning(case, extra):
    # True of any penalised maximum likelihood: the new maximum can only trade old likelihood for the new judgement's.
    wins, ties = case
    fit = fit_davidson(wins, ties)
    wins[0, 1] += extra
    more = fit_davidson(wins, ties)
    before, _ = preference_probabilities(fit.strengths, fit.log_tie)
    after, _ = preference_probabilities(more.strengths, more.log_tie)
    assert after[0, 1] >= before[0, 1] - 1e-9


@given(counts(2, 2), st.sampled_from([0.1, 1.0, 50.0]))
def test_between_two_more_wins_never_lower_the_strength(case, extra):
    wins, ties = case
    before = fit_davidson(wins, ties).strengths[0]
    wins[0, 1] += extra
    assert fit_davidson(wins, ties).strengths[0] >= before - 1e-9


@given(counts(2))
def test_a_loss_turned_into_a_win_widens_the_difference(case):
    # Only the linear part of the log-likelihood changes, along b_0 - b_1, so concavity moves the maximum that way.
    wins, ties = case
    wins[1, 0] += 1.0
    before = fit_davidson(wins, ties).strengths
    wins[1, 0] -= 1.0
    wins[0, 1] += 1.0
    after = fit_davidson(wins, ties).strengths
    assert after[0] - after[1] > before[0] - before[1]
