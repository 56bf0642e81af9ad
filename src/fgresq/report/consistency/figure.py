"""Figure 4 for any data: the scatter of score differences and preferences, and how often they disagree."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from fgresq.criteria.consistency import Consistency, DifferenceBin, frequencies
from fgresq.errors import UserError
from fgresq.report.picture import check_picture, new_figure, save_picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours, which colour-blind people tell apart; the marker's shape says the same as the colour.
_AGREES, _DISAGREES, _NEITHER = "#0072B2", "#D55E00", "#777777"
_LARGEST = 300  # square points; the area of a marker is its share of pairs, not its diameter
_SMALLEST = 3


@dataclass(frozen=True, slots=True)
class Panel:
    """What is drawn in one row.

    Attributes:
        name: of the source, or what stands for all.
        difference, balance: as `fgresq.criteria.consistency.consistency` takes them.
        found: what it answered.
    """

    name: str
    difference: Float[np.ndarray, " m"]
    balance: Float[np.ndarray, " m"]
    found: Consistency


def draw_consistency(panels: Sequence[Panel], path: Path) -> None:
    """Draw one row a panel: the scatter with its inconsistent regions, and the rate of every bin with its intervals.

    Args:
        panels: at least one.
        path: to write; .png or .svg.

    Raises:
        UserError: there is no panel, or matplotlib isn't installed.
        OutputError: another suffix, or it can't be written there.
    """
    check_picture(path)
    if not panels:
        raise UserError("there is nothing to draw")
    figure = new_figure(11.0, 4.4 * len(panels), "curate")
    axes = figure.subplots(len(panels), 2, squeeze=False)
    for (left, right), panel in zip(axes, panels, strict=True):
        _draw_scatter(left, panel)
        _draw_rates(right, panel)
    save_picture(figure, path)


def _draw_scatter(axis: "Axes", panel: Panel) -> None:
    x, y, pairs = frequencies(panel.difference, panel.balance)
    reach = 1.04 * max(np.abs(x).max(), 0.05)
    for corner in ((0, -1.12), (-reach, 0)):
        axis.fill_between(
            (corner[0], corner[0] + reach), corner[1], corner[1] + 1.12, color=_DISAGREES, alpha=0.12, linewidth=0
        )
    area = np.maximum(_LARGEST * pairs / pairs.max(), _SMALLEST)
    verdict = np.sign(x) * np.sign(y)
    for sign, colour, marker, label in (
        (1, _AGREES, "o", "consistent"),
        (-1, _DISAGREES, "D", "inconsistent"),
        (0, _NEITHER, "s", "equal scores or votes"),
    ):
        here = verdict == sign
        count = int(pairs[here].sum())
        axis.scatter(x[here], y[here], area[here], color=colour, marker=marker, alpha=0.65, linewidths=0)
        axis.scatter((), (), 30, color=colour, marker=marker, linewidths=0, label=f"{label}, {count:,} pairs")
    axis.axhline(0, color="black", linewidth=0.6)
    axis.axvline(0, color="black", linewidth=0.6)
    axis.set(
        title=f"{panel.name}: {int(pairs.sum()):,} pairs (largest mark: {pairs.max():,})",
        xlabel="MOS of A − MOS of B, normalised",
        ylabel="share of votes for A − share for B",
        xlim=(-reach, reach),
        ylim=(-1.12, 1.12),
    )
    axis.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3)


def _draw_rates(axis: "Axes", panel: Panel) -> None:
    bins = [part for part in panel.found.bins if part.rate is not None]
    highest = 0.5
    for place, part in enumerate(bins):
        axis.bar(place, part.rate or 0.0, 0.72, color=_DISAGREES, alpha=0.35, linewidth=0)
        for interval, shift, style in ((part.wilson, -0.1, "-"), (part.over_contents, 0.1, ":")):
            if interval is not None:
                axis.plot((place + shift, place + shift), interval, color="black", linestyle=style, linewidth=1.6)
                highest = max(highest, interval[1])
    axis.plot((), (), color="black", label="95 % interval, pairs taken as independent")
    if any(part.over_contents is not None for part in bins):
        axis.plot((), (), color="black", linestyle=":", label="95 % interval over contents")
    overall = panel.found.overall.rate
    if overall is not None:
        axis.axhline(overall, color=_DISAGREES, linewidth=1.2, linestyle="--", label=f"all pairs: {overall:.1%}")
    axis.axhline(0.5, color=_NEITHER, linewidth=0.8, label="chance")
    axis.set(
        title="inconsistent pairs by MOS difference",
        xlabel="|MOS difference|, normalised",
        ylabel="share of pairs with a preference",
        ylim=(0, 1.3 * highest),  # room for the legend
    )
    names = [f"{_ends(part)}\nn {part.pairs - part.judged_equal:,}" for part in bins]
    axis.set_xticks(range(len(bins)), names, fontsize=7)
    axis.legend(frameon=False, fontsize=8, loc="upper right")


def _ends(part: DifferenceBin) -> str:
    return f"over {part.above:g}" if math.isinf(part.up_to) else f"to {part.up_to:g}"
