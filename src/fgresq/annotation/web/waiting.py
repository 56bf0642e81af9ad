"""What waits for each expert. Of a large study it takes a second to find out, so it is kept for a while."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from fgresq.annotation.protocol.trials import Trial
from fgresq.annotation.protocol.verdicts import VerdictState
from fgresq.annotation.store import Study

_QUICK_S = 0.05
_SHARE = 0.1  # of the machine's time that finding out may take


@dataclass(slots=True)
class _Queue:
    trials: list[Trial]  # the last one comes first, so that taking one off costs nothing
    good_until: float


class Waiting:
    """The review queues of one study, for all its experts.

    Args:
        study: open.
        clock: seconds, monotonic.
    """

    def __init__(self, study: Study, clock: Callable[[], float] = time.monotonic) -> None:
        self._study, self._clock = study, clock
        self._lock = threading.Lock()
        self._queues: dict[str, _Queue] = {}

    def of(self, expert_id: str, first: int = 2) -> tuple[list[Trial], int]:
        """The next pairs of an expert, and how many wait in all.

        That the next ones are still disputed is looked up; the rest, and pairs that came in since, are as they were
        ten times as long ago at most as it takes to find out. A queue that took next to no time is never kept.

        Args:
            expert_id: whose.
            first: how many to give.

        Raises:
            AnswerError: they aren't an expert of this study.
            StudyError: the database doesn't answer.
        """
        with self._lock:
            queue = self._queues.get(expert_id)
            used_up = queue is not None and bool(queue.trials) and not self._next(queue, first)
            if queue is None or used_up or self._clock() >= queue.good_until:
                queue = self._queues[expert_id] = self._found(expert_id)
            return self._next(queue, first), len(queue.trials)

    def _found(self, expert_id: str) -> _Queue:
        start = self._clock()
        trials = list(reversed(self._study.review_queue(expert_id)))
        took = self._clock() - start
        return _Queue(trials, self._clock() + took / _SHARE if took > _QUICK_S else start)

    def _next(self, queue: _Queue, first: int) -> list[Trial]:
        """The first trials whose pairs are still disputed; those before and among them that aren't are dropped."""
        found: list[Trial] = []
        while queue.trials and len(found) < first:
            trial = queue.trials.pop()
            if self._study.verdicts(only=trial.pair)[trial.pair].state == VerdictState.DISPUTED:
                found.append(trial)
        queue.trials.extend(reversed(found))
        return found
