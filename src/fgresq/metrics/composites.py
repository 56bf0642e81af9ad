"""Sums of other metrics by a declared formula: every part is computed and shown, and a part that is missing is missing.

An evaluation that counts a failed image as 0 rewards failing where a part may be negative, and hides it where it may
not: here the image has no value, and the reason names the part.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from fgresq.metrics.base import Item, Metric, MetricCard, Score
from fgresq.metrics.registry import find_card, identify, missing, open_metric
from fgresq.metrics.runners import MetricSettings, Missing, Runner


@dataclass(frozen=True, slots=True)
class Part:
    """One term of a sum.

    Attributes:
        metric: its name in the catalogue.
        words: the term as it is written.
        term: from the metric's value to the term's.
    """

    metric: str
    words: str
    term: Callable[[float], float]


@dataclass(frozen=True)
class Composite:
    """A sum of terms, one a metric."""

    parts: tuple[Part, ...]

    @cached_property
    def formula(self) -> str:
        """As it is written."""
        return " + ".join(part.words for part in self.parts)

    def of(self, scores: Mapping[str, Score]) -> Score:
        """The value for one image.

        Args:
            scores: each part's, by its metric's name.

        Returns:
            The sum; or no value, where a part has none, with what is missing and why. It is to be tried again where
            nothing is known of the image itself.
        """
        lacking = {part.metric: scores[part.metric] for part in self.parts if scores[part.metric].value is None}
        if lacking:
            said = "; ".join(f"no {name}: {score.error}" for name, score in lacking.items())
            return Score(None, said, any(score.retry for score in lacking.values()))
        values = ((part, scores[part.metric].value) for part in self.parts)
        return Score(sum(part.term(value) for part, value in values if value is not None))


COMPOSITES: Mapping[str, Composite] = {
    "ntire-sr": Composite(
        (
            Part("lpips", "(1 - LPIPS)", lambda value: 1 - value),
            Part("dists", "(1 - DISTS)", lambda value: 1 - value),
            Part("clipiqa", "CLIP-IQA", lambda value: value),
            Part("maniqa", "MANIQA", lambda value: value),
            Part("musiq", "MUSIQ / 100", lambda value: value / 100),
            Part("niqe", "max(0, (10 - NIQE) / 10)", lambda value: max(0.0, (10 - value) / 10)),
        )
    ),
}
"""By name; `catalogue/composites.py` says what else there is to know of them."""


@dataclass(frozen=True, slots=True)
class CompositeMetric:
    """A composite as a metric, with its parts opened."""

    card: MetricCard
    composite: Composite
    parts: Mapping[str, Metric]

    def score(self, items: Sequence[Item]) -> list[Score]:
        """As `Metric`."""
        found = {
            name: part.score(items if part.card.full_reference else [(image, None) for image, _ in items])
            for name, part in self.parts.items()
        }
        return [
            self.composite.of({name: scores[number] for name, scores in found.items()}) for number in range(len(items))
        ]


def parts_of(card: MetricCard) -> tuple[str, ...]:
    """The metrics that a composite is a sum of; none for any other metric."""
    if card.engine != "composite":
        return ()
    return tuple(part.metric for part in COMPOSITES[card.engine_name].parts)


def _missing(card: MetricCard, settings: MetricSettings) -> Missing | None:
    needs = {name: missing(find_card(name), settings) for name in parts_of(card)}
    lacking = {name: need for name, need in needs.items() if need is not None}
    if not lacking:
        return None
    said = "; ".join(f"its part {name}: {need.what}" for name, need in lacking.items())
    return Missing(said, all(need.is_fetched for need in lacking.values()))


def _identify(card: MetricCard, settings: MetricSettings) -> MetricCard:
    parts = [identify(name, settings) for name in parts_of(card)]
    formula = COMPOSITES[card.engine_name].formula
    return card.identified(
        version=formula,
        parameters=hashlib.sha256("\n".join(part.key for part in parts).encode()).hexdigest(),
        settings=", ".join(f"{part.name} {part.engine} {part.version}" for part in parts),
    )


def _open(card: MetricCard, settings: MetricSettings) -> CompositeMetric:
    parts = {name: open_metric(identify(name, settings), settings) for name in parts_of(card)}
    return CompositeMetric(card, COMPOSITES[card.engine_name], parts)


RUNNER = Runner(_missing, _identify, _open)
