"""A user's machine, on which `fgresq` is run against a hub of our own."""

import json
import os
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import jaxtyping
import pytest
from tests.forked import forked

from fgresq.cli.app import main


@dataclass
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    def lines(self) -> list[str]:
        """What it said, when all went well."""
        assert self.code == 0, self.err
        assert self.err == ""
        return self.out.splitlines()

    def refused(self, code: int, *said: str, noisy: bool = False) -> None:
        """It ended with `code` and a last line on stderr that says what is `said`; the only line, unless `noisy`."""
        assert self.code == code, self
        *before, last = self.err.splitlines()
        assert noisy or not before, self.err
        assert last.startswith("fgresq: "), self.err
        for text in said:
            assert text in last


@dataclass
class Machine:
    """A user's machine: a home for records, a cache for the hub's library, and the hub that it knows."""

    root: Path
    endpoint: str

    @property
    def record_path(self) -> Path:
        return self.root / "fgresq-home" / "released.json"

    @property
    def record(self) -> Mapping[str, object]:
        content: Mapping[str, object] = json.loads(self.record_path.read_text())
        return content

    def fetch(self, *arguments: str, **environment: str) -> Ran:
        """Run `fgresq weights fetch released` in a process of its own: the hub's library reads the environment once."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "FGRESQ_")) and "proxy" not in k}
        own = {
            "FGRESQ_HOME": str(self.root / "fgresq-home"),
            "HF_HOME": str(self.root / "huggingface"),
            "HF_ENDPOINT": self.endpoint,
            "HF_HUB_ETAG_TIMEOUT": "120",  # a hub on a busy machine is slow, not dead
            "HF_HUB_DOWNLOAD_TIMEOUT": "120",
            "HF_HUB_DISABLE_TELEMETRY": "1",
        }
        command = ["weights", "fetch", "released", *arguments]
        ran = forked(command, env=inherited | own | environment, cwd=self.root)
        assert "Traceback" not in ran.stdout + ran.stderr
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    def here(self, *arguments: object) -> Ran:
        """Run `fgresq` in this process, for what doesn't reach the hub's library."""
        with (
            pytest.MonkeyPatch.context() as patch,
            redirect_stdout(StringIO()) as out,
            redirect_stderr(StringIO()) as err,
        ):
            # As people run it: without the checks of types at every call that tests switch on.
            patch.setattr(jaxtyping.config, "jaxtyping_disable", True)
            patch.setattr(sys, "argv", ["fgresq", *map(str, arguments)])
            patch.chdir(self.root)
            with pytest.raises(SystemExit) as ended:
                main()
        return Ran(int(ended.value.code or 0), out.getvalue(), err.getvalue())
