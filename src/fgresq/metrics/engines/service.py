"""A program that judges pictures, started anew when it dies, and given up when it dies too often."""

import math
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any

from fgresq.errors import EngineError, HashMismatchError, ImageError
from fgresq.metrics.base import Item, Score
from fgresq.metrics.engines.handover import Form, Handover
from fgresq.metrics.engines.program import Program, ProgramFault

START_TIMEOUT = 300.0
TIMEOUT = 300.0
FAULTS_IN_A_ROW = 3


class Service:
    """A program that answers requests for scores; it starts with the first one and runs until the context ends.

    A picture whose request makes the program crash, hang or talk nonsense is unscored with that reason and isn't asked
    again; the program is started anew for the others. After `faults` of these without an answer between them it's
    given up, and the rest come back with `retry`.

    Args:
        name: what it is called in messages, such as "the engine pyiqa".
        command: the program and its arguments.
        form: of the files that it gets pictures in.
        timeout: seconds for one picture.
        start_timeout: seconds for the program to say that it's ready.
        faults: how many times in a row the program may fail before it's given up.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        form: Form = "npy",
        timeout: float = TIMEOUT,
        start_timeout: float = START_TIMEOUT,
        faults: int = FAULTS_IN_A_ROW,
    ) -> None:
        self.name = name
        self._command, self._form = list(command), form
        self._timeout, self._start_timeout, self._faults = timeout, start_timeout, faults
        self._in_a_row = 0
        self._last = ""
        self._program: Program | None = None
        self._handover: Handover | None = None

    def __enter__(self) -> "Service":
        self._handover = Handover(self._form)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._program is not None:
                self._program.__exit__(kind, error, trace)
        finally:
            if self._handover is not None:
                self._handover.__exit__(kind, error, trace)
            self._program = self._handover = None

    def started(self) -> Program:
        """The running program, started anew if it's dead.

        Raises:
            ProgramFault: it can't be started, or doesn't say that it's ready.
            RuntimeError: outside the `with` block.
        """
        self._pixels()
        if self._program is None:
            self._program = Program(self._command, os.environ, self._start_timeout)
        return self._program

    def judge(
        self,
        item: Item,
        least_side: int = 1,
        request: Mapping[str, str] | None = None,
        ready: Callable[[], Program] | None = None,
    ) -> Score:
        """Ask for the score of one picture.

        Args:
            item: a picture, with its reference for a full-reference metric (else None).
            least_side: pixels that both sides of the picture must have; a smaller one is unscored and isn't asked for.
            request: what is asked beside the files.
            ready: what gets the program ready; `started` where it's None.
        """
        try:
            asked = {**(request or {}), **self._pixels().lay(*item, least_side)}
        except ImageError as error:
            return Score(None, error.reason)
        while self._in_a_row < self._faults:
            try:
                program = (ready or self.started)()
                return self._understood(program, program.ask(asked, self._timeout))
            except ProgramFault as fault:
                self._failed(fault)
                if fault.asked:
                    return Score(None, f"{self.name} {fault}")
            except (EngineError, HashMismatchError) as error:  # of a metric that could be loaded before
                self._failed(error)
        reason = f"{self.name} was given up after {self._in_a_row} failures in a row; {self._last}"
        return Score(None, reason, retry=True)

    def forgive(self) -> None:
        """Count failures from the beginning."""
        self._in_a_row = 0

    def _pixels(self) -> Handover:
        if self._handover is None:
            raise RuntimeError("a program judges only inside its `with` block")
        return self._handover

    def _understood(self, program: Program, reply: Mapping[str, Any]) -> Score:
        match reply:
            case {"error": str(reason)} if len(reply) == 1:
                answer = Score(None, f"{self.name} says: {reason}")
            case {"score": (int() | float()) as score} if len(reply) == 1 and not isinstance(score, bool):
                answer = self._finite(score)
            case _:
                raise program.fault(f"answered {str(reply)[:80]} instead of one score", asked=True)
        self._in_a_row = 0
        return answer

    def _finite(self, score: float | int) -> Score:
        with suppress(OverflowError):  # of an integer of hundreds of digits
            if math.isfinite(score):
                return Score(float(score))
        return Score(None, f"{self.name} answered {str(score)[:20]}, which is no score")

    def _failed(self, fault: Exception) -> None:
        self._in_a_row += 1
        self._last = str(fault)
        if isinstance(fault, ProgramFault):
            self._program = None  # it's dead
