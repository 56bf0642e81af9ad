"""Results in the order of the items, with a bounded number of items under way."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar, runtime_checkable

Item = TypeVar("Item")
Result = TypeVar("Result")
_Ticket = TypeVar("_Ticket")

# Enough for a worker to go on while an item that takes twenty times as long keeps the results waiting.
AHEAD = 32


@runtime_checkable
class Map(Protocol):
    """Like the builtin `map` of one argument: results in the order of the items, an error where its item's turn is."""

    def __call__(self, function: Callable[[Item], Result], items: Iterable[Item], /) -> Iterator[Result]:
        """Apply a function that can be pickled to each item."""
        ...


def in_order(
    submit: Callable[[Item], _Ticket], result: Callable[[_Ticket], Result], items: Iterable[Item], ahead: int
) -> Iterator[Result]:
    """Submit items and yield their results in order; memory doesn't grow with the number of items.

    Args:
        submit: hands an item to a worker and answers at once.
        result: waits for what `submit` answered.
        items: taken one by one, as results are.
        ahead: items that may be submitted and not yet yielded, at least 1.
    """
    waiting: deque[_Ticket] = deque()
    for item in items:
        waiting.append(submit(item))
        if len(waiting) >= ahead:
            yield result(waiting.popleft())
    while waiting:
        yield result(waiting.popleft())
