"""What the votes on a pair decide, and how the decision came."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from fgresq.annotation.protocol.design import share_reached
from fgresq.records import Preference


class VerdictState(StrEnum):
    """How a pair stands, and how a decided one was decided.

    `open`: votes of the team are missing. `disputed`: it waits for expert review. The others are decided.
    """

    OPEN = "open"
    DISPUTED = "disputed"
    UNANIMOUS = "unanimous"
    MAJORITY = "majority"
    EXPERT = "expert"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A pair's votes and what they decide.

    Attributes:
        state: how it stands or was decided.
        preference: None while open or disputed.
        votes_a, votes_equal, votes_b: of the team, in round one.
        expected: votes that round one waits for.
        review: what the expert said; None without a review. It decides disputed pairs only.
    """

    state: VerdictState
    preference: Preference | None
    votes_a: int
    votes_equal: int
    votes_b: int
    expected: int
    review: Preference | None = None

    @property
    def confidence(self) -> float | None:
        """Share of all votes, the deciding expert's among them, for the preference; None while there is none.

        A share of people, not a probability of being right: 1 if all agree, 1/3 at least for five votes and an expert.
        """
        if self.preference is None:
            return None
        votes = {Preference.A: self.votes_a, Preference.EQUAL: self.votes_equal, Preference.B: self.votes_b}
        expert = self.state == VerdictState.EXPERT
        return (votes[self.preference] + expert) / (sum(votes.values()) + expert)


def decide(
    votes: Sequence[Preference], expected: int, deciding_share: float, review: Preference | None = None
) -> Verdict:
    """Decide a pair by its team's votes, or by the expert where they disagree.

    Nothing is decided before everyone of the team has judged, even if the rest couldn't turn it: the votes are data
    too. A share above 1/2 can be reached by one preference only. If a change of mind makes a reviewed pair reach the
    share, the team's verdict stands.

    Args:
        votes: one a person, their latest.
        expected: votes to wait for.
        deciding_share: above 1/2, up to 1.
        review: the expert's answer, if there is one.

    Returns:
        The verdict, with the count of each vote.
    """
    counts = Counter(votes)
    state, preference = VerdictState.OPEN, None
    if votes and len(votes) >= expected:
        top, most = counts.most_common(1)[0]
        if share_reached(most, len(votes), deciding_share):
            state = VerdictState.UNANIMOUS if most == len(votes) else VerdictState.MAJORITY
            preference = top
        elif review is not None:
            state, preference = VerdictState.EXPERT, review
        else:
            state = VerdictState.DISPUTED
    return Verdict(
        state, preference, counts[Preference.A], counts[Preference.EQUAL], counts[Preference.B], expected, review
    )
