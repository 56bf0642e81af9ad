from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from tests.unit.annotation.studies import DESIGN, answer_all, make_study

from fgresq.annotation.active.belief import Belief, believe, information_gain, spanning_batch
from fgresq.annotation.active.simulation import Curves, active_order, compare_orders, random_order
from fgresq.annotation.protocol.design import PairOrder
from fgresq.annotation.protocol.trials import TrialKind
from fgresq.annotation.store import open_study
from fgresq.annotation.store.contents import Choice
from fgresq.annotation.store.frames import answers_frame
from fgresq.annotation.store.importing import import_answers
from fgresq.errors import AnswerError
from fgresq.records import Preference
from fgresq.report.frames import write_frame

A, B, EQUAL = Preference.A, Preference.B, Preference.EQUAL
ACTIVE = DESIGN.model_copy(update={"order": PairOrder.ACTIVE})
GRID = np.linspace(-6, 6, 121)


def on_a_grid(wins, prior_sd=1.0):
    """The exact posterior of three scores on a grid: its mean, covariance and weights."""
    scores = np.stack(np.meshgrid(GRID, GRID, GRID, indexing="ij"), axis=-1)
    log = norm.logpdf(scores, scale=prior_sd).sum(axis=-1)
    for i, j in np.argwhere(wins):
        log += wins[i, j] * norm.logcdf(scores[..., i] - scores[..., j])
    weights = np.exp(log - log.max())
    weights /= weights.sum()
    flat, w = scores.reshape(-1, 3), weights.ravel()
    mean = w @ flat
    return mean, (flat - mean).T @ ((flat - mean) * w[:, None]), flat, w


@pytest.mark.parametrize(
    "wins",
    [
        np.zeros((3, 3)),
        np.array([[0.0, 1, 0], [0, 0, 0], [0, 0, 0]]),
        np.array([[0.0, 3, 2], [1, 0, 4], [0, 1, 0]]),
        np.array([[0.0, 6, 0], [0, 0, 6], [2, 0, 0]]),
    ],
)
def test_the_belief_is_close_to_the_exact_posterior(wins):
    belief = believe(wins, prior_sd=1.0)
    mean, covariance, _, _ = on_a_grid(wins)
    assert belief.mean == pytest.approx(mean, abs=0.02)
    assert belief.covariance == pytest.approx(covariance, abs=0.02)


def test_one_answer_is_matched_exactly():
    # Of one answer, expectation propagation gives the exact mean and variance of the difference.
    belief = believe(np.array([[0.0, 1], [0, 0]]), prior_sd=1.0)
    d = np.linspace(-20, 20, 400_001)
    weights = norm.pdf(d, scale=np.sqrt(2)) * norm.cdf(d)
    weights /= weights.sum()
    mean, variance = belief.differences()
    assert mean[0, 1] == pytest.approx(weights @ d, abs=1e-6)
    assert variance[0, 1] == pytest.approx(weights @ d**2 - (weights @ d) ** 2, abs=1e-5)


def test_the_gain_is_the_expected_divergence():
    """Against the definition: how far the posterior after each outcome diverges from the one before, on a fine grid."""
    belief = Belief(np.array([0.3, -0.4]), np.array([[0.8, 0.2], [0.2, 1.1]]))
    deviation = np.sqrt(0.8 + 1.1 - 0.4)
    d = np.linspace(0.7 - 12 * deviation, 0.7 + 12 * deviation, 200_001)
    before = norm.pdf(d, 0.7, deviation)
    before /= before.sum()
    expected = 0.0
    for likelihood in (norm.cdf(d), norm.cdf(-d)):
        probability = before @ likelihood
        after = before * likelihood / probability
        seen = after > 0
        expected += probability * (after[seen] @ np.log(after[seen] / before[seen]))
    gain = information_gain(belief)
    assert gain[0, 1] == pytest.approx(expected, abs=1e-6)
    assert gain[1, 0] == pytest.approx(gain[0, 1], abs=1e-12)
    assert gain[0, 0] == gain[1, 1] == 0


def test_what_is_known_tells_little_and_what_is_close_and_unknown_much():
    wins = np.zeros((4, 4))
    wins[0, 1], wins[2, 3] = 12, 12  # nothing connects the two halves
    gain = information_gain(believe(wins))
    assert gain[0, 1] < 0.2 * gain[0, 2]
    assert gain[0, 2] == pytest.approx(gain[1, 3], abs=1e-6)
    assert gain[0, 2] > gain[0, 3]


@settings(max_examples=30)
@given(st.integers(2, 7), st.integers(0, 10**6))
def test_names_and_swaps_change_nothing(images, seed):
    generator = np.random.default_rng(seed)
    wins = generator.integers(0, 4, (images, images)).astype(float)
    np.fill_diagonal(wins, 0)
    belief, order = believe(wins), generator.permutation(images)
    moved = believe(wins[np.ix_(order, order)])
    assert moved.mean == pytest.approx(belief.mean[order], abs=1e-5)
    assert information_gain(moved) == pytest.approx(information_gain(belief)[np.ix_(order, order)], abs=1e-5)
    assert believe(wins.T).mean == pytest.approx(-belief.mean, abs=1e-5)
    assert belief.mean.sum() == pytest.approx(0, abs=1e-9)


@settings(max_examples=30)
@given(st.integers(2, 9), st.integers(0, 10**6))
def test_a_batch_connects_all_images_at_the_least_cost(images, seed):
    gain = np.random.default_rng(seed).random((images, images)) + 0.01
    gain = gain + gain.T
    batch = spanning_batch(gain)
    assert len(batch) == images - 1
    reached = {0}
    for _ in range(images):
        reached |= {image for pair in batch if set(pair) & reached for image in pair}
    assert reached == set(range(images))
    # Kruskal's, by hand.
    group, cost = list(range(images)), 0.0
    for i, j in sorted(combinations(range(images), 2), key=lambda pair: -gain[pair]):
        if group[i] != group[j]:
            cost += 1 / gain[i, j]
            group = [group[i] if g == group[j] else g for g in group]
    assert sum(1 / gain[pair] for pair in batch) == pytest.approx(cost)


def test_a_batch_asks_only_what_is_allowed():
    allowed = np.zeros((4, 4), bool)
    allowed[0, 1] = allowed[1, 0] = allowed[2, 3] = allowed[3, 2] = True
    assert sorted(spanning_batch(np.ones((4, 4)), allowed)) == [(0, 1), (2, 3)]


def test_what_is_refused():
    with pytest.raises(ValueError, match="prior_sd"):
        believe(np.zeros((2, 2)), prior_sd=0.0)
    with pytest.raises(ValueError, match="wins must be"):
        believe(np.array([[0.0, -1], [0, 0]]))


def test_orders_ask_every_pair_and_every_image():
    generator = np.random.default_rng(0)
    pairs = random_order(np.zeros((5, 5)), generator)
    assert sorted(next(pairs) for _ in range(10)) == list(combinations(range(5), 2))
    tree = active_order(np.zeros((5, 5)), generator)
    assert {image for _ in range(4) for image in next(tree)} == set(range(5))


@pytest.mark.slow
def test_the_active_order_is_ahead():
    curves = compare_orders(images=12, contents=12, passes=2, spread=2.0, seed=1)
    assert curves.random.shape == curves.active.shape == (12, 12)
    assert curves.answers == tuple(range(11, 133, 11))
    half = slice(3, None)  # the first rounds know too little to choose
    assert curves.active[:, half].mean() > curves.random[:, half].mean() + 0.005


def test_savings_are_read_off_the_curves():
    curves = Curves((10, 20, 30), np.array([[0.5, 0.7, 0.9]]), np.array([[0.6, 0.9, 0.9]]))
    assert (curves.saving(0.9).random, curves.saving(0.9).active) == pytest.approx((30, 20))
    assert curves.saving(0.9).share == pytest.approx(1 / 3)
    assert curves.saving(0.4).share == 0
    assert curves.saving(0.95).share is None
    dips = Curves((10, 20, 30), np.array([[0.9, 0.7, 0.9]]), np.array([[0.9, 0.9, 0.9]]))
    assert dips.saving(0.8).random == pytest.approx(25)


def said(trial):
    return (A, B, A, EQUAL)[trial.pair % 4]


@pytest.mark.slow
def test_an_active_study_keeps_the_protocol(database, tmp_path):
    study = make_study(tmp_path, database, ACTIVE)
    people = [f"team{team}-{number}" for team in (1, 2) for number in (1, 2, 3)]
    for person in people:
        answer_all(study, person, said)
        trials = study.trials(person)
        main = [trial for trial in trials if trial.kind == TrialKind.MAIN]
        group = [n for n, pair in study.pairs.items() if pair.group == int(person[4])]
        assert sorted(trial.pair for trial in main) == group
        assert 2 * sum(trial.a_on_left for trial in main) == len(main)
        for trial in trials:
            if trial.original is not None:
                original = trials[trial.original]
                assert (original.pair, original.kind) == (trial.pair, TrialKind.MAIN)
                assert (original.a_on_left == trial.a_on_left) == (trial.kind == TrialKind.REPEAT)
    assert len({tuple(trial.pair for trial in study.trials(person)) for person in people}) == 6
    assert {str(verdict.state) for verdict in study.verdicts().values()} == {"unanimous"}
    write_frame(tmp_path / "answers.parquet", answers_frame(study))
    again = make_study(tmp_path / "again", str(tmp_path / "again.db"), ACTIVE)
    import_answers(again, tmp_path / "answers.parquet")
    assert again.verdicts() == study.verdicts()
    assert all(again.trials(person) == study.trials(person) for person in people)
    again.close()
    study.close()


def test_an_active_study_asks_the_most_informative_pair_next(tmp_path):
    design = ACTIVE.model_copy(update={"repeats": 0.0, "swapped_repeats": 0.0})
    study = make_study(tmp_path, str(tmp_path / "study.db"), design, contents=2, algorithms=4, training=False)
    answer_all(study, "team1-1", lambda _: A)
    answer_all(study, "team1-2", said, stop=3)
    trial = study.next_trial("team1-2")
    restarted = open_study(str(tmp_path / "study.db"))
    assert restarted.next_trial("team1-2") == trial
    restarted.close()
    votes = answers_frame(study).filter(kind="main", team=1)
    names = sorted({*votes["image_a"], *votes["image_b"]})
    wins = np.zeros((4, 4))
    for row in votes.iter_rows(named=True):
        a, b = names.index(row["image_a"]), names.index(row["image_b"])
        for_a = {"A": 1.0, "B": 0.0, "equal": 0.5}[row["preference"]]
        wins[a, b] += for_a
        wins[b, a] += 1 - for_a
    gain = information_gain(believe(wins))
    shown = set(votes.filter(person="team1-2")["pair"])
    left = {n: p for n, p in study.pairs.items() if p.group == 1 and n not in shown}
    of = {n: gain[names.index(p.image_a.image_id), names.index(p.image_b.image_id)] for n, p in left.items()}
    assert of[trial.pair] == pytest.approx(max(of.values()), abs=1e-8)
    assert max(of.values()) > min(of.values())
    study.close()


def test_a_pair_that_was_not_shown_cannot_be_answered(tmp_path):
    study = make_study(tmp_path, str(tmp_path / "study.db"), ACTIVE, training=False)
    with pytest.raises(AnswerError, match="hasn't been shown position 0"):
        study.answer("team1-1", 0, Choice.LEFT, elapsed_ms=1.0, key="not-shown")
    study.next_trial("team1-1")
    study.answer("team1-1", 0, Choice.LEFT, elapsed_ms=1.0, key="now-shown")
    study.close()
