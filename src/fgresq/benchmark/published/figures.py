"""The paper's tables as they were printed, read from the CSV files beside this module.

`doubts.csv` marks the figures that contradict others or can't be right, each with the reason; `*` stands for all.
Table 3's averages aren't among them: each is the mean of its row's tasks to within the rounding of both.

Reference: X. Sheng, X. Pan, Z. Yang, P. Chen, L. Li, "Fine-Grained Image Quality Assessment for Perceptual Image
Restoration", AAAI 2026.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from fgresq.metrics.catalogue import PAPER, card_of

CRITERIA = ("SRCC", "PLCC", "ACC")

_TASK_TABLE = "3"
_OVERALL = {"[0.0,1.0]": "Overall"}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the paper.

    Attributes:
        value: as printed, three decimals.
        doubt: what speaks against it; None where nothing is known to.
    """

    value: float
    doubt: str | None


@dataclass(frozen=True, slots=True)
class Doubt:
    """What speaks against some figures.

    Attributes:
        table: "3", "S2" to "S14".
        metric, group, criterion: which figures; None means all.
        reason: in a sentence or two.
    """

    table: str
    metric: str | None
    group: str | None
    criterion: str | None
    reason: str

    def covers(self, table: str, metric: str, group: str, criterion: str) -> bool:
        """Whether it speaks of a figure."""
        asked = ((self.metric, metric), (self.group, group), (self.criterion, criterion))
        return self.table == table and all(own in (None, other) for own, other in asked)


# A metric's name in the catalogue, a group (a task, "Average"; a range, "Overall"), a criterion.
Place = tuple[str, str, str]


@cache
def figures_by_task() -> Mapping[Place, Figure]:
    """Table 3, on the test side of the authors' own split of FGRestore."""
    return {
        place: figure
        for row in _rows("table3.csv")
        for place, figure in _figures(row, _TASK_TABLE, row["task"], row["task"], CRITERIA)
    }


@cache
def figures_by_range(data_set: str) -> Mapping[Place, Figure]:
    """The one of Tables S2 to S14 that is of a data set; empty for another data set. S2 holds all that Table 2 does."""
    return {
        place: figure
        for row in _rows("ranges.csv")
        if _plain(row["dataset"]) == _plain(data_set)
        for place, figure in _figures(row, row["table"], row["mos_range"], _group(row["mos_range"]), CRITERIA[:2])
    }


def data_sets() -> tuple[str, ...]:
    """The data sets of Tables S2 to S14, in their order."""
    return tuple(dict.fromkeys(row["dataset"] for row in _rows("ranges.csv")))


@cache
def doubts() -> tuple[Doubt, ...]:
    """Everything that speaks against figures of the paper."""
    return tuple(
        Doubt(*(None if value == "*" else value for value in row.values()))  # type: ignore[arg-type]
        for row in _rows("doubts.csv")
    )


def _figures(
    row: Mapping[str, str], table: str, printed: str, group: str, criteria: tuple[str, ...]
) -> list[tuple[Place, Figure]]:
    """Figures of one line, but for those that the paper leaves empty."""
    found = []
    for criterion in criteria:
        text = row[criterion.lower()]
        if text:
            reasons = [doubt.reason for doubt in doubts() if doubt.covers(table, row["metric"], printed, criterion)]
            place = (_metric(row["metric"]), group, criterion)
            found.append((place, Figure(float(text), " ".join(reasons) or None)))
    return found


def _metric(title: str) -> str:
    return _by_title()[_plain(title)]


@cache
def _by_title() -> Mapping[str, str]:
    return {_plain(card_of(name).title): name for name in PAPER}


def _group(mos_range: str) -> str:
    return _OVERALL.get(mos_range, mos_range.replace(",", ", "))


def _plain(name: str) -> str:
    """Letters and digits alone: IVC-Dehazing is IVCDehazing too."""
    return "".join(character for character in name.lower() if character.isalnum())


def _rows(name: str) -> list[dict[str, str]]:
    text = (resources.files(__package__) / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
