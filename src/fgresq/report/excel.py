"""Tables as sheets of an Excel workbook, with their numbers as numbers and their texts as texts."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from fgresq.errors import UserError
from fgresq.files import written_whole


def check_excel() -> None:
    """Find out before the work that sheets can't be written.

    Raises:
        UserError: openpyxl isn't installed.
    """
    try:
        import openpyxl  # noqa: F401, PLC0415 - an extra
    except ImportError as error:
        raise UserError("Excel's .xlsx needs openpyxl: pip install 'fgresq[excel]'") from error


def write_sheets(path: Path, sheets: Mapping[str, pl.DataFrame]) -> None:
    """Write one sheet a table, under its names of columns.

    Args:
        path: of the workbook.
        sheets: by name, of at most 31 characters. Texts that begin with "=" stay texts.

    Raises:
        UserError: openpyxl isn't installed.
        OutputError: it can't be written there.
    """
    check_excel()
    from openpyxl import Workbook  # noqa: PLC0415
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # noqa: PLC0415

    book = Workbook(write_only=True)
    for name, table in sheets.items():
        sheet = book.create_sheet(name)
        for row in (table.columns, *table.iter_rows()):
            cells = []
            for value in row:
                text = isinstance(value, str)
                cell = WriteOnlyCell(
                    sheet, ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", value) if text else value
                )
                if text:
                    cell.data_type = "s"  # not a formula, whatever it begins with
                cells.append(cell)
            sheet.append(cells)
    with written_whole(path) as temporary, temporary.open("wb") as file:
        book.save(file)
