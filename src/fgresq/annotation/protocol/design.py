"""What a study's lead decides before it starts, and the people that follow from it."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from pydantic import BaseModel, ConfigDict, Field

LEAD = "lead"


class Role(StrEnum):
    """What a person does in a study."""

    ANNOTATOR = "annotator"
    EXPERT = "expert"
    LEAD = "lead"


class PairOrder(StrEnum):
    """In which order an annotator sees the pairs."""

    RANDOM = "random"
    ACTIVE = "active"


class StudyDesign(BaseModel):
    """A study's protocol; the defaults are the paper's where it says something (two groups, teams of five, equal).

    Attributes:
        seed: of all random choices.
        groups: into which pairs are divided; each has a team of its own.
        team_size: annotators a team; each of them judges every pair of the group.
        experts: who review disagreements.
        deciding_share: smallest share of a pair's votes that decides it in round one, above 1/2; 1 is unanimity, 0.8
            is four of five. Everything else goes to expert review.
        equal_allowed: whether people may say that a pair is equal.
        contents_together: whether all pairs of a content go to one group.
        repeats: share of an annotator's pairs that is shown a second time, as a hidden check.
        swapped_repeats: share that is shown a second time with the sides swapped.
        repeat_gap: smallest number of other pairs between a pair and its repeat.
        session_length: trials after which a break is due.
        break_minutes: how long a break should be.
        order: in which an annotator sees the pairs.

    Reference: the paper's section "In-lab Subjective Study"; hidden repeats, training and sessions of at most half an
    hour follow Recommendation ITU-R BT.500.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(default=0, ge=0)
    groups: int = Field(default=2, ge=1, le=1000)
    team_size: int = Field(default=5, ge=1, le=1000)
    experts: int = Field(default=1, ge=1, le=1000)
    deciding_share: float = Field(default=1.0, gt=0.5, le=1.0)
    equal_allowed: bool = True
    contents_together: bool = True
    repeats: float = Field(default=0.05, ge=0, le=0.5)
    swapped_repeats: float = Field(default=0.05, ge=0, le=0.5)
    repeat_gap: int = Field(default=10, ge=1)
    session_length: int = Field(default=120, ge=1)
    break_minutes: float = Field(default=5.0, ge=0)
    order: PairOrder = PairOrder.RANDOM


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with a personal link.

    Attributes:
        person_id: unique in the study.
        role: what they may do.
        team: of an annotator, from 1, the number of the group that they judge; None for others, and for annotators
            whose answers were imported and don't belong to a team.
        withdrawn: whether they left; their answers stay, but no verdict waits for them or counts them.
    """

    person_id: str
    role: Role
    team: int | None = None
    withdrawn: bool = False


def people_of(design: StudyDesign) -> tuple[Person, ...]:
    """Everyone a design asks for: `team1-1` to `team2-5`, `expert-1`, `lead`.

    Args:
        design: says how many.

    Returns:
        Annotators by team, then experts, then the lead.
    """
    teams = range(1, design.groups + 1)
    annotators = [
        Person(member_id(team, number), Role.ANNOTATOR, team)
        for team in teams
        for number in range(1, design.team_size + 1)
    ]
    experts = [Person(f"expert-{number}", Role.EXPERT) for number in range(1, design.experts + 1)]
    return (*annotators, *experts, Person(LEAD, Role.LEAD))


def member_id(team: int, number: int) -> str:
    """The identity of a team's n-th member."""
    return f"team{team}-{number}"


def share_reached(votes: int, of: int, share: float) -> bool:
    """Whether some votes are at least a share of all; exact for shares such as 0.8 of five.

    Args:
        votes: at least 0.
        of: all votes, at least 1.
        share: 0 to 1, taken as the decimal number that people wrote.
    """
    return Fraction(votes, of) >= Fraction(str(share))
