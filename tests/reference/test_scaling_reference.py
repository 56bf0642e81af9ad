"""The batched Newton fit against a likelihood written with loops and handed to a general optimiser."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize

from fgresq.criteria.scaling import PRIOR_LOG_TIE, fit_davidson
from fgresq.criteria.standings import PRIOR_SD, IntervalSettings, standings


def negative_log_posterior(parameters, wins, ties, prior_sd):
    *strengths, d = parameters
    total = 0.0
    for i in range(len(strengths)):
        for j in range(i + 1, len(strengths)):
            logits = (strengths[i], strengths[j], d + (strengths[i] + strengths[j]) / 2)
            largest = max(logits)
            log_sum = largest + math.log(sum(math.exp(logit - largest) for logit in logits))
            for count, logit in zip((wins[i, j], wins[j, i], ties[i, j]), logits, strict=True):
                total -= count * (logit - log_sum)
    for strength in strengths:
        total += strength**2 / (2 * prior_sd**2)
    return total + (d - PRIOR_LOG_TIE) ** 2 / (2 * prior_sd**2)


def random_counts(generator, k, compared, weighted):
    """Counts for a share `compared` of the pairs, with fractions where `weighted`."""
    wins = generator.poisson(generator.uniform(0, 12, (k, k))).astype(float)
    ties = np.triu(generator.poisson(5.0, (k, k)).astype(float), 1)
    if weighted:
        wins, ties = wins * generator.uniform(0, 2, (k, k)), ties * generator.uniform(0, 2, (k, k))
    mask = np.triu(generator.random((k, k)) < compared, 1)
    return wins * (mask | mask.T), (ties * mask) + (ties * mask).T


@pytest.mark.parametrize("prior_sd", [0.5, 3.0])
@pytest.mark.parametrize(
    ("k", "compared", "weighted"), [(2, 1.0, False), (3, 1.0, True), (4, 0.5, False), (6, 0.3, True), (7, 1.0, False)]
)
def test_the_fit_is_where_a_general_optimiser_ends(k, compared, weighted, prior_sd):
    wins, ties = random_counts(np.random.default_rng(10 * k), k, compared, weighted)
    fit = fit_davidson(wins, ties, prior_sd=prior_sd)
    arguments = (wins, ties, prior_sd)
    reference = minimize(
        negative_log_posterior, np.zeros(k + 1), args=arguments, method="L-BFGS-B", jac="3-point",
        options={"ftol": 1e-15, "gtol": 1e-8, "maxiter": 2000},
    )  # fmt: skip
    np.testing.assert_allclose(fit.strengths, reference.x[:k], atol=2e-5)
    assert float(fit.log_tie) == pytest.approx(reference.x[k], abs=2e-5)
    ours = negative_log_posterior([*fit.strengths, float(fit.log_tie)], *arguments)
    assert ours <= reference.fun + 1e-10 * max(1.0, abs(reference.fun))


def test_an_unbeaten_algorithm_agrees_too():
    wins, ties = np.zeros((3, 3)), np.zeros((3, 3))
    wins[0, 1], wins[0, 2], wins[1, 2], wins[2, 1] = 40.0, 25.0, 7.0, 5.0
    fit = fit_davidson(wins, ties)
    reference = minimize(
        negative_log_posterior, np.zeros(4), args=(wins, ties, 3.0), method="L-BFGS-B", jac="3-point",
        options={"ftol": 1e-15, "gtol": 1e-8},
    )  # fmt: skip
    np.testing.assert_allclose([*fit.strengths, float(fit.log_tie)], reference.x, atol=2e-5)


def slow_gradient(strengths, d, wins, ties, prior_sd):
    """Of the log-posterior, by observed minus expected counts."""
    k = len(strengths)
    gradient = [-value / prior_sd**2 for value in (*strengths, d - PRIOR_LOG_TIE)]
    for i in range(k):
        for j in range(i + 1, k):
            weights = [math.exp(strengths[i]), math.exp(strengths[j]), math.exp(d + (strengths[i] + strengths[j]) / 2)]
            observed = (wins[i, j], wins[j, i], ties[i, j])
            excess = [o - sum(observed) * w / sum(weights) for o, w in zip(observed, weights, strict=True)]
            # A tie holds half of each strength in its logit.
            gradient[i] += excess[0] + excess[2] / 2
            gradient[j] += excess[1] + excess[2] / 2
            gradient[k] += excess[2]
    return np.array(gradient)


@pytest.mark.parametrize("k", [2, 5, 9])
def test_nothing_is_left_of_the_gradient_at_the_answer(k):
    generator = np.random.default_rng(k)
    cases = [random_counts(generator, k, 0.7, weighted=True) for _ in range(12)]
    fit = fit_davidson(np.stack([wins for wins, _ in cases]), np.stack([ties for _, ties in cases]))
    for strengths, log_tie, (wins, ties) in zip(fit.strengths, fit.log_tie, cases, strict=True):
        gradient = slow_gradient(strengths, float(log_tie), wins, ties, 3.0)
        np.testing.assert_allclose(gradient, 0.0, atol=1e-9)


def test_standings_fit_probabilities_and_half_a_win_each_way():
    """What `rank` prints, from per-content probabilities with a missing image, by the general optimiser."""
    generator = np.random.default_rng(5)
    wins, ties = np.zeros((7, 4, 4)), np.zeros((7, 4, 4))
    for content in range(7):
        for i, j in zip(*np.triu_indices(4, 1), strict=True):
            if content or j < 3:  # the fourth has no image of the first content
                wins[content, i, j], wins[content, j, i], tie = generator.dirichlet([3, 1.5, 1])
                ties[content, i, j] = ties[content, j, i] = tie
    expected = wins.sum(axis=0) + 0.5 * (1 - np.eye(4))
    arguments = (expected, ties.sum(axis=0), PRIOR_SD)
    reference = minimize(negative_log_posterior, np.zeros(5), args=arguments, method="BFGS", options={"gtol": 1e-8})
    found = standings(wins, ties, IntervalSettings(resamples=4))
    np.testing.assert_allclose(found.strengths, reference.x[:4] - reference.x[:4].mean(), atol=2e-5)
