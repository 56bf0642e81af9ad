"""`fgresq curate`: from source data sets to fine-grained pairs, and looks at each step."""

from fgresq.cli.curate.commands import app

__all__ = ["app"]
