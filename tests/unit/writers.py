"""Another process that writes into a folder, for as long as a test wants."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Says "mine" once it has the lock, and keeps it until its input ends; else says why not and ends with the exit code.
HOLD = """
import sys
from pathlib import Path
from fgresq.errors import FgresqError
from fgresq.locks import only_writer
try:
    with only_writer(Path(sys.argv[1])):
        print("mine", flush=True)
        sys.stdin.read()
except FgresqError as error:
    print(error, flush=True)
    sys.exit(error.exit_code)
"""


def started(folder: Path, code: str = HOLD) -> subprocess.Popen[str]:
    """The program on a folder, just started."""
    return subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


@contextmanager
def another_writer(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has the folder, and is ended with the block if it's still there."""
    with started(folder) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "mine\n"
        try:
            yield process
        finally:
            process.kill()
