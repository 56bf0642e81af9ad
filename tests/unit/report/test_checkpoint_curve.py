"""Where the checkpoints of a training lie on a ranking's page."""

import itertools

import pytest

from fgresq.report.checkpoint_curve import drawn_curve
from fgresq.results import CurvePoint, TrainingCurve


def point(step: int, strength: float | None, half: float | None = 0.1) -> CurvePoint:
    ends = (None, None) if strength is None or half is None else (strength - half, strength + half)
    return CurvePoint(step, f"iter_{step}", strength, *ends, 0.5, step, None)


def test_steps_go_to_the_right_and_strengths_up_in_proportion() -> None:
    found = drawn_curve(TrainingCurve("net", (point(1000, -1.0), point(2000, 0.5), point(5000, 0.0))))
    assert found is not None
    assert found.title == "checkpoints of net"
    a, b, c = found.points
    assert a.x < b.x < c.x
    assert (c.x - a.x) / (b.x - a.x) == pytest.approx(4, rel=1e-3)
    assert (a.y - b.y) / (c.y - b.y) == pytest.approx(3, rel=1e-2)
    assert [each.best for each in (a, b, c)] == [False, True, False]
    for each in (a, b, c):
        assert 0 < each.high_y < each.y < each.low_y < 100
    (zero,) = [y for _, y, is_zero in found.ticks if is_zero]
    assert zero == pytest.approx(c.y, abs=0.02)
    assert b.words == "2000: +0.50 (+0.40 to +0.60)"


def test_without_an_interval_or_a_strength() -> None:
    found = drawn_curve(TrainingCurve("", (point(1, 0.2, None), point(2, None), point(3, 0.4, None))))
    assert found is not None
    assert found.title == "checkpoints"
    assert [(each.step, each.low_y, each.high_y) for each in found.points] == [("1", None, None), ("3", None, None)]
    assert drawn_curve(TrainingCurve("", (point(1, 0.2), point(2, None)))) is None


def test_the_earliest_of_equals_is_the_best() -> None:
    found = drawn_curve(TrainingCurve("", tuple(point(step, 0.0) for step in (1, 2, 3))))
    assert [each.best for each in found.points] == [True, False, False]


@pytest.mark.parametrize("best", [0, 1, 20, 38, 39])
def test_of_many_steps_a_few_are_written_the_best_among_them(best: int) -> None:
    points = tuple(point(100 * (i + 1), 1.0 if i == best else 0.0) for i in range(40))
    found = drawn_curve(TrainingCurve("", points))
    written = [i for i, each in enumerate(found.points) if each.step]
    assert best in written
    assert (0 in written, 39 in written) == (best != 1, best != 38), "where the best leaves room for them"
    places = [found.points[i].x for i in written]
    assert min(b - a for a, b in itertools.pairwise(places)) >= 16, "no number runs into the next one on a phone"
    assert 4 <= len(written) <= 6
