"""What spreads the work, by name."""

import os
from contextlib import AbstractContextManager
from enum import StrEnum

from fgresq.errors import UserError
from fgresq.workers.order import Map
from fgresq.workers.pool import processes
from fgresq.workers.ray_cluster import ray_cluster


class Engine(StrEnum):
    """Processes of this machine, or Ray. The results are the same."""

    PROCESSES = "processes"
    RAY = "ray"


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def engine(
    name: Engine, workers: int | None = None, address: str | None = None, *, items: int | None = None
) -> AbstractContextManager[Map]:
    """A `map` that spreads work as asked for, while the context lasts.

    Args:
        name: processes or Ray.
        workers: of this machine, by default one a core.
        address: of a running Ray cluster, `HOST:PORT` or `auto`; None starts a Ray on this machine.

        items: to work on, where that is known: more workers aren't started.

    Raises:
        UserError: an address without Ray or with a number of workers; Ray isn't installed.
        FgresqError: a worker died for good, or the cluster can't be used.
    """
    if address is not None and name is not Engine.RAY:
        raise UserError(f"the address {address} is of a Ray cluster, and the engine is {name}; say --engine ray too")
    if address is not None and workers is not None:
        raise UserError("a cluster works with all its cores; leave out either the number of workers or the address")
    count = workers or cores()
    if items is not None:
        count = max(1, min(count, items))
    return processes(count) if name is Engine.PROCESSES else ray_cluster(count, address)
