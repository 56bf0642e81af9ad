"""What a consistency analysis found, as tables for programs."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from fgresq.criteria.consistency import DifferenceBin, frequencies
from fgresq.report.consistency.figure import Panel

_SIDES = ("low", "high")


def bins_table(panels: Sequence[Panel]) -> pl.DataFrame:
    """One row a bin and, with bin `all`, one for all pairs of a panel."""
    rows = []
    for panel in panels:
        for name, part in (("all", panel.found.overall), *(("", part) for part in panel.found.bins)):
            rows.append({"name": panel.name, "bin": name or _name(part), **_row(part)})
    return pl.DataFrame(rows, infer_schema_length=None).cast(
        {f"{kind}_{side}": pl.Float64 for kind in ("wilson", "contents") for side in _SIDES}
    )


def points_table(panels: Sequence[Panel]) -> pl.DataFrame:
    """One row a point of a scatter, with the number of pairs that it stands for."""
    tables = []
    for panel in panels:
        x, y, pairs = frequencies(panel.difference, panel.balance)
        points = pl.DataFrame({"difference": x, "balance": y, "pairs": pairs})
        tables.append(points.select(pl.lit(panel.name).alias("name"), pl.all()))
    return pl.concat(tables)


def inconsistent_table(pairs: pl.DataFrame, panel: Panel) -> pl.DataFrame:
    """The inconsistent pairs of a panel, those whose scores differ most first.

    Args:
        pairs: of `read_votes`, those that the panel was made from and in its order.
        panel: of all of them.
    """
    found = pairs.with_columns(difference=panel.difference, balance=panel.balance)
    found = found.filter(pl.Series(panel.found.inconsistent))
    return found.sort(pl.col("difference").abs(), descending=True, maintain_order=True)


def _name(part: DifferenceBin) -> str:
    return "equal scores" if part.up_to == 0 else f"{part.above:g} to {part.up_to:g}"


def _row(part: DifferenceBin) -> dict[str, float | int | None]:
    row: dict[str, float | int | None] = {
        "above": part.above,
        "up_to": None if np.isinf(part.up_to) else part.up_to,
        "pairs": part.pairs,
        "judged_equal": part.judged_equal,
        "inconsistent": part.inconsistent,
        "rate": part.rate,
    }
    for kind, interval in (("wilson", part.wilson), ("contents", part.over_contents)):
        for side, end in zip(_SIDES, interval or (None, None), strict=True):
            row[f"{kind}_{side}"] = end
    return row
