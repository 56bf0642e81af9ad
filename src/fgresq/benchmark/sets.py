"""The data sets of a benchmark: manifests, with the hash of every file that they name."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from fgresq.errors import ManifestError, UserError
from fgresq.images.decode import printable
from fgresq.manifest import Manifest, check, images_from_csv, pairs_from_csv, read_manifest
from fgresq.names import first_few
from fgresq.records import ImageRecord

Progress = Callable[[int], None]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_THREADS = 4


@dataclass(frozen=True, slots=True)
class FileState:
    """What was found at a path.

    Attributes:
        sha256: of the file, in hexadecimal; None when it couldn't be read.
        error: why; None when it could.
    """

    sha256: str | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class BenchmarkSet:
    """A data set to measure on.

    Attributes:
        name: unique in a store.
        manifest: its paths are absolute; `about` says where it was read.
        files: path to what was found there, for every image and reference.
    """

    name: str
    manifest: Manifest
    files: Mapping[str, FileState]

    def of_sources(self, sources: Sequence[str]) -> "BenchmarkSet":
        """With the images of some sources, and their pairs; all where none is named. The order stays."""
        images = tuple(image for image in self.manifest.images if not sources or image.source in sources)
        known = {image.image_id for image in images}
        pairs = tuple(pair for pair in self.manifest.pairs if pair.image_a in known)
        return replace(self, manifest=replace(self.manifest, images=images, pairs=pairs))


def read_set(given: str, progress: Progress | None = None) -> BenchmarkSet:
    """Read a data set.

    Args:
        given: PATH or NAME=PATH. PATH is a manifest's folder; a folder with `images.csv` and perhaps `pairs.csv`; or a
            CSV of images. Paths in it start from its folder.
        progress: called with the number of files hashed since the last call.

    Raises:
        ManifestError: it isn't there, can't be read, or contradicts itself; rows that are there twice are named.
        UserError: a name that can't be one.
    """
    name, path = _name_and_path(given)
    manifest = _absolute(_read(path))
    _require_distinct(manifest, str(path))
    return BenchmarkSet(name, manifest, hash_files(_paths(manifest.images), progress))


def hash_files(paths: Iterable[str], progress: Progress | None = None) -> dict[str, FileState]:
    """The state of every path; a file that can't be read has an error instead of a hash."""
    wanted = list(dict.fromkeys(paths))
    states = {}
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="fgresq-hash") as pool:
        for path, state in zip(wanted, pool.map(_state, wanted), strict=True):
            states[path] = state
            if progress is not None:
                progress(1)
    return states


def _state(path: str) -> FileState:
    try:
        with Path(path).open("rb") as file:
            return FileState(hashlib.file_digest(file, "sha256").hexdigest())
    except FileNotFoundError:
        return FileState(None, "no such file")
    except (OSError, ValueError) as error:
        return FileState(None, f"can't be opened ({getattr(error, 'strerror', None) or error})")


def _name_and_path(given: str) -> tuple[str, Path]:
    name, equals, rest = given.partition("=")
    if not equals or "/" in name:
        path = Path(given).absolute()
        is_table = path.suffix.lower() == ".csv"
        name = path.stem if is_table else path.name
    else:
        path = Path(rest).absolute()
    if printable(path) != str(path):
        raise UserError(f"{printable(path)}: a path that isn't UTF-8 can't be kept in a table; rename or link it")
    if not _NAME.fullmatch(name):
        raise UserError(f"{given}: {name!r} can't name a data set; use NAME=PATH with letters, digits, '.', '_' or '-'")
    return name, path


def _read(path: Path) -> Manifest:
    if path.is_dir() and (path / "manifest.json").exists():
        return read_manifest(path)
    if path.is_dir() and (path / "images.csv").exists():
        pairs = path / "pairs.csv"
        return _from_csv(path / "images.csv", pairs if pairs.exists() else None)
    if path.is_dir():
        raise ManifestError(f"{path}: holds neither manifest.json nor images.csv; a data set's folder is needed")
    if not path.exists():
        raise ManifestError(f"{path}: no such data set; a manifest's folder or a CSV of images is needed")
    return _from_csv(path, None)


def _from_csv(images: Path, pairs: Path | None) -> Manifest:
    records = images_from_csv(images)
    judged = pairs_from_csv(pairs) if pairs is not None else ()
    check(records, judged, str(images))
    return Manifest(images.parent, records, judged, {})


def _absolute(manifest: Manifest) -> Manifest:
    root = manifest.root.absolute()
    images = tuple(
        replace(
            image,
            path=str(root / image.path),
            reference=None if image.reference is None else str(root / image.reference),
        )
        for image in manifest.images
    )
    return Manifest(root, images, manifest.pairs, {**manifest.about, "read from": str(root)})


def _paths(images: Sequence[ImageRecord]) -> list[str]:
    return [path for image in images for path in (image.path, image.reference) if path is not None]


def _require_distinct(manifest: Manifest, name: str) -> None:
    """Rows that are there twice would count twice: an image of one task under two identities, or a pair again."""
    if not manifest.images:
        raise ManifestError(f"{name}: names no image; there is nothing to measure on")
    images = Counter((image.path, image.task) for image in manifest.images)
    twice = [f"{path} ({count} rows)" for (path, _), count in images.items() if count > 1]
    if twice:
        raise ManifestError(f"{name}: images that are there more than once for one task: {first_few(twice)}")
    pairs = Counter(frozenset((pair.image_a, pair.image_b)) for pair in manifest.pairs)
    again = [f"{' | '.join(sorted(pair))} ({count} rows)" for pair, count in pairs.items() if count > 1]
    if again:
        raise ManifestError(
            f"{name}: pairs that are there more than once: {first_few(again)}; several votes must become one first"
        )
