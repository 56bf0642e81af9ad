"""What results do for people in Python: tables for data frames, files, and a view for notebooks.

Writers and pages stand above these plain values, so they are looked up by name when they are asked for.
"""

import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fgresq.errors import UserError

if TYPE_CHECKING:
    import polars as pl

_WRITERS = "fgresq.report.python_results"


class Shown:
    """A result that notebooks show as a table, and that becomes a data frame or a file."""

    __slots__ = ()

    def to_polars(self) -> "pl.DataFrame":
        """The rows that `save` writes as CSV or Parquet, without the provenance."""
        frame: pl.DataFrame = import_module(_WRITERS).frame(self)
        return frame

    def to_pandas(self) -> Any:
        """The same as a `pandas.DataFrame`.

        Raises:
            UserError: pandas isn't installed.
        """
        try:
            pandas: Any = import_module("pandas")
        except ImportError as error:
            raise UserError("pandas isn't installed: pip install pandas, or use to_polars()") from error
        return pandas.DataFrame(self.to_polars().to_dict(as_series=False))

    def save(self, path: "str | os.PathLike[str]") -> None:
        """Write it whole, with its provenance; the suffix says how, as for `--output` of the commands.

        Args:
            path: FILE.csv, .json or .parquet; of a ranking also .html, .md, .tex or .xlsx.

        Raises:
            UserError: another suffix, a package that is missing, a result without provenance.
            OutputError: it can't be written there.
        """
        import_module(_WRITERS).save(self, Path(path))

    def _repr_html_(self) -> str:
        """For notebooks."""
        html: str = import_module(_WRITERS).html(self)
        return html
