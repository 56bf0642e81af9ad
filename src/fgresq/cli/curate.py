"""`fgresq curate ...`: from source data sets to fine-grained pairs, and looks at each step."""

import typer

app = typer.Typer(help="Make fine-grained pairs from source data sets.", no_args_is_help=True)


@app.callback()
def _curate() -> None:
    """Make fine-grained pairs from source data sets."""
