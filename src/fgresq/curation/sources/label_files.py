"""The forms that label files come in: lines of text, CSV, MATLAB, Excel.

A file that can't be read at all is an error that names it; a line that can't be used goes into `Reading.wrong`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from fgresq.curation.sources.reading import Reading
from fgresq.curation.sources.tree import Tree
from fgresq.errors import LayoutError, UserError
from fgresq.images.decode import printable
from fgresq.names import first_few


def values_and_names(
    tree: Tree, path: str, pattern: re.Pattern[str], example: str, reading: Reading
) -> Iterator[tuple[float, re.Match[str]]]:
    """Lines of a label and a name with spaces between them; the name comes as what the pattern found in it.

    A file that isn't there is missing, a name that isn't like the example is wrong.

    Raises:
        LayoutError: the file can't be read as text.
    """
    file = tree.find(path)
    if file is None:
        reading.missing.append(path)
        return
    for name, value in _pairs(tree, file, reading, separator=None, name_first=False):
        if match := pattern.fullmatch(name):
            yield value, match
        else:
            reading.wrong.append(f"{path}: {name!r} isn't a name like {example}")


def names_and_values(tree: Tree, file: str, reading: Reading) -> Iterator[tuple[str, float]]:
    """Lines of a name and a label with a comma between them.

    Raises:
        LayoutError: the file can't be read as text.
    """
    yield from _pairs(tree, file, reading, separator=",", name_first=True)


def _pairs(
    tree: Tree, file: str, reading: Reading, separator: str | None, name_first: bool
) -> Iterator[tuple[str, float]]:
    try:
        lines = tree.path(file).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LayoutError(f"{printable(tree.path(file))}: can't be read as text ({error})") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        parts = [part.strip() for part in line.strip().split(separator, maxsplit=1)]
        name, value = (parts if name_first else parts[::-1]) if len(parts) == 2 else ("", "")
        try:
            yield name, float(value)
        except ValueError:
            reading.wrong.append(f"{file}, line {number}: {line.strip()!r} isn't a name and a label")


def csv_rows(path: Path, columns: Sequence[str]) -> list[dict[str, str | None]]:
    """The rows of a CSV with a header, as text.

    Raises:
        LayoutError: it can't be read, or lacks one of the columns.
    """
    try:
        table = pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise LayoutError(f"{printable(path)}: can't be read as CSV ({str(error).splitlines()[0]})") from error
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise LayoutError(
            f"{printable(path)}: lacks the columns {first_few(missing)}; found {', '.join(table.columns)}"
        )
    return table.select(columns).to_dicts()


def as_number(text: str | None) -> float:
    """A label from a cell; NaN where it is empty or no number."""
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")


def matlab_variables(path: Path, names: Sequence[str]) -> Mapping[str, Any]:
    """Variables of a MATLAB file, with singleton axes removed and structs as dicts.

    Raises:
        LayoutError: it can't be read, or lacks one of the variables.
    """
    from scipy.io import loadmat  # noqa: PLC0415 - slow to import, and few sources need it

    try:
        variables: Mapping[str, Any] = loadmat(path, simplify_cells=True)
    except NotImplementedError as error:
        raise LayoutError(f"{printable(path)}: is of MATLAB 7.3; save it with -v7") from error
    except Exception as error:  # SciPy raises whatever a damaged file leads to
        raise LayoutError(f"{printable(path)}: can't be read as a MATLAB file ({error})") from error
    missing = [name for name in names if name not in variables]
    if missing:
        found = [name for name in variables if not name.startswith("__")]
        raise LayoutError(f"{printable(path)}: lacks the variables {first_few(missing)}; found {', '.join(found)}")
    return variables


def matlab_matrix(path: Path, name: str, shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """One numeric variable of a known shape.

    Raises:
        LayoutError: as `matlab_variables`, or it isn't numeric, or of another shape.
    """
    try:
        values = np.asarray(matlab_variables(path, [name])[name], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise LayoutError(f"{printable(path)}: {name} isn't numeric") from error
    if values.shape != shape:
        raise LayoutError(f"{printable(path)}: {name} is of shape {values.shape}; {shape} is needed")
    return values


def excel_rows(path: Path, sheet: str, header_row: int, columns: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of a sheet below its header, without those that are empty in the first of the columns.

    Args:
        path: of the .xlsx file.
        sheet: its name.
        header_row: counted from 1.
        columns: to keep.

    Raises:
        LayoutError: it can't be read, or lacks the sheet or a column.
        UserError: openpyxl isn't installed.
    """
    try:
        import openpyxl  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UserError("reading Excel files needs openpyxl: pip install 'fgresq[curate]'") from error
    try:
        workbook = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # openpyxl raises whatever a damaged file leads to
        raise LayoutError(f"{printable(path)}: can't be read as Excel ({error})") from error
    try:
        if sheet not in workbook.sheetnames:
            raise LayoutError(f"{printable(path)}: lacks the sheet {sheet}; found {', '.join(workbook.sheetnames)}")
        rows = list(workbook[sheet].iter_rows(min_row=header_row, values_only=True))
    finally:
        workbook.close()
    header = [str(cell) for cell in rows[0]] if rows else []
    missing = [column for column in columns if column not in header]
    if missing:
        raise LayoutError(f"{printable(path)}: row {header_row} of {sheet} lacks {first_few(missing)}")
    places = [header.index(column) for column in columns]
    cells = ({column: row[place] for column, place in zip(columns, places, strict=True)} for row in rows[1:])
    return [row for row in cells if row[columns[0]] is not None]
