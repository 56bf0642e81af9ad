"""Answers that were given elsewhere into a study: an export of ours, or a table with pwcmp's columns.

Both can be imported twice: rows that are there already aren't added again.
"""

import hashlib
import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import insert, select

from fgresq.annotation.protocol.design import PairOrder, Person, Role
from fgresq.annotation.protocol.trials import TrialKind
from fgresq.annotation.store import tables
from fgresq.annotation.store.frames import ANSWER_COLUMNS, condition_names
from fgresq.annotation.store.study import Study
from fgresq.errors import StudyError
from fgresq.names import first_few
from fgresq.records import Preference

PWCMP_COLUMNS = ("observer", "session", "scene", "condition_A", "condition_B", "is_A_selected")
_NEEDED = (
    *(
        "person",
        "role",
        "team",
        "round",
        "position",
        "revision",
        "kind",
        "session",
        "pair",
        "image_a",
        "image_b",
        "a_on_left",
    ),
    *("preference", "elapsed_ms", "answered_at", "key"),
)
_SELECTED = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}
_NAME = re.compile(r"[\w.@+-]{1,64}")


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did.

    Attributes:
        added: rows that are new in the study.
        known: rows that were there already.
        people: annotators that were added for them.
    """

    added: int
    known: int
    people: tuple[str, ...]


def import_answers(study: Study, path: Path) -> Imported:
    """Add the answers of a file, all of them or none.

    An export of ours (`answers_frame`'s columns) must be of the same study or one made of the same manifest with the
    same design: each row has to name the pair that the person has at that position. With pwcmp's columns, observers
    become annotators without a team, and rows are matched by scene and conditions, in either order.

    Args:
        study: open.
        path: `.parquet` or `.csv`.

    Returns:
        Counts, and the people that were added.

    Raises:
        StudyError: it can't be read, lacks columns, or has rows that don't fit the study (the first few are named).
        NotSavedError: the database can't be written; nothing was imported.
    """
    table = _read(path)
    if set(PWCMP_COLUMNS) <= set(table.columns):
        rows, wrong = _from_pwcmp(study, table)
    elif set(_NEEDED) <= set(table.columns):
        rows, wrong = _from_export(study, table)
    else:
        raise StudyError(
            f"{path}: has neither pwcmp's columns ({', '.join(PWCMP_COLUMNS)}) nor those of an export "
            f"({', '.join(ANSWER_COLUMNS)}); found {', '.join(table.columns)}"
        )
    if wrong:
        raise StudyError(f"{path}: {len(wrong)} rows don't fit the study: {first_few(wrong, 5, '; ')}")
    return _insert(study, rows)


def _insert(study: Study, rows: list[dict[str, Any]]) -> Imported:
    with study.writing("the import") as connection:
        existing = {p.person_id for p in study.people(connection)}
        new = sorted({row["person_id"] for row in rows} - existing)
        people = [{"person_id": n, "role": Role.ANNOTATOR.value, "team": None, "withdrawn": False} for n in new]
        if people:
            connection.execute(insert(tables.person), people)
        answer = tables.answer
        there = {(row.person_id, row.key) for row in connection.execute(select(answer.c.person_id, answer.c.key))}
        added = [row for row in rows if (row["person_id"], row["key"]) not in there]
        if added:
            connection.execute(insert(answer), added)
        shown = _shown(study, added)
        if shown:
            connection.execute(insert(tables.issued), shown)
    return Imported(len(added), len(rows) - len(added), tuple(new))


def _shown(study: Study, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """In the active order, which pairs the imported answers' trials showed."""
    if study.design.order == PairOrder.RANDOM:
        return []
    members = {person.person_id for person in study.people() if person.team is not None}
    main = [row for row in rows if row["kind"] == TrialKind.MAIN and row["person_id"] in members]
    first = [row for row in main if row["revision"] == 0]
    return [{name: row[name] for name in ("person_id", "position", "pair")} for row in first]


def _from_export(study: Study, table: pl.DataFrame) -> tuple[list[dict[str, Any]], list[str]]:
    people = {person.person_id: person for person in study.people()}
    rows, wrong = [], []
    for number, row in enumerate(table.select(_NEEDED).iter_rows(named=True), start=1):
        person = people.get(row["person"])
        if person is None and row["team"] is None and row["role"] == Role.ANNOTATOR:
            person = Person(row["person"], Role.ANNOTATOR)  # imported there, so imported here
        if person is None:
            wrong.append(f"row {number}: {row['person']} isn't a person of this study")
            continue
        pair = study.pairs.get(row["pair"])
        if pair is None or (pair.image_a.image_id, pair.image_b.image_id) != (row["image_a"], row["image_b"]):
            wrong.append(f"row {number}: pair {row['pair']} isn't {row['image_a']} | {row['image_b']} in this study")
            continue
        if person.team is not None and not _same_trial(study, row):
            wrong.append(f"row {number}: {row['person']} has another pair or side at position {row['position']}")
            continue
        rows.append(
            {
                "person_id": row["person"],
                "answered_ms": int(row["answered_at"].timestamp() * 1000 + 0.5),
                **{name: row[name] for name in _NEEDED if name in tables.answer.c},
            }
        )
    return rows, wrong


def _same_trial(study: Study, row: Mapping[str, Any]) -> bool:
    trials = study.trials(row["person"])
    if row["round"] != 1 or not 0 <= row["position"] < len(trials):
        return False
    trial = trials[row["position"]]
    if study.design.order == PairOrder.ACTIVE:
        return (trial.kind, trial.session) == (row["kind"], row["session"])
    return (trial.pair, trial.kind, trial.a_on_left) == (row["pair"], row["kind"], row["a_on_left"])


def _from_pwcmp(study: Study, table: pl.DataFrame) -> tuple[list[dict[str, Any]], list[str]]:
    pairs = _by_conditions(study)
    taken = {person.person_id for person in study.people() if person.role != Role.ANNOTATOR or person.team is not None}
    sessions = {name: place for place, name in enumerate(table["session"].unique(maintain_order=True))}
    now = time.time_ns() // 1_000_000
    positions: Counter[str] = Counter()
    seen: Counter[tuple[str, int]] = Counter()
    rows, wrong = [], []
    for line, row in enumerate(table.select(PWCMP_COLUMNS).iter_rows(named=True), start=1):
        observer, chosen = str(row["observer"]), _SELECTED.get(str(row["is_A_selected"]).lower())
        scene, first, second = (str(row[name]) for name in ("scene", "condition_A", "condition_B"))
        pair, a_first = pairs.get((scene, first, second), (None, True))
        if pair is None:
            wrong.append(f"row {line}: no pair of {first} and {second} of scene {scene}")
        elif chosen is None:
            wrong.append(f"row {line}: is_A_selected is {row['is_A_selected']}, not 0 or 1")
        elif not _NAME.fullmatch(observer) or observer in taken:
            wrong.append(f"row {line}: observer {observer!r} can't be the name of an annotator without a team")
        else:
            position = positions[observer]
            rows.append(
                {
                    "person_id": observer,
                    "round": 1,
                    "position": position,
                    "revision": 0,
                    "pair": pair,
                    "kind": (TrialKind.REPEAT if seen[observer, pair] else TrialKind.MAIN).value,
                    "session": sessions[row["session"]],
                    "a_on_left": a_first,
                    "preference": (Preference.A if chosen == a_first else Preference.B).value,
                    "elapsed_ms": None,
                    "answered_ms": now,
                    "key": hashlib.sha256(f"{position}\x1f{pair}\x1f{a_first}\x1f{chosen}".encode()).hexdigest(),
                }
            )
            positions[observer] += 1
            seen[observer, pair] += 1
    return rows, wrong


def _by_conditions(study: Study) -> dict[tuple[str, str, str], tuple[int, bool]]:
    """(scene, first, second condition) to the pair's number, and whether the first is image A."""
    names = condition_names(study)
    found = {}
    for pair in study.pairs.values():
        if pair.group is not None:
            a, b = names[pair.image_a.image_id], names[pair.image_b.image_id]
            found[pair.content, a, b] = (pair.number, True)
            found[pair.content, b, a] = (pair.number, False)
    return found


def _read(path: Path) -> pl.DataFrame:
    try:
        if path.suffix.lower() == ".parquet":
            return pl.read_parquet(path)
        if path.suffix.lower() == ".csv":
            return pl.read_csv(path, infer_schema_length=None, try_parse_dates=True)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise StudyError(f"{path}: can't be read ({str(error).splitlines()[0]})") from error
    raise StudyError(f"{path}: answers are read from .parquet or .csv")
