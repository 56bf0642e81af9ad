"""`fgresq benchmark`: metrics on data sets with people's labels, the paper's tables of them, and a report."""

import typer

from fgresq.cli.benchmark.report import report
from fgresq.cli.benchmark.run import run
from fgresq.cli.benchmark.store import app as store
from fgresq.cli.benchmark.table import table

app = typer.Typer(help="Measure metrics against people, as the paper does.", no_args_is_help=True)


@app.callback()
def _benchmark() -> None:
    """Measure metrics against people, as the paper does."""


app.command(name="run")(run)
app.command(name="table")(table)
app.command(name="report")(report)
app.add_typer(store, name="store")
