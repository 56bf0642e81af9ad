"""Answers into the database, each once, and what counts of them."""

import math
import re
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, func, insert, select

from fgresq.annotation.protocol.trials import Trial
from fgresq.annotation.store.tables import answer, person
from fgresq.errors import AnswerError
from fgresq.records import Preference

_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
_LONGEST_MS = 7 * 24 * 3600 * 1000.0


@dataclass(frozen=True, slots=True)
class Receipt:
    """That an answer is on the disk.

    Attributes:
        answer_id: of the row.
        position: of the trial.
        revision: 0 for a first answer, higher for a change of mind.
        duplicate: whether the same request had been stored before; the row is that one.
    """

    answer_id: int
    position: int
    revision: int
    duplicate: bool


def check_request(elapsed_ms: float | None, key: str) -> None:
    """Refuse what no page sends.

    Raises:
        AnswerError: a time that is negative, not finite or longer than a week, or a key that isn't 8 to 64 letters,
            digits, - or _.
    """
    if elapsed_ms is not None and not (math.isfinite(elapsed_ms) and 0 <= elapsed_ms <= _LONGEST_MS):
        raise AnswerError(f"a time per answer must be from 0 to {_LONGEST_MS:.0f} ms, not {elapsed_ms}")
    if not _KEY.fullmatch(key):
        raise AnswerError("an answer's key must be 8 to 64 letters, digits, - or _")


def lock(connection: Connection, person_id: str) -> None:
    """Let a person's answers go one after the other, whatever their pages send at once.

    PostgreSQL locks the row; SQLite's writers go one by one already.
    """
    connection.execute(select(person.c.person_id).where(person.c.person_id == person_id).with_for_update())


def stored_before(connection: Connection, person_id: str, key: str, trial: Trial, said: Preference) -> Receipt | None:
    """The receipt of the same request, if it was stored before.

    Raises:
        AnswerError: the key was used for another answer.
    """
    row = connection.execute(select(answer).where(answer.c.person_id == person_id, answer.c.key == key)).one_or_none()
    if row is None:
        return None
    if (row.round, row.position, row.preference) != (_round(trial), trial.position, said.value):
        raise AnswerError(f"the key {key} was used for another answer; every answer needs one of its own")
    return Receipt(row.id, row.position, row.revision, duplicate=True)


def store(
    connection: Connection, person_id: str, trial: Trial, said: Preference, elapsed_ms: float | None, key: str
) -> Receipt:
    """Append an answer as the next revision of its position."""
    here = (
        answer.c.person_id == person_id,
        answer.c.round == _round(trial),
        answer.c.position == trial.position,
    )
    latest = connection.scalar(select(func.max(answer.c.revision)).where(*here))
    revision = 0 if latest is None else latest + 1
    row: dict[str, Any] = {
        "person_id": person_id,
        "round": _round(trial),
        "position": trial.position,
        "revision": revision,
        "pair": trial.pair,
        "kind": trial.kind.value,
        "session": trial.session,
        "a_on_left": trial.a_on_left,
        "preference": said.value,
        "elapsed_ms": elapsed_ms,
        "answered_ms": time.time_ns() // 1_000_000,
        "key": key,
    }
    (answer_id,) = connection.execute(insert(answer).values(row)).inserted_primary_key or (0,)
    return Receipt(int(answer_id), trial.position, revision, duplicate=False)


def next_position(connection: Connection, person_id: str) -> int:
    """The first position of round one that a person hasn't answered; they answer in order, so it is one more."""
    last = connection.scalar(
        select(func.max(answer.c.position)).where(answer.c.person_id == person_id, answer.c.round == 1)
    )
    return 0 if last is None else int(last) + 1


def latest_answers(pair: int | None = None) -> Select[Any]:
    """The rows that count, of one pair or of all: of every person, round and position the highest revision."""
    newest = select(
        answer.c.person_id, answer.c.round, answer.c.position, func.max(answer.c.revision).label("revision")
    )
    if pair is not None:  # within, too, so that the index on pairs is used; all revisions of a position are of one pair
        newest = newest.where(answer.c.pair == pair)
    found = newest.group_by(answer.c.person_id, answer.c.round, answer.c.position).subquery()
    same = and_(*(answer.c[name] == found.c[name] for name in ("person_id", "round", "position", "revision")))
    rows = select(answer).join(found, same)
    return rows if pair is None else rows.where(answer.c.pair == pair)


def _round(trial: Trial) -> int:
    return 2 if trial.kind == "review" else 1
