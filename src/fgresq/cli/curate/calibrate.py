"""`fgresq curate calibrate`."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from fgresq.cli.options import Output, check_output
from fgresq.cli.terminal import cell, notes, results
from fgresq.errors import UserError

if TYPE_CHECKING:
    import polars as pl

    from fgresq.curation.calibration import Calibration
    from fgresq.curation.tau import Tau

_SHARES = (0.25, 0.5, 0.75)


def calibrate(
    copies: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME=ROOT...", help="Sources and where they are: a folder, or a CSV (NAME `manifest`)."
        ),
    ],
    tau: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE=TAU",
            help="`own:100`, `normalised:0.1` or `keep-all`; our default where it isn't given. Repeatable.",
        ),
    ] = None,
    output: Output = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the distributions: FILE.png or FILE.svg.")
    ] = None,
) -> None:
    """Show how far apart the scores of pairs lie, and what each tau of the coarse filter (eq. 1) would keep.

    Only labels are needed; images that aren't there are counted all the same.
    """
    import polars as pl

    from fgresq.curation.calibration import calibrate as look
    from fgresq.curation.filters import CoarseFilter, default_tau
    from fgresq.report.frames import write_frame

    check_output(output)
    check_output(picture, (".png", ".svg"))
    images = _labelled(copies)
    taus = {name: default_tau(name) for name in images.filter(pl.col("task").is_not_null())["source"].unique()}
    calibration = look(images, CoarseFilter.for_images(images, {**taus, **_taus(tau or [])}))
    kept = calibration.kept()
    _print_kept(calibration, kept)
    if output is not None:
        write_frame(output, kept)
    if picture is not None:
        _draw(calibration, picture)


def _labelled(copies: list[str]) -> "pl.DataFrame":
    """All images that the copies speak of; what is amiss with a copy is counted, `sources check` names it."""
    import polars as pl

    from fgresq.curation.sources import find_source, scan

    tables = []
    for copy in copies:
        name, equals, root = copy.partition("=")
        if not equals or not root:
            raise UserError(f"{copy}: NAME=ROOT is needed, such as PIPAL=/data/PIPAL")
        found = scan(find_source(name), Path(root))
        if found.missing or found.wrong:
            counts = f"{len(found.missing)} files missing, {len(found.wrong)} labels wrong"
            notes.print(cell(f"{copy}: {counts}; `fgresq sources check` names them", "yellow"), soft_wrap=True)
        tables.append(found.labelled.drop("here"))
    return pl.concat(tables)


def _taus(settings: list[str]) -> dict[str, "Tau"]:
    from fgresq.curation.tau import parse_tau

    taus = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise UserError(f"--tau {setting}: SOURCE=TAU is needed, such as PIPAL=own:100")
        taus[name] = parse_tau(value)
    return taus


def _print_kept(calibration: "Calibration", kept: "pl.DataFrame") -> None:
    """One block a source and task: every tau, the pairs it keeps, and the chosen one marked."""
    quantiles = calibration.quantiles(_SHARES)
    for source, task, pairs, unscored, _ in calibration.pairs.iter_rows():
        rest = f", {unscored:,} of them without scores" if unscored else ""
        results.print(cell(f"\n{source}, {task}: {pairs:,} pairs{rest}".lstrip(), "bold"), soft_wrap=True)
        table = Table(box=None, header_style="bold", pad_edge=False)
        for title in ("tau, own scale", "normalised", "pairs kept", "share", ""):
            table.add_column(title, justify="right", no_wrap=True)
        for row in kept.filter(source=source, task=task).iter_rows(named=True):
            own = "keep-all" if row["tau"] is None else f"{row['tau']:.4g}"
            normalised = "-" if row["normalised"] is None else f"{row['normalised']:.3g}"
            mark = "<- chosen" if row["chosen"] else ""
            style = "bold" if row["chosen"] else ""
            table.add_row(own, normalised, f"{row['kept']:,}", f"{row['share']:.1%}", mark, style=style)
        results.print(table)
        least = quantiles.filter(source=source, task=task).row(0)[2:]
        parts = [f"{share:.0%} at {tau:g}" for share, tau in zip(_SHARES, least, strict=True) if tau is not None]
        if parts:
            results.print(cell(f"keeps (normalised tau): {', '.join(parts)}", "dim"), soft_wrap=True)


def _draw(calibration: "Calibration", path: Path) -> None:
    from fgresq.curation.calibration import BINS
    from fgresq.report.differences import Differences, draw_differences

    panels = []
    for source, spread in calibration.coarse.spreads.items():
        counts = calibration.counts(source)
        if spread is not None and counts:
            tau = calibration.coarse.thresholds[source] / spread
            panels.append(Differences(source, spread, tau if math.isfinite(tau) else None, counts, BINS))
    draw_differences(panels, path)
    results.print(cell(str(path)), soft_wrap=True)
