"""An engine's environment: made whole or not at all, and current only if its pinned requirements are today's.

It lies in `engines/NAME` of fgresq's home. It is made beside that under a temporary name, with a record as its last
file, and renamed. A virtual environment survives a rename as long as only its `python` is called, never its scripts.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, cast

from pydantic import BaseModel, ConfigDict, ValidationError

from fgresq.errors import DownloadError, UserError
from fgresq.files import home
from fgresq.metrics.engines.declarations import EngineSpec

_RECORD = "engine.json"
_LAST_LINES = 12


class State(StrEnum):
    """What has become of an engine's environment."""

    READY = "ready"
    ABSENT = "not installed"
    OUTDATED = "outdated"
    BROKEN = "broken"


class EnvironmentRecord(BaseModel):
    """What an installation wrote down.

    Attributes:
        requirements_sha256: of the pinned requirements that it was made with.
        packages: name and version of all that is installed.
        python: its version.
        made: when, in UTC.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    requirements_sha256: str
    packages: Mapping[str, str]
    python: str
    made: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """An engine's environment as it was found.

    Attributes:
        state: whether it can be used.
        folder: where it is, or would be.
        record: what its installation wrote down; None where there is none.
        why: what is wrong and what to do; empty when it's ready.
    """

    state: State
    folder: Path
    record: EnvironmentRecord | None
    why: str

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return _python(self.folder)


def requirements_sha256(spec: EngineSpec) -> str:
    """SHA-256 of what an engine's environment is made from."""
    digest = hashlib.sha256()
    for path in (spec.requirements, spec.constraints):
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


def find(spec: EngineSpec) -> Found:
    """Look at an engine's environment; nothing of it is run."""
    folder = _home() / spec.name
    install = f"`fgresq metrics install {spec.name}`"
    if not folder.exists():
        return Found(State.ABSENT, folder, None, f"the engine {spec.name} isn't installed; {install} does it")
    try:
        record = EnvironmentRecord.model_validate_json((folder / _RECORD).read_bytes())
    except (OSError, ValidationError):
        why = f"{folder}: isn't an environment that {install} made, or is damaged; that makes it anew"
        return Found(State.BROKEN, folder, None, why)
    if not os.access(_python(folder), os.X_OK):
        why = f"{_python(folder)}: the Python that it was made with is gone; {install} makes it anew"
        return Found(State.BROKEN, folder, record, why)
    if record.requirements_sha256 != requirements_sha256(spec):
        why = f"{folder}: was made with other versions than this fgresq asks for; {install} makes it anew"
        return Found(State.OUTDATED, folder, record, why)
    return Found(State.READY, folder, record, "")


def require(spec: EngineSpec) -> tuple[Found, EnvironmentRecord]:
    """An engine's environment that can be used, and its record.

    Raises:
        UserError: it isn't installed, is outdated or broken; says how to install it.
    """
    found = find(spec)
    if found.state is not State.READY or found.record is None:
        raise UserError(found.why)
    return found, found.record


def install(spec: EngineSpec, tell: Callable[[str], None] = lambda line: None) -> Found:
    """Make an engine's environment, in place of the one that may be there. Ask for consent before.

    Args:
        spec: the engine.
        tell: is given what pip says, line by line.

    Raises:
        DownloadError: pip couldn't get or install the requirements; with its last lines.
        UserError: the folder can't be made, or this Python can't make environments.
    """
    target, making = _home() / spec.name, _home() / f".making-{spec.name}-{os.getpid()}"
    try:
        _home().mkdir(parents=True, exist_ok=True)
        _remove_leftovers(spec)
    except OSError as error:
        raise UserError(f"{_home()}: can't be written ({error.strerror}); set FGRESQ_HOME") from error
    try:
        _make(spec, making, tell)
        old = _home() / f".old-{spec.name}-{os.getpid()}"
        if target.exists():
            target.rename(old)
        making.rename(target)
        shutil.rmtree(old, ignore_errors=True)  # what stays of it is removed with the next leftovers
    except OSError as error:
        raise UserError(f"{making}: can't be written ({error.strerror or error})") from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return require(spec)[0]


def remove(spec: EngineSpec) -> bool:
    """Remove an engine's environment and what interrupted installations left; whether there was one.

    Raises:
        UserError: it can't be removed.
    """
    folder = _home() / spec.name
    try:
        _remove_leftovers(spec)
        if not folder.exists():
            return False
        shutil.rmtree(folder)
    except OSError as error:
        raise UserError(f"{error.filename or folder}: can't be removed ({error.strerror or error})") from error
    return True


def _home() -> Path:
    return home() / "engines"


def _python(folder: Path) -> Path:
    return folder / "bin" / "python"


def _make(spec: EngineSpec, folder: Path, tell: Callable[[str], None]) -> None:
    # PYTHON* of the caller, PYTHONPATH above all, would bring packages of another environment into this one.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    base = getattr(sys, "_base_executable", sys.executable)
    lines: deque[str] = deque(maxlen=_LAST_LINES)
    if _run([base, "-m", "venv", os.fspath(folder)], environment, lines, tell):
        raise UserError(f"{base}: this Python can't make a virtual environment:\n" + "\n".join(lines))
    python = os.fspath(_python(folder))
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    files = ["--requirement", os.fspath(spec.requirements), "--constraint", os.fspath(spec.constraints)]
    if _run([*pip, "install", "--progress-bar", "off", *files], environment, lines, tell):
        said = "\n".join(lines)
        raise DownloadError(f"pip couldn't install the engine {spec.name}; nothing of it was kept. It said:\n{said}")
    frozen: deque[str] = deque()
    if _run([*pip, "list", "--format", "freeze"], environment, frozen, tell):
        raise DownloadError(f"pip can't list what it installed for the engine {spec.name}:\n" + "\n".join(frozen))
    record = EnvironmentRecord(
        requirements_sha256=requirements_sha256(spec),
        packages=dict(line.split("==", 1) for line in frozen if "==" in line),
        python=".".join(map(str, sys.version_info[:3])),
        made=datetime.now(UTC),
    )
    (folder / _RECORD).write_text(record.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _run(command: list[str], environment: Mapping[str, str], lines: deque[str], tell: Callable[[str], None]) -> int:
    """Run a command to its end, keep its last lines; returns its exit code."""
    with subprocess.Popen(  # noqa: S603 - commands of ours, without a shell
        command,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="backslashreplace",
    ) as process:
        try:
            for line in cast("IO[str]", process.stdout):
                lines.append(line.rstrip())
                tell(line.rstrip())
        except BaseException:
            process.kill()
            raise
    return process.returncode


def _remove_leftovers(spec: EngineSpec) -> None:
    """Remove what installations left that were killed; one that is still going on keeps its folder."""
    for kind in (".making", ".old"):
        for folder in _home().glob(f"{kind}-{spec.name}-*"):
            if not _runs(folder.name.rsplit("-", 1)[1]):
                shutil.rmtree(folder)


def _runs(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return int(process) != os.getpid()
