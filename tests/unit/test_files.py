"""A file is written whole or not at all, and a place that can't be written is found out beforehand."""

import errno
import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fgresq.errors import OutputError
from fgresq.files import check_can_write, written_whole


def write(path: Path, text: str) -> None:
    with written_whole(path) as temporary:
        temporary.write_text(text)


def write_half(path: Path, error: BaseException) -> None:
    with written_whole(path) as temporary:
        temporary.write_text("half")
        raise error


@contextmanager
def full_disk(allowed: int) -> Iterator[None]:
    """The system refuses to let a file grow beyond `allowed` bytes, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (allowed, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_new_file_and_a_replaced_one(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    write(path, "old")
    assert path.read_text() == "old"
    write(path, "new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_nobody_sees_half_of_it(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    write(path, "old")
    with written_whole(path) as temporary:
        temporary.write_text("half")
        assert path.read_text() == "old"
        assert temporary.parent == path.parent  # renaming is atomic within a file system only
        assert temporary.name.startswith(".")
    assert path.read_text() == "half"


@pytest.mark.parametrize("error", [ZeroDivisionError("not of this module"), KeyboardInterrupt(), SystemExit(3)])
def test_another_error_passes_and_leaves_what_was_there(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "result.json"
    write(path, "old")
    with pytest.raises(type(error)) as caught:
        write_half(path, error)
    assert caught.value is error
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    write(path, "old")
    with full_disk(1000), pytest.raises(OutputError, match=r"result\.json: can't be written \(File too large\)"):
        write(path, "x" * 5000)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_rename_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OutputError, match=r"can't be written \(No space left on device\)"):
        write(tmp_path / "result.json", "new")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gone/result.json", r"result\.json: can't be written \(there is no folder .*gone\)"),
        ("gone/deeper/result.json", r"there is no folder .*gone/deeper\)"),
        ("file.txt/result.json", r"there is no folder .*file\.txt\)"),
        ("folder.json", r"folder\.json: can't be written \(it is a folder\)"),
        (".", r"can't be written \(it is a folder\)"),
        ("a" * 300 + ".json", r"can't be written \(File name too long\)"),
    ],
)
def test_where_nothing_can_be_written(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "file.txt").write_text("kept")
    before = sorted(tmp_path.rglob("*"))
    for attempt in (check_can_write, lambda path: write(path, "new")):
        with pytest.raises(OutputError, match=message):
            attempt(tmp_path / name)
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "file.txt").read_text() == "kept"


def test_a_folder_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir(mode=0o555)
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    if is_root := os.geteuid() == 0:  # root may write anywhere
        os.seteuid(65534)
    try:
        with pytest.raises(OutputError, match=r"closed/result\.json: can't be written \(Permission denied\)"):
            check_can_write(Path("closed/result.json"))
    finally:
        if is_root:
            os.seteuid(0)


@pytest.mark.parametrize(
    "name", ["a" * 250 + ".json", "大" * 83 + ".json", "two\nlines.json", "%s {0}.json", "-o.json"]
)
def test_any_name_that_a_file_may_have(tmp_path: Path, name: str) -> None:
    check_can_write(tmp_path / name)
    write(tmp_path / name, "new")
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_permissions_are_those_of_any_new_file(tmp_path: Path, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        write(tmp_path / "result.json", "new")
        assert os.umask(mask) == mask  # left as it was
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "result.json").stat().st_mode) == mode


def test_checking_touches_nothing(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    check_can_write(path)
    assert list(tmp_path.iterdir()) == []
    write(path, "old")
    before = path.stat()
    check_can_write(path)
    assert path.stat() == before
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    check_can_write(Path("result.json"))
    write(Path("result.json"), "new")
    assert (tmp_path / "result.json").read_text() == "new"


def test_a_device_or_pipe_is_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    with pytest.raises(OutputError, match="it isn't a regular file"), written_whole(pipe):
        pass
    assert pipe.is_fifo()
    assert [path.name for path in tmp_path.iterdir()] == ["pipe.csv"]
