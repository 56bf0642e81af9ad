"""Run as a program: `fgresq` that stops for good right before its COUNT-th file that matches PATTERN is there.

All files of ours get their names by a rename once they are whole, so every moment between two files can be named.
"""

import os
import re
import signal
import sys

from fgresq.cli.app import main


def stop_before(pattern: str, count: int) -> None:
    """Send this process SIGSTOP when it is about to give the `count`-th such file its name."""
    found = 0

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal found
        if event == "os.rename" and re.search(pattern, os.fspath(arguments[1])):  # type: ignore[call-overload]
            found += 1
            if found == count:
                os.kill(os.getpid(), signal.SIGSTOP)

    sys.addaudithook(watch)


if __name__ == "__main__":
    stop_before(sys.argv[1], int(sys.argv[2]))
    sys.argv = ["fgresq", *sys.argv[3:]]
    main()
