"""`fgresq annotate`: the group; each command is in a module of its own."""

import typer

from fgresq.cli.annotate.aggregate import aggregate
from fgresq.cli.annotate.answers import export, import_
from fgresq.cli.annotate.create import create
from fgresq.cli.annotate.demo import demo
from fgresq.cli.annotate.people import add, withdraw
from fgresq.cli.annotate.serve import links, serve
from fgresq.cli.annotate.simulate import simulate
from fgresq.cli.annotate.status import status

app = typer.Typer(help="Collect preferences from people.", no_args_is_help=True)
app.command(name="create")(create)
app.command(name="serve")(serve)
app.command(name="links")(links)
app.command(name="withdraw")(withdraw)
app.command(name="add")(add)
app.command(name="demo")(demo)
app.command(name="status")(status)
app.command(name="export")(export)
app.command(name="import")(import_)
app.command(name="aggregate")(aggregate)
app.command(name="simulate")(simulate)
