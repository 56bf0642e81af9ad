"""The authors' FGRestore release (`orpheus0429/FGRestore` on the hub) as a manifest.

How its tables are laid out isn't known here, so the names of the columns are settings. Two tables are needed, each
CSV, JSON (a list of objects, or one object a line with the suffix .jsonl) or Parquet: of images, and of pairs whose
images are named as in the first.
"""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from fgresq.errors import ManifestError
from fgresq.manifest import Manifest, check
from fgresq.names import first_few, nearest
from fgresq.records import ImageRecord, Pair, Preference, RestorationTask

Record = TypeVar("Record", ImageRecord, Pair)


class FGRestoreSchema(BaseModel):
    """How the release names its columns and codes its preferences.

    Attributes:
        image: path of the image, relative to the release's folder; also its identity.
        mos: mean opinion score; an empty one is unknown.
        source, task: data set and restoration task.
        content: the scene depicted, unique within its source.
        algorithm: what made the image; None if there is no such column.
        image_a, image_b: paths as in the table of images.
        preference: which image of the pair is better.
        codes: what the preferences mean.
        task_names: how the release calls tasks, where it isn't as `RestorationTask` does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    image: str = "image"
    mos: str = "mos"
    source: str = "source"
    task: str = "task"
    content: str = "content"
    algorithm: str | None = "algorithm"
    image_a: str = "image_a"
    image_b: str = "image_b"
    preference: str = "preference"
    codes: Mapping[int, Preference] = Field(default={1: Preference.A, 0: Preference.B, 2: Preference.EQUAL})
    task_names: Mapping[str, RestorationTask] = Field(default={})


def read_fgrestore(
    folder: Path,
    images: Path,
    pairs: Path,
    schema: FGRestoreSchema | None = None,
    about: Mapping[str, Any] | None = None,
) -> Manifest:
    """Read the release.

    A content's name gets its source's in front, since contents of two sources may both be called "001".

    Args:
        folder: that the images' paths start from.
        images, pairs: the two tables.
        schema: names of columns; None takes the defaults of `FGRestoreSchema`.
        about: for the manifest, such as where the release is from. That people gave the labels is added.

    Raises:
        ManifestError: a table can't be read, a column is missing (those found are listed), a value is wrong (the rows
            are named), or the records contradict one another.
    """
    schema = schema or FGRestoreSchema()
    image_columns = [schema.image, schema.mos, schema.source, schema.task, schema.content]
    image_columns += [schema.algorithm] if schema.algorithm else []
    image_rows = _rows(images, image_columns)
    pair_rows = _rows(pairs, [schema.image_a, schema.image_b, schema.preference])
    image_records = _converted(images, image_rows, lambda row: _image(row, schema))
    pair_records = _converted(pairs, pair_rows, lambda row: _pair(row, schema))
    check(image_records, pair_records, str(folder))
    told = about or {"name": "FGRestore", "tables": [str(images), str(pairs)]}
    return Manifest(folder, image_records, pair_records, {"labels": "people's preferences and MOS", **told})


def _rows(path: Path, columns: list[str]) -> list[dict[str, Any]]:
    """The rows of a table, after a check that it has the columns."""
    readers: dict[str, Callable[[Path], pl.DataFrame]] = {
        ".csv": lambda source: pl.read_csv(source, infer_schema=False),
        ".json": pl.read_json,
        ".jsonl": pl.read_ndjson,
        ".parquet": pl.read_parquet,
    }
    if path.suffix not in readers:
        raise ManifestError(f"{path}: tables of this kind aren't read; {nearest(path.suffix, readers)}")
    try:
        table = readers[path.suffix](path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ManifestError(f"{path}: can't be read as {path.suffix[1:]} ({str(error).splitlines()[0]})") from error
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise ManifestError(
            f"{path}: lacks the columns {', '.join(missing)}; found {', '.join(table.columns)}. Say in FGRestoreSchema "
            "what they are called there"
        )
    return table.select(columns).to_dicts()


def _converted(
    path: Path, rows: list[dict[str, Any]], convert: Callable[[Mapping[str, Any]], Record]
) -> tuple[Record, ...]:
    records, wrong = [], []
    for number, row in enumerate(rows, start=1):
        try:
            records.append(convert(row))
        except ValueError as error:
            wrong.append(f"row {number}: {error}")
    if wrong:
        raise ManifestError(f"{path}: {len(wrong)} rows are wrong: {first_few(wrong)}")
    return tuple(records)


def _image(row: Mapping[str, Any], schema: FGRestoreSchema) -> ImageRecord:
    path, source = _text(row, schema.image), _text(row, schema.source)
    return ImageRecord(
        image_id=path,
        path=path,
        source=source,
        task=_task(_text(row, schema.task), schema),
        content=f"{source}/{_text(row, schema.content)}",
        algorithm=_text(row, schema.algorithm) if schema.algorithm else "unknown",
        mos=_number(row, schema.mos),
    )


def _pair(row: Mapping[str, Any], schema: FGRestoreSchema) -> Pair:
    code = _number(row, schema.preference)
    if code is None or code not in schema.codes:
        known = ", ".join(f"{code} = {preference}" for code, preference in schema.codes.items())
        raise ValueError(f"{schema.preference} is {row[schema.preference]!r}; known are {known}")
    return Pair(_text(row, schema.image_a), _text(row, schema.image_b), schema.codes[int(code)])


def _task(name: str, schema: FGRestoreSchema) -> RestorationTask:
    if name in schema.task_names:
        return schema.task_names[name]
    known = [task.value for task in RestorationTask]
    if name not in known:
        raise ValueError(f"{name!r} isn't a task; {nearest(name, [*known, *schema.task_names])}")
    return RestorationTask(name)


def _text(row: Mapping[str, Any], column: str) -> str:
    value = row[column]
    if value is None or value == "":
        raise ValueError(f"{column} is empty")
    return str(value)


def _number(row: Mapping[str, Any], column: str) -> float | None:
    value = row[column]
    if value is None or value == "":
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{column} is {value!r}; a number is needed, or nothing where it is unknown")
    return number
