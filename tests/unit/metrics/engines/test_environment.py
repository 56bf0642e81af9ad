"""Environments are made whole or not at all, from what is pinned; here from a wheel of our own, without a network."""

import base64
import hashlib
import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.metrics.engines.conftest import pretend_installed
from tests.waiting import started, wait_until

from fgresq.errors import DownloadError, UserError
from fgresq.files import home
from fgresq.metrics.engines.declarations import EngineSpec
from fgresq.metrics.engines.environment import State, find, install, remove, require

NOISY = Path(__file__).with_name("noisy_program.py")


def write_wheel(folder: Path, name: str, version: str) -> None:
    """A package of one module, as pip takes it."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = []
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, content in files.items():
            wheel.writestr(path, content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).rstrip(b"=").decode()
            rows.append(f"{path},sha256={digest},{len(content)}")
        wheel.writestr(f"{info}/RECORD", "\n".join([*rows, f"{info}/RECORD,,"]) + "\n")


def ask_for(spec: EngineSpec, version: str) -> None:
    folder = spec.files
    spec.requirements.write_text(f"--no-index\n--find-links {folder}\nsmallthing=={version}\n")


@pytest.fixture
def small(engine_of: Callable[[Path], EngineSpec], monkeypatch: pytest.MonkeyPatch) -> EngineSpec:
    """An engine that isn't installed, and whose one requirement lies beside its program."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    spec = engine_of(NOISY)
    assert remove(spec)
    write_wheel(spec.files, "smallthing", "1.0")
    ask_for(spec, "1.0")
    return spec


def lying_about() -> list[str]:
    return sorted(path.name for path in (home() / "engines").iterdir())


@pytest.mark.slow
def test_it_is_made_whole_in_place_of_an_outdated_one_and_goes(
    small: EngineSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find(small).state is State.ABSENT
    (pretend_installed(small) / "old").write_text("of the one before")
    assert find(small).state is State.READY
    write_wheel(small.files, "smallthing", "2.0")
    ask_for(small, "2.0")
    assert find(small).state is State.OUTDATED
    with pytest.raises(UserError, match="other versions than this fgresq asks for; `fgresq metrics install fake`"):
        require(small)

    monkeypatch.setenv("PYTHONPATH", "/nowhere")  # must not reach into it
    lines: list[str] = []
    found = install(small, lines.append)
    assert any("smallthing" in line for line in lines)
    assert found.state is State.READY
    assert found.record is not None
    assert found.record.packages["smallthing"] == "2.0"
    assert "fgresq" not in found.record.packages
    assert lying_about() == ["fake"]
    assert not (found.folder / "old").exists()
    code = "import smallthing, sys; print(smallthing.VERSION, sys.prefix)"
    ran = subprocess.run([found.python, "-E", "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["2.0", str(found.folder)]

    assert remove(small)
    assert not remove(small)
    assert find(small).state is State.ABSENT
    assert lying_about() == []


@pytest.mark.slow
def test_what_pip_cannot_get_leaves_what_was_there(small: EngineSpec) -> None:
    pretend_installed(small)
    ask_for(small, "3.0")
    with pytest.raises(DownloadError, match="nothing of it was kept") as raised:
        install(small)
    assert "smallthing==3.0" in str(raised.value)
    assert lying_about() == ["fake"]
    ask_for(small, "1.0")
    assert find(small).state is State.READY


def test_an_installation_that_is_killed_never_counts(small: EngineSpec) -> None:
    code = (
        "from pathlib import Path; from fgresq.metrics.engines import environment as e;"
        "from fgresq.metrics.engines.declarations import EngineSpec;"
        f"e.install(EngineSpec('fake', '', (), '', '', (), Path({str(small.files)!r})))"
    )
    with started([sys.executable, "-c", code], start_new_session=True) as process:
        making = home() / "engines" / f".making-fake-{process.pid}"
        wait_until(making.is_dir, "the installation begins", process=process)
        assert not remove(small)  # it's another's, at work
        assert lying_about() == [making.name]
        os.killpg(process.pid, signal.SIGKILL)
    assert find(small).state is State.ABSENT
    assert not remove(small)
    assert lying_about() == []


def test_what_is_damaged_says_so(engine_of: Callable[[Path], EngineSpec]) -> None:
    spec = engine_of(NOISY)
    folder = home() / "engines" / "fake"
    assert find(spec).state is State.READY
    (folder / "bin" / "python").unlink()
    assert find(spec).state is State.BROKEN
    assert "the Python that it was made with is gone" in find(spec).why
    for content in ("", "{}", json.dumps({"requirements_sha256": 3})):
        (folder / "engine.json").write_text(content)
        assert find(spec).state is State.BROKEN
    (folder / "engine.json").unlink()
    assert "is damaged; that makes it anew" in find(spec).why


def test_a_home_that_cannot_be_written(small: EngineSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("FGRESQ_HOME", str(tmp_path / "file"))
    with pytest.raises(UserError, match=r"file/engines: can't be written .*; set FGRESQ_HOME"):
        install(small)
