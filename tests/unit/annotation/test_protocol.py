from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fgresq.annotation.protocol.design import Person, Role, StudyDesign, people_of, share_reached
from fgresq.annotation.protocol.draw import draw, shuffled
from fgresq.annotation.protocol.groups import JudgedPair, group_pairs
from fgresq.annotation.protocol.trials import TrialKind, review_of, trials_of
from fgresq.annotation.protocol.verdicts import VerdictState, decide
from fgresq.errors import StudyError
from fgresq.records import Preference

A, B, EQUAL = Preference.A, Preference.B, Preference.EQUAL
REPEATS = (TrialKind.REPEAT, TrialKind.SWAPPED_REPEAT)
CONTENTS = st.lists(st.sampled_from("abcde"), min_size=1, max_size=60)
DESIGNS = st.builds(
    StudyDesign,
    seed=st.integers(0, 10**9),
    repeats=st.sampled_from([0, 0.05, 0.3, 0.5]),
    swapped_repeats=st.sampled_from([0, 0.05, 0.3, 0.5]),
    repeat_gap=st.integers(1, 20),
    session_length=st.integers(1, 40),
)


def pairs_of(contents):
    return [JudgedPair(100 + number, content) for number, content in enumerate(contents)]


def test_the_default_people_are_the_papers():
    people = people_of(StudyDesign())
    assert Counter((person.role, person.team) for person in people) == {
        (Role.ANNOTATOR, 1): 5,
        (Role.ANNOTATOR, 2): 5,
        (Role.EXPERT, None): 1,
        (Role.LEAD, None): 1,
    }
    assert people[0] == Person("team1-1", Role.ANNOTATOR, 1)
    assert len({person.person_id for person in people}) == len(people)


@given(DESIGNS, CONTENTS, st.integers(0, 5))
def test_every_pair_is_judged_once_after_the_training(design, contents, training):
    trials = trials_of(design, "team1-1", pairs_of(contents), range(training))
    assert [trial.position for trial in trials] == list(range(len(trials)))
    kinds = [trial.kind for trial in trials]
    assert kinds[:training] == [TrialKind.TRAINING] * training
    assert TrialKind.TRAINING not in kinds[training:]
    main = [trial.pair for trial in trials if trial.kind == TrialKind.MAIN]
    assert sorted(main) == [pair.number for pair in pairs_of(contents)]
    assert sorted(trial.pair for trial in trials[:training]) == list(range(training))


@given(DESIGNS, CONTENTS)
def test_sides_are_balanced(design, contents):
    main = [t for t in trials_of(design, "x", pairs_of(contents)) if t.kind == TrialKind.MAIN]
    left = sum(trial.a_on_left for trial in main)
    assert abs(2 * left - len(main)) == len(main) % 2


@given(DESIGNS, CONTENTS)
def test_repeats_show_what_they_repeat_at_a_distance(design, contents):
    trials = trials_of(design, "x", pairs_of(contents))
    gap = min(design.repeat_gap, len(contents) // 2)
    repeats = [trial for trial in trials if trial.kind in REPEATS]
    assert len({trial.pair for trial in repeats}) == len(repeats)
    for trial in repeats:
        original = trials[trial.original]
        assert original.kind == TrialKind.MAIN
        assert original.pair == trial.pair
        assert (original.a_on_left == trial.a_on_left) == (trial.kind == TrialKind.REPEAT)
        between = [t for t in trials[trial.original + 1 : trial.position] if t.kind == TrialKind.MAIN]
        assert len(between) >= gap
        assert trial.position - trial.original > 1
    assert all(trial.original is None for trial in trials if trial.kind not in REPEATS)


def test_as_many_repeats_as_asked_for():
    kinds = Counter(t.kind for t in trials_of(StudyDesign(), "x", pairs_of("abcde" * 40)))
    assert kinds == {TrialKind.MAIN: 200, TrialKind.REPEAT: 10, TrialKind.SWAPPED_REPEAT: 10}
    none = StudyDesign(repeats=0, swapped_repeats=0)
    assert {t.kind for t in trials_of(none, "x", pairs_of("abcde" * 40))} == {TrialKind.MAIN}


@given(DESIGNS, CONTENTS)
def test_a_content_follows_itself_only_where_nothing_else_is_left(design, contents):
    content = {pair.number: pair.content for pair in pairs_of(contents)}
    trials = trials_of(design, "x", pairs_of(contents))
    main = [content[trial.pair] for trial in trials if trial.kind == TrialKind.MAIN]
    for place in range(1, len(main)):
        if main[place] == main[place - 1]:
            assert set(main[place:]) == {main[place]}
            break


@given(DESIGNS, CONTENTS)
def test_sessions_are_no_longer_than_asked_and_begin_with_a_break(design, contents):
    trials = trials_of(design, "x", pairs_of(contents))
    lengths = Counter(trial.session for trial in trials)
    assert max(lengths.values()) <= design.session_length
    assert max(lengths.values()) - min(lengths.values()) <= 1
    assert sum(trial.break_before for trial in trials) == len(lengths) - 1
    for before, after in pairwise(trials):
        assert after.break_before == (after.session == before.session + 1)


@given(DESIGNS, CONTENTS, st.randoms())
def test_the_order_depends_on_nothing_but_study_and_person(design, contents, random):
    pairs = pairs_of(contents)
    first = trials_of(design, "x", pairs, [1, 2, 3])
    random.shuffle(pairs)
    assert trials_of(design, "x", pairs, [3, 1, 2]) == first


def test_people_and_seeds_have_orders_of_their_own():
    pairs = pairs_of("abcde" * 10)
    orders = {
        tuple(trial.pair for trial in trials_of(StudyDesign(seed=seed), person, pairs))
        for seed in range(3)
        for person in ("team1-1", "team1-2", "team11")
    }
    assert len(orders) == 9


def test_the_order_is_the_same_in_ten_years():
    # Written down once: a study under way must survive an upgrade of anything.
    assert draw(7, "team1-1", "order", 3) == 0.9119979350942559  # printf ... | sha256sum agrees
    assert shuffled(range(6), 7, "a") == [5, 2, 1, 0, 3, 4]


def test_draws_are_uniform():
    values = [draw(0, "uniform", number) for number in range(4000)]
    assert abs(sum(values) / 4000 - 0.5) < 4 * (1 / 12 / 4000) ** 0.5
    in_tenths = Counter(int(10 * value) for value in values)
    assert sum((in_tenths[tenth] - 400) ** 2 / 400 for tenth in range(10)) < 33.7  # chi-squared, 9 df, p = 1e-4


@settings(max_examples=50)
@given(DESIGNS, CONTENTS, st.integers(1, 5))
def test_groups_hold_every_pair_once_and_keep_contents_whole(design, contents, groups):
    pairs = pairs_of(contents)
    design = design.model_copy(update={"groups": groups})
    apart = design.model_copy(update={"contents_together": False})
    if len(pairs) >= groups:
        sizes = Counter(group_pairs(pairs, apart).values())
        assert max(sizes.values()) - min(sizes.values()) <= 1
        assert sum(sizes.values()) == len(pairs)
    if len(set(contents)) < groups:
        with pytest.raises(StudyError, match="can't fill"):
            group_pairs(pairs, design)
        return
    group_of = group_pairs(pairs, design)
    assert sorted(group_of) == [pair.number for pair in pairs]
    assert set(group_of.values()) == set(range(1, groups + 1))
    assert len({(pair.content, group_of[pair.number]) for pair in pairs}) == len(set(contents))
    sizes = Counter(group_of.values())
    assert max(sizes.values()) - min(sizes.values()) <= max(Counter(contents).values())


@pytest.mark.parametrize(
    ("votes", "share", "review", "state", "preference"),
    [
        ([A] * 5, 1.0, None, VerdictState.UNANIMOUS, A),
        ([EQUAL] * 5, 1.0, None, VerdictState.UNANIMOUS, EQUAL),
        ([A] * 4, 1.0, None, VerdictState.OPEN, None),
        ([], 1.0, None, VerdictState.OPEN, None),
        ([A] * 4 + [B], 1.0, None, VerdictState.DISPUTED, None),
        ([A] * 4 + [B], 1.0, B, VerdictState.EXPERT, B),
        ([A] * 4 + [B], 0.8, None, VerdictState.MAJORITY, A),
        ([A] * 4 + [B], 0.8, B, VerdictState.MAJORITY, A),
        ([A] * 3 + [B] * 2, 0.8, None, VerdictState.DISPUTED, None),
        ([A] * 3 + [B] * 2, 0.6, None, VerdictState.MAJORITY, A),
        ([A, A, B, B, EQUAL], 0.51, None, VerdictState.DISPUTED, None),
        ([B] * 6, 1.0, None, VerdictState.UNANIMOUS, B),
    ],
)
def test_verdicts(votes, share, review, state, preference):
    verdict = decide(votes, 5, share, review)
    assert (verdict.state, verdict.preference) == (state, preference)
    assert verdict.votes_a + verdict.votes_equal + verdict.votes_b == len(votes)


def test_confidence_is_a_share_of_the_people():
    assert decide([A] * 5, 5, 1.0).confidence == 1
    assert decide([A] * 4 + [B], 5, 0.8).confidence == 0.8
    assert decide([A] * 4 + [B], 5, 1.0, B).confidence == pytest.approx(2 / 6)
    assert decide([A] * 4 + [B], 5, 1.0).confidence is None
    assert decide([A], 5, 1.0).confidence is None


@given(st.lists(st.sampled_from([A, B, EQUAL]), min_size=1, max_size=9), st.sampled_from([0.51, 0.6, 2 / 3, 0.8, 1.0]))
def test_a_verdict_does_not_depend_on_who_voted_or_on_the_names_of_the_images(votes, share):
    swap = {A: B, B: A, EQUAL: EQUAL, None: None}
    verdict = decide(votes, len(votes), share)
    assert decide(votes[::-1], len(votes), share) == verdict
    swapped = decide([swap[vote] for vote in votes], len(votes), share)
    assert (swapped.state, swapped.preference) == (verdict.state, swap[verdict.preference])


def test_shares_are_exact():
    assert share_reached(4, 5, 0.8)
    assert share_reached(7, 10, 0.7)
    assert not share_reached(79, 100, 0.8)


def test_reviews_are_on_both_sides():
    sides = Counter(review_of(StudyDesign(), "expert-1", number).a_on_left for number in range(200))
    assert min(sides.values()) > 70
    assert review_of(StudyDesign(), "expert-1", 5).position == 5


def test_a_design_is_checked():
    for wrong in ({"deciding_share": 0.5}, {"team_size": 0}, {"repeats": 0.6}, {"colour": 1}):
        with pytest.raises(ValueError, match="validation error"):
            StudyDesign(**wrong)
