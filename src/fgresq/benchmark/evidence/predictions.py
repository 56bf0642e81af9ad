"""What a metric says of pairs, beside what people say."""

import numpy as np

from fgresq.benchmark.tables.groups import Numbers
from fgresq.benchmark.tables.labels import Answers, Floats, Labels
from fgresq.benchmark.tables.settings import TieRule
from fgresq.criteria.agreement import outcomes_without_ties, preferences_from_scores, three_class_outcomes
from fgresq.records import Preference


def predicted(labels: Labels, answers: Answers, pairs: Numbers) -> tuple[Preference | None, ...]:
    """The preferences of a metric: those that it was asked for, else those that follow from its scores."""
    if answers.preferences is not None:
        return tuple(answers.preferences[n] for n in pairs)
    a, b = (answers.scores[labels.pairs[pairs, side]] for side in (0, 1))
    both = a == b  # two infinite PSNR are equal, though they have no difference
    return preferences_from_scores(np.where(both, 0.0, a), np.where(both, 0.0, b))


def outcomes_of(labels: Labels, answers: Answers, pairs: Numbers, ties: TieRule) -> Floats:
    """1 right, 0 wrong, 1/2 a tie of the metric; NaN for a pair that doesn't count."""
    human = [labels.preferences[n] for n in pairs]
    rule = outcomes_without_ties if ties == "half" else three_class_outcomes
    return rule(human, predicted(labels, answers, pairs))
