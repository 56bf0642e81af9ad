"""How many names fit in an error."""

from collections.abc import Collection
from itertools import islice


def first_few(names: Collection[object], shown: int = 5) -> str:
    """The first names, and how many there are besides."""
    rest = f", and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(map(str, islice(names, shown))) + rest
