"""`fgresq metrics engines | install | remove`, up to what needs a network."""

import os
import pty
import subprocess
from pathlib import Path

import pytest
from tests.end_to_end.command import COMMAND, inside, run
from tests.waiting import LONGEST, started

pytestmark = pytest.mark.usefixtures("_no_index")


@pytest.fixture
def _no_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever happens, nothing is fetched."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("COLUMNS", "200")


def engines() -> Path:
    return Path(os.environ["FGRESQ_HOME"]) / "engines"


def test_the_engines_and_what_they_need() -> None:
    printed = run("metrics", "engines").stdout
    for name in ("pyiqa", "deqa", "hf"):
        assert f"{name}: the engine {name} isn't installed; `fgresq metrics install {name}` does it" in printed
    assert "VisualQuality-R1" in printed


@pytest.mark.parametrize("name", ["pyiqa", "deqa", "hf"])
def test_without_consent_nothing_is_installed(name: str) -> None:
    done = subprocess.run(
        [COMMAND, "metrics", "install", name], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "NVIDIA's own licence" in done.stdout  # shown before
    assert done.stderr.startswith(f"fgresq: {name}: consent to the licences above is needed")
    assert f"`fgresq metrics install {name} --yes`" in done.stderr
    assert not engines().exists()


@pytest.mark.parametrize(("answer", "code"), [(b"n\n", 1), (b"\n", 1), (b"y\n", 2)])
def test_somebody_who_can_be_asked_is_asked(answer: bytes, code: int) -> None:
    engines().parent.write_text("in the way")  # so that an installation that is begun ends at once
    ours, theirs = pty.openpty()
    try:
        command = [COMMAND, "metrics", "install", "pyiqa"]
        with started(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            os.write(ours, answer)
            out, err = process.communicate(timeout=LONGEST)
    finally:
        os.close(ours)
        os.close(theirs)
    assert b"PolyForm Noncommercial" in out
    assert b"Do you consent to these licences, and install it?" in out
    assert process.returncode == code
    assert (b"can't be written" in err) == (answer == b"y\n")
    assert (b"nothing was installed" in out) == (answer != b"y\n")


def test_a_script_consents_with_yes() -> None:
    engines().parent.write_text("in the way")
    done = inside("metrics", "install", "pyiqa", "--yes", code=2)
    assert "PolyForm Noncommercial" in done.stdout
    assert "can't be written" in done.stderr  # so it was begun


def test_names_that_are_no_engine() -> None:
    for command in ("install", "remove"):
        done = inside("metrics", command, "pyqia", code=2)
        assert "there is no engine 'pyqia'; did you mean pyiqa?" in done.stderr


def test_a_metric_is_no_engine() -> None:
    assert "lpips is a metric; the engine pyiqa runs it" in inside("metrics", "install", "lpips", code=2).stderr


def test_removing() -> None:
    assert inside("metrics", "remove", "pyiqa").stdout == "pyiqa wasn't installed; there was nothing to remove\n"
    (engines() / "pyiqa").mkdir(parents=True)
    (engines() / "pyiqa" / "file").write_text("what an installation left")
    assert "pyiqa: " in inside("metrics", "engines").stdout
    assert inside("metrics", "remove", "pyiqa").stdout == "pyiqa is removed\n"
    assert list(engines().iterdir()) == []
