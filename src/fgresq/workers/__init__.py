"""Work spread over processes, or over machines by Ray: the same `map` wherever it runs."""

from fgresq.workers.engines import Engine, cores, engine
from fgresq.workers.order import Map
from fgresq.workers.pool import processes

__all__ = ["Engine", "Map", "cores", "engine", "processes"]
