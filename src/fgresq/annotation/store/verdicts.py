"""Verdicts from the answers that count."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import Connection

from fgresq.annotation.protocol.design import Person, Role, StudyDesign
from fgresq.annotation.protocol.trials import TrialKind
from fgresq.annotation.protocol.verdicts import Verdict, decide
from fgresq.annotation.store.answers import latest_answers
from fgresq.annotation.store.contents import StudyPair
from fgresq.annotation.store.tables import answer
from fgresq.records import Preference


def verdicts(
    connection: Connection,
    design: StudyDesign,
    people: Iterable[Person],
    pairs: Mapping[int, StudyPair],
    excluded: Collection[str] = (),
    only: int | None = None,
) -> dict[int, Verdict]:
    """The verdict on every pair that is judged, open ones included.

    Who withdrew or is excluded has no vote and isn't waited for. A pair waits for all others of its team, or, where
    nobody of a team is left or answers were imported, for as many votes as a team has members. Where several experts
    reviewed a pair, the first one's latest answer decides.

    Args:
        connection: in one transaction.
        design: team size and deciding share.
        people: all of the study.
        pairs: all of the study.
        excluded: identities of further people without a vote.
        only: a single pair's number; None for all.

    Returns:
        Pair's number to verdict; training pairs have none.
    """
    counted = {p.person_id: p for p in people if not p.withdrawn and p.person_id not in excluded}
    teams: dict[int | None, int] = defaultdict(int)
    for member in counted.values():
        if member.role == Role.ANNOTATOR and member.team is not None:
            teams[member.team] += 1
    votes: dict[int, list[Preference]] = defaultdict(list)
    outside: dict[int, int] = defaultdict(int)
    first_review: dict[int, str] = {}
    reviews: dict[tuple[int, str], Preference] = {}
    kinds = (TrialKind.MAIN.value, TrialKind.REVIEW.value)
    query = latest_answers(only).where(answer.c.kind.in_(kinds)).order_by(answer.c.id)
    for row in connection.execute(query):
        voter = counted.get(row.person_id)
        if voter is None:
            continue
        if row.kind == TrialKind.REVIEW:
            first_review.setdefault(row.pair, row.person_id)
            reviews[row.pair, row.person_id] = Preference(row.preference)
        else:
            votes[row.pair].append(Preference(row.preference))
            outside[row.pair] += voter.team is None
    return {
        number: decide(
            votes[number],
            teams[pair.group] + outside[number] if teams[pair.group] else design.team_size,
            design.deciding_share,
            reviews.get((number, first_review.get(number, ""))),
        )
        for number, pair in pairs.items()
        if pair.group is not None and (only is None or number == only)
    }
