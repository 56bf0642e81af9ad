"""The command, in a process of its own and inside the test's own, which is quicker."""

import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from tests.forked import forked

from fgresq.cli.app import main

COMMAND = Path(sys.executable).with_name("fgresq")


def run(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run `fgresq` in a process of its own; where that isn't the point, `inside` is quicker still."""
    done = forked(arguments)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def inside(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run `fgresq` in this process; what `run` answers. An error that isn't told in one line is raised."""
    command = ["fgresq", *map(str, arguments)]
    with (
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(StringIO()) as out,
        redirect_stderr(StringIO()) as err,
    ):
        patch.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as ended:
            main()
    done = subprocess.CompletedProcess(command, int(ended.value.code or 0), out.getvalue(), err.getvalue())
    assert done.returncode == code, done.stdout + done.stderr
    return done
