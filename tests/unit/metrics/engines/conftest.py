"""An engine whose environment is this Python and whose program is one of ours."""

import importlib.util
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image
from tests.waiting import LONGEST

from fgresq.files import home
from fgresq.metrics.engines import program as running
from fgresq.metrics.engines.declarations import PROGRAMS, EngineSpec
from fgresq.metrics.engines.environment import EnvironmentRecord, requirements_sha256


@pytest.fixture
def engine_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., EngineSpec]:
    """Declares an engine of one program and puts an environment there; nothing is installed."""
    monkeypatch.setattr(running, "_DYING", LONGEST)  # how it ended is known, however busy the machine is

    def engine(program: Path, beside: Mapping[str, str] | None = None) -> EngineSpec:
        """`beside`: modules that the program finds; then it also finds the packages of this Python."""
        files = tmp_path / "files"
        files.mkdir()
        shutil.copyfile(program, files / "fake_program.py")
        for name in ("serving.py", "hub_commit.py"):
            shutil.copyfile(PROGRAMS / name, files / name)
        for name, content in (beside or {}).items():
            (files / name).write_text(content)
        (files / "fake-requirements.txt").write_text("nothing==1\n")
        (files / "fake-constraints.txt").write_text("")
        spec = EngineSpec(
            name="fake",
            what="nothing",
            licences=("its own",),
            disk="nothing",
            tried="here",
            versions_of=("nothing", "missing"),
            files=files,
        )
        pretend_installed(spec, packages=beside is not None)
        return spec

    return engine


def pretend_installed(spec: EngineSpec, packages: bool = False) -> Path:
    """Put an environment there that find() takes for a ready one."""
    folder = home() / "engines" / spec.name
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    if packages and (configuration := Path(sys.prefix) / "pyvenv.cfg").exists():
        shutil.copyfile(configuration, folder / "pyvenv.cfg")
        (folder / "lib").symlink_to(Path(sys.prefix) / "lib")
    record = EnvironmentRecord(
        requirements_sha256=requirements_sha256(spec), packages={"nothing": "1"}, python="3.11", made=datetime.now(UTC)
    )
    (folder / "engine.json").write_text(record.model_dump_json())
    return folder


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Imports an engine's program into this process, for its arithmetic; it isn't started."""
    monkeypatch.syspath_prepend(PROGRAMS)

    def load(name: str) -> ModuleType:
        found = importlib.util.spec_from_file_location(name, PROGRAMS / f"{name}.py")
        assert found is not None
        assert found.loader is not None
        module = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)
        return module

    return load


@pytest.fixture
def grey(tmp_path: Path) -> Callable[[Sequence[int]], list[tuple[Path, Path | None]]]:
    """Makes flat pictures of given levels, as items without a reference."""

    def make(levels: Sequence[int]) -> list[tuple[Path, Path | None]]:
        paths = [tmp_path / f"{place}-{level}.png" for place, level in enumerate(levels)]
        for path, level in zip(paths, levels, strict=True):
            Image.fromarray(np.full((8, 8, 3), level, dtype=np.uint8)).save(path)
        return [(path, None) for path in paths]

    return make
