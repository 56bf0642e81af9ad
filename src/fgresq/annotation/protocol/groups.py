"""Pairs into groups, one a team."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from fgresq.annotation.protocol.design import StudyDesign
from fgresq.annotation.protocol.draw import draw, shuffled
from fgresq.errors import StudyError


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """A pair as the protocol sees it.

    Attributes:
        number: unique in the study.
        content: the scene that both images show.
    """

    number: int
    content: str


def group_pairs(pairs: Sequence[JudgedPair], design: StudyDesign) -> dict[int, int]:
    """Divide pairs into groups of sizes as equal as can be.

    Contents stay whole unless the design says otherwise: the largest is given first, each to the group that has the
    fewest pairs so far, so sizes differ by at most the largest content. Divided one by one, they differ by at most 1.

    Args:
        pairs: all of the study.
        design: number of groups, seed, whether contents stay whole.

    Returns:
        Number of the pair to number of its group, from 1.

    Raises:
        StudyError: a group would be empty.
    """
    units: dict[object, list[int]] = defaultdict(list)
    for pair in pairs:
        units[pair.content if design.contents_together else pair.number].append(pair.number)
    if len(units) < design.groups:
        what = (
            "contents (which stay together unless the design says otherwise)" if design.contents_together else "pairs"
        )
        raise StudyError(f"{len(units)} {what} can't fill {design.groups} groups; ask for fewer groups")
    sizes = dict.fromkeys(range(1, design.groups + 1), 0)
    ties = {group: place for place, group in enumerate(shuffled(sizes, design.seed, "groups"))}
    group_of = {}
    for unit in sorted(units, key=lambda unit: (-len(units[unit]), draw(design.seed, "unit", unit), str(unit))):
        group = min(sizes, key=lambda group: (sizes[group], ties[group]))
        sizes[group] += len(units[unit])
        group_of.update(dict.fromkeys(units[unit], group))
    return group_of
