"""How a metric does on pairs, one by one."""

from fgresq.benchmark.tables.cells import predicted
from fgresq.benchmark.tables.groups import Numbers
from fgresq.benchmark.tables.labels import Answers, Floats, Labels
from fgresq.benchmark.tables.settings import TieRule
from fgresq.criteria.agreement import outcomes_without_ties, three_class_outcomes


def outcomes_of(labels: Labels, answers: Answers, pairs: Numbers, ties: TieRule) -> Floats:
    """1 right, 0 wrong, 1/2 a tie of the metric; NaN for a pair that doesn't count."""
    human = [labels.preferences[n] for n in pairs]
    rule = outcomes_without_ties if ties == "half" else three_class_outcomes
    return rule(human, predicted(labels, answers, pairs))
