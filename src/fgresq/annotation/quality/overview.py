"""All that a study's lead looks at, from one state of the study."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from fgresq.annotation.protocol.design import Person, Role
from fgresq.annotation.protocol.verdicts import VerdictState
from fgresq.annotation.quality.people import PersonQuality, people_quality
from fgresq.annotation.quality.screening import ScreeningRule, Suspicion, suspected
from fgresq.annotation.store.frames import answers_frame, votes_frame
from fgresq.annotation.store.study import Progress, Study
from fgresq.criteria.raters import RaterAgreement, fleiss_kappa, krippendorff_alpha

CATEGORIES = ("A", "equal", "B")


@dataclass(frozen=True, slots=True)
class GroupOverview:
    """One group of pairs and its team.

    Attributes:
        group: its number, from 1; None for all groups together.
        pairs: how many.
        states: how many pairs are open, disputed, unanimous, decided by majority or by an expert.
        kappa: of the pairs that everybody of the team has judged.
        alpha: of all pairs with at least two votes, complete or not.
    """

    group: int | None
    pairs: int
    states: Mapping[VerdictState, int]
    kappa: RaterAgreement
    alpha: RaterAgreement


@dataclass(frozen=True, slots=True)
class Overview:
    """A study as it stands.

    Attributes:
        progress: of every annotator and expert who hasn't withdrawn.
        groups: one a group, then all together.
        people: figures of the annotators who have answered something.
        suspicions: of these, who should be looked at, and why.
        answers: rows stored, superseded ones too.
    """

    progress: tuple[tuple[Person, Progress], ...]
    groups: tuple[GroupOverview, ...]
    people: tuple[PersonQuality, ...]
    suspicions: tuple[Suspicion, ...]
    answers: int


def overview(study: Study, *, resamples: int = 1000, rule: ScreeningRule | None = None) -> Overview:
    """Look at a study while it runs.

    Args:
        study: open.
        resamples: of the intervals of agreement.
        rule: for suspicions; the defaults if None.

    Returns:
        Progress, agreement, everybody's figures, suspicions.

    Raises:
        StudyError: the database doesn't answer.
    """
    with study.reading() as connection:
        answers = answers_frame(study, connection)
        verdicts = study.verdicts(connection=connection)
        people = study.people(connection)
    figures = people_quality(answers)
    by_group: dict[int | None, list[int]] = defaultdict(list)
    for number in verdicts:
        by_group[study.pairs[number].group].append(number)
        by_group[None].append(number)
    votes = _vote_counts(votes_frame(answers))
    groups = []
    for group in (*sorted(g for g in by_group if g is not None), None):
        numbers = by_group[group]
        counts = np.array([votes.get(number, (0, 0, 0)) for number in numbers], dtype=np.int64)
        complete = counts[[verdicts[n].state != VerdictState.OPEN for n in numbers]]
        groups.append(
            GroupOverview(
                group,
                len(numbers),
                dict(Counter(verdicts[n].state for n in numbers)),
                fleiss_kappa(_of_equal_teams(complete), resamples=resamples),
                krippendorff_alpha(counts, resamples=resamples),
            )
        )
    progress = tuple(
        (person, study.progress(person.person_id))
        for person in people
        if not person.withdrawn and person.role != Role.LEAD and (person.team is not None or person.role == Role.EXPERT)
    )
    return Overview(progress, tuple(groups), figures, suspected(figures, rule), len(answers))


def _vote_counts(votes: pl.DataFrame) -> dict[int, tuple[int, ...]]:
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    for pair, preference in votes.select("pair", "preference").iter_rows():
        counts[pair][preference] += 1
    return {pair: tuple(of[category] for category in CATEGORIES) for pair, of in counts.items()}


def _of_equal_teams(counts: np.ndarray) -> np.ndarray:
    """Kappa needs the same number of raters for each pair; teams of another size than most stay out of it."""
    raters = counts.sum(axis=1)
    if not len(raters):
        return counts
    sizes, often = np.unique(raters, return_counts=True)
    usual = sizes[np.argmax(often)]
    return counts[raters == usual] if usual >= 2 else counts[:0]
