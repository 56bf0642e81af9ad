"""A training that is asked to end saves first."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stop_signals() -> Iterator[Callable[[], bool]]:
    """While open, SIGTERM and SIGINT are remembered instead of ending the process at once.

    Outside the main thread nothing changes: Python lets only that one say what signals do.
    """
    caught: list[int] = []

    def remember(number: int, frame: FrameType | None) -> None:
        del frame
        caught.append(number)

    numbers = (signal.SIGTERM, signal.SIGINT) if threading.current_thread() is threading.main_thread() else ()
    before = {number: signal.signal(number, remember) for number in numbers}
    try:
        yield lambda: bool(caught)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
