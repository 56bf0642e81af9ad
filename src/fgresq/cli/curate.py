"""`fgresq curate calibrate | jnd | threshold`: from source data sets to fine-grained pairs, and looks at each step."""

import math
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from fgresq.cli.options import Output, check_output
from fgresq.cli.terminal import cell, notes, progress_bar, results
from fgresq.errors import UserError

if TYPE_CHECKING:
    import polars as pl

    from fgresq.curation.calibration import Calibration
    from fgresq.curation.jnd.noise import JndNoise
    from fgresq.curation.tau import Tau

app = typer.Typer(help="Make fine-grained pairs from source data sets.", no_args_is_help=True)


class SignName(StrEnum):
    """Which way JND noise moves a pixel."""

    PLUS = "plus"
    MINUS = "minus"
    RANDOM = "random"


_Gain = Annotated[float, typer.Option(min=0, help="Factor of the JND map; 1 as in the paper.")]
_Sign = Annotated[SignName, typer.Option(help="Of the noise: the same everywhere, or random for each pixel.")]
_Seed = Annotated[int, typer.Option(min=0, help="Of all random choices.")]

_SHARES = (0.25, 0.5, 0.75)


@app.callback()
def _curate() -> None:
    """Make fine-grained pairs from source data sets."""


@app.command()
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


@app.command()
def jnd(
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="One image file.")],
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Made if it isn't there.")],
    gain: _Gain = 1.0,
    sign: _Sign = SignName.PLUS,
    seed: _Seed = 0,
) -> None:
    """Write the JND map of an image, and the image with JND noise (eq. 2), to look at."""
    from fgresq.curation.jnd.look import write_jnd_pictures

    pictures = write_jnd_pictures(image, out, _noise(gain, sign), seed)
    levels = f"least {pictures.least:.1f}, median {pictures.median:.1f}, greatest {pictures.greatest:.1f} (white)"
    results.print(cell(f"{pictures.map}: JND in levels of 0 to 255: {levels}"), soft_wrap=True)
    results.print(cell(f"{pictures.noised}: SSIM {pictures.ssim:.4f} to the image"), soft_wrap=True)


@app.command()
def threshold(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, folders, or quoted patterns.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE.json", help="The threshold, for the filter.")],
    wanted: Annotated[int, typer.Option("-n", min=1, help="Images to draw; all when there are fewer.")] = 20_000,
    seed: _Seed = 0,
    gain: _Gain = 1.0,
    sign: _Sign = SignName.PLUS,
    matlab_downsampling: Annotated[
        bool, typer.Option("--matlab-downsampling", help="Shrink images first, as the authors' later ssim.m does.")
    ] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; by default one a core.")] = None,
) -> None:
    """Measure the JND filter's threshold (eq. 3): the median SSIM between images and their JND-noised versions.

    An image that can't be used is named and counted, and the exit code is 1.
    """
    import os

    from fgresq.curation.jnd.threshold import jnd_threshold, write_threshold
    from fgresq.images.discover import find_images
    from fgresq.workers import processes

    check_output(output, (".json",))
    noise, found = _noise(gain, sign), find_images(paths)
    drawn = min(wanted, len(found))
    with progress_bar("measuring", drawn) as bar, processes(min(drawn, workers or os.cpu_count() or 1)) as spread:
        measured = jnd_threshold(
            found,
            wanted=wanted,
            seed=seed,
            noise=noise,
            matlab_downsampling=matlab_downsampling,
            map=spread,
            progress=lambda done: bar.advance(bar.task_ids[0], done),
        )
    write_threshold(output, measured)
    for failure in measured.failed:
        notes.print(cell(f"failed: {failure.failure}", "red"), soft_wrap=True)
    ends = "no interval from one image"
    if measured.interval is not None:
        ends = f"{measured.confidence:.0%} interval {measured.interval[0]:.4f} to {measured.interval[1]:.4f}"
    results.print(f"SSIM threshold {measured.ssim:.4f}, {ends}", style="bold")
    results.print(f"{drawn} of {len(found)} images drawn, {len(measured.failed)} failed; seed {seed}")
    results.print(cell(f"in {output}"), soft_wrap=True)
    if measured.failed:
        raise typer.Exit(1)


def _noise(gain: float, sign: SignName) -> "JndNoise":
    from fgresq.curation.jnd.noise import JndNoise, NoiseSign

    if not math.isfinite(gain):
        raise UserError(f"--gain {gain}: a finite number is needed")
    return JndNoise(gain=gain, sign=NoiseSign(sign.value))


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
