"""Standings by name: who is where, which groups there are, and every two algorithms against each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from fgresq.criteria.significance import holm
from fgresq.criteria.standings import Standings, called_better
from fgresq.results import AlgorithmPair, ComparedGroup


@dataclass(frozen=True, slots=True)
class NamedStandings:
    """Standings with the names, and the outcomes they are of.

    Attributes:
        names: of the k algorithms.
        found: of them.
        wins, ties: of every content, as `standings` takes them.
    """

    names: Sequence[str]
    found: Standings
    wins: Float[np.ndarray, "n k k"]
    ties: Float[np.ndarray, "n k k"]

    def order(self) -> list[int]:
        """Group by group, best first, equals by name; lone algorithms last."""
        group, strengths = self.found.group, np.nan_to_num(self.found.strengths)
        return sorted(range(len(self.names)), key=lambda i: (group[i] < 0, group[i], -strengths[i], self.names[i]))

    def place(self, i: int) -> int | None:
        """In its group, from 1; equal strengths share one."""
        if self.found.group[i] < 0:
            return None
        peers = self.found.group == self.found.group[i]
        return 1 + int((self.found.strengths[peers] > self.found.strengths[i]).sum())

    def not_separated_from(self, i: int) -> tuple[str, ...]:
        """Others of its group, best first, where neither is called better."""
        better = self.found.better | self.found.better.T
        alike = (self.found.group == self.found.group[i]) & ~better[i] & (self.found.group[i] >= 0)
        return tuple(self.names[j] for j in self.order() if alike[j] and j != i)

    def groups(self) -> tuple[ComparedGroup, ...]:
        """Connected algorithms, and how many contents have some and all of them."""
        there = ((self.wins + self.ties).sum(axis=2) > 0) | (self.wins.sum(axis=1) > 0)
        numbers = range(self.found.group.max(initial=-1) + 1)
        members = [[i for i in self.order() if self.found.group[i] == number] for number in numbers]
        return tuple(
            ComparedGroup(
                tuple(self.names[i] for i in some),
                contents=int(there[:, some].any(axis=1).sum()),
                common=int(there[:, some].all(axis=1).sum()),
            )
            for some in members
        )

    def pairs(self) -> tuple[AlgorithmPair, ...]:
        """Every two algorithms, in order."""
        order = self.order()
        return tuple(
            self._pair(i, j, self.found.adjusted[i, j]) for place, i in enumerate(order) for j in order[place + 1 :]
        )

    def against(self, baseline: str) -> tuple[AlgorithmPair, ...]:
        """Every other algorithm against one of the names, corrected for these comparisons only: they were asked for."""
        j = self.names.index(baseline)
        others = [i for i in self.order() if i != j]
        adjusted = holm([number(self.found.p[i, j]) for i in others])
        return tuple(self._pair(i, j, np.nan if p is None else p) for i, p in zip(others, adjusted, strict=True))

    def _pair(self, i: int, j: int, adjusted: float) -> AlgorithmPair:
        found = self.found
        said = np.array([self.wins[:, i, j].sum(), self.wins[:, j, i].sum(), self.ties[:, i, j].sum()])
        first, second, equal = said / said.sum() if said.any() else np.full(3, np.nan)
        called = called_better(found.difference[i, j], found.lead[i, j], adjusted, found.level)
        return AlgorithmPair(
            first=self.names[i],
            second=self.names[j],
            contents=int(found.contents[i, j]),
            p_first_better=number(first),
            p_second_better=number(second),
            p_equal=number(equal),
            difference=number(found.difference[i, j]),
            low=number(found.difference_low[i, j]),
            high=number(found.difference_high[i, j]),
            p=number(found.p[i, j]),
            p_adjusted=number(adjusted),
            better=None if called == 0 else self.names[i if called > 0 else j],
        )


def number(value: float) -> float | None:
    """None for NaN: a table's word for what isn't known."""
    return None if np.isnan(value) else float(value)
