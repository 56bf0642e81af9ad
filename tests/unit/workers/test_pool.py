"""The same results in the same order from any number of processes, few items under way, and a death is told."""

import math
import operator
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from tests.waiting import started, wait_until

from fgresq.curation.tau import Tau, parse_tau
from fgresq.errors import FgresqError, UserError
from fgresq.workers import Engine, Map, engine, processes
from fgresq.workers.order import AHEAD, in_order


def test_results_come_in_the_order_of_the_items():
    with processes(2) as spread:
        assert isinstance(spread, Map)
        # The first takes far longer than those behind it.
        assert list(spread(math.factorial, [100_000, *range(200)])) == [*map(math.factorial, [100_000, *range(200)])]
        assert list(spread(math.sqrt, [])) == []


def test_one_worker_is_this_process():
    with processes(1) as spread:
        assert list(spread(lambda _: os.getpid(), [0])) == [os.getpid()]


def test_several_workers_are_other_processes_of_one_thread():
    with processes(2) as spread:
        pids = set(spread(operator.call, [os.getpid] * 50))
        assert os.getpid() not in pids
        assert len(pids) <= 2
        assert set(spread(operator.call, [cv2.getNumThreads] * 4)) == {1}


def test_few_items_are_under_way():
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for number in range(10_000):
            taken += 1
            yield number

    with processes(2) as spread:
        results = spread(math.sqrt, items())
        for done in range(1, 6):
            next(results)
            assert taken <= done + 2 * AHEAD
    assert taken < 100


@pytest.mark.parametrize("ahead", [1, 3, 100])
def test_no_more_than_asked_for_are_submitted(ahead):
    under_way, most = set(), 0

    def submit(item: int) -> int:
        nonlocal most
        under_way.add(item)
        most = max(most, len(under_way))
        return item

    def result(item: int) -> int:
        under_way.remove(item)
        return -item

    assert list(in_order(submit, result, range(20), ahead)) == [-item for item in range(20)]
    assert most == min(ahead, 20)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_is_raised_where_its_item_stands(workers):
    with processes(workers) as spread:
        results = spread(parse_tau, ["own:1", "own:2", "much", "own:3"])
        assert [next(results), next(results)] == [Tau(own=1), Tau(own=2)]
        with pytest.raises(UserError, match=r"^'much' isn't a tau"):
            next(results)


def test_a_process_that_dies_is_an_error_with_advice():
    with pytest.raises(FgresqError, match="a process died"), processes(2) as spread:
        list(spread(os._exit, [1, 1]))


@pytest.mark.parametrize("items", [0, 1])
def test_for_one_item_no_process_is_started(items):
    with engine(Engine.PROCESSES, 4, items=items) as spread:
        assert list(spread(operator.call, [os.getpid])) == [os.getpid()]
    with engine(Engine.PROCESSES, 4, items=2) as spread:
        assert list(spread(operator.call, [os.getpid])) != [os.getpid()]


def test_no_process_outlives_a_killed_parent(tmp_path):
    script = tmp_path / "work.py"
    script.write_text(
        "import operator, os\n"
        "from fgresq.workers import processes\n"
        "if __name__ == '__main__':\n"
        "    with processes(2) as spread:\n"
        "        for pid in spread(operator.call, iter(lambda: os.getpid, None)):\n"
        "            print(pid, flush=True)\n"
    )
    command = [sys.executable, script]
    with started(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as parent:
        pids = {int(parent.stdout.readline()) for _ in range(20)}
    assert parent.pid not in pids
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), "the workers are gone")
