"""`fgresq metrics`: which metrics there are, and what runs them."""

import typer

from fgresq.cli.metrics import engines, show

app = typer.Typer(help="See which metrics there are, and install what runs other people's.", no_args_is_help=True)
app.command(name="list")(show.list_metrics)
app.command(name="show")(show.show)
app.command(name="engines")(engines.list_engines)
app.command(name="install")(engines.install)
app.command(name="remove")(engines.remove)
