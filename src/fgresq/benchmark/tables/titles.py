"""Titles that tell the metrics of one table apart: weights of one file name by as much of their folders as needed."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

from fgresq.metrics.base import MetricCard


def told_apart(cards: Sequence[MetricCard]) -> tuple[MetricCard, ...]:
    """The metrics with titles of which no two are alike.

    Metrics of files, such as `fgresq:runs/a/model.safetensors`, get the folders that they differ in. What can't be told
    apart so, such as two paths of one file, has its name behind the title.

    Args:
        cards: with names that are unique.
    """
    told = list(cards)
    deepest = max((len(_parts(card)) for card in cards), default=0)
    for depth in range(2, deepest + 1):
        told = [_by_path(card, depth) if is_twice else card for card, is_twice in _with_twins(told)]
    return tuple(
        card.model_copy(update={"title": f"{card.title} [{card.name}]"}) if is_twice else card
        for card, is_twice in _with_twins(told)
    )


def _with_twins(cards: Sequence[MetricCard]) -> list[tuple[MetricCard, bool]]:
    """Each metric, and whether another has its title."""
    count = Counter(card.title for card in cards)
    return [(card, count[card.title] > 1) for card in cards]


def _by_path(card: MetricCard, depth: int) -> MetricCard:
    """The title with one more part of the path that it ends in; as it is where there is no such path or part."""
    parts = _parts(card)
    shorter, longer = ("/".join(parts[-count:]) for count in (depth - 1, depth))
    if len(parts) < depth or not card.title.endswith(f"({shorter})"):
        return card
    return card.model_copy(update={"title": f"{card.title.removesuffix(f'({shorter})')}({longer})"})


def _parts(card: MetricCard) -> tuple[str, ...]:
    """The path that a metric is named by."""
    _, colon, path = card.name.partition(":")
    return PurePath(os.path.normpath(path)).parts if colon else ()
