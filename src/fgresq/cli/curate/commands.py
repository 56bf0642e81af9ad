"""`fgresq curate build | calibrate | jnd | threshold`."""

import typer

from fgresq.cli.curate.build import build
from fgresq.cli.curate.calibrate import calibrate
from fgresq.cli.curate.jnd import jnd, threshold

app = typer.Typer(help="Make fine-grained pairs from source data sets.", no_args_is_help=True)
app.command(name="build")(build)
app.command(name="calibrate")(calibrate)
app.command(name="jnd")(jnd)
app.command(name="threshold")(threshold)


@app.callback()
def _curate() -> None:
    """Make fine-grained pairs from source data sets."""
