"""Which annotators should be looked at, by rules that are written down. A suspicion is a question, not a verdict."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from fgresq.annotation.quality.people import PersonQuality

_MAD_TO_SD = 1.4826  # of a normal distribution


@dataclass(frozen=True, slots=True)
class ScreeningRule:
    """When an annotator is suspected; each rule needs enough answers to say something.

    Attributes:
        consistency: the upper end of the 95 % interval of all hidden repeats' consistency is below this ...
        least_repeats: ... with at least so many repeats.
        side_p: the test of the left side's share gives less than this.
        deviations: agreement with the others is so many robust deviations (1.4826 median absolute deviations, at least
            0.03) below the median of all annotators ...
        least_with_others: ... with at least so many pairs.
        circular: share of circular triads above this (answers by lot: 0.25) ...
        least_triads: ... with at least so many triads.
        fastest_ms: median time per answer below this.
        of_median_time: or below this share of the median of all annotators' medians.
        training: less than this share of the training pairs right ...
        least_training: ... with at least so many.
        least_votes: no rule but the training's speaks before so many votes.
    """

    consistency: float = 0.7
    least_repeats: int = 8
    side_p: float = 1e-3
    deviations: float = 3.0
    least_with_others: int = 20
    circular: float = 0.2
    least_triads: int = 20
    fastest_ms: float = 500.0
    of_median_time: float = 1 / 3
    training: float = 0.6
    least_training: int = 4
    least_votes: int = 20


@dataclass(frozen=True, slots=True)
class Suspicion:
    """An annotator to look at.

    Attributes:
        person: who.
        reasons: each rule that spoke, with its figures, for people.
    """

    person: str
    reasons: tuple[str, ...]


def suspected(people: Sequence[PersonQuality], rule: ScreeningRule | None = None) -> tuple[Suspicion, ...]:
    """Apply the rules to every annotator.

    Args:
        people: of `people_quality`; agreement and time are compared with all of them.
        rule: the limits; the defaults if None.

    Returns:
        One an annotator for whom at least one rule spoke, in the order of `people`.
    """
    rule = rule or ScreeningRule()
    shares = [p.with_others.share for p in people if p.with_others.of >= rule.least_with_others]
    known = [share for share in shares if share is not None]
    middle = statistics.median(known) if known else 0.0
    spread = max(0.03, _MAD_TO_SD * statistics.median([abs(share - middle) for share in known])) if known else 0.0
    medians = [p.median_ms for p in people if p.median_ms is not None and p.votes >= rule.least_votes]
    usual = statistics.median(medians) if medians else 0.0
    found = []
    for person in people:
        reasons = [*_of_training(person, rule)]
        if person.votes >= rule.least_votes:
            reasons += [
                *_of_themselves(person, rule),
                *_of_agreement(person, rule, middle - rule.deviations * spread, middle),
                *_of_time(person, rule, usual),
            ]
        if reasons:
            found.append(Suspicion(person.person, tuple(reasons)))
    return tuple(found)


def _of_training(person: PersonQuality, rule: ScreeningRule) -> list[str]:
    share = person.training.share
    if share is None or person.training.of < rule.least_training or share >= rule.training:
        return []
    return [f"{person.training.count} of {person.training.of} training pairs right"]


def _of_themselves(person: PersonQuality, rule: ScreeningRule) -> list[str]:
    reasons = []
    again, triads = person.consistency, person.triads
    if again.interval is not None and again.of >= rule.least_repeats and again.interval[1] < rule.consistency:
        reasons.append(f"{again.count} of {again.of} hidden repeats answered as the first time")
    if person.left_p is not None and person.left_p < rule.side_p:
        reasons.append(f"left side chosen {person.left.count} of {person.left.of} times (p = {person.left_p:.1g})")
    if triads.share is not None and triads.of >= rule.least_triads and triads.share > rule.circular:
        reasons.append(f"{triads.count} of {triads.of} triads circular")
    return reasons


def _of_agreement(person: PersonQuality, rule: ScreeningRule, limit: float, middle: float) -> list[str]:
    share = person.with_others.share
    if share is None or person.with_others.of < rule.least_with_others or share >= limit:
        return []
    return [f"agrees with the others on {share:.0%} of the pairs, where {middle:.0%} is usual"]


def _of_time(person: PersonQuality, rule: ScreeningRule, usual: float) -> list[str]:
    if person.median_ms is None or person.median_ms >= max(rule.fastest_ms, rule.of_median_time * usual):
        return []
    return [f"takes {person.median_ms / 1000:.1f} s an answer, where {usual / 1000:.1f} s is usual"]
