"""What all tests share: reference data that may be absent, photographs from wheels, rule-filled weights."""

import gc
import json
import os
import subprocess
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, settings
from jaxtyping import install_import_hook
from PIL import Image
from torch import Tensor

# Importing makes millions of objects that stay: looking for garbage among them takes a third of the collection's time.
gc.disable()

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference outputs and images; skips where it is absent."""
    if not (SHARED / "official" / "golden.json").is_file():
        pytest.skip(f"{SHARED} is absent: it isn't part of this repository")
    return SHARED


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Real photographs that ship in scikit-image's wheel, as PNG files: astronaut, coffee, chelsea."""
    import skimage.data

    folder = tmp_path_factory.mktemp("photographs")
    paths = {}
    for name in ("astronaut", "coffee", "chelsea"):
        paths[name] = folder / f"{name}.png"
        Image.fromarray(getattr(skimage.data, name)()).save(paths[name])
    return paths


def rule_filled(key: str, shape: tuple[int, ...], seed: str) -> Tensor:
    """The value that the rule of the recorded reference outputs gives to one tensor of the authors' module."""
    draw = np.random.RandomState(zlib.crc32(f"{seed}:{key}".encode()) & 0x7FFFFFFF)
    values = draw.standard_normal(shape).astype(np.float32)
    if key.endswith("weight") and "norm" in key:
        values = 1 + 0.1 * values
    elif key.endswith("weight") and len(shape) >= 2:
        values = values / np.sqrt(np.prod(shape[1:]))
    else:
        values = 0.1 * values
    return torch.from_numpy(values.astype(np.float32))


@pytest.fixture(scope="session")
def official_tensors() -> Mapping[str, Tensor]:
    """All 409 tensors of the authors' checkpoint, by their names, filled by the rule with seed "dev-1"."""
    shapes = json.loads((ROOT / "tests" / "reference" / "official_keys.json").read_text())
    return {key: rule_filled(key, tuple(shape), "dev-1") for key, shape in shapes.items()}


@pytest.fixture(scope="session")
def official_file(official_tensors: Mapping[str, Tensor], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rule-filled weights in the authors' form of file."""
    path = tmp_path_factory.mktemp("official") / "FGResQ.pth"
    torch.save(dict(official_tensors), path)
    return path


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the records of weights that the developer has fetched."""
    monkeypatch.setenv("FGRESQ_HOME", str(tmp_path / "fgresq-home"))


@pytest.fixture(autouse=True)
def _ends_what_it_starts() -> Iterator[None]:
    """A test that leaves a process or its pipes open fails itself; else a warning of the collector hits another one."""
    begun: list[subprocess.Popen[Any]] = []
    begin = subprocess.Popen.__init__

    def noted(self: "subprocess.Popen[Any]", *arguments: Any, **options: Any) -> None:
        begin(self, *arguments, **options)
        begun.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess.Popen, "__init__", noted)
        yield
    left = [process for process in begun if process.poll() is None]
    for process in left:
        process.kill()
        process.wait()
    pipes = [pipe for process in begun for pipe in (process.stdin, process.stdout, process.stderr) if pipe is not None]
    open_pipes = [pipe for pipe in pipes if not pipe.closed]
    for pipe in open_pipes:
        pipe.close()
    assert not left, f"these processes still ran: {[process.args for process in left]}"
    assert not open_pipes, f"these pipes of processes were still open: {open_pipes}"


# A loaded machine isn't a fault: no property fails for the time that it, or drawing its examples, takes.
settings.register_profile(
    "patient",
    settings.get_profile(settings.get_current_profile_name()),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("patient")


def _of_arrays() -> list[str]:
    """The modules whose signatures name shapes."""
    source = ROOT / "src"
    paths = [path.relative_to(source) for path in source.rglob("*.py") if "jaxtyping" in path.read_text("utf-8")]
    return [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in paths]


def pytest_configure(config: pytest.Config) -> None:
    """Check shapes and types at every call of those modules while tests run; mypy does for the others."""
    install_import_hook(_of_arrays(), "beartype.beartype")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")


def pytest_collection_finish() -> None:
    """From here on there is garbage; what has been imported is none of it."""
    gc.collect()
    gc.freeze()
    gc.enable()
