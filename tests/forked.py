"""`fgresq` in a process of its own that need not import torch: it is a fork of one that has.

The import takes two seconds of a processor's time, and most tests that start the command are about something else.
What may depend on how a program starts (signals, closed streams, another processor) starts the installed one.
"""

import multiprocessing
import os
import runpy
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.waiting import LONGEST

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["torch", "numpy", "PIL.Image", "cv2", "polars"])


def forked(
    arguments: Sequence[object],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    errors: str = "strict",
    module: str = "fgresq.cli.app",
) -> "subprocess.CompletedProcess[str]":
    """What `subprocess.run(["fgresq", *arguments], capture_output=True, text=True)` answers.

    Args:
        cwd: the folder in which it runs; this process's where absent.
        env: its whole environment; this process's where absent.
        errors: what becomes of printed bytes that aren't UTF-8.
        module: another module to run, as `python -m` does in that folder.

    Raises:
        subprocess.TimeoutExpired: when it ran for longer than any command may.
    """
    command = ["fgresq", *map(str, arguments)]
    with TemporaryDirectory() as folder:
        streams = [Path(folder) / name for name in ("stdout", "stderr")]
        asked = (module, command, cwd or Path.cwd(), dict(os.environ if env is None else env), streams)
        program = Path(__file__).with_name("forked_command.py")
        process = FORKS.Process(target=runpy.run_path, args=(str(program), {"asked": asked}))
        process.start()
        process.join(LONGEST)
        code = process.exitcode
        if code is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(command, LONGEST)
        process.close()
        return subprocess.CompletedProcess(command, code, *(path.read_text("utf-8", errors) for path in streams))
