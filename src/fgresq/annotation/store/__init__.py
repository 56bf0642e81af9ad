"""A study in a database: SQLite in a file beside the data, or PostgreSQL where a lab has one.

`create_study` makes one, `open_study` gives a `Study`, through which everything else is done.
"""

from fgresq.annotation.store.creation import create_study
from fgresq.annotation.store.study import Study, open_study

__all__ = ["Study", "create_study", "open_study"]
