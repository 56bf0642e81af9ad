"""Experts' queues are found anew only when it costs little, or it is time, or they are used up."""

import pytest
from tests.unit.annotation.studies import answer_all, choice_for
from tests.unit.annotation.web.client import Clock

from fgresq.annotation.web import waiting
from fgresq.annotation.web.waiting import Waiting
from fgresq.records import Preference


@pytest.fixture
def found(small_study, monkeypatch):
    """How often the queue was found, at a price of one second; and the clock."""
    clock, times = Clock(), []
    review_queue = small_study.review_queue

    def counted(expert_id):
        times.append(clock.now)
        clock.now += 1.0
        return review_queue(expert_id)

    monkeypatch.setattr(small_study, "review_queue", counted)
    return times, clock


def dispute(study, team: int) -> None:
    for member, said in enumerate((Preference.A, Preference.A, Preference.B), start=1):
        answer_all(study, f"team{team}-{member}", lambda trial, said=said: said)


def review(study, trial) -> None:
    said = choice_for(trial, Preference.A)
    study.review("expert-1", trial.pair, said, elapsed_ms=1.0, key=f"review-{trial.pair:04}")


def test_it_is_kept_while_pairs_are_reviewed_and_found_again_when_used_up(small_study, found):
    times, clock = found
    dispute(small_study, 1)
    queues, shown = Waiting(small_study, clock), []
    trials, count = queues.of("expert-1")
    assert (len(trials), count) == (2, 6)
    for left in range(6, 0, -1):
        trials, count = queues.of("expert-1")
        assert count == left
        shown.append(trials[0].pair)
        review(small_study, trials[0])
    assert len(times) == 1
    assert queues.of("expert-1") == ([], 0)
    assert len(times) == 2
    assert len(set(shown)) == 6


def test_the_order_is_the_studys(small_study, found):
    _, clock = found
    dispute(small_study, 1)
    trials, _ = Waiting(small_study, clock).of("expert-1", first=6)
    assert tuple(trials) == small_study.review_queue("expert-1")


def test_what_another_expert_settled_is_dropped(small_study, found):
    times, clock = found
    dispute(small_study, 1)
    queues = Waiting(small_study, clock)
    first, second = queues.of("expert-1")[0]
    review(small_study, first)  # on another page
    trials, count = queues.of("expert-1")
    assert (trials[0], count) == (second, 5)
    assert len(times) == 1


def test_new_disputes_come_in_time(small_study, found):
    times, clock = found
    dispute(small_study, 1)
    queues = Waiting(small_study, clock)
    assert queues.of("expert-1")[1] == 6
    dispute(small_study, 2)
    assert queues.of("expert-1")[1] == 6
    clock.now += 1.0 / waiting._SHARE
    assert queues.of("expert-1")[1] == 12
    assert len(times) == 2


def test_an_empty_queue_is_kept_too_but_not_for_long(small_study, found):
    times, clock = found
    queues = Waiting(small_study, clock)
    assert queues.of("expert-1") == ([], 0)
    assert queues.of("expert-1") == ([], 0)
    assert len(times) == 1
    dispute(small_study, 1)
    clock.now += 1.0 / waiting._SHARE
    assert queues.of("expert-1")[1] == 6


def test_a_queue_that_costs_nothing_is_never_kept(small_study):
    clock = Clock()
    queues = Waiting(small_study, clock)
    assert queues.of("expert-1") == ([], 0)
    dispute(small_study, 1)
    assert queues.of("expert-1")[1] == 6
