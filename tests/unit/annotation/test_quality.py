from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.annotation import simulated
from tests.unit.annotation.studies import answer_all

from fgresq.annotation.protocol.verdicts import VerdictState
from fgresq.annotation.quality.overview import overview
from fgresq.annotation.quality.people import people_quality
from fgresq.annotation.quality.rate import Rate
from fgresq.annotation.quality.screening import ScreeningRule, suspected
from fgresq.annotation.quality.triads import circular_triads
from fgresq.records import Preference

A, B, EQUAL = Preference.A, Preference.B, Preference.EQUAL


def figures(people, **of):
    return {person.person: person for person in people_quality(simulated.simulate(people, **of))}


@settings(max_examples=30)
@given(st.integers(3, 7), st.integers(0, 10**6))
def test_circular_triads_agree_with_the_triples(images, seed):
    generator = np.random.default_rng(seed)
    wins = {}
    for content in ("x", "y"):
        for i, j in combinations(range(images), 2):
            outcome = generator.integers(4)  # a quarter isn't decided
            if outcome < 3:
                wins[content, i, j] = outcome % 2 == 0
    listed = [(c, f"{c}{i}", f"{c}{j}") if first else (c, f"{c}{j}", f"{c}{i}") for (c, i, j), first in wins.items()]
    circular = total = 0
    for content in ("x", "y"):
        for i, j, k in combinations(range(images), 3):
            if {(content, i, j), (content, j, k), (content, i, k)} <= set(wins):
                total += 1
                circular += bool(wins[content, i, j] == wins[content, j, k] != wins[content, i, k])
    assert circular_triads(listed) == Rate(circular, total)


def test_a_circle_and_a_line():
    assert circular_triads([("c", "x", "y"), ("c", "y", "z"), ("c", "z", "x")]) == Rate(1, 1)
    assert circular_triads([("c", "x", "y"), ("c", "y", "z"), ("c", "x", "z")]) == Rate(0, 1)
    assert circular_triads([]) == Rate(0, 0)


def test_lots_make_every_fourth_triad_circular():
    (person,) = figures({"p": simulated.by_lot}, contents=20, algorithms=9).values()
    assert person.triads.of == 20 * 84
    assert person.triads.share == pytest.approx(0.25, abs=0.04)


def test_figures_of_one_person_by_hand():
    answers = simulated.simulate({"x": simulated.honest, "y": simulated.honest, "z": simulated.by_lot})
    person = people_quality(answers)[0]
    rows = [row for row in answers.to_dicts() if row["person"] == "x"]
    votes = {row["pair"]: row for row in rows if row["kind"] == "main"}
    assert (person.person, person.team, person.votes) == ("x", 1, 126)
    assert person.equal == Rate(sum(r["preference"] == "equal" for r in votes.values()), 126)
    for kind, found in (("repeat", person.repeats), ("swapped_repeat", person.swapped)):
        again = [row for row in rows if row["kind"] == kind]
        assert found == Rate(sum(r["preference"] == votes[r["pair"]]["preference"] for r in again), 13)
    decided = [row for row in votes.values() if row["preference"] != "equal"]
    assert person.left == Rate(sum(row["choice"] == "left" for row in decided), len(decided))
    assert person.training == Rate(sum(row["preference"] == "B" for row in rows if row["kind"] == "training"), 6)
    times = sorted(row["elapsed_ms"] for row in votes.values())
    assert person.median_ms == pytest.approx((times[62] + times[63]) / 2)
    agreeing = total = 0
    others = {(r["person"], r["pair"]): r["preference"] for r in answers.to_dicts() if r["kind"] == "main"}
    for pair, row in votes.items():
        if others["y", pair] == others["z", pair]:
            total += 1
            agreeing += row["preference"] == others["y", pair]
    assert person.with_others == Rate(agreeing, total)


def test_a_person_who_takes_part_alone_has_no_others():
    (person,) = figures({"p": simulated.honest}).values()
    assert person.with_others == Rate(0, 0)
    assert person.with_others.share is None


def test_each_fault_is_found_by_its_rule():
    team = {f"honest-{n}": simulated.honest for n in range(5)}
    faults = {
        "lot": (simulated.by_lot, {"circular", "agrees"}),
        "left": (simulated.always_left, {"left side"}),
        "hurry": (simulated.in_a_hurry, {"0.3 s an answer"}),
        "wrong": (simulated.the_wrong_way, {"training pairs right", "agrees"}),
    }
    for name, (chooses, rules) in faults.items():
        found = suspected(people_quality(simulated.simulate({**team, name: chooses})))
        assert [suspicion.person for suspicion in found] == [name]
        for rule in rules:
            assert any(rule in reason for reason in found[0].reasons), (name, rule, found[0].reasons)


def test_who_contradicts_themselves_is_found_by_the_repeats():
    design = simulated.DESIGN.model_copy(update={"repeats": 0.45, "swapped_repeats": 0.45})
    people = people_quality(simulated.simulate({"p": simulated.honest, "lot": simulated.by_lot}, design=design))
    (found,) = suspected(people)
    assert found.person == "lot"
    assert any("hidden repeats" in reason for reason in found.reasons)


def test_honest_people_are_seldom_suspected():
    people = {f"p{n}": simulated.honest for n in range(5)}
    wrongly = sum(len(suspected(people_quality(simulated.simulate(people, seed=seed)))) for seed in range(20))
    assert wrongly <= 5  # of 100 annotators


def test_nobody_is_suspected_of_a_few_answers():
    people = people_quality(
        simulated.simulate({"p": simulated.always_left, "q": simulated.by_lot}, contents=1, algorithms=4)
    )
    assert suspected(people, ScreeningRule(training=0.0)) == ()
    assert suspected(()) == ()


def test_the_overview_of_a_study_under_way(study):
    for person in ("team1-1", "team1-2", "team1-3"):
        answer_all(study, person, lambda trial: (A, B)[trial.pair % 2])
    answer_all(study, "team2-1", lambda trial: A, stop=7)
    seen = overview(study, resamples=100)
    first, second, together = seen.groups
    assert (first.group, second.group, together.group) == (1, 2, None)
    assert first.states == {VerdictState.UNANIMOUS: 6}
    assert second.states == {VerdictState.OPEN: 6}
    assert together.states == {VerdictState.UNANIMOUS: 6, VerdictState.OPEN: 6}
    assert (first.kappa.value, first.alpha.value, first.kappa.items, first.kappa.ratings) == (1.0, 1.0, 6, 18)
    assert (second.kappa.value, second.kappa.items, second.alpha.items) == (None, 0, 0)
    progress = {person.person_id: (found.done, found.total) for person, found in seen.progress}
    assert progress["team1-1"] == (13, 13)
    assert progress["team2-1"] == (7, 13)
    assert progress["expert-1"] == (0, 0)
    assert "lead" not in progress
    assert {person.person for person in seen.people} == {"team1-1", "team1-2", "team1-3", "team2-1"}
    assert seen.answers == 3 * 13 + 7


def test_the_overview_of_a_study_that_has_not_begun(small_study):
    seen = overview(small_study)
    assert (seen.people, seen.suspicions, seen.answers) == ((), (), 0)
    assert all(group.kappa.value is None for group in seen.groups)


def test_kappa_leaves_out_pairs_of_a_smaller_team(study):
    for person in ("team1-1", "team1-2", "team1-3", "team2-1", "team2-2"):
        answer_all(study, person, lambda trial: (A, B)[trial.pair % 2])
    study.withdraw("team2-3")
    first, second, together = overview(study, resamples=100).groups
    assert (first.kappa.ratings, second.kappa.ratings) == (18, 12)
    assert together.kappa.items == 6
    assert together.alpha.items == 12
