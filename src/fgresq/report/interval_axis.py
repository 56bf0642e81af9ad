"""The shared axis on which the leaderboard draws every algorithm's strength and interval."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from fgresq.results import AlgorithmStanding, CurvePoint

_MARGIN = 0.06  # of the span on either side, so that no dot touches the edge


@dataclass(frozen=True, slots=True)
class IntervalAxis:
    """Linear axis from `low` to `high`, with `ticks` in between that need `decimals` to be told apart."""

    low: float
    high: float
    ticks: tuple[float, ...]
    decimals: int

    def position(self, value: float) -> float:
        """Place of a value in percent of the axis' length, from the left."""
        return round(100.0 * (value - self.low) / (self.high - self.low), 2)

    def label(self, tick: float) -> str:
        """Tick as text, with its sign."""
        sign = "−" if tick < 0 else "+" if tick > 0 else ""
        return f"{sign}{abs(tick):.{self.decimals}f}"


def interval_axis(standings: Iterable[AlgorithmStanding | CurvePoint]) -> IntervalAxis:
    """Axis that holds every strength, every interval and zero.

    Args:
        standings: the leaderboard, or the checkpoints of a training; may be empty.

    Returns:
        Axis with three to seven ticks at 1, 2 or 5 times a power of ten.
    """
    values = [0.0]
    for row in standings:
        values += [value for value in (row.strength, row.low, row.high) if value is not None]
    span = max(max(values) - min(values), 0.1)
    low, high = min(values) - _MARGIN * span, max(values) + _MARGIN * span
    step = _round_step(span / 5)
    ticks = tuple(step * i for i in range(math.ceil(low / step), math.floor(high / step) + 1))
    return IntervalAxis(low, high, ticks, max(0, -math.floor(math.log10(step) + 1e-9)))


def _round_step(rough: float) -> float:
    """Smallest of 1, 2, 5 times a power of ten that is at least `rough`."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= rough * (1.0 - 1e-9))
