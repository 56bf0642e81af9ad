"""The files of a build's images and references: what they hold, by hash, and whether that changed since."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from fgresq.curation.pipeline.left_out import LeftOut
from fgresq.workers import Map

_TOGETHER = 64  # files of one item: small ones are read faster than an item is sent


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as it was found.

    Attributes:
        path: of it.
        size, modified: in bytes, and in nanoseconds; 0 where it couldn't be read.
        sha256: of what it holds; None where it couldn't be read.
        error: the reason then.
    """

    path: str
    size: int
    modified: int
    sha256: str | None
    error: str | None = None


def files_of(images: pl.DataFrame) -> list[str]:
    """All files of images and references, each once, in name order."""
    return pl.concat([images["path"], images["reference"].drop_nulls()]).unique().sort().to_list()


def hash_files(
    paths: Sequence[str],
    map: Map,  # noqa: A002 - it is one
    progress: Callable[[int], None],
) -> list[FileState]:
    """Read files and hash them, in their order.

    Args:
        paths: of the files.
        map: what spreads the work.
        progress: called with the number of files finished since the last call.
    """
    states: list[FileState] = []
    for found in map(hash_together, (paths[start : start + _TOGETHER] for start in range(0, len(paths), _TOGETHER))):
        states += found
        progress(len(found))
    return states


def hash_together(paths: Sequence[str]) -> list[FileState]:
    """The states of some files; one that can't be read says why."""
    return [_state(Path(path)) for path in paths]


def to_plain(states: Iterable[FileState]) -> list[object]:
    """States as JSON takes them."""
    return [astuple(state) for state in states]


def from_plain(rows: Iterable[Sequence[Any]]) -> list[FileState]:
    """What `to_plain` made, back."""
    return [FileState(*row) for row in rows]


def changed(states: Iterable[FileState]) -> list[str]:
    """The files that don't hold any more what they held; one is read anew only if its size or date differs."""
    return [
        state.path
        for state in states
        if _size_and_date(Path(state.path)) != (state.size, state.modified)
        and _state(Path(state.path)).sha256 != state.sha256
    ]


def readable(images: pl.DataFrame, states: Iterable[FileState]) -> tuple[pl.DataFrame, list[LeftOut]]:
    """The images whose file could be read, and those that couldn't; a reference that couldn't is dropped alone."""
    errors = {state.path: state.error or "" for state in states if state.sha256 is None}
    bad = images.filter(pl.col("path").is_in(list(errors)))
    left_out = [
        LeftOut("files", source, "image", identity, errors[path])
        for source, identity, path in bad.select("source", "image_id", "path").iter_rows()
    ]
    references = images.filter(pl.col("reference").is_in(list(errors))).unique("reference", maintain_order=True)
    left_out += [
        LeftOut("files", source, "reference", path, errors[path])
        for source, path in references.select("source", "reference").iter_rows()
    ]
    known = images.filter(~pl.col("path").is_in(list(errors))).with_columns(
        reference=pl.when(~pl.col("reference").is_in(list(errors))).then(pl.col("reference"))
    )
    return known, left_out


def one_path_each(images: pl.DataFrame, states: Iterable[FileState]) -> pl.DataFrame:
    """Files that hold the same get one path, the first by name.

    So one scene under two sources gives itself away by its reference, and is kept on one side of a split.
    """
    same: Mapping[str, list[str]] = defaultdict(list)
    for state in states:
        if state.sha256 is not None:
            same[state.sha256].append(state.path)
    first = {path: min(paths) for paths in same.values() if len(paths) > 1 for path in paths}
    return images.with_columns(pl.col("path", "reference").replace(first)) if first else images


def _state(path: Path) -> FileState:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return FileState(str(path), *_size_and_date(path), digest)
    except OSError as error:
        return FileState(str(path), 0, 0, None, f"can't be read ({error.strerror or error})")


def _size_and_date(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:  # then it can't be read either, and `_state` says why
        return 0, 0
    return status.st_size, status.st_mtime_ns
