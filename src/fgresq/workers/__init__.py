"""Work spread over processes: the same `map` wherever it runs."""

from fgresq.workers.order import Map
from fgresq.workers.pool import processes

__all__ = ["Map", "processes"]
