"""`fgresq curate jnd | threshold`."""

import math
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fgresq.cli.options import Address, EngineName, EngineOption, Workers, check_output, spread_over
from fgresq.cli.terminal import cell, notes, progress_bar, results
from fgresq.errors import UserError

if TYPE_CHECKING:
    from fgresq.curation.jnd.noise import JndNoise


class SignName(StrEnum):
    """Which way JND noise moves a pixel."""

    PLUS = "plus"
    MINUS = "minus"
    RANDOM = "random"


_Gain = Annotated[float, typer.Option(min=0, help="Factor of the JND map; 1 as in the paper.")]
_Sign = Annotated[SignName, typer.Option(help="Of the noise: the same everywhere, or random for each pixel.")]
_Seed = Annotated[int, typer.Option(min=0, help="Of all random choices.")]


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
    workers: Workers = None,
    engine: EngineOption = EngineName.PROCESSES,
    address: Address = None,
) -> None:
    """Measure the JND filter's threshold (eq. 3): the median SSIM between images and their JND-noised versions.

    An image that can't be used is named and counted, and the exit code is 1.
    """
    from fgresq.curation.jnd.threshold import jnd_threshold, write_threshold
    from fgresq.images.discover import find_images

    check_output(output, (".json",))
    noise, found = _noise(gain, sign), find_images(paths)
    drawn = min(wanted, len(found))
    with progress_bar("measuring", drawn) as bar, spread_over(engine, workers, address, drawn) as spread:
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
