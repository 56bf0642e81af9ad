"""What every metric says of chosen pairs, for the layout of the paper's Figure 6."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from fgresq.errors import UserError
from fgresq.images.decode import printable
from fgresq.metrics.base import Item, MetricCard, Score
from fgresq.metrics.registry import open_metric
from fgresq.metrics.runners import MetricSettings
from fgresq.names import nearest
from fgresq.records import Preference
from fgresq.results import Comparison
from fgresq.results.pair_figure import MetricOnPair, PairFigure

Pairs = Mapping[str, tuple[Path, Path]]
"""Title to the files of A and B."""

_PREFERENCES = {preference.value.lower(): preference for preference in Preference}
_PEOPLE, _OURS = "people", "fgresq"


def check_truth(truth: str | None, cards: Sequence[MetricCard], pairs: int) -> None:
    """Refuse a word for the truth that is none.

    Raises:
        UserError: it is neither a preference nor one of these metrics; or one preference for several pairs.
    """
    if truth is None or truth.lower() == _OURS or truth in [card.name for card in cards]:
        return
    if truth.lower() not in _PREFERENCES:
        known = [*_PREFERENCES, _OURS, *(card.name for card in cards)]
        raise UserError(
            f"--truth {truth}: is neither A, B, equal, fgresq nor one of --metrics; {nearest(truth, known)}"
        )
    if pairs > 1:
        raise UserError(f"--truth {truth} is what people say of one pair; for {pairs} pairs name a metric, or fgresq")


def pair_figures(
    pairs: Pairs,
    names: tuple[str, str],
    references: Mapping[str, Path],
    comparisons: Mapping[str, Comparison],
    cards: Sequence[MetricCard],
    truth: str | None,
) -> tuple[PairFigure, ...]:
    """Every metric on every pair.

    Args:
        pairs: title to the two files.
        names: of A and B.
        references: title to file; without one, a full-reference metric has no value.
        comparisons: FGResQ's, by title; a pair without one is left out, as its images couldn't be judged.
        cards: identified metrics, in the order in which they are shown.
        truth: what ticks and crosses go by: "A", "B" or "equal" (people's word), the name of one of the metrics, or
            "fgresq"; None for none.
    """
    judged = {title: files for title, files in pairs.items() if title in comparisons}
    by_metric = {card.name: _on_pairs(card, judged, references) for card in cards}
    return tuple(
        _figure(title, judged[title], names, references.get(title), comparisons[title], cards, found, truth)
        for title, found in ((title, {name: each[title] for name, each in by_metric.items()}) for title in judged)
    )


def _on_pairs(card: MetricCard, pairs: Pairs, references: Mapping[str, Path]) -> dict[str, MetricOnPair]:
    metric = open_metric(card, MetricSettings())
    items: list[Item] = []
    asked: list[tuple[str, int]] = []
    for title, files in pairs.items():
        reference = references.get(title)
        if card.full_reference and reference is None:
            continue
        for side, path in enumerate(files):
            items.append((str(path), str(reference) if card.full_reference else None))
            asked.append((title, side))
    found = dict(zip(asked, metric.score(items) if items else [], strict=True))
    none = Score(None, "it needs a reference, and none is given")
    return {title: _of(card, found.get((title, 0), none), found.get((title, 1), none)) for title in pairs}


def _of(card: MetricCard, a: Score, b: Score) -> MetricOnPair:
    if a.value is None or b.value is None:
        why = (a.error if a.value is None else b.error) or "no reason given"
        return MetricOnPair(card.title, card.higher_is_better, (a.value, b.value), None, why)
    first, second = card.oriented(a.value), card.oriented(b.value)
    preference = Preference.A if first > second else Preference.B if second > first else Preference.EQUAL
    return MetricOnPair(card.title, card.higher_is_better, (a.value, b.value), preference)


def _figure(
    title: str,
    files: tuple[Path, Path],
    names: tuple[str, str],
    reference: Path | None,
    comparison: Comparison,
    cards: Sequence[MetricCard],
    found: Mapping[str, MetricOnPair],
    truth: str | None,
) -> PairFigure:
    known: Preference | None = None
    says = ""
    if truth is not None and truth in found:
        known, says = found[truth].preference, found[truth].metric
    elif truth is not None and truth.lower() == _OURS:
        known, says = comparison.preference, "FGResQ"
    elif truth is not None:
        known, says = _PREFERENCES[truth.lower()], _PEOPLE
    shown = tuple(found[card.name] for card in cards)
    paths = printable(files[0]), printable(files[1])
    return PairFigure(
        title, names, paths, None if reference is None else str(reference), known, says, comparison, shown
    )


def most_telling(figures: Sequence[PairFigure], count: int) -> tuple[PairFigure, ...]:
    """Those on which the most metrics are wrong and FGResQ isn't; then those with the surest verdict."""
    return tuple(
        sorted(
            figures,
            key=lambda each: (
                each.agrees(each.comparison.preference) is False,
                -each.wrong,
                -max(each.comparison.p_a_better, each.comparison.p_b_better, each.comparison.p_equal),
                each.title,
            ),
        )[:count]
    )
