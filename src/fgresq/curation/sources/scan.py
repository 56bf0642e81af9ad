"""What is found in one copy of a source, against what was expected.

A copy is either a folder laid out as documented, or a CSV with `ImageRecord`'s columns (`manifest_form.py`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from fgresq.curation.sources.declaration import Source
from fgresq.curation.sources.manifest_form import read_csv
from fgresq.curation.sources.reading import Entry, Reading
from fgresq.curation.sources.tree import Tree
from fgresq.curation.tables import IMAGE_TYPES
from fgresq.errors import LayoutError
from fgresq.images.decode import printable

_RANGE_SLACK = 0.005  # published ranges are rounded


@dataclass(frozen=True, slots=True)
class Count:
    """One thing that was counted.

    Attributes:
        what: in words.
        found, expected: as text or number; expected is None when it isn't known.
    """

    what: str
    found: int | str
    expected: int | str | None

    @property
    def differs(self) -> bool:
        """Whether the two are known and aren't the same."""
        return self.expected is not None and self.found != self.expected


@dataclass(frozen=True)
class Scan:
    """One copy of a source.

    Attributes:
        source: its declaration.
        root: the folder, or the CSV.
        labelled: every image that the source speaks of, whether its file is there or not (`fgresq.curation.tables`,
            and a column `here`).
        counts: found and expected.
        missing: files that should be there, by name.
        wrong: labels and lines that can't be used, each with its place.
        unlabelled: image files that the source says nothing of.
    """

    source: Source
    root: Path
    labelled: pl.DataFrame
    counts: tuple[Count, ...]
    missing: tuple[str, ...]
    wrong: tuple[str, ...]
    unlabelled: tuple[str, ...]

    @property
    def images(self) -> pl.DataFrame:
        """The images whose file is there."""
        return self.labelled.filter("here").drop("here")

    @property
    def complete(self) -> bool:
        """Whether nothing is missing, wrong, or counted otherwise than expected."""
        return not self.missing and not self.wrong and not any(count.differs for count in self.counts)


def scan(source: Source, root: Path) -> Scan:
    """Look through a copy of a source.

    Args:
        source: which one.
        root: a folder laid out as documented, or a CSV.

    Raises:
        UserError: the folder or file doesn't exist, or a folder was given for a source that only a CSV can describe.
        LayoutError: a label file can't be read, or nothing of the layout is there.
        ManifestError: a row of the CSV is wrong.
    """
    if root.suffix.lower() == ".csv" and not root.is_dir():
        return _scan_csv(source, root)
    if source.read is None:
        raise LayoutError(
            f"{source.name}: the layout of a copy isn't known here; give a CSV with the columns of a manifest in place "
            f"of {printable(root)} (`fgresq sources show {source.name}` says which)"
        )
    tree = Tree(root)
    reading = source.read(tree)
    if not tree.images() and all(entry.label is None for entry in reading.entries):
        raise LayoutError(
            f"{printable(root)}: holds nothing of {source.name}; the folder is needed that holds "
            f"{', '.join(_top_level(source))} (`fgresq sources show {source.name}`)"
        )
    return _scan_folder(source, root, tree, reading)


def _scan_csv(source: Source, root: Path) -> Scan:
    table, wrong = read_csv(source, root)
    paths = pl.concat([table["path"], table["reference"].drop_nulls()]).unique(maintain_order=True).to_list()
    missing = [path for path in paths if not Path(path).is_file()]
    table = table.with_columns(
        here=~pl.col("path").is_in(missing),
        reference=pl.when(~pl.col("reference").is_in(missing)).then(pl.col("reference")),
    )
    return _compared(source, root, table, missing, wrong, ())


def _scan_folder(source: Source, root: Path, tree: Tree, reading: Reading) -> Scan:
    entries = _first_of_each(reading)
    rows, missing = [], list(reading.missing)
    for entry in entries:
        file = tree.find(entry.path)
        if file is None:
            missing.append(entry.path)
        rows.append(_row(source, tree, entry, file))
    references = dict.fromkeys(entry.reference for entry in entries if entry.reference is not None)
    missing += [reference for reference in references if tree.find(reference) is None]
    known = {tree.find(path) for path in references} | {tree.find(entry.path) for entry in entries} | reading.aside
    unlabelled = tuple(file for file in tree.images() if file not in known)
    table = pl.DataFrame(rows, schema={**IMAGE_TYPES, "here": pl.Boolean}, orient="row")
    return _compared(source, root, table, missing, reading.wrong, unlabelled)


def _first_of_each(reading: Reading) -> list[Entry]:
    """The entries, each path once; later ones are named as wrong."""
    entries: dict[str, Entry] = {}
    for entry in reading.entries:
        if entries.setdefault(entry.path.lower(), entry) is not entry:
            reading.wrong.append(f"{entry.path}: is labelled twice; the first label is used")
    return list(entries.values())


def _row(source: Source, tree: Tree, entry: Entry, file: str | None) -> tuple[object, ...]:
    reference = None if entry.reference is None else tree.find(entry.reference)
    return (
        f"{source.name}/{file or entry.path}",
        str(tree.path(file or entry.path).absolute()),
        source.name,
        None if entry.task is None else entry.task.value,
        f"{source.name}/{entry.content}",
        entry.algorithm,
        None if entry.label is None else source.labels.turned(entry.label),
        None if reference is None else str(tree.path(reference).absolute()),
        entry.scale,
        file is not None,
    )


def _compared(
    source: Source,
    root: Path,
    table: pl.DataFrame,
    missing: Iterable[str],
    wrong: Iterable[str],
    unlabelled: Iterable[str],
) -> Scan:
    here, expected = table.filter("here"), source.expected
    counts = [Count("images", here.height, expected.images), Count("labels", table["mos"].count(), None)]
    counts += [
        Count(f"images of {task}", here.filter(task=task.value).height, number)
        for task, number in expected.tasks.items()
    ]
    counts += [
        Count("contents", here["content"].n_unique(), expected.contents),
        Count("algorithms", here["algorithm"].n_unique(), expected.algorithms),
        Count("references", here["reference"].drop_nulls().n_unique(), expected.references),
    ]
    problems = [*wrong, *_out_of_range(source, table)]
    return Scan(source, root, table, tuple(counts), tuple(missing), tuple(problems), tuple(unlabelled))


def _out_of_range(source: Source, table: pl.DataFrame) -> list[str]:
    low, high = source.labels.low, source.labels.high
    if low is None or high is None:
        return []
    slack = _RANGE_SLACK * (high - low)
    ends = sorted(map(source.labels.turned, (low, high)))
    outside = table.filter((pl.col("mos") < ends[0] - slack) | (pl.col("mos") > ends[1] + slack))
    return [
        f"{name}: its MOS {mos:g} lies outside the source's range, {ends[0]:g} to {ends[1]:g}"
        for name, mos in outside.select("image_id", "mos").iter_rows()
    ]


def _top_level(source: Source) -> list[str]:
    """The first part of each line of a layout."""
    return list(dict.fromkeys(line.split()[0].split("/")[0] for line in (source.layout or "").splitlines()))
