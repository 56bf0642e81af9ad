"""An engine whose environment is this Python and whose program is one of ours."""

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fgresq.files import home
from fgresq.metrics.engines.declarations import EngineSpec
from fgresq.metrics.engines.environment import EnvironmentRecord, requirements_sha256

HERE = Path(__file__).parent


@pytest.fixture
def engine_of(tmp_path: Path) -> Callable[[Path], EngineSpec]:
    """Declares an engine of one program and puts an environment there; nothing is installed."""

    def engine(program: Path) -> EngineSpec:
        files = tmp_path / "files"
        files.mkdir()
        (files / "fake_program.py").symlink_to(program)
        (files / "fake-requirements.txt").write_text("nothing==1\n")
        (files / "fake-constraints.txt").write_text("")
        spec = EngineSpec(
            name="fake",
            what="nothing",
            licences=("its own",),
            disk="none",
            tried="here",
            versions_of=("nothing", "missing"),
            files=files,
        )
        pretend_installed(spec)
        return spec

    return engine


def pretend_installed(spec: EngineSpec) -> Path:
    """Put an environment there that find() takes for a ready one."""
    folder = home() / "engines" / spec.name
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    record = EnvironmentRecord(
        requirements_sha256=requirements_sha256(spec), packages={"nothing": "1"}, python="3.11", made=datetime.now(UTC)
    )
    (folder / "engine.json").write_text(record.model_dump_json())
    return folder


@pytest.fixture
def grey(tmp_path: Path) -> Callable[[Sequence[int]], list[tuple[Path, Path | None]]]:
    """Makes flat pictures of given levels, as items without a reference."""

    def make(levels: Sequence[int]) -> list[tuple[Path, Path | None]]:
        paths = [tmp_path / f"{place}-{level}.png" for place, level in enumerate(levels)]
        for path, level in zip(paths, levels, strict=True):
            Image.fromarray(np.full((8, 8, 3), level, dtype=np.uint8)).save(path)
        return [(path, None) for path in paths]

    return make
