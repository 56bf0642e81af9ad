"""One writer a folder, told from a writer that died; with the system's locks and without."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from tests.unit.writers import another_writer, started

from fgresq import locks
from fgresq.errors import OutputError
from fgresq.files import written_whole
from fgresq.locks import LOCK, is_passing, is_running, only_writer, remove_leftovers

COUNT = """
import sys
from pathlib import Path
from fgresq.locks import only_writer
folder = Path(sys.argv[1])
for _ in range(40):
    with only_writer(folder, 300):
        number = int((folder / "number").read_text())
        (folder / "number").write_text(str(number + 1))
"""
FORK = """
import os, sys, time
from pathlib import Path
from fgresq.locks import only_writer
with only_writer(Path(sys.argv[1])):
    child = os.fork()
    if child == 0:
        time.sleep(300)
    print(child, flush=True)
    time.sleep(300)
"""


def without_flock(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """As on Windows, or on a file system that knows no such locks."""
    if how == "windows":
        monkeypatch.setattr(locks, "fcntl", None)
        return

    def refuse(*_: object) -> None:
        raise OSError(getattr(errno, how), os.strerror(getattr(errno, how)))

    monkeypatch.setattr(locks.fcntl, "flock", refuse)


def leave_lock(folder: Path, process: int, machine: str | None = None) -> None:
    """What a writer that was killed leaves."""
    told = {"process": process, "machine": machine or socket.gethostname(), "since": "2026-01-02T03:04:05+00:00"}
    (folder / LOCK).write_text(json.dumps(told))


def dead() -> int:
    """The number of a process that is gone."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.slow
def test_of_two_processes_started_at_once_one_writes_twenty_times(tmp_path: Path) -> None:
    for race in range(20):
        folder = tmp_path / "new" / str(race)
        if race % 2:  # else both make it
            folder.mkdir(parents=True)
        two = [started(folder), started(folder)]
        said = [str(process.stdout.readline()) for process in two]  # the first keeps the lock until its input ends
        assert sorted(line == "mine\n" for line in said) == [False, True], said
        winner = two[said.index("mine\n")]
        loser, told = next((process, line) for process, line in zip(two, said, strict=True) if process is not winner)
        assert loser.wait() == 2
        assert f"{folder}: process {winner.pid} writes here since 20" in told
        assert "wait until it has ended, or name another folder" in told
        winner.stdin.close()
        assert winner.wait() == 0
        for process in two:
            process.stdin.close()
            process.stdout.close()
        assert not folder.is_dir() or not list(folder.iterdir())


def test_who_waits_gets_it_and_none_writes_beside_another(tmp_path: Path) -> None:
    (tmp_path / "number").write_text("0")
    three = [started(tmp_path, COUNT) for _ in range(3)]
    for process in three:
        process.communicate()
        assert process.returncode == 0
    assert (tmp_path / "number").read_text() == "120"
    assert [path.name for path in tmp_path.iterdir()] == ["number"]


def test_a_lock_of_a_killed_process_binds_nobody(tmp_path: Path) -> None:
    with another_writer(tmp_path) as process:
        with pytest.raises(OutputError, match=f"process {process.pid} writes here since"), only_writer(tmp_path):
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert json.loads((tmp_path / LOCK).read_text())["process"] == process.pid  # it could tidy up no more
        with only_writer(tmp_path):
            assert json.loads((tmp_path / LOCK).read_text())["process"] == os.getpid()
    assert not list(tmp_path.iterdir())


def test_a_stopped_process_still_has_its_lock(tmp_path: Path) -> None:
    with another_writer(tmp_path) as process:
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(OutputError, match=f"process {process.pid} "), only_writer(tmp_path):
            pass


def test_a_forked_child_that_outlives_its_parent_holds_nothing(tmp_path: Path) -> None:
    with started(tmp_path, FORK) as parent:
        child = int(parent.stdout.readline())
        try:
            parent.kill()
            parent.wait()
            assert is_running(child)
            with only_writer(tmp_path):
                pass
        finally:
            os.kill(child, signal.SIGKILL)


def test_a_forked_child_leaves_its_parents_lock(tmp_path: Path) -> None:
    with only_writer(tmp_path):
        child = os.fork()
        if child == 0:  # it unwinds the block as its parent will, and says so by its exit code
            try:
                with only_writer(tmp_path):
                    os._exit(1)
            except OutputError:
                os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert (tmp_path / LOCK).is_file()


def test_a_thread_may_enter_again_and_another_may_not(tmp_path: Path) -> None:
    found: list[str] = []

    def enter() -> None:
        try:
            with only_writer(tmp_path):
                found.append("entered")
        except OutputError as error:
            found.append(str(error))

    with only_writer(tmp_path), only_writer(tmp_path / "." / ".." / tmp_path.name):
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        assert f"process {os.getpid()} writes here" in found.pop()
        enter()
        assert found == ["entered"]
        assert (tmp_path / LOCK).is_file()
    assert not list(tmp_path.iterdir())


def test_the_folder_is_made_and_an_empty_one_removed_again(tmp_path: Path) -> None:
    with only_writer(tmp_path / "a" / "b"):
        assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == [LOCK]
    assert not (tmp_path / "a").exists()
    with only_writer(tmp_path / "a" / "b"):
        (tmp_path / "a" / "b" / "result").touch()
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["result"]
    (tmp_path / "there").mkdir()
    with only_writer(tmp_path / "there"):
        pass
    assert (tmp_path / "there").is_dir()


def test_an_error_gives_it_back(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), only_writer(tmp_path):
        raise ZeroDivisionError
    with another_writer(tmp_path):
        pass


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("file", r"file: this folder can't be made \(File exists\)"),
        ("file/below", r"file/below: this folder can't be made \(Not a directory\)"),
        ("nowhere", r"nowhere: this folder can't be made \(File exists\)"),
        ("a" * 300, r"a: this folder can't be made \(File name too long\)"),
    ],
)
def test_where_no_folder_can_be(tmp_path: Path, place: str, message: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    with pytest.raises(OutputError, match=message), only_writer(tmp_path / place):
        pass


def test_what_may_not_be_written_needs_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir(mode=0o555)
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    if is_root := os.geteuid() == 0:  # root may write anywhere
        os.seteuid(65534)
    try:
        with only_writer(Path("closed")):
            assert not list(Path("closed").iterdir())
    finally:
        if is_root:
            os.seteuid(0)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"process": "x"}', '{"process": 1e400}', "\0" * 20])
def test_a_damaged_leftover_binds_nobody(tmp_path: Path, content: str) -> None:
    (tmp_path / LOCK).write_text(content)
    with only_writer(tmp_path):
        assert json.loads((tmp_path / LOCK).read_text())["process"] == os.getpid()


@pytest.mark.parametrize("how", ["windows", "ENOSYS", "EOPNOTSUPP", "ENOLCK"])
def test_without_the_systems_locks_the_file_is_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    without_flock(monkeypatch, how)
    with only_writer(tmp_path):
        assert json.loads((tmp_path / LOCK).read_text())["process"] == os.getpid()
    assert not list(tmp_path.iterdir())
    cases: list[tuple[int, str | None, str]] = [
        (os.getppid(), None, f"process {os.getppid()} writes here since .*If it was killed, delete .*{LOCK}"),
        (os.getppid(), "elsewhere", f"process {os.getppid()} on elsewhere writes here since .*delete .*{LOCK}"),
        (dead(), None, f"wrote here and didn't end in order; delete .*{LOCK} and start again"),
    ]
    for process, machine, message in cases:
        leave_lock(tmp_path, process, machine)
        before = (tmp_path / LOCK).read_text()
        with pytest.raises(OutputError, match=message), only_writer(tmp_path):
            pass
        assert (tmp_path / LOCK).read_text() == before
    (tmp_path / LOCK).unlink()
    with only_writer(tmp_path):
        pass


def test_an_error_of_the_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_flock(monkeypatch, "EIO")
    with pytest.raises(OutputError, match=rf"{LOCK}: can't be written \(Input/output error\)"), only_writer(tmp_path):
        pass


def test_temporary_files_are_deleted_only_of_processes_that_are_gone(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    gone = [tmp_path / f".fgresq-{dead()}-abc", tmp_path / "below" / f".fgresq-{dead()}-abc"]
    kept = [tmp_path / f".fgresq-{os.getppid()}-abc", tmp_path / ".fgresq-x", tmp_path / "result"]
    for path in (*gone, *kept):
        path.touch()
    with written_whole(tmp_path / "new") as temporary:
        remove_leftovers(tmp_path, below=False)
        assert not gone[0].exists()
        assert gone[1].exists()
        remove_leftovers(tmp_path)
        assert temporary.exists()
    assert not any(path.exists() for path in gone)
    assert all(path.exists() for path in kept)


def test_names_of_files_that_are_no_content() -> None:
    names: dict[str, Any] = {LOCK: True, ".fgresq-12-x": True, ".fgresq": False, "fgresq-1": False, ".hidden": False}
    names |= {"@eaDir": True, "$RECYCLE.BIN": True, "Thumbs.db": True, ".DS_Store": True, "recycled": False}
    assert {name: is_passing(name) for name in names} == names


def test_whether_a_process_runs() -> None:
    assert is_running(os.getpid())
    assert is_running(1)  # perhaps another user's
    assert not is_running(dead())
    assert not is_running(10**30)
