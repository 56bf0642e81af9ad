"""`fgresq manifest`: data sets for other programs, from them, and several as one."""

import typer

from fgresq.cli.manifest.export import export
from fgresq.cli.manifest.importing import import_
from fgresq.cli.manifest.joining import join

app = typer.Typer(help="Exchange data sets with other programs, and join them.", no_args_is_help=True)
app.command(name="export")(export)
app.command(name="import")(import_)
app.command(name="join")(join)


@app.callback()
def _manifest() -> None:
    """Exchange data sets with other programs, and join them."""
