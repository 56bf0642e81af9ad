"""Work spread over the processes of one machine."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Protocol, TypeVar, runtime_checkable

import cv2

from fgresq.errors import FgresqError

Item = TypeVar("Item")
Result = TypeVar("Result")


@runtime_checkable
class Map(Protocol):
    """Like the builtin `map` of one argument: results in the order of the items. Ray can stand behind it as well."""

    def __call__(self, function: Callable[[Item], Result], items: Iterable[Item], /) -> Iterator[Result]:
        """Apply a function that can be pickled to each item."""
        ...


@contextmanager
def processes(workers: int) -> Iterator[Map]:
    """A `map` over processes of one thread each; with one worker, this process does the work.

    Raises:
        FgresqError: a process died.
    """
    if workers == 1:
        yield map
        return
    # Spawned, since the parent may run threads that a fork would leave half alive.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        try:
            yield pool.map
        except BrokenProcessPool as error:
            raise FgresqError("a process died, perhaps for want of memory; use fewer workers") from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
