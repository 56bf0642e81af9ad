"""The strengths of a training's checkpoints as a curve on a ranking's page: where each point and its interval lie."""

from collections.abc import Sequence
from dataclasses import dataclass

from fgresq.report.interval_axis import IntervalAxis, interval_axis
from fgresq.report.wording import signed
from fgresq.results import CurvePoint, TrainingCurve

_ROOM = 16.0  # percent that a step of six digits takes under the axis on a phone
_INSET = 4.0  # percent on either side, so that the outermost dots and numbers have room


@dataclass(frozen=True, slots=True)
class DrawnPoint:
    """A checkpoint with a strength.

    Attributes:
        step: as it is written under the axis; empty where its neighbours' numbers need the room.
        x, y: place in percent, from the left and from the top.
        low_y, high_y: of the ends of its interval; None without one.
        best: whether it is the best of all.
        words: what a reader who doesn't see the drawing hears.
    """

    step: str
    x: float
    y: float
    low_y: float | None
    high_y: float | None
    best: bool
    words: str


@dataclass(frozen=True, slots=True)
class DrawnCurve:
    """Attributes: its title; labels of strength with their place from the top; points in the order of their steps."""

    title: str
    ticks: tuple[tuple[str, float, bool], ...]
    points: tuple[DrawnPoint, ...]


def drawn_curve(curve: TrainingCurve) -> DrawnCurve | None:
    """Where everything lies; None where fewer than two checkpoints have a strength."""
    points = [point for point in curve.points if point.strength is not None]
    if len(points) < 2:
        return None
    axis = interval_axis(points)
    first, last = points[0].step, points[-1].step
    best = max(range(len(points)), key=lambda i: (points[i].strength or 0.0, -i))
    places = [_INSET + (100 - 2 * _INSET) * (point.step - first) / max(last - first, 1) for point in points]
    named = _named(places, best)
    drawn = tuple(
        _drawn(point, axis, place, i == best, i in named)
        for i, (point, place) in enumerate(zip(points, places, strict=True))
    )
    ticks = tuple((axis.label(tick), 100 - axis.position(tick), tick == 0) for tick in axis.ticks)
    return DrawnCurve(f"checkpoints of {curve.name}" if curve.name else "checkpoints", ticks, drawn)


def _drawn(point: CurvePoint, axis: IntervalAxis, x: float, best: bool, named: bool) -> DrawnPoint:
    strength = point.strength or 0.0
    words = f"{point.step}: {signed(strength)}"
    low, high = (None if end is None else round(100 - axis.position(end), 2) for end in (point.low, point.high))
    if point.low is not None and point.high is not None:
        words += f" ({signed(point.low)} to {signed(point.high)})"
    y = round(100 - axis.position(strength), 2)
    return DrawnPoint(str(point.step) if named else "", round(x, 2), y, low, high, best, words)


def _named(places: Sequence[float], best: int) -> set[int]:
    """Which points have their step under the axis: the best, the last, the first, and those between that have room."""
    last = len(places) - 1
    named: set[int] = set()
    for i in (best, last, 0, *range(1, last)):
        if all(abs(places[i] - places[j]) >= _ROOM for j in named):
            named.add(i)
    return named
