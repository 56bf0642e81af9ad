"""What all pictures share: matplotlib, which is an extra and takes a while to import, and files of PNG or SVG."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fgresq.errors import OutputError, UserError
from fgresq.files import written_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg")


def check_picture(path: Path) -> None:
    """Refuse a name that says neither PNG nor SVG.

    Raises:
        OutputError: another suffix.
    """
    if path.suffix.lower() not in FORMATS:
        raise OutputError(f"{path}: the name must end in {' or '.join(FORMATS)}")


def new_figure(width: float, height: float, extra: str) -> "Figure":
    """An empty figure.

    Args:
        width, height: in inches.
        extra: of this package, that brings matplotlib to who draws this.

    Raises:
        UserError: matplotlib isn't installed.
    """
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UserError(f"drawing needs matplotlib: pip install 'fgresq[{extra}]'") from error
    return Figure(figsize=(width, height), layout="constrained")


def grid(
    count: int, extra: str, *, columns: int = 3, width: float = 5.2, height: float = 4.0
) -> "tuple[Figure, list[Axes]]":
    """A figure of panels, row by row.

    Args:
        count: of the panels, at least 1.
        extra: as in `new_figure`.
        columns: in a row at most.
        width, height: of a panel, in inches.

    Raises:
        UserError: as `new_figure`.
    """
    columns = min(columns, count)
    rows = -(-count // columns)
    figure = new_figure(width * columns, height * rows, extra)
    axes = list(np.ravel(figure.subplots(rows, columns, squeeze=False)))
    for axis in axes[count:]:
        axis.remove()
    return figure, axes[:count]


def save_picture(figure: "Figure", path: Path) -> None:
    """Write a figure; the same drawing gives the same SVG or PDF, byte by byte.

    Raises:
        OutputError: it can't be written there.
    """
    from matplotlib import rc_context  # noqa: PLC0415 - an extra

    kind = path.suffix[1:].lower()
    with rc_context({"svg.hashsalt": "fgresq"}), written_whole(path) as temporary:
        undated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
        figure.savefig(temporary, format=kind, dpi=130, metadata=undated.get(kind))
