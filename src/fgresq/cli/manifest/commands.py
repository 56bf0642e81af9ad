"""`fgresq manifest`: data sets for other programs, and from them."""

import typer

from fgresq.cli.manifest.export import export
from fgresq.cli.manifest.importing import import_

app = typer.Typer(help="Exchange data sets with other programs.", no_args_is_help=True)
app.command(name="export")(export)
app.command(name="import")(import_)


@app.callback()
def _manifest() -> None:
    """Exchange data sets with other programs."""
