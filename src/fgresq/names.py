"""What to say of names: that one isn't known, or that there are many."""

import difflib
from collections.abc import Collection, Iterable
from itertools import islice


def nearest(name: str, known: Iterable[str]) -> str:
    """A clause that lists the known names nearest to `name`, or all of them when none is near."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=3)
    return f"did you mean {' or '.join(close)}?" if close else f"known: {', '.join(names)}"


def first_few(names: Collection[object], shown: int = 5, separator: str = ", ") -> str:
    """The first names, and how many there are besides."""
    rest = f"{separator}and {len(names) - shown} more" if len(names) > shown else ""
    return separator.join(map(str, islice(names, shown))) + rest
