"""The installed command, as people run it."""

import subprocess
import sys
from pathlib import Path

from tests.waiting import LONGEST

COMMAND = Path(sys.executable).with_name("fgresq")


def run(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=LONGEST, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done
