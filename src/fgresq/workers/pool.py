"""Work spread over the processes of one machine."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

import cv2

from fgresq.errors import FgresqError
from fgresq.workers.order import AHEAD, Item, Map, Result, in_order


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
    with ProcessPoolExecutor(workers, context, initializer=_begin) as pool:

        def spread(function: Callable[[Item], Result], items: Iterable[Item], /) -> Iterator[Result]:
            return in_order(lambda item: pool.submit(function, item), Future.result, items, AHEAD * workers)

        try:
            yield spread
        except BrokenProcessPool as error:
            raise FgresqError("a process died, perhaps for want of memory; start again with fewer workers") from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _begin() -> None:
    """What a process does first: take one thread for all it computes, and watch that it isn't left behind."""
    cv2.setNumThreads(1)
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # torch's, which no process here has loaded yet
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End when the parent does, also by `kill -9`: nobody else would tell a process that waits for items for good."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
