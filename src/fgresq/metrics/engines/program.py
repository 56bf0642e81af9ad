"""One running program: lines of JSON to it and from it, and an end to whatever it does wrong.

The program gets one request at a time, so whatever happens until the answer is that request's doing. Whatever isn't
the one expected answer (another request's, two of them, no JSON, silence, the end) is a `ProgramFault`, after which
the program is dead: a program that has once lost its place isn't trusted with another picture.
"""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import IO, Any, cast

MAX_LINE = 1 << 20
_CHUNK = 1 << 16
_STDERR_KEPT = 1 << 14
_GRACE = 5.0  # seconds that a program has to end by itself
_DYING = 1.0  # seconds between the end of its pipe and its own


class ProgramFault(Exception):  # noqa: N818 - nobody outside this package sees it
    """The program broke the protocol, hung or died; the message says which, and what it said last.

    Attributes:
        asked: whether a request had been sent; else no request has anything to do with it.
    """

    def __init__(self, message: str, asked: bool = False) -> None:
        super().__init__(message)
        self.asked = asked


class Program:
    """A program that answers requests over pipes; a context manager that leaves no process behind.

    Args:
        command: the program and its arguments.
        environment: its environment.
        start_timeout: seconds that it has to say that it's ready.

    Raises:
        ProgramFault: it can't be started, or didn't say in time that it's ready.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], start_timeout: float) -> None:
        try:
            # A session of its own: Ctrl-C reaches only us, and what the program starts itself can be ended with it.
            self._process = subprocess.Popen(  # noqa: S603 - the command is ours
                command,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise ProgramFault(f"{command[0]} can't be started ({error.strerror})") from error
        self._streams = [cast("IO[bytes]", getattr(self._process, name)) for name in ("stdin", "stdout", "stderr")]
        self._requests, self._answers, stderr = (stream.fileno() for stream in self._streams)
        os.set_blocking(self._requests, False)
        os.set_blocking(self._answers, False)
        self._unread = bytearray()
        self._said: deque[bytes] = deque()
        self._listener = threading.Thread(target=self._listen, args=(stderr,), daemon=True)
        self._listener.start()
        self._turn = 0
        self._asking = self._closed = False
        try:
            self.greeting = self._read(time.monotonic() + start_timeout, f"wasn't ready within {start_timeout:g} s")
            if self.greeting.get("ready") is not True:
                raise self.fault(f"said that it can't start: {self.greeting.get('error')}")
        except BaseException:
            self.close(grace=0.0)
            raise

    def __enter__(self) -> "Program":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(grace=_GRACE if kind is None else 0.0)

    def ask(self, request: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        """Send a request and wait for its answer.

        Args:
            request: plain values.
            timeout: seconds for both.

        Returns:
            The answer, without its number.

        Raises:
            ProgramFault: anything else happened. The program is dead then.
        """
        self._turn += 1
        deadline, late = time.monotonic() + timeout, f"didn't answer within {timeout:g} s"
        try:
            if self._has_spoken():
                raise self.fault("spoke without being asked")
            self._asking = True
            self._write(json.dumps({"turn": self._turn, **request}).encode() + b"\n", deadline, late)
            answer = self._read(deadline, late)
            if (turn := answer.pop("turn", None)) != self._turn:
                raise self.fault(f"answered request {turn!r} when {self._turn} was asked")
            if self._unread:
                raise self.fault("said more than one answer to one request")
            self._asking = False
        except BaseException:  # Ctrl-C too: the answer that is on its way would be taken for the next request's
            self.close(grace=0.0)
            raise
        return answer

    def close(self, grace: float = _GRACE) -> None:
        """End the program: its input ends, and after `grace` seconds it and what it started are killed."""
        if self._closed:  # its process number may be another's by now
            return
        self._closed = True
        with contextlib.suppress(OSError):  # it may be gone
            self._streams[0].close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(grace)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._listener.join(_GRACE)
        self._streams[1].close()
        if not self._listener.is_alive():  # else something that the program started, and that got away, holds its end
            self._streams[2].close()

    def _write(self, line: bytes, deadline: float, late: str) -> None:
        while line:
            try:
                line = line[os.write(self._requests, line) :]
            except BlockingIOError:
                self._wait(self._requests, selectors.EVENT_WRITE, deadline, late)
            except OSError as error:
                raise self.fault(self._how_it_ended()) from error

    def _read(self, deadline: float, late: str) -> dict[str, Any]:
        """The next line, which must be one JSON object."""
        while (end := self._unread.find(b"\n")) < 0:
            if len(self._unread) > MAX_LINE:
                raise self.fault(f"wrote a line of more than {MAX_LINE} bytes")
            self._wait(self._answers, selectors.EVENT_READ, deadline, late)
            chunk = os.read(self._answers, _CHUNK)
            if not chunk:
                raise self.fault(self._how_it_ended())
            self._unread += chunk
        line = bytes(self._unread[:end])
        del self._unread[: end + 1]
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise self.fault(f"answered what isn't a JSON object: {line[:80]!r}")
        return answer

    def _wait(self, descriptor: int, event: int, deadline: float, late: str) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, event)
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise self.fault(late)

    def _has_spoken(self) -> bool:
        """Whether something waits to be read; the end of the stream is a fault."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._answers, selectors.EVENT_READ)
            if not selector.select(0):
                return bool(self._unread)
        if not os.read(self._answers, _CHUNK):
            raise self.fault(self._how_it_ended())
        return True

    def _how_it_ended(self) -> str:
        try:
            code = self._process.wait(_DYING)
        except subprocess.TimeoutExpired:
            return "closed its pipe"
        return f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"

    def fault(self, what: str, asked: bool | None = None) -> ProgramFault:
        """End the program for something that it did; returns the error to raise.

        Args:
            what: it did.
            asked: whether a request is to blame; None where that depends on whether one is out.
        """
        self.close(grace=0.0)  # so that all it said on stderr is here
        said = b"".join(self._said).decode("utf-8", "replace").strip().splitlines()
        told = f"{what}; its last words: {said[-1].strip()[:300]}" if said else what
        return ProgramFault(told, self._asking if asked is None else asked)

    def _listen(self, descriptor: int) -> None:
        """Drain stderr, so that a program that floods it isn't blocked, and keep the end of it."""
        kept = 0
        while chunk := os.read(descriptor, _CHUNK):
            self._said.append(chunk)
            kept += len(chunk)
            while kept - len(self._said[0]) >= _STDERR_KEPT:
                kept -= len(self._said.popleft())
