"""One writer a folder: the second is told who the first is, and a lock whose process died binds nobody.

The lock is a file, `.fgresq.lock`, that says whose it is. What holds is the system's own lock on it (flock), which ends
with its process, by `kill -9` too; then the file is only a leftover, and the next writer takes it over.

Where a file system knows no such locks (some network file systems), or a system has none (Windows), the file itself is
the lock: who makes it has it, and deletes it at the end. Then a leftover can't be taken over safely, and the message
says which file to delete.
"""

import errno
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

from fgresq.errors import OutputError
from fgresq.files import TEMPORARY, is_systems_own

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

LOCK = ".fgresq.lock"
_BUSY = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES}
_FORBIDDEN = {errno.EACCES, errno.EPERM}
_UNKNOWN_HERE = {errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOLCK, errno.EINVAL}
_MOMENT = 10.0  # seconds in which a lock that was just taken gets its owner's name, or one that was just left goes
_PAUSE = 0.02


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a lock is, as its file says.

    Attributes:
        process: its number.
        machine: that it runs on.
        since: when it took the lock, ISO 8601.
    """

    process: int
    machine: str
    since: str

    @property
    def here(self) -> bool:
        """Whether it is a process of this machine."""
        return self.machine == socket.gethostname()

    @property
    def gone(self) -> bool:
        """Whether it is known to have ended; of a process elsewhere it isn't."""
        return self.here and not is_running(self.process)

    def __str__(self) -> str:
        """For messages."""
        return f"process {self.process}{'' if self.here else f' on {self.machine}'}"


@dataclass(frozen=True, slots=True)
class _Held:
    """A lock that this process has; `descriptor` is None where the file itself is the lock."""

    descriptor: int | None
    process: int
    thread: int


class _Busy(Enum):
    """Why a lock can't be had."""

    SYSTEM = "the system says that a process has it"
    FILE = "its file is there, and there is no other lock here"


_held: dict[Path, _Held] = {}


@contextmanager
def only_writer(folder: Path, patience: float = 0.0) -> Iterator[None]:
    """Be the only process that writes into a folder, by `only_writer` of all; a thread may enter it again.

    The folder is made if it isn't there; one that was made here and is still empty at the end is removed again. A
    folder that may not be written needs no lock, and gets none.

    Args:
        folder: that is written into.
        patience: seconds to wait for another writer.

    Raises:
        OutputError: another process or thread writes there, which is named; or the folder can't be made.
    """
    key = Path(os.path.realpath(folder))
    held = _held.get(key)
    if held is not None and held.thread == threading.get_ident():
        yield
        return
    made: list[Path] = []
    try:
        taken = _take(folder, patience, made)
        if taken is not None:
            _held[key] = taken
        try:
            yield
        finally:
            if taken is not None:
                _held.pop(key, None)
                _give_back(folder / LOCK, taken)
    finally:
        for path in reversed(made):
            with suppress(OSError):  # it isn't empty any more
                path.rmdir()


def is_running(process: int) -> bool:
    """Whether this machine has a process of this number; where that can't be asked, as if it had."""
    if os.name != "posix":  # on Windows, os.kill would end it
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def is_passing(name: str) -> bool:
    """Whether a name is no part of a folder's content: a lock's, a temporary file's, or a system's own."""
    return name == LOCK or name.startswith(TEMPORARY) or is_systems_own(name)


def remove_leftovers(folder: Path, *, below: bool = True) -> None:
    """Delete temporary files whose process is gone, for who is the folder's only writer.

    Args:
        folder: whose files.
        below: also in the folders below it.
    """
    for path in (folder.rglob if below else folder.glob)(f"{TEMPORARY}*"):
        maker = path.name.removeprefix(TEMPORARY).partition("-")[0]
        if maker.isdecimal() and not is_running(int(maker)):
            with suppress(OSError):  # it is in nobody's way
                path.unlink()


def _take(folder: Path, patience: float, made: list[Path]) -> _Held | None:
    """Take the lock, or raise an error that names who has it; None where the folder may not be written."""
    path, start = folder / LOCK, time.monotonic()
    while True:
        _make(folder, made)
        waited = time.monotonic() - start
        try:
            found = _try(path)
        except FileNotFoundError as error:  # who made the folder, or the lock, has removed it just now
            if waited > max(patience, _MOMENT):
                raise OutputError(f"{folder}: another process removes it time and again") from error
        except OSError as error:
            if error.errno == errno.EROFS or (error.errno in _FORBIDDEN and not path.exists()):
                return None
            raise OutputError(f"{path}: can't be written ({error.strerror or error})") from error
        else:
            if isinstance(found, _Held):
                return found
            owner = _owner(path)
            decided = owner is not None and (not owner.gone or found is _Busy.FILE)
            if waited >= (patience if decided else max(patience, _MOMENT)):
                raise OutputError(_refusal(folder, owner, found))
        time.sleep(_PAUSE)


def _make(folder: Path, made: list[Path]) -> None:
    """Make a folder and those above it, and write down which were made here."""
    try:
        missing = []
        for path in (folder, *folder.parents):
            if path.exists():
                break
            missing.append(path)
        for path in reversed(missing):
            with suppress(FileExistsError):  # another process was faster
                path.mkdir()
                made.append(path)
        if not folder.is_dir() and (folder.exists() or folder.is_symlink()):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    except FileNotFoundError:
        return  # one was removed just now; opening the lock finds that out as well
    except OSError as error:
        raise OutputError(f"{folder}: this folder can't be made ({error.strerror or error})") from error


def _try(path: Path) -> _Held | _Busy:
    """Take the lock if nobody has it.

    Raises:
        FileNotFoundError: its folder is gone.
        OSError: it can't be written.
    """
    descriptor, created = _open(path)
    keep = False
    try:
        locked = _flock(descriptor)
        if locked is None:
            if not created:
                return _Busy.FILE
            try:
                _sign(descriptor)
            except OSError:
                path.unlink(missing_ok=True)
                raise
            return _Held(None, os.getpid(), threading.get_ident())
        if not locked or not _is_at(path, descriptor):
            return _Busy.SYSTEM
        _sign(descriptor)
        keep = True
        return _Held(descriptor, os.getpid(), threading.get_ident())
    finally:
        if not keep:
            os.close(descriptor)


def _open(path: Path) -> tuple[int, bool]:
    """The lock's file, and whether it was made here."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666), True
    except FileExistsError:
        return os.open(path, os.O_RDWR), False


def _flock(descriptor: int) -> bool | None:
    """Whether the lock was got; None where there are no such locks."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _BUSY:
            return False
        if error.errno in _UNKNOWN_HERE:
            return None
        raise
    return True


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether an open file still has its name: who had the lock before may have deleted it since it was opened."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _sign(descriptor: int) -> None:
    told = {
        "process": os.getpid(),
        "machine": socket.gethostname(),
        "since": datetime.now().astimezone().isoformat(timespec="seconds"),
    }
    os.ftruncate(descriptor, 0)
    os.write(descriptor, json.dumps(told).encode() + b"\n")


def _owner(path: Path) -> Owner | None:
    """Whose the lock is; None if the file doesn't say, or is gone."""
    try:
        told: Any = json.loads(path.read_text(encoding="utf-8"))
        return Owner(int(told["process"]), str(told["machine"]), str(told["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _refusal(folder: Path, owner: Owner | None, found: _Busy) -> str:
    path, rest = folder / LOCK, "wait until it has ended, or name another folder"
    if found is _Busy.FILE and owner is not None and owner.gone:
        return f"{folder}: {owner} wrote here and didn't end in order; delete {path} and start again"
    told = f"{folder}: {owner or 'another process'} writes here{f' since {owner.since}' if owner else ''}; {rest}"
    # Only where nothing else tells a leftover from a lock: deleting the file of one that holds would undo it.
    return told if found is _Busy.SYSTEM else f"{told}. If it was killed, delete {path}"


def _give_back(path: Path, held: _Held) -> None:
    if held.process != os.getpid():  # a child that was forked meanwhile; the lock is its parent's
        return
    # Deleted while it is locked, so that nobody else's is. If it can't be, it is a leftover like any other.
    with suppress(OSError):
        if held.descriptor is None or _is_at(path, held.descriptor):
            path.unlink()
    if held.descriptor is not None:
        os.close(held.descriptor)


def _forget() -> None:
    """In a forked child: without this, one that outlives its parent would hold the parent's locks."""
    for held in _held.values():
        if held.descriptor is not None:
            os.close(held.descriptor)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
