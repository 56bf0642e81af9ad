"""A training that is asked to end saves first."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stop_signals() -> Iterator[Callable[[], bool]]:
    """While open, SIGTERM and SIGINT are remembered instead of ending the process at once."""
    caught: list[int] = []

    def remember(number: int, frame: FrameType | None) -> None:
        del frame
        caught.append(number)

    before = {number: signal.signal(number, remember) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: bool(caught)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
