"""The folder of a build: what it is a build of, what is done of it, and when it is finished."""

import hashlib
import io
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from fgresq.curation.pipeline.checkpoints import make_folder
from fgresq.errors import HashMismatchError, OutputError, UserError
from fgresq.files import written_whole
from fgresq.images.decode import printable
from fgresq.locks import is_passing, remove_leftovers
from fgresq.names import first_few

SETTINGS, SUMS = "build.json", "SHA256SUMS"
_STATE = ".build"


@dataclass(frozen=True, slots=True)
class Workplace:
    """The folder of one build.

    Attributes:
        out: where the data set goes.
    """

    out: Path

    @property
    def state(self) -> Path:
        """Where results are kept until the build is finished."""
        return self.out / _STATE

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return (self.out / SUMS).is_file()

    def require_same_images(self, images: pl.DataFrame) -> None:
        """Write down which images the build is of, or see that they are still the same.

        Raises:
            OutputError: they aren't; or they can't be written.
            UserError: what was written down is damaged.
        """
        path = self.state / "images.parquet"
        if not path.exists():
            write_table(path, images)
            return
        try:
            before = pl.read_parquet(io.BytesIO(path.read_bytes()))
        except (OSError, pl.exceptions.PolarsError) as error:
            raise UserError(f"{printable(path)}: is damaged; delete {printable(self.out)} and start again") from error
        if not before.equals(images):
            differ = pl.concat([before, images]).filter(pl.struct(pl.all()).is_duplicated().not_())["image_id"].unique()
            self.refuse_inputs(sorted(differ) or ["their order"])

    def refuse_inputs(self, differing: list[str]) -> None:
        """Raise an error that says which inputs changed.

        Raises:
            OutputError: always.
        """
        raise OutputError(
            f"{printable(self.out)}: holds a build of other inputs; {len(differing)} differ from then: "
            f"{first_few(differing)}. Put them back, or name a new folder"
        )


def open_workplace(out: Path, settings: Mapping[str, Any]) -> Workplace:
    """The folder of a build, new or with what an earlier run of the same settings left; for its only writer.

    Raises:
        OutputError: it holds something else, or a build with other settings, which are named; or it can't be made.
    """
    make_folder(out)
    path = out / SETTINGS
    if path.exists():
        _require_same(out, path, settings)
    elif any(not is_passing(file.name) for file in out.iterdir()):
        raise OutputError(f"{printable(out)}: isn't empty and holds no build; name a new folder")
    remove_leftovers(out)
    if not path.exists():
        write_json(path, settings)
    place = Workplace(out)
    make_folder(place.state)
    return place


def close_workplace(place: Workplace) -> str:
    """Write the hashes of all files of a data set, which says that it is finished, or check them if it was.

    Locks, files that aren't whole yet, and what a system or storage device has added are no part of it.

    Returns:
        A SHA-256 of them all.

    Raises:
        HashMismatchError: a file was changed since, or isn't there.
        OutputError: they can't be written.
    """
    paths = (path for path in place.out.rglob("*") if path.is_file() and place.state not in path.parents)
    below = (path.relative_to(place.out) for path in paths if path.name != SUMS)
    files = sorted(path.as_posix() for path in below if not any(map(is_passing, path.parts)))
    text = "".join(f"{hashlib.sha256((place.out / file).read_bytes()).hexdigest()}  {file}\n" for file in files)
    sums = place.out / SUMS
    if place.finished:
        differ = sorted({*sums.read_text(encoding="utf-8").splitlines()} ^ {*text.splitlines()})
        if differ:
            names = sorted({line[66:] for line in differ})
            raise HashMismatchError(
                f"{printable(place.out)}: was finished, and {len(names)} files were changed since: {first_few(names)}; "
                "name a new folder to build it again"
            )
    else:
        write_text(sums, text)
    shutil.rmtree(place.state / "jnd", ignore_errors=True)  # all of it stands in the tables now
    return hashlib.sha256(text.encode()).hexdigest()


def write_table(path: Path, table: pl.DataFrame) -> None:
    """Write a table as CSV or Parquet, by its suffix.

    Raises:
        OutputError: it can't be written there.
    """
    content = io.BytesIO()  # through memory, since polars reports a full disk in a way of its own
    (table.write_csv if path.suffix == ".csv" else table.write_parquet)(content)
    with written_whole(path) as temporary:
        temporary.write_bytes(content.getvalue())


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write an object as JSON.

    Raises:
        OutputError: it can't be written there.
    """
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a text.

    Raises:
        OutputError: it can't be written there.
    """
    with written_whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _require_same(out: Path, path: Path, settings: Mapping[str, Any]) -> None:
    try:
        before = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise OutputError(f"{printable(path)}: isn't the settings of a build ({error}); name a new folder") from error
    now = json.loads(json.dumps(settings))
    if before == now:
        return
    keys = sorted({*before, *now}) if isinstance(before, dict) else []
    differing = [
        f"{key} (was {json.dumps(before.get(key))}, is {json.dumps(now.get(key))})"
        for key in keys
        if before.get(key) != now.get(key)
    ]
    raise OutputError(
        f"{printable(out)}: holds a build with other settings: {first_few(differing, separator='; ')}. Name a new "
        "folder, or go on with the configuration as it was"
    )
