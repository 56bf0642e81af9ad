"""How alike the images of pairs are, as a picture, and where the JND filter cuts."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fgresq.errors import UserError
from fgresq.files import written_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = 3


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
    try:
        from matplotlib import rc_context  # noqa: PLC0415 - an extra
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise UserError("drawing needs matplotlib: pip install 'fgresq[curate]'") from error
    sources = counts["source"].unique().sort().to_list()
    columns = min(_COLUMNS, len(sources))
    rows = -(-len(sources) // columns)
    figure = Figure(figsize=(5.2 * columns, 3.6 * rows), layout="constrained")
    axes = list(np.ravel(figure.subplots(rows, columns, squeeze=False)))
    for axis, source in zip(axes, sources, strict=False):
        _draw_panel(axis, source, counts.filter(source=source), threshold, bins)
    for axis in axes[len(sources) :]:
        axis.remove()
    with rc_context({"svg.hashsalt": "fgresq"}), written_whole(path) as temporary:
        figure.savefig(temporary, format="svg", metadata={"Date": None})


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
