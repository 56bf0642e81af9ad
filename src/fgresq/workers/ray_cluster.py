"""Work spread over a Ray cluster, or over a Ray of this machine's own. Ray is an extra."""

import inspect
import os
import socket
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import cv2

from fgresq.errors import FgresqError, UserError
from fgresq.version import __version__
from fgresq.workers.order import AHEAD, Item, Map, Result, in_order

_RETRIES = 3
_SECONDS_TO_ANSWER = 10.0
_OBJECT_STORE = 256 * 2**20  # bytes; results are small, and Ray would take 30 % of the memory


@contextmanager
def ray_cluster(workers: int, address: str | None) -> Iterator[Map]:
    """A `map` over Ray's workers, of one thread each. An item whose worker or machine dies is run again elsewhere.

    Args:
        workers: of a Ray that is started here and ended after the work; not used with an address.
        address: HOST:PORT of a running cluster that this machine is part of, or `auto` for the one found here; the work
            gets all its cores. Every machine needs this version of fgresq, and the same files at the same paths.

    Raises:
        UserError: Ray isn't installed, or the address isn't one.
        FgresqError: the cluster doesn't answer or takes no work, its machines differ from this one, or an item was
            tried four times and its worker died each time.
    """
    ray = _imported()
    _connect(ray, workers, address)
    try:
        cores = int(ray.cluster_resources().get("CPU", 0))
        if cores < 1:
            raise FgresqError(f"Ray: the cluster at {address} has no cores to work with")
        yield spread_by(ray, AHEAD * cores)
    finally:
        _disconnect(ray)


def _imported() -> ModuleType:
    # Ray would report to its makers.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        import ray  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UserError(
            "the engine ray needs Ray: pip install 'fgresq[ray]'; or use the engine processes, on this machine alone"
        ) from error
    return ray


def _connect(ray: ModuleType, workers: int, address: str | None) -> None:
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        if address is None:
            own = {"num_cpus": workers, "include_dashboard": False, "object_store_memory": _OBJECT_STORE}
            ray.init(address="local", **own, **quiet)
        else:
            _check_that_it_answers(address)
            ray.init(address=address, **quiet)
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        where = "can't be started" if address is None else f"the cluster at {address} can't be reached"
        raise FgresqError(f"Ray: {where}: {_first_line(error)}") from error


def _disconnect(ray: ModuleType) -> None:
    """Leave the cluster, and end one of our own: all its processes have ended when this returns.

    Without being told, Ray gives each a second, and on a busy machine leaves those that take longer as zombies.
    """
    waits = "wait_for_processes" in inspect.signature(ray.shutdown).parameters  # Ray of 2026; before, it can't be told
    ray.shutdown(**({"wait_for_processes": True} if waits else {}))


def _check_that_it_answers(address: str) -> None:
    """Ray itself tries for minutes."""
    if address == "auto":
        return
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal() or not host or "/" in host:
        raise UserError(f"{address}: isn't an address of a Ray cluster; HOST:PORT is needed, or `auto`")
    with socket.create_connection((host.strip("[]"), int(port)), _SECONDS_TO_ANSWER):
        pass


def spread_by(ray: ModuleType, ahead: int) -> Map:
    """A `map` over the workers of the Ray that this process is connected to.

    Args:
        ray: the library.
        ahead: as in `in_order`.
    """
    task = ray.remote(_apply).options(max_retries=_RETRIES, name="fgresq")

    def result(ticket: Any) -> Any:
        try:
            answer, error = ray.get(ticket)
        except ray.exceptions.WorkerCrashedError as crash:
            raise FgresqError(
                f"a worker died, perhaps for want of memory, and so did each of {_RETRIES} more on the same item"
            ) from crash
        except ray.exceptions.RayError as failure:
            raise FgresqError(f"Ray: an item couldn't be worked on: {_first_line(failure)}") from failure
        if error is not None:
            raise error
        return answer

    def spread(function: Callable[[Item], Result], items: Iterable[Item], /) -> Iterator[Result]:
        shared, folder = ray.put(function), os.getcwd()  # noqa: PTH109 - a plain string travels
        return in_order(lambda item: task.remote(shared, item, folder, __version__), result, items, ahead)

    return spread


def _apply(
    function: Callable[[Item], Result], item: Item, folder: str, version: str
) -> tuple[Result | None, Exception | None]:
    """Runs on a worker. An error travels as a value, since Ray would raise it as another class."""
    if version != __version__:
        return None, FgresqError(f"fgresq is {__version__} on {socket.gethostname()}, and {version} where it's called")
    try:
        os.chdir(folder)  # so that relative paths mean the same
    except OSError:
        reason = f"{folder}: isn't on {socket.gethostname()}; all machines need the same files at the same paths"
        return None, FgresqError(reason)
    cv2.setNumThreads(1)
    try:
        return function(item), None
    except Exception as error:  # noqa: BLE001 - raised where the results are taken
        error.add_note(f"On {socket.gethostname()}:\n{traceback.format_exc()}")
        return None, error


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).strip().splitlines()[0]
