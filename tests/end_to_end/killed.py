"""`kill -9` at an exact moment, on a machine of any speed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.waiting import LONGEST, started, wait_until

_STOPPING = Path(__file__).with_name("stopping.py")


def killed_before(pattern: str, count: int, *arguments: object) -> None:
    """Run `fgresq` up to the moment before the `count`-th file whose path matches `pattern` is there, and kill it."""
    command = [sys.executable, _STOPPING, pattern, count, *arguments]
    with started(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        why = f"file {count} of {pattern} is about to be there"
        wait_until(lambda: has_stopped(process.pid), why, LONGEST, process=process)
        process.kill()
        assert process.wait() == -signal.SIGKILL


def has_stopped(process: int) -> bool:
    """Whether a child of ours was stopped by a signal."""
    return os.waitid(os.P_PID, process, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None
