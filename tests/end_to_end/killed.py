"""The command stopped or killed at an exact moment, on a machine of any speed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.waiting import LONGEST, started, wait_until

_STOPPING = Path(__file__).with_name("stopping.py")


@contextmanager
def stopped_before(pattern: str, count: int, *arguments: object) -> Iterator["subprocess.Popen[str]"]:
    """`fgresq`, stopped before the `count`-th file whose path matches `pattern` is there; SIGCONT lets it go on."""
    command = [sys.executable, _STOPPING, pattern, count, *arguments]
    with started(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        why = f"file {count} of {pattern} is about to be there"
        wait_until(lambda: has_stopped(process.pid), why, LONGEST, process=process)
        yield process


def killed_before(pattern: str, count: int, *arguments: object) -> None:
    """Run `fgresq` until it stops as `stopped_before` says, and `kill -9` it there."""
    with stopped_before(pattern, count, *arguments) as process:
        process.kill()
        assert process.wait() == -signal.SIGKILL


def has_stopped(process: int) -> bool:
    """Whether a child of ours was stopped by a signal."""
    return os.waitid(os.P_PID, process, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None
