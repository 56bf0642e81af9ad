"""Titles that tell the judges of one table apart: weights of one file name by as much of their folders as needed."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

from fgresq.metrics.base import MetricCard


def told_apart(judges: Sequence[MetricCard]) -> tuple[MetricCard, ...]:
    """The judges with titles of which no two are alike.

    Judges of files, such as `fgresq:runs/a/model.safetensors`, get the folders that they differ in. What can't be told
    apart so, such as two paths of one file, has its name behind the title.

    Args:
        judges: with names that are unique.
    """
    told = list(judges)
    deepest = max((len(_parts(judge)) for judge in judges), default=0)
    for depth in range(2, deepest + 1):
        told = [_by_path(judge, depth) if is_twice else judge for judge, is_twice in _with_twins(told)]
    return tuple(
        judge.model_copy(update={"title": f"{judge.title} [{judge.name}]"}) if is_twice else judge
        for judge, is_twice in _with_twins(told)
    )


def _with_twins(judges: Sequence[MetricCard]) -> list[tuple[MetricCard, bool]]:
    """Each judge, and whether another has its title."""
    count = Counter(judge.title for judge in judges)
    return [(judge, count[judge.title] > 1) for judge in judges]


def _by_path(judge: MetricCard, depth: int) -> MetricCard:
    """The title with one more part of the path that it ends in; as it is where there is no such path or part."""
    parts = _parts(judge)
    shorter, longer = ("/".join(parts[-count:]) for count in (depth - 1, depth))
    if len(parts) < depth or not judge.title.endswith(f"({shorter})"):
        return judge
    return judge.model_copy(update={"title": f"{judge.title.removesuffix(f'({shorter})')}({longer})"})


def _parts(judge: MetricCard) -> tuple[str, ...]:
    """The path that a judge is named by."""
    _, colon, path = judge.name.partition(":")
    return PurePath(os.path.normpath(path)).parts if colon else ()
