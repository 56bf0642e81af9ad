"""Which image files a user means by paths, folders and patterns."""

import glob
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from fgresq.errors import LayoutError, UserError
from fgresq.files import is_ignored, is_systems_own
from fgresq.images.decode import printable

SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".tif", ".tiff", ".webp", ".gif"}
    | {".ppm", ".pgm", ".pbm", ".pnm", ".avif", ".jp2", ".j2k"}
)

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def find_images(arguments: Sequence[str]) -> list[Path]:
    """The image files that the arguments name, each once, folders searched to the bottom in name order.

    A file is taken whatever its suffix; in a folder only files with an image's suffix count, and nothing that
    `fgresq.files.is_ignored`. A folder that a system keeps for itself is searched if it alone is named, but not among
    several arguments, where a shell's pattern has put it.

    Raises:
        UserError: a path that doesn't exist, a pattern that matches nothing, a folder without images.
    """
    found: dict[Path, None] = {}
    meant = (
        [argument for argument in arguments if not _is_systems_own_folder(argument)]
        if len(arguments) > 1
        else arguments
    )
    for argument in meant or arguments:
        found.update(dict.fromkeys(_expand(argument)))
    return list(found)


def _is_systems_own_folder(argument: str) -> bool:
    return is_systems_own(Path(argument).name) and _is_folder(Path(argument))


def _expand(argument: str) -> Iterable[Path]:
    path = Path(argument)
    if argument and _is_there(path):
        found = list(_images_at(path))
        if not found:
            raise UserError(f"{printable(path)}: no image in this folder (looked for {', '.join(sorted(SUFFIXES))})")
        return found
    if not glob.has_magic(argument) or _ADDRESS.match(argument):
        raise UserError(f"{_named(argument)}: {_not_there(argument)}")
    matches = sorted(glob.glob(argument, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
    found = [
        image for match in matches if not _lies_in_a_systems_own(match, argument) for image in _images_at(Path(match))
    ]
    if not found:
        raise UserError(f"{printable(path)}: the pattern matches no image")
    return found


def _named(argument: str) -> str:
    """An argument that names nothing as it was given, since a path would lose a slash of an address."""
    return printable(argument) if argument else repr(argument)


def _not_there(argument: str) -> str:
    if _ADDRESS.match(argument):
        return "is an address on the web; only files are read: download it first"
    if argument == "-":
        return "standard input isn't read; name a file or folder"
    return "no such file or folder"


def _lies_in_a_systems_own(match: str, pattern: str) -> bool:
    """Whether a wildcard of the pattern stands for a folder of the system's; one that it names in full is meant."""
    named = Path(pattern).parts
    return any(is_systems_own(part) and part not in named for part in Path(match).parts)


def _is_there(path: Path) -> bool:
    """Whether anything stands at a path, be it a link to nothing.

    Raises:
        UserError: it can't be found out.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as error:
        raise UserError(f"{printable(path)}: can't be opened ({getattr(error, 'strerror', error)})") from error
    return True


def _images_at(path: Path) -> Iterable[Path]:
    return images_below(path) if _is_folder(path) else [path]


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises where it isn't allowed to look


def images_below(folder: Path) -> Iterator[Path]:
    """Image files below a folder by suffix, in name order; what `is_ignored` is skipped, links to folders too.

    Raises:
        UserError: a folder that can't be read.
    """

    def refuse(error: OSError) -> None:
        raise UserError(f"{printable(Path(error.filename))}: can't be read ({error.strerror})") from error

    for parent, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not is_ignored(name))
        for name in sorted(files):
            if Path(name).suffix.lower() in SUFFIXES and not is_ignored(name):
                yield Path(parent) / name


def algorithms_in(folder: Path) -> Mapping[str, Mapping[str, Path]]:
    """Read the layout that `rank` takes: algorithm to content to file.

    Either one folder an algorithm, where files of the same name (whatever the suffix) show the same content, or one
    flat folder, where all images show one content and each image's name is its algorithm.

    Raises:
        LayoutError: neither of the two, fewer than two algorithms, or two files of one algorithm for one content.
        UserError: a folder that can't be read.
    """
    if not _is_there(folder) or not _is_folder(folder):
        raise LayoutError(f"{printable(folder)}: no such folder; rank takes a folder with one subfolder an algorithm")
    loose: dict[str, Path] = {}
    algorithms: dict[str, dict[str, Path]] = {}
    for image in images_below(folder):
        parts = image.relative_to(folder).parts
        if len(parts) == 1:
            _put(loose, image.stem, image)
        else:
            contents = algorithms.setdefault(printable(Path(parts[0])), {})
            _put(contents, printable(Path(*parts[1:]).with_suffix("")), image)
    if loose and algorithms:
        raise LayoutError(
            f"{printable(folder)}: has both images and folders of images; keep one folder an algorithm, or one flat "
            f"folder (loose image: {printable(next(iter(loose.values())))})"
        )
    if loose:
        algorithms = {
            printable(Path(name)): {printable(Path(folder.name or ".")): path} for name, path in loose.items()
        }
    if len(algorithms) < 2:
        raise LayoutError(
            f"{printable(folder)}: holds {len(algorithms)} algorithm{'' if len(algorithms) == 1 else 's'} with images; "
            "at least two are needed to rank"
        )
    return algorithms


def _put(images: dict[str, Path], content: str, path: Path) -> None:
    if content in images:
        raise LayoutError(
            f"{printable(path)} and {printable(images[content])}: two files for one content; keep one of them"
        )
    images[content] = path
