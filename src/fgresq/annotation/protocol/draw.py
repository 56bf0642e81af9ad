"""Random choices that anyone can derive again: SHA-256 of a seed and of names, never a generator's state.

A study runs for weeks, over restarts and upgrades. A generator's stream may change with its library, and depends on how
often it was asked before; these values depend on their names only.
"""

import hashlib
from collections.abc import Iterable

_BITS = 53  # what a float holds exactly


def draw(seed: int, *names: object) -> float:
    """A number that looks uniform over [0, 1) and is always the same for the same seed and names.

    Args:
        seed: of the study.
        names: what the number is for; each combination gives one of its own.

    Returns:
        At least 0, below 1.
    """
    text = "\x1f".join(map(str, (seed, *names)))
    digest = hashlib.sha256(text.encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> (64 - _BITS)) / float(1 << _BITS)


def shuffled(numbers: Iterable[int], seed: int, *names: object) -> list[int]:
    """Numbers in an order that looks random and is always the same for the same seed and names.

    Args:
        numbers: all different; the order they come in doesn't matter.
        seed, names: as in `draw`.

    Returns:
        The same numbers.
    """
    return sorted(numbers, key=lambda number: (draw(seed, *names, number), number))
