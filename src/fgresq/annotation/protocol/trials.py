"""What one annotator sees, in order: training, then every pair of the group once, with hidden repeats among them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from fgresq.annotation.protocol.design import StudyDesign
from fgresq.annotation.protocol.draw import draw, shuffled
from fgresq.annotation.protocol.groups import JudgedPair


class TrialKind(StrEnum):
    """Why a pair is shown."""

    TRAINING = "training"
    MAIN = "main"
    REPEAT = "repeat"
    SWAPPED_REPEAT = "swapped_repeat"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Trial:
    """One showing of a pair to a person.

    Attributes:
        position: place in the person's order, from 0; of a review, the pair's number.
        kind: why it is shown; hidden from the person.
        pair: its number.
        a_on_left: whether image A stands on the left.
        session: from 0; a break is due before the first trial of every session but the first.
        original: position of the trial that this one repeats; None when it repeats none.
        break_before: whether a break is due.
    """

    position: int
    kind: TrialKind
    pair: int
    a_on_left: bool
    session: int = 0
    original: int | None = None
    break_before: bool = False


def trials_of(
    design: StudyDesign, person_id: str, pairs: Sequence[JudgedPair], training: Sequence[int] = ()
) -> tuple[Trial, ...]:
    """An annotator's trials: the same for the same study seed, person and pairs, on any machine and at any time.

    Training pairs come first. Of the group's pairs, half have A on the left (rounded up or down by lot); two of one
    content follow each other only where no other content is left. Repeats stand `repeat_gap` or more original
    trials after what they repeat, or as many as half of the pairs, if that is fewer.

    Args:
        design: seed, shares of repeats, gap, length of sessions.
        person_id: who.
        pairs: of the person's group, with different numbers.
        training: numbers of the training pairs.

    Returns:
        Positions count from 0 without a gap.
    """
    key = (design.seed, person_id)
    shown = [(TrialKind.TRAINING, number) for number in shuffled(training, *key, "training")]
    main = _apart(shuffled([pair.number for pair in pairs], *key, "order"), {p.number: p.content for p in pairs})
    shown += _with_repeats(main, design, person_id)
    a_left = _balanced([number for _, number in shown[: len(training)]], *key, "training-side")
    a_left |= _balanced(main, *key, "side")
    sessions = max(1, ceil(len(shown) / design.session_length))
    at: dict[int, int] = {}
    trials: list[Trial] = []
    for position, (kind, number) in enumerate(shown):
        session = position * sessions // len(shown)
        trials.append(
            Trial(
                position=position,
                kind=kind,
                pair=number,
                a_on_left=(number in a_left) != (kind == TrialKind.SWAPPED_REPEAT),
                session=session,
                original=at[number] if kind in (TrialKind.REPEAT, TrialKind.SWAPPED_REPEAT) else None,
                break_before=bool(trials) and trials[-1].session != session,
            )
        )
        at.setdefault(number, position)
    return tuple(trials)


def review_of(design: StudyDesign, person_id: str, pair: int) -> Trial:
    """The showing of a disputed pair to an expert; the side is drawn by expert and pair.

    Args:
        design: its seed.
        person_id: the expert.
        pair: its number.

    Returns:
        A trial whose position is the pair's number.
    """
    return Trial(pair, TrialKind.REVIEW, pair, draw(design.seed, person_id, "review-side", pair) < 0.5)


def _apart(order: list[int], content: dict[int, str]) -> list[int]:
    """Fetch the next pair of another content wherever two of one content would follow each other."""
    order = order.copy()
    ahead = 0
    for place in range(1, len(order)):
        before = content[order[place - 1]]
        if content[order[place]] != before:
            continue
        ahead = max(ahead, place + 1)
        while ahead < len(order) and content[order[ahead]] == before:
            ahead += 1
        if ahead == len(order):
            other = next((later for later in range(place + 1, len(order)) if content[order[later]] != before), None)
            if other is None:
                break
            ahead = other
        order.insert(place, order.pop(ahead))
    return order


def _with_repeats(main: list[int], design: StudyDesign, person_id: str) -> list[tuple[TrialKind, int]]:
    """The main trials with the hidden repeats among them.

    A main trial at place i has the key i; its repeat a key drawn from [i + gap, places), so at least `gap` main trials
    stand between them.
    """
    key = (design.seed, person_id)
    gap = min(design.repeat_gap, len(main) // 2)
    keyed: list[tuple[float, int, TrialKind, int]] = [(i, 0, TrialKind.MAIN, n) for i, n in enumerate(main)]
    may_repeat = shuffled(range(len(main) - gap) if gap else (), *key, "repeated")
    plain = min(_count(design.repeats, len(main)), len(may_repeat))
    swapped = min(_count(design.swapped_repeats, len(main)), len(may_repeat) - plain)
    for rank, place in enumerate(may_repeat[: plain + swapped]):
        kind = TrialKind.REPEAT if rank < plain else TrialKind.SWAPPED_REPEAT
        first = place + gap
        keyed.append((first + draw(*key, "repeat-at", main[place]) * (len(main) - first), 1, kind, main[place]))
    return [(kind, number) for _, _, kind, number in sorted(keyed)]


def _count(share: float, pairs: int) -> int:
    """A share of the pairs; a share that isn't 0 gives at least one."""
    return ceil(share * pairs - 1e-9)


def _balanced(numbers: list[int], seed: int, *names: object) -> set[int]:
    """One half of the numbers, drawn; an odd one is rounded by lot."""
    odd = len(numbers) % 2 == 1 and draw(seed, *names, "odd") < 0.5
    return set(shuffled(numbers, seed, *names)[: len(numbers) // 2 + odd])
