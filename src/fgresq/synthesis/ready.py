"""Results of other people's restorers, ready in a folder, found and read for the data set that they join."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from fgresq.errors import ImageError, LayoutError
from fgresq.images.arrays import RgbArray
from fgresq.images.decode import decode, printable
from fgresq.images.discover import images_below
from fgresq.names import first_few
from fgresq.records import RestorationTask

_LAYOUT = "one folder an algorithm, with files named like the photographs; or such folders below folders named by tasks"


@dataclass(frozen=True, slots=True)
class Ready:
    """A finished restoration.

    Attributes:
        task: what was to be undone.
        algorithm: what made it: the name of its folder.
        path: of the file.
    """

    task: RestorationTask
    algorithm: str
    path: Path


def find_ready(
    folder: Path, contents: Collection[str], task: RestorationTask | None
) -> Mapping[str, tuple[Ready, ...]]:
    """The results in a folder, by content, in the order of tasks and algorithms.

    Args:
        folder: FOLDER/ALGORITHM/NAME.png, or FOLDER/TASK/ALGORITHM/NAME.png with tasks named as in a manifest.
        contents: the names of the photographs, without suffix.
        task: of the results that lie in no task's folder.

    Raises:
        LayoutError: not such a folder, a file that belongs to no photograph, two files for one.
        UserError: a folder that can't be read.
    """
    if not folder.is_dir():
        raise LayoutError(f"{printable(folder)}: no such folder; results lie in {_LAYOUT}")
    found: dict[str, dict[tuple[RestorationTask, str], Ready]] = {}
    for path in images_below(folder):
        ready, content = _placed(folder, path, task)
        if content not in contents:
            raise LayoutError(
                f"{printable(path)}: no photograph is called {content}; there are {first_few(sorted(contents))}"
            )
        earlier = found.setdefault(content, {}).setdefault((ready.task, ready.algorithm), ready)
        if earlier is not ready:
            raise LayoutError(
                f"{printable(path)} and {printable(earlier.path)}: two files for one photograph; keep one of them"
            )
    if not found:
        raise LayoutError(f"{printable(folder)}: holds no images; results lie in {_LAYOUT}")
    tasks = list(RestorationTask)
    return {
        content: tuple(sorted(ready.values(), key=lambda one: (tasks.index(one.task), one.algorithm)))
        for content, ready in found.items()
    }


def _placed(folder: Path, path: Path, task: RestorationTask | None) -> tuple[Ready, str]:
    """What a file's place says of it, and the name of its photograph."""
    parts = path.relative_to(folder).parts
    if parts[0] in list(RestorationTask):
        task, parts = RestorationTask(parts[0]), parts[1:]
    if len(parts) != 2:
        raise LayoutError(f"{printable(path)}: isn't where results lie: {_LAYOUT}")
    if task is None:
        raise LayoutError(
            f"{printable(path)}: no task is known; say --restored-task, or put the algorithms' folders below one named "
            f"by the task ({', '.join(RestorationTask)})"
        )
    return Ready(task, printable(Path(parts[0])), path), printable(Path(Path(parts[1]).stem))


def read_ready(ready: Ready, size: tuple[int, int]) -> RgbArray:
    """The pixels of a result, which must be of its photograph's (height, width).

    Raises:
        ImageError: it can't be decoded, or is of another size.
    """
    pixels = decode(ready.path)
    height, width = pixels.shape[:2]
    if (height, width) != size:
        raise ImageError(
            printable(ready.path),
            f"is {width}x{height} pixels, its photograph {size[1]}x{size[0]}; cut or enlarge one to the other's size",
        )
    return pixels
