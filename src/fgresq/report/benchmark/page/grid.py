"""A matrix of significance as a grid of cells, and what it says in words."""

from dataclasses import dataclass

from fgresq.results import MetricTest, SignificanceMatrix

LEVEL = 0.05
"""Of the tests, after Holm's correction."""

FEWEST_CONTENTS = 6
"""With fewer, nothing is called better: that 5 contents all say the same has a chance of 2 / 2^5, above the level."""

FEW_CONTENTS = 20
"""With fewer, percentile intervals are known to be too short (docs/criteria.md: at 8 contents they hold 81 %)."""


@dataclass(frozen=True, slots=True)
class GridCell:
    """The row's metric against the column's.

    Attributes:
        difference: the row's criterion less the column's; None where it is undefined, or on the diagonal.
        low, high: its interval.
        p: adjusted; None where it is undefined.
        verdict: "better", "worse" or "open"; "none" where nothing was tested.
    """

    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    verdict: str


_NOTHING = GridCell(None, None, None, None, "none")


def grid(matrix: SignificanceMatrix) -> tuple[tuple[GridCell, ...], ...]:
    """The tests in both directions."""
    size = len(matrix.titles)
    cells = [[_NOTHING] * size for _ in range(size)]
    enough = matrix.contents >= FEWEST_CONTENTS
    for test in matrix.tests:
        cells[test.first][test.second] = _cell(test, 1, enough)
        cells[test.second][test.first] = _cell(test, -1, enough)
    return tuple(map(tuple, cells))


def _cell(test: MetricTest, sign: int, enough: bool) -> GridCell:
    if test.difference is None or test.low is None or test.high is None or test.adjusted is None:
        return _NOTHING
    difference = sign * test.difference
    low, high = (test.low, test.high) if sign > 0 else (-test.high, -test.low)
    separated = enough and test.adjusted < LEVEL and difference != 0
    verdict = ("better" if difference > 0 else "worse") if separated else "open"
    return GridCell(difference, low, high, test.adjusted, verdict)


def not_separated_from_best(matrix: SignificanceMatrix) -> tuple[str, ...]:
    """Metrics that the tests don't set apart from the one with the highest figure."""
    cells = grid(matrix)
    return tuple(
        title for title, cell in zip(matrix.titles, cells[0] if cells else (), strict=False) if cell.verdict == "open"
    )


def caveats(matrix: SignificanceMatrix, resamples: int) -> tuple[str, ...]:
    """What keeps the tests from being taken at their word."""
    found = []
    if matrix.tests and matrix.contents < FEWEST_CONTENTS:
        found.append(
            f"{matrix.contents} contents are too few to call any difference real: that all point the same way has a "
            f"chance of {2 ** (1 - matrix.contents):.2g} where there is none. The p-values are too small."
        )
    elif matrix.tests and matrix.contents < FEW_CONTENTS:
        found.append(
            f"With only {matrix.contents} contents, intervals are too short and p-values too small: a hint, no more."
        )
    tests = sum(test.p is not None for test in matrix.tests)
    if tests * 2 / (resamples + 1) > LEVEL:
        found.append(
            f"With {resamples:,} resamples no p is below {2 / (resamples + 1):.2g}, and none can pass the correction "
            f"over {tests} tests; more --resamples are needed."
        )
    return tuple(found)


def headlines(matrices: tuple[SignificanceMatrix, ...]) -> tuple[SignificanceMatrix, ...]:
    """The matrices that the page's summary is of: means over tasks where there are some, else the first few."""
    averages = tuple(matrix for matrix in matrices if matrix.group == "Average" and matrix.titles)
    return averages or tuple(matrix for matrix in matrices if matrix.titles)[:3]
