"""What must be said of weights that are measured on what they have seen: their figures are too good."""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from fgresq.benchmark.tables.labels import Answers, Gathered

_OWN = "fgresq"


def warnings(gathered: Gathered, among: Collection[str] | None = None) -> tuple[str, ...]:
    """A sentence for each metric whose weights have seen some of what it has judged.

    Args:
        gathered: from a store.
        among: names of the metrics to speak of; None is all.
    """
    answers = [each for each in gathered.answers if among is None or each.card.name in among]
    return tuple(_warning(each) for each in answers if seen_of(each))


def seen_of(answers: Answers) -> int:
    """How many images a metric has judged that its weights have seen, or the scenes of which."""
    return int((_judged(answers) & answers.seen).sum())


def _warning(answers: Answers) -> str:
    judged = _judged(answers)
    itself = int((judged & answers.seen_itself).sum())
    scenes = int((judged & answers.seen & ~answers.seen_itself).sum())
    of = f"of the {int(judged.sum()):,} images that it is measured on"
    what = [f"has seen {itself:,} {of} in its training"] if itself else []
    if scenes:
        what.append(f"has seen the scenes of {scenes:,} {'others' if itself else of}")
    return (
        f"{answers.card.title} {', and '.join(what)}: figures over them are too good, and have no place in the order. "
        "--side test --split-of its folder measures on what it hasn't seen."
    )


def not_on_record(gathered: Gathered) -> tuple[str, ...]:
    """A sentence for all models of which nobody can tell."""
    titles = [each.card.title for each in gathered.answers if each.card.engine == _OWN and each.card.seen is None]
    if not titles:
        return ()
    return (
        f"Which images these were trained on isn't on record, so some may be among those here: {', '.join(titles)}.",
    )


def _judged(answers: Answers) -> NDArray[np.bool_]:
    return np.array([reason is None for reason in answers.reasons], dtype=np.bool_)
