"""`fgresq`: the commands, and what happens when one fails."""

import io
import sys
import warnings
from typing import Annotated

import typer

from fgresq.cli import compare, curate, rank, restorers, score, sources, synth, train, weights
from fgresq.cli.annotate.commands import app as annotate
from fgresq.cli.benchmark.commands import app as benchmark
from fgresq.cli.consistency.commands import consistency
from fgresq.cli.manifest.commands import app as manifest
from fgresq.cli.metrics.commands import app as metrics
from fgresq.cli.terminal import notes, one_line
from fgresq.errors import FgresqError
from fgresq.version import __version__

app = typer.Typer(
    name="fgresq",
    help="Judge restored images: score one, compare two, rank algorithms.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(name="score")(score.score)
app.command(name="compare")(compare.compare)
app.command(name="rank")(rank.rank)
app.command(name="synth")(synth.synth)
app.command(name="restorers")(restorers.restorers)
app.add_typer(weights.app, name="weights")
app.add_typer(train.app, name="train")
app.add_typer(sources.app, name="sources")
curate.app.command(name="consistency")(consistency)
app.add_typer(curate.app, name="curate")
app.add_typer(metrics, name="metrics")
app.add_typer(manifest, name="manifest")
app.add_typer(benchmark, name="benchmark")
app.add_typer(annotate, name="annotate")


def _print_version(wanted: bool) -> bool:
    if wanted:
        typer.echo(f"fgresq {__version__}")
        raise typer.Exit
    return wanted


@app.callback()
def _global_options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Options before the command."""


def main() -> None:
    """Run a command; exit 0 when all went well, 1 when a part failed, 2 for a mistake in the request."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that lacks a character shows its code
            stream.reconfigure(errors="backslashreplace")
    # Pillow warns of odd metadata and of large pictures; neither keeps a picture from being judged.
    warnings.filterwarnings("ignore", module="PIL")
    try:
        app()
    except FgresqError as error:
        notes.print(one_line(f"fgresq: {error}"), markup=False, highlight=False, soft_wrap=True)
        sys.exit(error.exit_code)
