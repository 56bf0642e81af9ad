"""Two images and what every metric says of them: the layout of the paper's Figure 6."""

from collections.abc import Mapping
from dataclasses import dataclass

from fgresq.records import Preference
from fgresq.results.judging import Comparison


@dataclass(frozen=True, slots=True)
class MetricOnPair:
    """What a metric says of the two.

    Attributes:
        metric: its title.
        higher_is_better: the direction of its values.
        values: of A and B; None where it has none.
        preference: which it finds better, equal values being equal; None where a value is missing.
        why_missing: the reason, else empty.
    """

    metric: str
    higher_is_better: bool
    values: tuple[float | None, float | None]
    preference: Preference | None
    why_missing: str = ""


@dataclass(frozen=True, slots=True)
class PairFigure:
    """One pair.

    Attributes:
        title: of the content.
        names: of A and B, such as their algorithms.
        paths: of A and B.
        reference: path of the pristine image; None where there is none.
        truth: what ticks and crosses go by; None where nothing is known, so that there are none.
        truth_says: whose word that is, as "people" or "LPIPS".
        comparison: FGResQ's verdict.
        metrics: what the others say, in the order in which they are shown.
    """

    title: str
    names: tuple[str, str]
    paths: tuple[str, str]
    reference: str | None
    truth: Preference | None
    truth_says: str
    comparison: Comparison
    metrics: tuple[MetricOnPair, ...]

    def agrees(self, preference: Preference | None) -> bool | None:
        """Whether a preference is the truth; None where either is missing."""
        return None if self.truth is None or preference is None else preference is self.truth

    @property
    def wrong(self) -> int:
        """How many metrics order the two otherwise than the truth."""
        return sum(self.agrees(each.preference) is False for each in self.metrics)


VERDICTS: Mapping[Preference, str] = {
    Preference.A: "A is better",
    Preference.B: "B is better",
    Preference.EQUAL: "A and B are equal",
}
"""A preference in words."""
