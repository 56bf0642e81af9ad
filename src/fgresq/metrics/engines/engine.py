"""An engine at work: scores of pictures by the metrics of a program in another environment."""

import hashlib
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from fgresq.errors import EngineError, HashMismatchError, ImageError
from fgresq.metrics.engines.answers import Answer
from fgresq.metrics.engines.declarations import EngineSpec, find_engine
from fgresq.metrics.engines.environment import require
from fgresq.metrics.engines.handover import Handover
from fgresq.metrics.engines.program import Program, ProgramFault
from fgresq.metrics.engines.weights import known_weights, record_weights

Item = tuple[Path, Path | None]

START_TIMEOUT = 300.0
LOAD_TIMEOUT = 3600.0
TIMEOUT = 300.0
FAULTS_IN_A_ROW = 3


class Engine:
    """An engine whose program starts with the first request and runs until the context ends.

        with Engine("pyiqa") as engine:
            answers = engine.scores("gmsd", [(picture, reference), ...])

    A picture whose request makes the program crash, hang or talk nonsense is unscored with that reason and isn't asked
    again; the program is started anew for the others. After `faults` of these without an answer between them it's
    given up, and the rest come back with `asked` False.

    One metric is loaded at a time; another one takes its place.

    Args:
        engine: its name, as `MetricSpec.engine`, or its declaration.
        device: `auto` (a GPU where there is one), `cpu`, `cuda` or `cuda:N`.
        timeout: seconds for one picture.
        load_timeout: seconds for a metric to load, which fetches its weights the first time.
        start_timeout: seconds for the program to import its libraries.
        faults: how many times in a row the program may fail before it's given up.

    Raises:
        UserError: no such engine, or it isn't installed, or not as this fgresq needs it; says what to do.
    """

    def __init__(
        self,
        engine: str | EngineSpec,
        device: str = "auto",
        timeout: float = TIMEOUT,
        load_timeout: float = LOAD_TIMEOUT,
        start_timeout: float = START_TIMEOUT,
        faults: int = FAULTS_IN_A_ROW,
    ) -> None:
        self.spec = find_engine(engine) if isinstance(engine, str) else engine
        found, record = require(self.spec)
        self._folder, self._packages = found.folder, record.packages
        self._command = [os.fspath(found.python), "-E", "-s", os.fspath(self.spec.program), "--device", device]
        self._timeout, self._load_timeout, self._start_timeout = timeout, load_timeout, start_timeout
        self._faults = faults
        self._in_a_row = 0
        self._last = ""
        self._program: Program | None = None
        self._held: tuple[str, str | None] | None = None  # what the running program holds: a metric, its weights
        self._handover: Handover | None = None

    def __enter__(self) -> "Engine":
        self._handover = Handover()
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

    @property
    def version(self) -> str:
        """What decides the scores beside the weights: the packages' versions, and our program that calls them."""
        packages = ", ".join(f"{name} {self._packages.get(name, 'absent')}" for name in self.spec.versions_of)
        program = b"".join(path.read_bytes() for path in (self.spec.program, self.spec.serving))
        return f"{packages}, program {hashlib.sha256(program).hexdigest()[:12]}"

    @property
    def recorded(self) -> Mapping[str, str | None]:
        """What identified the weights of each metric that this environment has loaded before; nothing is started.

        Loading one again makes sure that its weights are still those.

        Raises:
            EngineError: the record of them is damaged.
        """
        return known_weights(self._folder)

    def weights(self, metric: str) -> str | None:
        """What identifies a metric's weights (a hash, or a commit of the hub); None where it has none.

        The metric is loaded for it, which fetches its weights the first time.

        Raises:
            EngineError: the program can't start, doesn't know the metric or can't load it.
            HashMismatchError: its weights are others than when it was first loaded.
        """
        self._in_a_row = 0
        while True:
            try:
                self._load(metric)
            except ProgramFault as fault:
                self._failed(fault)
                if self._in_a_row >= self._faults:
                    raise EngineError(f"the engine {self.spec.name} failed {self._in_a_row} times; {fault}") from fault
            else:
                return self._held[1] if self._held is not None else None

    def scores(self, metric: str, items: Sequence[Item], least_side: int = 1) -> list[Answer]:
        """Judge pictures.

        Args:
            metric: the engine's name of it, `MetricSpec.engine_name`.
            items: a picture each, with its reference for a full-reference metric (else None).
            least_side: pixels that both sides of a picture must have; a smaller one is unscored and isn't asked of the
                program.

        Returns:
            One answer a picture, in their order.

        Raises:
            EngineError: the program can't start, doesn't know the metric or can't load it.
            HashMismatchError: its weights are others than when it was first loaded.
        """
        return list(self.each(metric, items, least_side))

    def each(self, metric: str, items: Sequence[Item], least_side: int = 1) -> Iterator[Answer]:
        """As `scores`, but an answer at a time, as soon as it's there."""
        self.weights(metric)
        self._in_a_row = 0
        for image, reference in items:
            yield self._judge(metric, image, reference, least_side)

    def _judge(self, metric: str, image: Path, reference: Path | None, least_side: int) -> Answer:
        try:
            request = {"score": metric, **self._pixels().lay(image, reference, least_side)}
        except ImageError as error:
            return Answer(None, error.reason)
        while self._in_a_row < self._faults:
            try:
                program = self._load(metric)
                return self._understood(program, program.ask(request, self._timeout))
            except ProgramFault as fault:
                self._failed(fault)
                if fault.asked:
                    return Answer(None, f"the engine {self.spec.name} {fault}")
            except (EngineError, HashMismatchError) as error:  # of a metric that could be loaded before
                self._failed(error)
        reason = f"the engine {self.spec.name} was given up after {self._in_a_row} failures in a row; {self._last}"
        return Answer(None, reason, asked=False)

    def _pixels(self) -> Handover:
        if self._handover is None:
            raise RuntimeError("an Engine judges only inside its `with` block")
        return self._handover

    def _load(self, metric: str) -> Program:
        """The running program, started anew if it's dead, with the metric loaded."""
        self._pixels()
        if self._program is None:
            self._held = None
            self._program = Program(self._command, os.environ, self._start_timeout)
        if self._held is None or self._held[0] != metric:
            self._held = None  # whatever comes of it, the one before is gone
            try:
                request = {"load": metric, "known": known_weights(self._folder).get(metric)}
                weights = self._loaded(self._program, self._program.ask(request, self._load_timeout))
            except ProgramFault as fault:  # no picture is to blame
                raise ProgramFault(f"while it loaded {metric}, it {fault}", asked=False) from fault
            record_weights(self._folder, metric, weights)
            self._held = metric, weights
        return self._program

    def _loaded(self, program: Program, reply: Mapping[str, Any]) -> str | None:
        match reply:
            case {"error": str(reason)} if len(reply) == 1:
                raise EngineError(f"the engine {self.spec.name} can't load this metric: {reason}")
            case {"weights": (str() | None) as weights} if len(reply) == 1:
                return weights
        raise program.fault(f"answered {str(reply)[:80]} to a request to load")

    def _understood(self, program: Program, reply: Mapping[str, Any]) -> Answer:
        match reply:
            case {"error": str(reason)} if len(reply) == 1:
                answer = Answer(None, f"the engine {self.spec.name} says: {reason}")
            case {"score": (int() | float()) as score} if len(reply) == 1 and not isinstance(score, bool):
                answer = self._finite(score)
            case _:
                raise program.fault(f"answered {str(reply)[:80]} instead of one score", asked=True)
        self._in_a_row = 0
        return answer

    def _finite(self, score: float | int) -> Answer:
        with suppress(OverflowError):  # of an integer of hundreds of digits
            if math.isfinite(score):
                return Answer(float(score))
        return Answer(None, f"the engine {self.spec.name} answered {str(score)[:20]}, which is no score")

    def _failed(self, fault: Exception) -> None:
        self._in_a_row += 1
        self._last = str(fault)
        if isinstance(fault, ProgramFault):
            self._program = None  # it's dead
