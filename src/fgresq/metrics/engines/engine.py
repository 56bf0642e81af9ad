"""An engine at work: scores of pictures by the metrics of a program in another environment."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from fgresq.errors import EngineError
from fgresq.metrics.base import Item, Score
from fgresq.metrics.engines.declarations import EngineSpec, find_engine
from fgresq.metrics.engines.environment import require
from fgresq.metrics.engines.program import Program, ProgramFault
from fgresq.metrics.engines.service import FAULTS_IN_A_ROW, START_TIMEOUT, TIMEOUT, Service
from fgresq.metrics.engines.weights import known_weights, record_weights

LOAD_TIMEOUT = 3600.0


class Engine(Service):
    """An engine whose program starts with the first request and runs until the context ends.

        with Engine("pyiqa") as engine:
            answers = engine.scores("gmsd", [(picture, reference), ...])

    One metric is loaded at a time; another one takes its place.

    Args:
        engine: its name, as `MetricCard.engine`, or its declaration.
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
        command = [os.fspath(found.python), "-E", "-s", os.fspath(self.spec.program), "--device", device]
        super().__init__(f"the engine {self.spec.name}", command, "npy", timeout, start_timeout, faults)
        self._load_timeout = load_timeout
        self._held: tuple[Program, str, str | None] | None = None  # what a program holds: a metric, its weights

    def __enter__(self) -> "Engine":
        super().__enter__()
        return self

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
        self.forgive()
        while True:
            try:
                self._load(metric)
            except ProgramFault as fault:
                self._failed(fault)
                if self._in_a_row >= self._faults:
                    raise EngineError(f"{self.name} failed {self._in_a_row} times; {fault}") from fault
            else:
                return self._held[2] if self._held is not None else None

    def scores(self, metric: str, items: Sequence[Item], least_side: int = 1) -> list[Score]:
        """Judge pictures.

        Args:
            metric: the engine's name of it, `MetricCard.engine_name`.
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

    def each(self, metric: str, items: Sequence[Item], least_side: int = 1) -> Iterator[Score]:
        """As `scores`, but an answer at a time, as soon as it's there."""
        self.weights(metric)
        self.forgive()
        for item in items:
            yield self.judge(item, least_side, {"score": metric}, partial(self._load, metric))

    def _load(self, metric: str) -> Program:
        """The running program, started anew if it's dead, with the metric loaded."""
        program = self.started()
        if self._held is None or self._held[:2] != (program, metric):
            self._held = None  # whatever comes of it, the one before is gone
            try:
                request = {"load": metric, "known": known_weights(self._folder).get(metric)}
                weights = self._loaded(program, program.ask(request, self._load_timeout))
            except ProgramFault as fault:  # no picture is to blame
                raise ProgramFault(f"while it loaded {metric}, it {fault}", asked=False) from fault
            record_weights(self._folder, metric, weights)
            self._held = program, metric, weights
        return program

    def _loaded(self, program: Program, reply: Mapping[str, Any]) -> str | None:
        match reply:
            case {"error": str(reason)} if len(reply) == 1:
                raise EngineError(f"{self.name} can't load this metric: {reason}")
            case {"weights": (str() | None) as weights} if len(reply) == 1:
                return weights
        raise program.fault(f"answered {str(reply)[:80]} to a request to load")
