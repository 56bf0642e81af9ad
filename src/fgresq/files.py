"""Files are written whole or not at all; where our own are kept; and which ones are nobody's content."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fgresq.errors import OutputError

# How files that aren't whole yet are called; the number of the process that writes them follows.
TEMPORARY = ".fgresq-"

# Folders that systems and storage devices keep for themselves (thumbnails, waste bins, snapshots, rescued pieces), and
# the files that they lay beside people's, in small letters.
_SYSTEMS_OWN = frozenset(
    {"@eadir", "@tmp", "#recycle", "#snapshot", "@recycle", "@recently-snapshot", "~snapshot"}
    | {"$recycle.bin", "recycler", "system volume information", "lost+found", "found.000", "__macosx"}
    | {".ds_store", "thumbs.db", "desktop.ini"}
)


def is_systems_own(name: str) -> bool:
    """Whether a file or folder of this name belongs to a system or storage device, whatever the case."""
    return name.lower() in _SYSTEMS_OWN


def is_ignored(name: str) -> bool:
    """Whether a file or folder of this name is passed over wherever folders are searched: hidden, or a system's own."""
    return name.startswith(".") or is_systems_own(name)


def home() -> Path:
    """Where fgresq keeps what isn't the user's: $FGRESQ_HOME, else fgresq in the user's cache folder."""
    if chosen := os.environ.get("FGRESQ_HOME"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fgresq"


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`; it takes the name `path` when the block ends without an error.

    Raises:
        OutputError: the folder doesn't exist or can't be written, the disk is full, `path` is a folder. What stood at
            `path` before is still there then, and no temporary file is left.
    """
    temporary = _make_beside(path)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())  # a temporary file is its owner's alone
        temporary.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: can't be written ({error.strerror or error})") from error
    finally:
        temporary.unlink(missing_ok=True)


def check_can_write(path: Path) -> None:
    """Find out whether a file can be made at `path`, without touching what stands there.

    Raises:
        OutputError: as `written_whole`.
    """
    _make_beside(path).unlink()


def _make_beside(path: Path) -> Path:
    try:
        if path.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        if path.exists() and not path.is_file():  # a rename would put a file in a device's place
            raise OSError(None, "it isn't a regular file")
        if not path.parent.is_dir():
            raise FileNotFoundError(None, f"there is no folder {path.parent}")
        handle, name = tempfile.mkstemp(prefix=f"{TEMPORARY}{os.getpid()}-", dir=path.parent)
    except OSError as error:
        raise OutputError(f"{path}: can't be written ({error.strerror or error})") from error
    os.close(handle)
    return Path(name)


def _umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current
