"""Which image files a user means by paths, folders and patterns."""

import glob
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from fgresq.errors import UserError
from fgresq.files import is_ignored, is_systems_own
from fgresq.images.decode import printable

SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".tif", ".tiff", ".webp", ".gif"}
    | {".ppm", ".pgm", ".pbm", ".pnm", ".avif", ".jp2", ".j2k"}
)

# Of pictures, videos and archives in which people look for pictures, none of which is read.
UNREAD_SUFFIXES = frozenset(
    {".exr", ".hdr", ".pfm", ".heic", ".heif", ".jxl", ".jxr", ".npy", ".npz", ".mat", ".psd", ".svg", ".pdf", ".dng"}
    | {
        ".cr2",
        ".nef",
        ".arw",
        ".raw",
        ".yuv",
        ".mp4",
        ".avi",
        ".mov",
        ".mkv",
        ".zip",
        ".tar",
        ".gz",
        ".tgz",
        ".7z",
        ".rar",
    }
    | {".lmdb", ".h5", ".hdf5", ".pt", ".tga", ".qoi"}
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
    if is_there(argument):
        found = list(_images_at(path))
        if not found:
            others = unread_below([path])
            besides = f"; not read: {others}" if others else ""
            looked = ", ".join(sorted(SUFFIXES))
            raise UserError(f"{printable(path)}: no image in this folder (looked for {looked}){besides}")
        return found
    if not glob.has_magic(argument) or _ADDRESS.match(argument):
        raise UserError(why_not_there(argument))
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


def is_there(argument: str) -> bool:
    """Whether anything stands at a path that a user gave, be it a link to nothing; nothing has no name.

    Raises:
        UserError: it can't be found out.
    """
    if not argument:
        return False
    path = Path(argument)
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as error:
        raise UserError(f"{printable(path)}: can't be opened ({getattr(error, 'strerror', error)})") from error
    return True


def _images_at(path: Path) -> Iterable[Path]:
    return images_below(path) if _is_folder(path) else [path]


def unread_below(folders: Iterable[Path], *, through_links: bool = False) -> str:
    """Which files of formats that aren't read lie below some folders: "2 .exr, 1 .zip"; empty where there are none.

    Args:
        folders: where to look.
        through_links: as for `images_below`.
    """
    counted: Counter[str] = Counter()
    for folder in folders:
        for parent, below, files in os.walk(folder, followlinks=through_links):
            below[:] = [
                name for name in below if not is_ignored(name) and not (through_links and _leads_up(parent, name))
            ]
            suffixes = [Path(name).suffix.lower() for name in files if not is_ignored(name)]
            counted.update(suffix for suffix in suffixes if suffix in UNREAD_SUFFIXES)
    return ", ".join(f"{number} {suffix}" for suffix, number in sorted(counted.items()))


def about_unread(folders: Iterable[Path], *, through_links: bool = False) -> list[str]:
    """What to say of files of formats that aren't read, beside images that are; nothing where there are none."""
    found = unread_below(folders, through_links=through_links)
    return (
        [f"passed over, since these formats aren't read: {found}; convert them to PNG, or unpack them"] if found else []
    )


def _leads_up(parent: str, name: str) -> bool:
    path = Path(parent) / name
    return path.is_symlink() and Path(parent).resolve().is_relative_to(path.resolve())


def why_not_there(argument: str) -> str:
    """What to say of an argument that names nothing: as it was given, and why."""
    return f"{_named(argument)}: {_not_there(argument)}"


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises where it isn't allowed to look


def images_below(folder: Path, *, through_links: bool = False) -> Iterator[Path]:
    """Image files below a folder by suffix, in name order; what `is_ignored` is skipped, links to folders too.

    Args:
        folder: where to begin.
        through_links: follow links to folders as well, but none that leads back up.

    Raises:
        UserError: a folder that can't be read.
    """

    def refuse(error: OSError) -> None:
        raise UserError(f"{printable(Path(error.filename))}: can't be read ({error.strerror})") from error

    for parent, folders, files in os.walk(folder, onerror=refuse, followlinks=through_links):
        folders[:] = sorted(
            name for name in folders if not is_ignored(name) and not (through_links and _leads_up(parent, name))
        )
        for name in sorted(files):
            if Path(name).suffix.lower() in SUFFIXES and not is_ignored(name):
                yield Path(parent) / name
