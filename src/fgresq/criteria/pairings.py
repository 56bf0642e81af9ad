"""Standings by name: who is where, which groups there are, and every two algorithms against each other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from fgresq.criteria.significance import holm
from fgresq.criteria.standings import Standings
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
        return self._pairs(
            [(i, j, self.found.adjusted[i, j]) for a, i in enumerate(order) for j in order[a + 1 :]],
        )

    def against(self, baseline: str, level: float) -> tuple[AlgorithmPair, ...]:
        """Every other algorithm against one, corrected for these comparisons only, since they alone were asked for.

        Args:
            baseline: one of the names.
            level: of the corrected p below which one is called better.
        """
        j = self.names.index(baseline)
        others = [i for i in self.order() if i != j]
        adjusted = holm([number(self.found.p[i, j]) for i in others])
        lead = np.sign(self.found.difference[:, j])
        agree = lead == np.sign(self.found.lead[:, j])
        corrected = [(i, np.nan if p is None else p) for i, p in zip(others, adjusted, strict=True)]
        return self._pairs(
            [(i, j, p) for i, p in corrected],
            better={(i, j): lead[i] for i, p in corrected if p < level and agree[i]},
        )

    def _pairs(
        self, pairs: Iterable[tuple[int, int, float]], better: dict[tuple[int, int], float] | None = None
    ) -> tuple[AlgorithmPair, ...]:
        found, wins, ties = self.found, self.wins.sum(axis=0), self.ties.sum(axis=0)
        total = wins + wins.T + ties
        total = np.where(total > 0, total, np.nan)
        rows = []
        for i, j, adjusted in pairs:
            lead = (float(found.better[i, j]) - found.better[j, i]) if better is None else better.get((i, j), 0.0)
            rows.append(
                AlgorithmPair(
                    self.names[i],
                    self.names[j],
                    int(found.contents[i, j]),
                    number(wins[i, j] / total[i, j]),
                    number(wins[j, i] / total[i, j]),
                    number(ties[i, j] / total[i, j]),
                    number(found.difference[i, j]),
                    number(found.difference_low[i, j]),
                    number(found.difference_high[i, j]),
                    number(found.p[i, j]),
                    number(adjusted),
                    None if lead == 0 else self.names[i if lead > 0 else j],
                )
            )
        return tuple(rows)


def number(value: float) -> float | None:
    """None for NaN: a table's word for what isn't known."""
    return None if np.isnan(value) else float(value)
