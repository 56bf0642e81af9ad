"""Score differences of pairs as a picture: how they spread, and what each threshold would keep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fgresq.errors import UserError
from fgresq.report.picture import check_picture, grid, save_picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHOWN = 0.995  # of the pairs; the few farthest apart would only squeeze the rest
_BARS = 4  # bins a bar: labels of two digits leave gaps in finer ones


@dataclass(frozen=True, slots=True)
class Differences:
    """The score differences of one source's pairs.

    Attributes:
        source: its name.
        spread: what differences were divided by, on the source's own scale.
        tau: the chosen threshold, normalised; None when every pair is kept.
        pairs: task to the number of pairs in each bin. Bin k > 0 ends at k / bins and bin 0 holds the pairs that don't
            differ; all tasks have the same number of bins.
        bins: of the range from 0 to 1.
    """

    source: str
    spread: float
    tau: float | None
    pairs: Mapping[str, Sequence[int]]
    bins: int


def draw_differences(panels: Sequence[Differences], path: Path) -> None:
    """Draw one panel a source.

    The histogram is each task's share of pairs a bin (left axis); the line is the share of pairs that a threshold would
    keep (right axis); the vertical line is the chosen threshold.

    Args:
        panels: at least one.
        path: to write; .png or .svg.

    Raises:
        UserError: there is no panel, or matplotlib isn't installed.
        OutputError: another suffix, or it can't be written there.
    """
    check_picture(path)
    if not panels:
        raise UserError("no pair has two scores; there is nothing to draw")
    figure, axes = grid(len(panels), "curate")
    for axis, panel in zip(axes, panels, strict=True):
        _draw_panel(axis, panel)
    save_picture(figure, path)


def _draw_panel(axis: "Axes", panel: Differences) -> None:
    kept_axis = axis.twinx()
    end = 2 * _BARS / panel.bins
    for number, (task, counts) in enumerate(panel.pairs.items()):
        total, colour = max(sum(counts), 1), f"C{number}"
        within = np.arange(len(counts)) / panel.bins  # a pair of bin k differs by at most k / bins
        bars = np.bincount(np.maximum(np.arange(len(counts)) - 1, 0) // _BARS, weights=counts) / total
        axis.stairs(bars, np.arange(len(bars) + 1) * _BARS / panel.bins, fill=True, alpha=0.25, color=colour)
        kept = np.cumsum(counts) / total
        kept_axis.plot(within, kept, color=colour, linewidth=1.4, label=f"{task}, {sum(counts):,} pairs")
        end = max(end, float(within[np.argmax(kept >= _SHOWN)]))
    if panel.tau is not None:
        axis.axvline(panel.tau, color="black", linestyle="--", linewidth=1)
        place = (panel.tau, 0.98)
        label = f" tau {panel.tau * panel.spread:.4g}"
        axis.annotate(label, place, xycoords=("data", "axes fraction"), va="top", fontsize=8)
        end = max(end, 1.1 * panel.tau)
    axis.set(
        title=panel.source,
        xlabel=f"score difference / {panel.spread:.4g}",
        ylabel=f"share of pairs a {_BARS / panel.bins:g} (bars)",
        xlim=(0, end),
    )
    kept_axis.set(ylabel="share of pairs kept (line)", ylim=(0, 1))
    kept_axis.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.2))
