"""How alike the images of pairs are, as a picture, and where the JND filter cuts."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fgresq.errors import UserError
from fgresq.report.picture import grid, save_picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_ssims(counts: pl.DataFrame, threshold: float, bins: int, path: Path) -> None:
    """Draw one panel a source: the number of pairs by SSIM, each task in its colour, and the threshold.

    Args:
        counts: source, task, from (lower end of a bin), pairs; of the pairs that passed the coarse filter.
        threshold: SSIM_med of eq. 3; pairs to its right were dropped.
        bins: of the range from 0 to 1.
        path: to write; .svg.

    Raises:
        UserError: there is nothing to draw, or matplotlib isn't installed.
        OutputError: it can't be written there.
    """
    if not counts.height:
        raise UserError("no pair was judged; there is nothing to draw")
    sources = counts["source"].unique().sort().to_list()
    figure, axes = grid(len(sources), "curate", height=3.6)
    for axis, source in zip(axes, sources, strict=True):
        _draw_panel(axis, source, counts.filter(source=source), threshold, bins)
    save_picture(figure, path)


def _draw_panel(axis: "Axes", source: str, counts: pl.DataFrame, threshold: float, bins: int) -> None:
    for number, task in enumerate(counts["task"].unique().sort()):
        of_task = counts.filter(task=task)
        pairs = np.zeros(bins)
        pairs[np.rint(of_task["from"].to_numpy() * bins).astype(int)] = of_task["pairs"].to_numpy()
        label = f"{task}, {int(pairs.sum()):,} pairs"
        axis.stairs(pairs, np.arange(bins + 1) / bins, fill=True, alpha=0.45, color=f"C{number}", label=label)
    axis.axvline(threshold, color="black", linestyle="--", linewidth=1, label=f"threshold {threshold:.4f}")
    axis.set(title=source, xlabel="SSIM of the pair", ylabel="pairs", xlim=(float(counts["from"].min()), 1))  # type: ignore[arg-type]
    axis.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.2))
