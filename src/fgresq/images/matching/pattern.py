"""Names read by a pattern that the user gives, where they say nothing by themselves."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from fgresq.errors import LayoutError, UserError
from fgresq.images.matching.levels import Matching, Place, nearest_names
from fgresq.names import first_few

GROUPS = ("algorithm", "content", "dataset")


def _compiled(pattern: str) -> re.Pattern[str]:
    """A regular expression with groups named content, algorithm or dataset.

    Raises:
        UserError: it isn't one, or has another named group, or neither content nor algorithm.
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise UserError(f"--match {pattern!r}: isn't a regular expression ({error})") from error
    unknown = sorted(set(compiled.groupindex) - set(GROUPS))
    if unknown or not {"content", "algorithm"} & set(compiled.groupindex):
        found = f"has the group {unknown[0]}" if unknown else "names no group"
        raise UserError(
            f"--match {pattern!r}: {found}; name the parts (?P<content>...), (?P<algorithm>...) and (?P<dataset>...)"
        )
    return compiled


def match_by_pattern(files: Sequence[str], pattern: str, *, folder: str = ".", given: bool = False) -> Matching:
    """Tell data sets, algorithms and contents by a pattern, which has to fit the whole name without its suffix.

    A pattern with a slash is held against the path below the folder, another against the file's name. Without the group
    `algorithm`, the first folder is the algorithm; without `content`, all images show one. Files that it doesn't fit
    are left out.

    Args:
        files, folder, given: as for `match_names`.
        pattern: with the named groups of `GROUPS`.

    Raises:
        UserError: it isn't a regular expression, or has another named group, or neither content nor algorithm.
        LayoutError: it fits no file, or two files of an algorithm are one content, or none is shared by two algorithms.
    """
    compiled = _compiled(pattern)
    whole = "/" in re.sub(r"\[[^\]]*\]", "", pattern)
    places: list[Place | None] = []
    seen: dict[tuple[str, str], str] = {}
    for file in files:
        path = PurePosixPath(file)
        below = PurePosixPath(*path.parts[1:]) if given and len(path.parts) > 1 else path
        text = str(below.with_suffix("")) if whole else path.stem
        found = compiled.fullmatch(text)
        places.append(None if found is None else _place(found, path, folder))
        place = places[-1]
        if place is not None:
            key = (place.algorithm, place.content)
            if key in seen:
                raise LayoutError(
                    f"{file} and {seen[key]}: two files for one content ({place.content}) of {place.algorithm} by "
                    "--match; keep one of them, or let the pattern tell them apart"
                )
            seen[key] = file
    there = [place for place in places if place is not None]
    if not there:
        shown = str(PurePosixPath(files[0]).with_suffix("")) if whole else PurePosixPath(files[0]).stem
        raise LayoutError(
            f"--match {pattern!r}: fits none of {len(files)} names, such as {shown!r}; it has to fit all of a name"
        )
    _refuse_unshared(there, pattern)
    left = [file for file, place in zip(files, places, strict=True) if place is None]
    notes = [f"names are read by {pattern}"]
    if left:
        notes.append(f"{len(left)} of {len(files)} files are left out, since it doesn't fit: {first_few(left)}")
    return Matching(tuple(places), tuple(notes))


def _place(found: re.Match[str], path: PurePosixPath, folder: str) -> Place | None:
    named = found.groupdict()
    algorithm = named.get("algorithm") or ("" if "algorithm" in named else path.parts[0] if len(path.parts) > 1 else "")
    content = named.get("content") or ("" if "content" in named else folder)
    if not algorithm or not content:
        return None
    dataset = named.get("dataset") or None
    return Place(algorithm, f"{dataset}/{content}" if dataset else content, dataset)


def _refuse_unshared(places: Sequence[Place], pattern: str) -> None:
    algorithms: dict[str, list[str]] = {}
    for place in places:
        algorithms.setdefault(place.algorithm, []).append(place.content)
    contents = [place.content for place in places]
    if len(set(contents)) < len(contents):
        return
    if len(algorithms) < 2:
        raise LayoutError(f"--match {pattern!r}: gives 1 algorithm ({places[0].algorithm}); at least two are needed")
    nearest = nearest_names(algorithms)[0]
    raise LayoutError(
        f"--match {pattern!r}: no content is shared by two algorithms, so nothing can be compared; nearest: "
        f"{nearest[0]} ({nearest[1]}) and {nearest[2]} ({nearest[3]})"
    )
