"""Meta CSVs as pyiqa (IQA-PyTorch) reads them: one data set's images, labels and splits.

Its loaders go by position, whatever the header says: name and label without references; reference, name and label with
them. What follows is free, but for columns with "split" in their name, which hold train, val or test. So ours end
with columns of our own, and come back as they were.
"""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fgresq.errors import ManifestError, UserError
from fgresq.files import written_whole
from fgresq.names import first_few, nearest
from fgresq.records import ImageRecord, RestorationTask, Split

_HEADS = {False: ("img_name", "mos", "std"), True: ("ref_name", "dist_name", "mos", "std")}
_OURS = ("image_id", "source", "task", "content", "algorithm", "scale")
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class MetaCsv:
    """How to read a meta CSV.

    Attributes:
        root: folder that the images' names start from (pyiqa's `dataroot_target`).
        reference_root: the same of the references (`dataroot_ref`); None where it's `root`.
        source: name of the data set; None takes it from a column `source`.
        task: of all images, where no column `task` says it.
        turned_at: a label of which lower is better is read as `turned_at - label`.
        higher_is_better: says so of a column called `dmos`, which may be either.
        only: a split column and the side to keep, such as ("official_split", "test").
    """

    root: Path
    reference_root: Path | None = None
    source: str | None = None
    task: RestorationTask | None = None
    turned_at: float | None = None
    higher_is_better: bool = False
    only: tuple[str, str] | None = None


@dataclass(slots=True)
class _Table:
    path: Path
    header: list[str]
    rows: list[list[str]] = field(default_factory=list)

    @property
    def with_references(self) -> bool:
        return self.header[0].strip().lower().startswith("ref")


def write_meta_csv(
    path: Path,
    images: Sequence[ImageRecord],
    *,
    references: bool = False,
    sides: Mapping[str, Split] | None = None,
) -> tuple[str, ...]:
    """Write images as a meta CSV; pyiqa finds the files with the manifest's folder as its `dataroot_target`.

    Columns: img_name, mos, std, or ref_name, dist_name, mos, std; then `split` if sides are given, then ours. `std` is
    empty, since a record holds none; pyiqa's loaders don't read it.

    Args:
        path: to write.
        images: of one source, since labels are comparable within a source only.
        references: also name the references.
        sides: identity to side, of every image.

    Returns:
        Identities of the images left out: without a MOS, or without a reference where those are wanted.

    Raises:
        UserError: images of several sources, or none that can be written.
        OutputError: it can't be written there.
    """
    sources = sorted({image.source for image in images})
    if len(sources) > 1:
        raise UserError(
            f"a meta CSV holds one data set, and these images are of {len(sources)}: {first_few(sources, _SHOWN)}; "
            "choose one"
        )
    kept = [image for image in images if image.mos is not None and not (references and image.reference is None)]
    if not kept:
        needed = "a MOS and a reference" if references else "a MOS"
        raise UserError(f"{path}: isn't written, since none of {len(images)} images has {needed}")
    content = io.StringIO()
    writer = csv.writer(content, lineterminator="\n")
    writer.writerow([*_HEADS[references], *(("split",) if sides is not None else ()), *_OURS])
    for image in kept:
        names = [image.reference, image.path] if references else [image.path]
        side = [] if sides is None else [sides[image.image_id].value]
        ours = [getattr(image, name) for name in _OURS]
        writer.writerow([*names, repr(image.mos), "", *side, *("" if value is None else value for value in ours)])
    with written_whole(path) as temporary:
        temporary.write_text(content.getvalue(), encoding="utf-8")
    written = {image.image_id for image in kept}
    return tuple(image.image_id for image in images if image.image_id not in written)


def read_meta_csv(path: Path, how: MetaCsv) -> tuple[tuple[ImageRecord, ...], tuple[str, ...]]:
    """Read a meta CSV of pyiqa's or of ours.

    A first column whose name begins with "ref" says that there are references. Columns of our names are taken; where
    they're absent, an image is its own content (or its reference is), and its algorithm is "unknown".

    Returns:
        One record a row, with paths as the roots and the names give them; names of the columns that aren't kept.

    Raises:
        ManifestError: it can't be read; a row lacks a name or a number; a file isn't there; a column is missing.
        UserError: the source's name or the labels' direction isn't known.
    """
    table = _read(path)
    start = 2 if table.with_references else 1
    if len(table.header) <= start:
        raise ManifestError(
            f"{path}: has {len(table.header)} columns; names and labels are needed, with references before both"
        )
    _check_direction(path, table.header[start], how)
    rows = _only(table, how.only)
    if how.source is None and "source" not in table.header:
        raise UserError(f"{path}: has no column source, so the data set needs a name")
    images, wrong = [], []
    for number, row in rows:
        try:
            images.append(_image(table, row, how))
        except ValueError as error:
            wrong.append(f"row {number}: {error}")
    if wrong:
        raise ManifestError(f"{path}: {len(wrong)} rows are wrong: {first_few(wrong, _SHOWN, '; ')}")
    _check_files(path, images, how)
    taken = {*range(start + 1), *(place for place, name in enumerate(table.header) if name in _OURS)}
    return tuple(images), tuple(name for place, name in enumerate(table.header) if place not in taken)


def _read(path: Path) -> _Table:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines, strict=True)
            header = next(reader, None)
            rows = [row for row in reader if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ManifestError(f"{path}: can't be read as CSV ({error})") from error
    if header is None or not rows:
        raise ManifestError(f"{path}: holds no rows; a header and one row an image are needed")
    return _Table(path, header, rows)


def _check_direction(path: Path, label: str, how: MetaCsv) -> None:
    if how.turned_at is not None and not math.isfinite(how.turned_at):
        raise UserError(f"{path}: labels can't be turned at {how.turned_at}")
    if how.turned_at is not None and how.higher_is_better:
        raise UserError(f"{path}: labels can't be turned and taken as they are at once")
    if label.strip().lower().startswith("dmos") and how.turned_at is None and not how.higher_is_better:
        raise UserError(
            f"{path}: its labels are called {label}, of which mostly lower is better (LIVE, CSIQ) but not always "
            "(KADID-10k); say which: the value to turn them at, or that higher is better"
        )


def _only(table: _Table, only: tuple[str, str] | None) -> list[tuple[int, list[str]]]:
    rows = list(enumerate(table.rows, start=1))
    if only is None:
        return rows
    column, side = only
    columns = [name for name in table.header if "split" in name]
    if column not in columns:
        raise ManifestError(
            f"{table.path}: has no split column {column!r}; {nearest(column, columns) if columns else 'it has none'}"
        )
    place = table.header.index(column)
    kept = [(number, row) for number, row in rows if len(row) > place and row[place] == side]
    if not kept:
        found = sorted({row[place] for row in table.rows if len(row) > place})
        raise ManifestError(f"{table.path}: no row has {side!r} in {column}; found: {first_few(found, _SHOWN)}")
    return kept


def _image(table: _Table, row: Sequence[str], how: MetaCsv) -> ImageRecord:
    if len(row) != len(table.header):
        raise ValueError(f"has {len(row)} fields, and the header {len(table.header)}")
    ours = {name: value for name, value in zip(table.header, row, strict=True) if name in _OURS and value != ""}
    *reference, name, label = row[: 3 if table.with_references else 2]
    if not name or not all(reference):
        raise ValueError("a name is empty")
    source = how.source or ours.get("source")
    if source is None:
        raise ValueError("source is empty")
    roots = (how.reference_root or how.root, how.root)
    scene = reference[0] if reference else name
    return ImageRecord(
        image_id=ours.get("image_id", name),
        path=str(roots[1] / name),
        source=source,
        task=_task(ours["task"]) if "task" in ours else how.task,
        content=ours.get("content", f"{source}/{scene}"),
        algorithm=ours.get("algorithm", "unknown"),
        mos=_label(label, how.turned_at),
        reference=str(roots[0] / reference[0]) if reference else None,
        scale=ours.get("scale"),
    )


def _label(text: str, turned_at: float | None) -> float:
    try:
        value = float(text) if turned_at is None else turned_at - float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"its label is {text!r}; a number is needed")
    return value


def _task(name: str) -> RestorationTask:
    known = [task.value for task in RestorationTask]
    if name not in known:
        raise ValueError(f"{name!r} isn't a RestorationTask; {nearest(name, known)}")
    return RestorationTask(name)


def _check_files(path: Path, images: Sequence[ImageRecord], how: MetaCsv) -> None:
    named = dict.fromkeys(file for image in images for file in (image.path, image.reference) if file is not None)
    absent = [file for file in named if not Path(file).is_file()]
    if absent:
        roots = f"{how.root}" if how.reference_root is None else f"{how.root} and {how.reference_root}"
        raise ManifestError(
            f"{path}: names {len(absent)} files that aren't there, of {len(named)}, below {roots}: "
            f"{first_few(absent, _SHOWN)}"
        )
