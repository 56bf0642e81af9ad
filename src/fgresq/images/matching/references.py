"""Which reference is of which content."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from fgresq.errors import LayoutError
from fgresq.images.matching.affixes import Named, read_names, shared_keys
from fgresq.names import first_few


def match_references(
    contents: Sequence[str], references: Sequence[str], *, folder: str = "reference"
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Find a reference for each content by their names.

    Args:
        contents: as `match_names` calls them; those of a data set begin with its name and a slash.
        references: paths of files below their folder, with slashes and suffixes.
        folder: what their folder is called; names may carry it.

    Returns:
        Content to reference, without the contents that have none; and how names were read, one sentence each.

    Raises:
        LayoutError: no content has a reference, or two files are references of one.
    """
    paths = [PurePosixPath(file) for file in references]
    for with_folders in (True, False):
        sides = {
            "contents": [_named(PurePosixPath(f"{content}.png"), content, with_folders) for content in contents],
            folder: [_named(path, str(path), with_folders) for path in paths],
        }
        try:
            chosen = read_names(sides, {"contents": (), folder: (folder,)})
        except LayoutError:
            if not with_folders:
                raise
            continue
        if shared_keys(chosen):
            by_key = dict(zip(chosen[folder].keys, references, strict=True))
            found = {
                content: by_key[key]
                for content, key in zip(contents, chosen["contents"].keys, strict=True)
                if key in by_key
            }
            return found, tuple(f"{name}: names without {way.taken}" for name, way in chosen.items() if way.taken)
    raise LayoutError(
        f"{folder}: no reference has the name of a content; contents are called {first_few(list(contents), shown=3)}, "
        f"references {first_few([path.stem for path in paths], shown=3)}"
    )


def _named(path: PurePosixPath, shown: str, with_folders: bool) -> Named:
    parent = str(path.parent) if with_folders and path.parent != PurePosixPath() else ""
    return Named(shown, parent, path.stem)
