"""The files below a folder, walked once, found without regard to case."""

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from fgresq.errors import LayoutError, UserError
from fgresq.files import is_ignored
from fgresq.images.decode import printable
from fgresq.images.discover import SUFFIXES


class Tree:
    """The files below a source's root, as paths relative to it with forward slashes.

    Data sets are copied between systems, so `I01_01_1.BMP` is found when `i01_01_1.bmp` is looked for.

    Attributes:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        """Walk the folder; what is hidden or a system's own is skipped, links to folders are followed once.

        Raises:
            UserError: no such folder, or one below it can't be read.
        """
        if not root.is_dir():
            raise UserError(f"{printable(root)}: no such folder; the data set's root is needed")
        self.root = root
        self._files = sorted(_walk(root))
        self._by_path: dict[str, str] = {}
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for file in self._files:
            self._by_path.setdefault(file.lower(), file)
            self._by_name[PurePosixPath(file).name.lower()].append(file)

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def find(self, path: str) -> str | None:
        """The file at a path, whatever its case; None if it isn't there."""
        return self._by_path.get(path.lower())

    def named(self, name: str) -> Sequence[str]:
        """The files of a name, in whatever folder."""
        return self._by_name.get(name.lower(), [])

    def below(self, folder: str) -> list[str]:
        """The files below a folder, whatever its case."""
        prefix = f"{folder.lower()}/"
        return [file for file in self._files if file.lower().startswith(prefix)]

    def images(self) -> list[str]:
        """The files that are images by their suffix."""
        return [file for file in self._files if is_image(file)]

    def path(self, file: str) -> Path:
        """A file's path on disk."""
        return self.root / file

    def one_named(self, name: str) -> str | None:
        """The one file of a name, in whatever folder; None if there is none.

        Raises:
            LayoutError: there are several.
        """
        files = self.named(name)
        if len(files) > 1:
            raise LayoutError(f"{printable(self.root)}: holds {name} {len(files)} times ({', '.join(files)}); keep one")
        return files[0] if files else None


def is_image(file: str) -> bool:
    """Whether a file is an image by its suffix."""
    return PurePosixPath(file).suffix.lower() in SUFFIXES


def without_image_suffix(name: str) -> str:
    """A name without the suffix of an image, if it has one; other dots stay."""
    return str(PurePosixPath(name).with_suffix("")) if is_image(name) else name


def _walk(root: Path) -> Iterator[str]:
    def refuse(error: OSError) -> None:
        raise UserError(f"{printable(Path(error.filename))}: can't be read ({error.strerror})") from error

    seen = set()
    for parent, folders, files in os.walk(root, onerror=refuse, followlinks=True):
        status = Path(parent).stat()
        if (status.st_dev, status.st_ino) in seen:  # a link back up, or two links to one folder
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not is_ignored(name))
        relative = Path(parent).relative_to(root)
        yield from ((relative / name).as_posix() for name in files if not is_ignored(name))
