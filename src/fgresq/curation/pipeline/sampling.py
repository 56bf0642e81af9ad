"""A given number of pairs of a task, spread over sources and contents as evenly as they allow."""

import hashlib
from collections.abc import Mapping

import polars as pl

_ROW = "row"


def sample_pairs(pairs: pl.DataFrame, targets: Mapping[str, int], seed: int) -> pl.DataFrame:
    """Take a number of pairs of each task.

    The number is shared out over the task's sources, a source's share over its contents: each gets the same, and what
    one with fewer pairs can't give is shared out over the others. Within a content pairs are drawn at random. Draws
    come from hashes of the seed and of names, so the sample depends on nothing else.

    Args:
        pairs: `fgresq.curation.tables`.
        targets: pairs of each task; all when there are fewer. A task that isn't named keeps all.
        seed: another one, other pairs.

    Returns:
        The sampled rows, in their order.
    """
    rows = pairs.with_row_index(_ROW)
    chosen = rows.filter(~pl.col("task").is_in(list(targets)))[_ROW].to_list()
    for task, wanted in targets.items():
        of_task = rows.filter(task=task)
        groups = of_task.partition_by("source", "content", as_dict=True)
        for source, of_source in _shared_out(of_task, "source", wanted, seed):
            for content, share in _shared_out(of_task.filter(source=source), "content", of_source, seed):
                chosen += _drawn(groups[source, content], share, seed)
    return pairs[sorted(chosen)]


def fair_shares(available: Mapping[str, int], wanted: int, seed: int = 0) -> dict[str, int]:
    """Share a number out over names, none getting more than it has, and otherwise as even as whole numbers allow.

    Args:
        available: what each has.
        wanted: the sum of the shares, all there is when that is less.
        seed: decides who gets the rest of an uneven division.
    """
    shares, left = {}, wanted
    ordered = sorted(available, key=lambda name: (available[name], _hash(seed, name)))
    for place, name in enumerate(ordered):
        shares[name] = min(available[name], left // (len(ordered) - place))
        left -= shares[name]
    return shares


def _shared_out(pairs: pl.DataFrame, by: str, wanted: int, seed: int) -> list[tuple[str, int]]:
    available = dict(pairs.group_by(by).len().sort(by).iter_rows())
    return [(name, share) for name, share in fair_shares(available, wanted, seed).items() if share]


def _drawn(pairs: pl.DataFrame, number: int, seed: int) -> list[int]:
    """The rows of those with the least hashes."""
    if number == pairs.height:
        return pairs[_ROW].to_list()
    names = sorted((_hash(seed, a, b), row) for row, a, b in pairs.select(_ROW, "image_a", "image_b").iter_rows())
    return [row for _, row in names[:number]]


def _hash(seed: int, *names: str) -> str:
    return hashlib.sha256("\0".join((str(seed), *names)).encode()).hexdigest()
