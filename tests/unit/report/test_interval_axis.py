import itertools

import pytest

from fgresq.report.interval_axis import interval_axis
from fgresq.results import AlgorithmStanding


def standing(strength: float, low: float | None = None, high: float | None = None) -> AlgorithmStanding:
    return AlgorithmStanding(1, "a", strength, low, high, None, 0, 0, 0, None, 1, ())


@pytest.mark.parametrize(
    ("rows", "ticks"),
    [
        ([standing(1.4, 0.9, 2.0), standing(-1.5, -2.1, -1.1)], [-2, -1, 0, 1, 2]),
        ([standing(0.03, 0.01, 0.05), standing(-0.03)], [-0.02, 0, 0.02, 0.04]),
        ([standing(30.0), standing(-30.0)], [-20, 0, 20]),
        ([], [0]),
    ],
)
def test_ticks_are_round_and_hold_zero(rows: list[AlgorithmStanding], ticks: list[float]) -> None:
    assert interval_axis(rows).ticks == pytest.approx(ticks)


def test_everything_lies_on_the_axis_and_to_scale() -> None:
    axis = interval_axis([standing(1.0, 0.5, 2.0), standing(-1.0, -2.0, -0.5)])
    places = [axis.position(value) for value in (-2.0, -1.0, 0.0, 1.0, 2.0)]
    assert places[2] == 50.0
    assert 0 < places[0] < places[-1] < 100
    assert [b - a for a, b in itertools.pairwise(places)] == pytest.approx([places[1] - places[0]] * 4, abs=0.02)


def test_labels_have_a_sign_and_only_the_decimals_they_need() -> None:
    whole = interval_axis([standing(2.0), standing(-2.0)])
    fine = interval_axis([standing(0.05), standing(-0.05)])
    assert [whole.label(tick) for tick in (-1.0, 0.0, 1.0)] == ["−1", "0", "+1"]
    assert fine.label(0.02) == "+0.02"
