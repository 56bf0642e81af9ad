"""Record tables on disk: a folder with `images.parquet`, `pairs.parquet` and `manifest.json`.

The JSON holds the schema's version, a SHA-256 of each table, and whatever the maker wants to say (`about`). A table
that doesn't match its hash isn't read. CSV goes in and out for people and other programs.
"""

import hashlib
import io
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar, overload

import polars as pl

from fgresq.errors import ManifestError
from fgresq.files import written_whole
from fgresq.names import first_few, nearest
from fgresq.records import ImageRecord, Pair, Preference, RestorationTask

SCHEMA = 1
_FILES = {"images": "images.parquet", "pairs": "pairs.parquet"}
_IMAGE_TYPES = {field.name: pl.Float64 if field.name == "mos" else pl.String for field in fields(ImageRecord)}
_PAIR_TYPES = {field.name: pl.String for field in fields(Pair)}
_REQUIRED = {
    "images": ("image_id", "path", "source", "task", "content", "algorithm"),
    "pairs": ("image_a", "image_b"),
}
_MAY_BE_EMPTY = ("task",)
_SHOWN = 10

Record = TypeVar("Record", ImageRecord, Pair)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A data set: its images, its pairs, and what is said about it.

    Attributes:
        root: folder that relative paths start from.
        images: with unique identities.
        pairs: of images of one content; their tasks may differ.
        about: free description; what made the data set, from what, under which licence.
    """

    root: Path
    images: tuple[ImageRecord, ...]
    pairs: tuple[Pair, ...]
    about: Mapping[str, Any]

    def path_of(self, image: ImageRecord) -> Path:
        """Where an image's file is."""
        return self.root / image.path


def joined(manifests: Sequence[Manifest], root: Path) -> Manifest:
    """One manifest of all images and pairs of several; the pictures stay where they are.

    Args:
        manifests: with identities, and contents, that are unique over all of them.
        root: folder of the joined manifest; paths of pictures are relative to it.

    Returns:
        The manifest, not written yet. Its `about` has those of the others under their folders, and their labels.

    Raises:
        ManifestError: the records contradict one another.
    """
    images = tuple(
        replace(image, path=_moved(of.root, image.path, root), reference=_moved(of.root, image.reference, root))
        for of in manifests
        for image in of.images
    )
    pairs = tuple(pair for of in manifests for pair in of.pairs)
    check(images, pairs, str(root))
    labels = dict.fromkeys(of.about["labels"] for of in manifests if "labels" in of.about)
    about: dict[str, Any] = {"joined": {str(of.root): dict(of.about) for of in manifests}}
    return Manifest(root, images, pairs, about | ({"labels": " ".join(labels)} if labels else {}))


@overload
def _moved(old: Path, path: str, new: Path) -> str: ...
@overload
def _moved(old: Path, path: None, new: Path) -> None: ...
@overload
def _moved(old: Path, path: str | None, new: Path) -> str | None: ...
def _moved(old: Path, path: str | None, new: Path) -> str | None:
    return path if path is None or Path(path).is_absolute() else os.path.relpath(old / path, new)


def write_manifest(manifest: Manifest) -> None:
    """Write a manifest into its root; the JSON last, so that a broken run leaves no valid manifest.

    Raises:
        OutputError: a file can't be written there.
        ManifestError: the records contradict one another.
    """
    check(manifest.images, manifest.pairs, str(manifest.root))
    tables = {
        "images": pl.DataFrame([asdict(image) for image in manifest.images], schema=_IMAGE_TYPES),
        "pairs": pl.DataFrame([asdict(pair) for pair in manifest.pairs], schema=_PAIR_TYPES),
    }
    hashes = {}
    for name, table in tables.items():
        path = manifest.root / _FILES[name]
        content = io.BytesIO()  # through memory, since polars reports a full disk in a way of its own
        table.write_parquet(content)
        with written_whole(path) as temporary:
            temporary.write_bytes(content.getvalue())
        hashes[name] = hashlib.sha256(content.getvalue()).hexdigest()
    document = {"schema": SCHEMA, "sha256": hashes, "about": dict(manifest.about)}
    with written_whole(manifest.root / "manifest.json") as temporary:
        temporary.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """Read a manifest written by `write_manifest`.

    Raises:
        ManifestError: it isn't there, is of a newer schema, its tables don't match their hashes, or a row is wrong.
    """
    path = folder / "manifest.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ManifestError(f"{folder}: holds no manifest.json; a data set's folder is needed") from error
    except (OSError, ValueError) as error:
        raise ManifestError(f"{path}: isn't readable JSON ({error})") from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        found = document.get("schema") if isinstance(document, dict) else None
        raise ManifestError(f"{path}: has schema {found!r}; this version of fgresq reads {SCHEMA}")
    for key in ("sha256", "about"):
        if not isinstance(document.setdefault(key, {}), dict):
            raise ManifestError(f"{path}: {key} must be an object with names and values")
    images = _records(_verified(folder, "images", document), ImageRecord, str(folder / _FILES["images"]))
    pairs = _records(_verified(folder, "pairs", document), Pair, str(folder / _FILES["pairs"]))
    check(images, pairs, str(folder))
    return Manifest(folder, images, pairs, document["about"])


def images_from_csv(path: Path) -> tuple[ImageRecord, ...]:
    """Read `ImageRecord`s from a CSV with a header of their names.

    `mos`, `reference` and `scale` may be absent, and `task` may be empty.

    Raises:
        ManifestError: a column is missing (the columns found are listed), or a value is wrong.
    """
    return _records(_read_csv(path), ImageRecord, str(path))


def pairs_from_csv(path: Path) -> tuple[Pair, ...]:
    """Read `Pair`s from a CSV with a header of their names (`preference` may be absent).

    Raises:
        ManifestError: as `images_from_csv`.
    """
    return _records(_read_csv(path), Pair, str(path))


def write_csv(path: Path, records: Sequence[ImageRecord] | Sequence[Pair]) -> None:
    """Write records as CSV with a header.

    Raises:
        OutputError: it can't be written there.
    """
    types = _PAIR_TYPES if records and isinstance(records[0], Pair) else _IMAGE_TYPES
    text = pl.DataFrame([asdict(record) for record in records], schema=types).write_csv()
    with written_whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def check(images: Sequence[ImageRecord], pairs: Sequence[Pair], name: str) -> None:
    """Check that records agree: identities are unique, pairs know their images, a content keeps to one source.

    Raises:
        ManifestError: they don't; the first few offenders are named.
    """
    by_id = {image.image_id: image for image in images}
    if len(by_id) != len(images):
        seen: set[str] = set()
        twice = [image.image_id for image in images if image.image_id in seen or seen.add(image.image_id)]  # type: ignore[func-returns-value]
        raise ManifestError(f"{name}: image identities that occur twice: {first_few(twice, _SHOWN)}")
    unknown = [identity for pair in pairs for identity in (pair.image_a, pair.image_b) if identity not in by_id]
    if unknown:
        raise ManifestError(
            f"{name}: pairs name images that aren't in the table of images: {first_few(unknown, _SHOWN)}"
        )
    mixed = [
        f"{pair.image_a} | {pair.image_b}"
        for pair in pairs
        if pair.image_a == pair.image_b or by_id[pair.image_a].content != by_id[pair.image_b].content
    ]
    if mixed:
        raise ManifestError(f"{name}: pairs of one image with itself, or of two contents: {first_few(mixed, _SHOWN)}")
    sources: dict[str, str] = {}
    astray = [image.content for image in images if sources.setdefault(image.content, image.source) != image.source]
    if astray:
        raise ManifestError(f"{name}: contents that stand in two sources: {first_few(astray, _SHOWN)}")


def _verified(folder: Path, name: str, document: Mapping[str, Any]) -> pl.DataFrame:
    path = folder / _FILES[name]
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ManifestError(f"{path}: can't be read ({error.strerror})") from error
    if hashlib.sha256(content).hexdigest() != document["sha256"].get(name):
        raise ManifestError(f"{path}: doesn't match the SHA-256 in manifest.json; it was changed or is damaged")
    try:
        return pl.read_parquet(content)
    except pl.exceptions.PolarsError as error:
        raise ManifestError(f"{path}: can't be read as Parquet ({str(error).splitlines()[0]})") from error


def _read_csv(path: Path) -> pl.DataFrame:
    try:
        return pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ManifestError(f"{path}: can't be read as CSV ({str(error).splitlines()[0]})") from error


def _records(table: pl.DataFrame, kind: type[Record], name: str) -> tuple[Record, ...]:
    required = _REQUIRED["images" if kind is ImageRecord else "pairs"]
    missing = [column for column in required if column not in table.columns]
    if missing:
        raise ManifestError(f"{name}: lacks the columns {first_few(missing, _SHOWN)}; found {', '.join(table.columns)}")
    known = [field.name for field in fields(kind) if field.name in table.columns]
    odd = _of_wrong_type(table.select(known))
    if odd:
        raise ManifestError(f"{name}: columns that aren't text, or numbers for mos: {first_few(odd, _SHOWN)}")
    records, wrong = [], []
    for number, row in enumerate(table.select(known).iter_rows(named=True), start=1):
        try:
            records.append(_record(row, kind))
        except ValueError as error:
            wrong.append(f"row {number}: {error}")
    if wrong:
        raise ManifestError(f"{name}: {len(wrong)} rows are wrong: {first_few(wrong, _SHOWN, '; ')}")
    return tuple(records)


def _of_wrong_type(table: pl.DataFrame) -> list[str]:
    """Columns that don't hold text; the MOS may be a number. A column without any value has no type."""
    return [
        f"{column} ({dtype})"
        for column, dtype in table.schema.items()
        if not (dtype in {pl.String, pl.Null} or (column == "mos" and dtype.is_numeric()))
    ]


def _record(row: Mapping[str, Any], kind: type[Record]) -> Record:
    values: dict[str, Any] = {key: None if value == "" else value for key, value in row.items()}
    required = _REQUIRED["images" if kind is ImageRecord else "pairs"]
    empty = [key for key in required if values[key] is None and key not in _MAY_BE_EMPTY]
    if empty:
        raise ValueError(f"{', '.join(empty)} is empty")
    if kind is ImageRecord:
        if values["task"] is not None:
            values["task"] = _member(RestorationTask, values["task"])
        if values.get("mos") is not None:
            values["mos"] = float(values["mos"])
            if not math.isfinite(values["mos"]):
                raise ValueError(f"mos is {values['mos']}; leave it empty when it is unknown")
    elif values.get("preference") is not None:
        values["preference"] = _member(Preference, values["preference"])
    return kind(**values)


def _member(kind: type[Any], value: str) -> Any:
    known = [member.value for member in kind]
    if value not in known:
        raise ValueError(f"{value!r} isn't a {kind.__name__}; {nearest(str(value), known)}")
    return kind(value)
