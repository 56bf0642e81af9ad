"""How often somebody may ask: buckets that fill at a steady rate, by a clock that never jumps."""

import threading
import time
from collections.abc import Callable

from fgresq.annotation.web.door.access import AccessError

_FORGET_AT = 10_000


class RateLimit:
    """A bucket of requests for each key.

    Args:
        a_second: at which a bucket fills.
        at_once: what a full one holds.
        clock: seconds, monotonic.
    """

    def __init__(self, a_second: float, at_once: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._size, self._clock = a_second, float(at_once), clock
        self._buckets: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, key: str) -> None:
        """Take one request out.

        Raises:
            AccessError: the bucket is empty; status 429.
        """
        now = self._clock()
        with self._lock:
            if len(self._buckets) >= _FORGET_AT:
                full = self._size / self._rate
                self._buckets = {k: v for k, v in self._buckets.items() if now - v[1] < full}
            left, before = self._buckets.get(key, (self._size, now))
            left = min(self._size, left + (now - before) * self._rate)
            self._buckets[key] = (left - 1, now) if left >= 1 else (left, now)
        if left < 1:
            raise AccessError("Too many requests; wait a moment.", 429)


class Limits:
    """The limits of one application; a person's are far above what hands can do.

    Attributes:
        sign_ins: by address.
        requests: by person, images not counted.
        images: by person.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.sign_ins = RateLimit(2.0, 60, clock)
        self.requests = RateLimit(20.0, 100, clock)
        self.images = RateLimit(40.0, 200, clock)
