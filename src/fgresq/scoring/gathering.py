"""Which images `rank` and `compare` are asked to hold against each other: from folders, lists or a table."""

import csv
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PIL import Image

from fgresq.errors import LayoutError, ManifestError, UserError
from fgresq.images.decode import printable
from fgresq.images.discover import SUFFIXES, about_unread, images_below, is_there, unread_below, why_not_there
from fgresq.images.foreign import why_unreadable
from fgresq.images.matching import Matching, match_by_pattern, match_names, match_references
from fgresq.manifest import read_manifest
from fgresq.names import first_few

_TABLES = (".csv", ".tsv")
_COLUMNS = ("path", "algorithm", "content")
_TAKES = "rank takes a folder with one subfolder an algorithm, several folders, or a table (.csv, .tsv)"
_SHAPES_DIFFER = 0.05  # of the ratio of the sides; crops and padding stay below
_SLASH = "\0"  # stands for a slash in an algorithm's name while names are paths


@dataclass(frozen=True, slots=True)
class Gathered:
    """Images by algorithm and content.

    Attributes:
        images: algorithm to content to file.
        datasets: of the contents that belong to one.
        notes: how names were read, and what was passed over, one sentence each; empty where names were equal.
        left_out: files that a pattern doesn't fit, or that show none of the contents.
    """

    images: Mapping[str, Mapping[str, Path]]
    datasets: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    left_out: tuple[Path, ...] = ()

    @property
    def shared(self) -> tuple[str, ...]:
        """Contents that two algorithms or more have, in name order."""
        return tuple(content for content, owners in sorted(self.owners().items()) if len(owners) > 1)

    @property
    def alone(self) -> tuple[Path, ...]:
        """Files of contents that one algorithm only has."""
        return tuple(self.images[owners[0]][content] for content, owners in self.owners().items() if len(owners) == 1)

    def owners(self) -> dict[str, list[str]]:
        """Content to the algorithms that have it."""
        found: dict[str, list[str]] = {}
        for algorithm, contents in self.images.items():
            for content in contents:
                found.setdefault(content, []).append(algorithm)
        return found

    def and_unread(self, folders: Sequence[Path]) -> "Gathered":
        """The same, with a note of the files there whose format isn't read."""
        return replace(self, notes=(*self.notes, *about_unread(folders, through_links=True)))

    def summary(self, shown: int = 5) -> tuple[str, ...]:
        """What was matched and how, one sentence each; of files that are left over, so many names."""
        shared, total = len(self.shared), len(self.owners())
        sets = len(set(self.datasets.values()))
        lines = [
            f"{len(self.images)} algorithms, {sum(map(len, self.images.values()))} images; {shared} of {total} "
            f"content{'' if total == 1 else 's'} shared by two algorithms or more"
            + (f", in {sets} data sets" if sets > 1 else ""),
            *self.notes,
        ]
        alone = self.alone
        if alone:
            named = first_few([printable(path) for path in alone], shown)
            lines.append(f"left over, since no other algorithm has the content: {named}")
        if self.left_out:
            named = first_few([printable(path) for path in self.left_out], shown)
            lines.append(f"left out: {named}")
        return tuple(lines)


def gather(arguments: Sequence[str | os.PathLike[str]], *, pattern: str | None = None) -> Gathered:
    """Find the images that the arguments name, and what each shows, by names alone.

    Args:
        arguments: one folder of a layout that `match_names` knows; or several folders, one an algorithm, each as DIR or
            NAME=DIR; or several image files of contents and algorithms by their names; or one table (.csv, .tsv, with
            the columns path, algorithm, content and maybe dataset) or folder of a manifest. Links are followed.
        pattern: how to read names, as for `match_by_pattern`.

    Raises:
        LayoutError: it can't be told what is to be compared with what, or nothing is shared by two algorithms.
        ManifestError: a table that can't be read, or names files that aren't there.
        UserError: something that isn't there, or that isn't read.
    """
    given = [os.fspath(argument) for argument in arguments]
    named = [_name_and_place(argument) for argument in given]
    for (_, place), argument in zip(named, given, strict=True):
        if not is_there(place):
            raise LayoutError(_missing(argument))
    if len(named) == 1:
        (name, place) = named[0]
        if name is None:
            return _gather_one(Path(place), pattern)
    if all(name is None and not Path(place).is_dir() for name, place in named):
        odd = next((place for _, place in named if Path(place).suffix.lower() not in SUFFIXES), None)
        if odd is not None:
            raise LayoutError(f"{printable(odd)}: {_what(Path(odd))}")
        return _matched([(Path(place), Path(place).name) for _, place in named], ".", pattern)
    for _, place in named:
        if not Path(place).is_dir():
            raise LayoutError(
                f"{printable(place)}: is a file among folders; name folders only, one an algorithm, or files only"
            )
    labels = _labels(named)
    files = [
        (image, f"{label.replace('/', _SLASH)}/{image.relative_to(place).as_posix()}")
        for label, (_, place) in zip(labels, named, strict=True)
        for image in _images_of(Path(place))
    ]
    return _matched(files, ".", pattern, given=True).and_unread([Path(place) for _, place in named])


def _gather_one(place: Path, pattern: str | None) -> Gathered:
    if place.is_dir():
        if (place / "manifest.json").is_file():
            return _from_manifest(place)
        files = [(image, image.relative_to(place).as_posix()) for image in images_below(place, through_links=True)]
        if not files:
            raise LayoutError(
                f"{printable(place)}: holds 0 algorithms with images; at least two are needed to rank{_unread([place])}"
            )
        return _matched(files, place.resolve().name or ".", pattern, within=place).and_unread([place])
    if place.suffix.lower() in _TABLES:
        return _from_table(place)
    if place.suffix.lower() not in SUFFIXES:
        raise LayoutError(f"{printable(place)}: {_what(place)}; {_TAKES}")
    raise LayoutError(f"{printable(place)}: no such folder, but one image; {_TAKES}")


def _what(place: Path) -> str:
    if not place.is_file():
        return "isn't a file that can be read"
    return why_unreadable(place)


def _missing(argument: str) -> str:
    reason = why_not_there(argument)
    if reason.endswith("no such file or folder"):
        reason = reason.removesuffix("no such file or folder") + "no such folder"
        return f"{reason}; {_TAKES}"
    return reason


def _name_and_place(argument: str) -> tuple[str | None, str]:
    """NAME=DIR, unless something is called so."""
    name, equals, place = argument.partition("=")
    if not equals or not name or is_there(argument):
        return None, argument
    return name, place


def _images_of(folder: Path) -> list[Path]:
    found = list(images_below(folder, through_links=True))
    if not found:
        raise LayoutError(f"{printable(folder)}: no image in this folder{_unread([folder])}")
    return found


def _unread(folders: Sequence[Path]) -> str:
    """Which files of pictures and archives lie there that aren't read, as an addition to a sentence."""
    found = unread_below(folders)
    return f"; files of formats that aren't read: {found}; convert them to PNG, or unpack them" if found else ""


def _labels(named: Sequence[tuple[str | None, str]]) -> list[str]:
    """A name for each folder: that given, else its own, with the folders above where that isn't enough."""
    parts = [(name,) if name is not None else _parts(place) for name, place in named]
    while len({names[-1] for names in parts}) == 1 and all(len(names) > 1 for names in parts):
        parts = [names[:-1] for names in parts]
    for depth in range(1, max(map(len, parts)) + 1):
        labels = [printable("/".join(names[-depth:])) for names in parts]
        if len(set(labels)) == len(labels):
            return labels
    twice = next(label for label in labels if labels.count(label) > 1)
    raise LayoutError(f"{twice}: is named twice; name each folder once, or tell them apart as NAME=DIR")


def _parts(place: str) -> tuple[str, ...]:
    """Of a path without dots; a link keeps its own name."""
    path = Path(place)
    return path.resolve().parts if {".", ".."} & set(path.parts) or not path.name else path.absolute().parts


def _matched(
    files: Sequence[tuple[Path, str]],
    folder: str,
    pattern: str | None,
    *,
    given: bool = False,
    within: Path | None = None,
) -> Gathered:
    """Images with the paths by which they are matched."""
    names = [printable(name) for _, name in files]
    folder = printable(folder)
    try:
        if pattern is None:
            matching = match_names(names, folder=folder, given=given)
        else:
            matching = match_by_pattern(names, pattern, folder=folder, given=given)
    except LayoutError as error:
        where = f"{printable(within)}: " if within is not None else ""
        raise LayoutError(where + str(error).removeprefix(f"{folder}: ").replace(_SLASH, "/")) from error
    gathered = _gathered([path for path, _ in files], matching)
    if len(gathered.images) < 2:
        only = next(iter(gathered.images), "none")
        raise LayoutError(
            f"{printable(within or only)}: holds {len(gathered.images)} algorithm with images ({only}); at least two "
            "are needed to rank"
        )
    if matching.by_custom:
        _check_shapes(gathered)
    return gathered


def _gathered(paths: Sequence[Path], matching: Matching) -> Gathered:
    images: dict[str, dict[str, Path]] = {}
    datasets: dict[str, str] = {}
    left_out = []
    for path, place in zip(paths, matching.places, strict=True):
        if place is None:
            left_out.append(path)
            continue
        images.setdefault(place.algorithm.replace(_SLASH, "/"), {})[place.content] = path
        if place.dataset is not None:
            datasets[place.content] = place.dataset
    notes = tuple(note.replace(_SLASH, "/") for note in matching.notes)
    return Gathered(images, datasets, notes, tuple(left_out))


def _check_shapes(gathered: Gathered) -> None:
    """Refuse pictures of several shapes as those of one content, where names alone say so; headers alone are read."""
    for content, owners in gathered.owners().items():
        ratios = {}
        for algorithm in owners if len(owners) > 1 else ():
            path = gathered.images[algorithm][content]
            try:
                with Image.open(path) as image:
                    ratios[f"{printable(path.name)} {image.width}x{image.height}"] = image.width / image.height
            except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
                continue  # told of when it is read
        if not ratios:
            continue
        least, most = min(ratios, key=lambda name: ratios[name]), max(ratios, key=lambda name: ratios[name])
        if ratios[most] > ratios[least] * (1 + _SHAPES_DIFFER):
            raise LayoutError(
                f"{'; '.join(gathered.notes)}: but images of {content} differ in shape ({least}, {most}), so they "
                "don't show one content; put one folder an algorithm, or say how to read the names with --match"
            )


def _from_manifest(folder: Path) -> Gathered:
    manifest = read_manifest(folder)
    rows = [
        (str(manifest.root / image.path), image.algorithm, image.content, image.source) for image in manifest.images
    ]
    return _from_rows(rows, folder)


def _from_table(path: Path) -> Gathered:
    """A table with the columns path (relative to it), algorithm, content, and maybe dataset."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, strict=True, delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
            header = [name.strip() for name in reader.fieldnames or ()]
            reader.fieldnames = header
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ManifestError(f"{printable(path)}: can't be read as a table ({error})") from error
    lacking = [name for name in _COLUMNS if name not in header]
    if lacking:
        raise ManifestError(
            f"{printable(path)}: lacks the columns {', '.join(lacking)}; found {', '.join(header) or 'none'}"
        )
    sets = next((name for name in ("dataset", "source") if name in header), None)
    found = []
    for number, row in enumerate(rows, start=1):
        values = [(row[name] or "").strip() for name in _COLUMNS]
        if not all(values) or None in row:
            raise ManifestError(f"{printable(path)}: row {number} lacks a value, or has one too many")
        dataset = (row[sets] or "").strip() if sets is not None else ""
        found.append((str(path.parent / values[0]), values[1], values[2], dataset))
    return _from_rows(found, path)


def _from_rows(rows: Sequence[tuple[str, str, str, str]], table: Path) -> Gathered:
    sets = {dataset for *_, dataset in rows}
    images: dict[str, dict[str, Path]] = {}
    datasets: dict[str, str] = {}
    for file, algorithm, content, dataset in rows:
        several = dataset and len(sets) > 1
        name = f"{dataset}/{content}" if several and not content.startswith(f"{dataset}/") else content
        own = images.setdefault(algorithm, {})
        if name in own:
            raise ManifestError(f"{printable(table)}: names two files of {algorithm} for {name}; keep one of them")
        own[name] = Path(file)
        if several:
            datasets[name] = dataset
    absent = [file for file, *_ in rows if not Path(file).is_file()]
    if absent:
        raise ManifestError(
            f"{printable(table)}: names {len(absent)} files that aren't there, of {len(rows)}: "
            f"{first_few([printable(file) for file in absent])}"
        )
    gathered = Gathered(images, datasets)
    if not gathered.shared:
        raise LayoutError(f"{printable(table)}: no content is shared by two algorithms, so nothing can be compared")
    return gathered


def gather_references(gathered: Gathered, folder: Path) -> tuple[dict[str, Path], tuple[str, ...]]:
    """Find the reference of each content, by names.

    Args:
        gathered: the contents.
        folder: of references, to the bottom.

    Returns:
        Content to file, without contents that have none; and how names were read and how many were found, one sentence
        each.

    Raises:
        LayoutError: no such folder, no image there, no content has a reference, two files for one content.
    """
    if not folder.is_dir():
        raise LayoutError(f"{printable(folder)}: no such folder; --reference takes the folder of the references")
    files = list(images_below(folder, through_links=True))
    if not files:
        raise LayoutError(f"{printable(folder)}: holds no image{_unread([folder])}")
    contents = sorted(gathered.owners())
    by_name = {image.relative_to(folder).as_posix(): image for image in files}
    found, notes = match_references(contents, list(by_name), folder=folder.resolve().name or "reference")
    without = [content for content in contents if content not in found]
    said = f"references: {len(found)} of {len(contents)} contents have one"
    if without:
        said += f"; none for {first_few(without, 5)}"
    return {content: by_name[name] for content, name in found.items()}, (said, *notes)


def gather_mapping(
    images: Mapping[str, Any], *, pattern: str | None = None
) -> tuple[Mapping[str, Mapping[str, Any]], Gathered | None]:
    """Images by algorithm and content, from what a mapping holds for each algorithm.

    Args:
        images: for all algorithms content to image, or for all folders and lists of paths, or for all lists, batches
            and stacks of images, of which those at one place show one content.
        pattern: how to read the names of folders and paths.

    Returns:
        Algorithm to content to image; and what was matched, where names were.

    Raises:
        LayoutError: as `gather`.
        UserError: a value of another kind, kinds that are mixed, or lists of different lengths.
    """
    kinds = {name: _kind(name, value) for name, value in images.items()}
    found = set(kinds.values())
    if len(found) > 1:
        said = first_few([f"{name}: {kind}" for name, kind in kinds.items()])
        raise UserError(f"algorithms are given in different ways ({said}); give all in one")
    if found == {"contents"}:
        return images, None
    if found == {"files"}:
        files = [
            (path, f"{name.replace('/', _SLASH)}/{below}")
            for name, value in images.items()
            for path, below in _files_of(value)
        ]
        gathered = _matched(files, ".", pattern, given=True)
        return gathered.images, gathered
    lengths = {name: len(value) for name, value in images.items()}
    if len(set(lengths.values())) > 1:
        said = first_few([f"{name}: {length}" for name, length in lengths.items()])
        raise UserError(f"algorithms have different numbers of images ({said}); images at one place show one content")
    digits = len(str(max(lengths.values(), default=0)))
    return {name: {f"{i:0{digits}}": image for i, image in enumerate(value)} for name, value in images.items()}, None


def _kind(name: str, value: object) -> str:
    if isinstance(value, Mapping):
        return "contents"
    if isinstance(value, str | os.PathLike):
        return "files"
    if getattr(value, "ndim", 4) == 4 and isinstance(value, Sequence) | hasattr(value, "ndim"):
        items = list(value)  # type: ignore[call-overload]
        return "files" if items and all(isinstance(item, str | os.PathLike) for item in items) else "images in order"
    raise UserError(
        f"{name}: an object of type {type(value).__name__} isn't images of an algorithm; give a folder, a list of "
        "images or paths, a batch (N, 3, height, width), or content to image"
    )


def _files_of(value: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> list[tuple[Path, str]]:
    """Files with the paths by which they are matched: below a folder, or by name in a list."""
    if not isinstance(value, str | os.PathLike):
        return [(Path(path), Path(path).name) for path in value]
    if not is_there(os.fspath(value)):
        raise LayoutError(_missing(os.fspath(value)))
    if not Path(value).is_dir():
        raise LayoutError(f"{value}: isn't a folder")
    return [(path, path.relative_to(value).as_posix()) for path in _images_of(Path(value))]
