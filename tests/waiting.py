"""Waiting for what another process or thread does, however long a busy machine takes; and ending what was started."""

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

T = TypeVar("T")

LONGEST = 600.0
"""Seconds that a command may take before it counts as hung: no test asks whether it was quick."""


def wait_until(
    condition: Callable[[], T],
    why: str,
    seconds: float = 120.0,
    *,
    process: "subprocess.Popen[Any] | None" = None,
    stderr: Path | None = None,
) -> T:
    """Ask `condition` until it answers something true, and return that.

    Args:
        condition: is called every few milliseconds.
        why: what is waited for, for the failure's message.
        seconds: after which the test fails.
        process: whose doing it is; the test fails as soon as it ends without having done it.
        stderr: the file that its stderr goes to; without one, its pipe is read. The message ends with it.
    """
    until, pause = time.monotonic() + seconds, 0.002
    while not (found := condition()):
        if process is not None and process.poll() is not None:
            if found := condition():  # it did it, and ended
                return found
            pytest.fail(f"{why}: ended before with exit code {process.returncode}{_words(process, stderr)}")
        if time.monotonic() > until:
            pytest.fail(f"{why}: not within {seconds:g} s{_words(process, stderr)}")
        time.sleep(pause)
        pause = min(1.2 * pause, 0.1)
    return found


def _words(process: "subprocess.Popen[Any] | None", stderr: Path | None) -> str:
    """What the process said on stderr. A pipe is read to its end, so the process is killed first."""
    if stderr is not None:
        said = stderr.read_text(errors="replace") if stderr.exists() else ""
    elif process is not None and process.stderr is not None:
        process.kill()
        read = process.communicate()[1]
        said = read if isinstance(read, str) else read.decode(errors="replace")
    else:
        return ""
    return f"; its stderr:\n{said or '(nothing)'}"


@contextmanager
def started(command: Sequence[object], **options: Any) -> Iterator["subprocess.Popen[Any]"]:
    """A process that doesn't outlive the block, whatever happens in it; options as of `subprocess.Popen`."""
    with subprocess.Popen([str(part) for part in command], **options) as process:
        try:
            yield process
        finally:
            process.kill()  # of no effect on one that has ended
