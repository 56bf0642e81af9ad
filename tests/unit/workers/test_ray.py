"""The same `map` on Ray: a killed worker's item is run again, errors are the same, and nothing is sent anywhere."""

import math
import operator
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from types import ModuleType

import cv2
import pytest
import ray
from tests.waiting import wait_until

from fgresq.curation.jnd.reading import read_picture
from fgresq.curation.tau import Tau, parse_tau
from fgresq.errors import FgresqError, ImageError, UserError
from fgresq.workers import Engine, Map, engine, processes, ray_cluster
from fgresq.workers.order import AHEAD

pytestmark = pytest.mark.slow

# Writes who runs it, one line a trial, and lasts until the file `go` is there.
TRIAL = 'echo $PPID >> "{log}"; until test -e "{go}"; do sleep 0.05; done; printf 3'


@pytest.fixture(scope="module")
def spread() -> Iterator[Map]:
    """Two workers, for all tests of this module."""
    with engine(Engine.RAY, 2) as started:
        yield started


def test_results_come_in_the_order_of_the_items(spread):
    assert isinstance(spread, Map)
    items = [100_000, *range(200)]
    assert list(spread(math.factorial, items)) == list(map(math.factorial, items))
    assert list(spread(math.sqrt, [])) == []


def test_workers_are_other_processes_of_one_thread(spread):
    pids = set(spread(operator.call, [os.getpid] * 20))
    assert os.getpid() not in pids
    assert len(pids) <= 2
    assert set(spread(operator.call, [cv2.getNumThreads] * 4)) == {1}
    assert set(spread(os.environ.get, ["RAY_USAGE_STATS_ENABLED"])) == {"0"}


def test_relative_paths_mean_the_same(spread, tmp_path, monkeypatch):
    (tmp_path / "here").write_text("")
    monkeypatch.chdir(tmp_path)
    assert list(spread(os.path.exists, ["here", "there"])) == [True, False]


def test_few_items_are_under_way(spread):
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for number in range(10_000):
            taken += 1
            yield number

    results = spread(math.sqrt, items())
    assert [next(results), next(results)] == [0, 1]
    assert taken <= 2 + 2 * AHEAD


def test_an_item_whose_worker_is_killed_is_run_again(spread, tmp_path):
    log, go = tmp_path / "log", tmp_path / "go"
    commands = [["printf", str(number)] for number in range(8)]
    commands[3] = ["sh", "-c", TRIAL.format(log=log, go=go)]
    killed: list[int] = []

    def kill() -> None:
        try:
            wait_until(lambda: log.is_file() and log.read_text().endswith("\n"), "a worker has the item")
            killed.append(int(log.read_text()))
            os.kill(killed[0], signal.SIGKILL)
        finally:
            go.touch()

    killer = threading.Thread(target=kill)
    killer.start()
    results = list(spread(subprocess.check_output, commands))
    killer.join()
    assert results == [str(number).encode() for number in range(8)]
    first, second = map(int, log.read_text().split())
    assert first == killed[0] != second


@pytest.mark.usefixtures("spread")
def test_an_item_that_kills_every_worker_is_an_error(monkeypatch):
    monkeypatch.setattr(ray_cluster, "_RETRIES", 1)
    with pytest.raises(FgresqError, match=r"a worker died, perhaps for want of memory, and so did each of 1 more"):
        list(ray_cluster.spread_by(ray, 1)(os._exit, [1]))


def test_errors_are_those_of_processes(spread):
    results = spread(parse_tau, ["own:1", "much", "own:3"])
    assert next(results) == Tau(own=1)
    with pytest.raises(UserError, match=r"^'much' isn't a tau") as caught:
        next(results)
    assert type(caught.value) is UserError
    assert "in parse_tau" in caught.value.__notes__[0]


def test_an_error_of_one_image_keeps_its_name(spread, tmp_path):
    (tmp_path / "no.png").write_text("not an image")
    with processes(2) as alone:
        for work in (alone, spread):
            with pytest.raises(ImageError) as caught:
                list(work(read_picture, [tmp_path / "no.png"]))
            assert caught.value.name == str(tmp_path / "no.png")
            assert str(caught.value) == f"{caught.value.name}: {caught.value.reason}"


def test_what_cannot_travel_is_an_error(spread):
    with pytest.raises(FgresqError, match="Ray: an item couldn't be worked on"):
        list(spread(operator.call, [threading.Lock]))


def test_another_version_is_refused(spread, monkeypatch):
    monkeypatch.setattr(ray_cluster, "__version__", "0.0.1")
    with pytest.raises(FgresqError, match=rf"on {socket.gethostname()}, and 0.0.1 where it's called"):
        list(spread(math.sqrt, [4]))


def test_a_folder_that_the_workers_lack_is_named(spread, monkeypatch):
    monkeypatch.setattr(os, "getcwd", lambda: "/nowhere/to/be/found")
    with pytest.raises(FgresqError, match=r"^/nowhere/to/be/found: isn't on .*same files at the same paths"):
        list(spread(math.sqrt, [4]))


@pytest.mark.usefixtures("spread")
def test_a_running_cluster_is_joined_by_its_address(tmp_path):
    address = ray.get_runtime_context().gcs_address
    code = (
        "import math, sys; from fgresq.workers import Engine, engine\n"
        "with engine(Engine.RAY, address=sys.argv[1]) as spread: print(list(spread(math.sqrt, [4, 9])))"
    )
    command = [sys.executable, "-W", "error", "-c", code, address]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[2.0, 3.0]\n", "")


def test_an_address_where_nothing_answers():
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unheard.getsockname()[1]}"
        message = rf"^Ray: the cluster at {address} can't be reached: .*refused"
        with pytest.raises(FgresqError, match=message), engine(Engine.RAY, address=address):
            pass


@pytest.mark.parametrize("address", ["nonsense", "ray://head:10001", ":6379", "head:"])
def test_what_is_no_address(address):
    with pytest.raises(UserError, match="isn't an address of a Ray cluster"), engine(Engine.RAY, address=address):
        pass


def test_ray_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r"pip install 'fgresq\[ray\]'"), engine(Engine.RAY, 2):
        pass


def test_its_processes_are_waited_for_where_ray_can():
    told, library = [], ModuleType("ray")

    def shutdown(*, wait_for_processes=False):
        told.append(wait_for_processes)

    library.shutdown = shutdown
    ray_cluster._disconnect(library)
    library.shutdown = lambda: told.append("not asked")  # an older Ray
    ray_cluster._disconnect(library)
    assert told == [True, "not asked"]


def test_what_contradicts_itself():
    with pytest.raises(UserError, match="say --engine ray too"):
        engine(Engine.PROCESSES, address="head:6379")
    with pytest.raises(UserError, match="leave out either"):
        engine(Engine.RAY, workers=2, address="head:6379")
