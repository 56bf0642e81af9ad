"""A study at work: what a person sees next, answers in, verdicts and tables out.

Every method is safe to call from several threads and processes at once. Answers are on the disk when a method returns.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, select, update

from fgresq.annotation.protocol.design import PairOrder, Person, Role, StudyDesign, member_id
from fgresq.annotation.protocol.draw import shuffled
from fgresq.annotation.protocol.groups import JudgedPair
from fgresq.annotation.protocol.trials import Trial, TrialKind, review_of, trials_of
from fgresq.annotation.protocol.verdicts import Verdict, VerdictState
from fgresq.annotation.store import tables
from fgresq.annotation.store.active_order import Gains, issue, issued_pairs, with_issued
from fgresq.annotation.store.answers import (
    Receipt,
    check_request,
    lock,
    next_position,
    store,
    stored_before,
)
from fgresq.annotation.store.contents import Choice, StudyImage, StudyPair, preference_of, read_pairs
from fgresq.annotation.store.creation import manifest_sha256
from fgresq.annotation.store.engine import connect, reading, shown, study_url, writing
from fgresq.annotation.store.migrate import current, upgrade
from fgresq.annotation.store.verdicts import verdicts
from fgresq.errors import AnswerError, StudyError
from fgresq.names import nearest


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a person is.

    Attributes:
        done: trials answered; of an expert, pairs reviewed.
        total: all of the person's trials; of an expert, pairs reviewed or waiting now.
    """

    done: int
    total: int


def open_study(study: str) -> "Study":
    """Open a study, and bring an older database to this version's tables.

    Args:
        study: `study.db`, or a PostgreSQL URL.

    Raises:
        StudyError: there is none; a newer version made it; the manifest was changed since it was made.
    """
    url = study_url(study)
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).is_file():
        raise StudyError(f"{study}: there is no such study; `fgresq annotate create` makes one")
    engine = connect(url)
    if current(engine) is None:
        raise StudyError(f"{shown(engine)}: holds no study; `fgresq annotate create` makes one")
    upgrade(engine)
    return Study(engine)


class Study:
    """An open study.

    Attributes:
        design: the protocol.
        pairs: by number, training pairs included; they don't change.
        images: by opaque identity.
        manifest: the data set's folder.
        secret: hexadecimal; signs personal links.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        with reading(engine) as connection:
            row = connection.execute(select(tables.study)).one_or_none()
            if row is None:
                raise StudyError(f"{shown(engine)}: holds no study; `fgresq annotate create` makes one")
            self.pairs: dict[int, StudyPair] = read_pairs(connection)
        self.design = StudyDesign.model_validate_json(row.design)
        self.manifest = Path(row.manifest)
        self.training = None if row.training is None else Path(row.training)
        self.secret: str = row.secret
        self._sha256 = {self.manifest: row.manifest_sha256}
        if self.training is not None:
            self._sha256[self.training] = row.training_sha256
        both = ((pair.image_a, pair.image_b) for pair in self.pairs.values())
        self.images: dict[str, StudyImage] = {image.opaque_id: image for images in both for image in images}
        self._trials: dict[str, tuple[Trial, ...]] = {}
        self._gains: Gains = {}

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the study while others write."""
        with reading(self._engine) as connection:
            yield connection

    @contextmanager
    def writing(self, what: str = "the answer") -> Iterator[Connection]:
        """A transaction that is on the disk when it ends without an error; `what` is named when it isn't."""
        with writing(self._engine, what) as connection:
            yield connection

    def check_manifest(self) -> None:
        """Find out whether the manifest is still the one that the study was made of.

        Raises:
            StudyError: it was changed or is gone. Its images are checked one by one, when they are read.
        """
        for root, sha256 in self._sha256.items():
            if manifest_sha256(root) != sha256:
                raise StudyError(f"{root}: the manifest was changed since the study was made; put the old one back")

    def people(self, connection: Connection | None = None) -> tuple[Person, ...]:
        """Everyone, in the order they were added."""
        if connection is None:
            with self.reading() as own:
                return self.people(own)
        rows = connection.execute(select(tables.person)).all()
        found = [Person(row.person_id, Role(row.role), row.team, row.withdrawn) for row in rows]
        return tuple(
            sorted(found, key=lambda p: (list(Role).index(p.role), p.team or 0, len(p.person_id), p.person_id))
        )

    def person(self, person_id: str, role: Role | None = None) -> Person:
        """One person who takes part.

        Raises:
            AnswerError: nobody of that name, somebody who withdrew, or somebody of another role.
        """
        with self.reading() as connection:
            row = connection.execute(select(tables.person).where(tables.person.c.person_id == person_id)).one_or_none()
        if row is None:
            raise AnswerError(f"{person_id}: isn't a person of this study")
        if row.withdrawn:
            raise AnswerError(f"{person_id}: has withdrawn from this study")
        if role is not None and row.role != role:
            raise AnswerError(f"{person_id}: is {row.role}, not {role}")
        return Person(row.person_id, Role(row.role), row.team, row.withdrawn)

    def trials(self, person_id: str) -> tuple[Trial, ...]:
        """All that an annotator sees, in order. In the active order the pairs of trials not yet shown aren't final."""
        if person_id not in self._trials:
            person = self.person(person_id, Role.ANNOTATOR)
            judged = [JudgedPair(pair.number, pair.content) for pair in self._group(person).values()]
            training = [pair.number for pair in self.pairs.values() if pair.group is None]
            self._trials[person_id] = trials_of(self.design, person_id, judged, training)
        trials = self._trials[person_id]
        if self.design.order == PairOrder.RANDOM:
            return trials
        with self.reading() as connection:
            return with_issued(trials, issued_pairs(connection, person_id))

    def next_trial(self, person_id: str) -> Trial | None:
        """What an annotator has to answer next; None when they are done. Asking again gives the same."""
        person = self.person(person_id, Role.ANNOTATOR)
        with self.reading() as connection:
            position = next_position(connection, person_id)
        trials = self.trials(person_id)
        if position >= len(trials):
            return None
        if self.design.order == PairOrder.ACTIVE and trials[position].kind == TrialKind.MAIN:
            with self.writing("which pair is next") as connection:
                lock(connection, person_id)
                counted = {p.person_id for p in self.people(connection) if not p.withdrawn}
                issue(connection, self.design.seed, person_id, position, self._group(person), counted, self._gains)
            trials = self.trials(person_id)
        return trials[position]

    def _group(self, person: Person) -> dict[int, StudyPair]:
        """The pairs that an annotator judges; those whose answers were imported have none."""
        return {n: pair for n, pair in self.pairs.items() if pair.group is not None and pair.group == person.team}

    def progress(self, person_id: str) -> Progress:
        """How far an annotator or an expert is."""
        if self.person(person_id).role == Role.EXPERT:
            done = self.reviewed(person_id)
            return Progress(done, done + len(self.review_queue(person_id)))
        trials = self.trials(person_id)
        with self.reading() as connection:
            return Progress(next_position(connection, person_id), len(trials))

    def reviewed(self, expert_id: str) -> int:
        """How many pairs an expert has reviewed."""
        with self.reading() as connection:
            return len(_reviewed_by(connection, expert_id))

    def answer(self, person_id: str, position: int, choice: Choice, *, elapsed_ms: float | None, key: str) -> Receipt:
        """Store an annotator's answer; it is on the disk when this returns.

        Args:
            person_id: the annotator.
            position: of the trial: the next one, or an earlier one to change it.
            choice: of the two as they were shown.
            elapsed_ms: from showing to answering, by the page's monotonic clock; None if it isn't known.
            key: made by the page, one for every answer, the same when it sends the answer again.

        Returns:
            The receipt; `duplicate` if this very request had been stored before.

        Raises:
            AnswerError: unknown or withdrawn person, out of turn, "equal" where it isn't allowed, a time or key that no
                page sends, a key of another answer.
            NotSavedError: it couldn't be stored, and isn't.
        """
        check_request(elapsed_ms, key)
        self.person(person_id, Role.ANNOTATOR)
        trials = self.trials(person_id)
        if not 0 <= position < len(trials):
            raise AnswerError(f"{person_id} has positions 0 to {len(trials) - 1}, not {position}")
        self._check_choice(choice)
        trial = trials[position]
        said = preference_of(trial, choice)
        with self.writing() as connection:
            lock(connection, person_id)
            before = stored_before(connection, person_id, key, trial, said)
            if before is not None:
                return before
            upcoming = next_position(connection, person_id)
            if position > upcoming:
                raise AnswerError(f"{person_id} answers position {upcoming} next, not {position}")
            if self._not_shown(connection, person_id, trial):
                raise AnswerError(f"{person_id} hasn't been shown position {position} yet")
            return store(connection, person_id, trial, said, elapsed_ms, key)

    def review_queue(self, expert_id: str) -> tuple[Trial, ...]:
        """Disputed pairs that wait for review, in an order of the expert's own; nothing says how the votes were."""
        self.person(expert_id, Role.EXPERT)
        waiting = [n for n, verdict in self.verdicts().items() if verdict.state == VerdictState.DISPUTED]
        return tuple(review_of(self.design, expert_id, n) for n in shuffled(waiting, self.design.seed, expert_id))

    def review(self, expert_id: str, pair: int, choice: Choice, *, elapsed_ms: float | None, key: str) -> Receipt:
        """Store an expert's answer on a disputed pair, or a change of it; it is on the disk when this returns.

        Raises:
            AnswerError: as `answer`; or the pair isn't disputed.
            NotSavedError: it couldn't be stored, and isn't.
        """
        check_request(elapsed_ms, key)
        self.person(expert_id, Role.EXPERT)
        if pair not in self.pairs:
            raise AnswerError(f"there is no pair {pair} in this study")
        self._check_choice(choice)
        trial = review_of(self.design, expert_id, pair)
        said = preference_of(trial, choice)
        with self.writing() as connection:
            lock(connection, expert_id)
            before = stored_before(connection, expert_id, key, trial, said)
            if before is not None:
                return before
            state = self.verdicts(connection=connection, only=pair).get(pair)
            if state is None or state.state not in (VerdictState.DISPUTED, VerdictState.EXPERT):
                raise AnswerError(f"pair {pair} isn't disputed, so it needs no review")
            return store(connection, expert_id, trial, said, elapsed_ms, key)

    def verdicts(
        self, excluded: Collection[str] = (), *, connection: Connection | None = None, only: int | None = None
    ) -> dict[int, Verdict]:
        """The verdict on every pair that is judged, by number; see `store.verdicts.verdicts` for the rules."""
        if connection is None:
            with self.reading() as own:
                return self.verdicts(excluded, connection=own, only=only)
        return verdicts(connection, self.design, self.people(connection), self.pairs, excluded, only)

    def withdraw(self, person_id: str) -> None:
        """Let an annotator or expert leave: their answers stay, but no verdict counts them or waits for them.

        Raises:
            AnswerError: nobody of that name, or the lead.
        """
        if self.person(person_id).role == Role.LEAD:
            raise AnswerError(f"{person_id}: the lead can't withdraw")
        with self.writing("the withdrawal") as connection:
            connection.execute(
                update(tables.person).where(tables.person.c.person_id == person_id).values(withdrawn=True)
            )

    def add_annotator(self, team: int) -> Person:
        """Add a member to a team, in the place of one who withdrew or besides the others.

        Raises:
            StudyError: no such team.
        """
        if not 1 <= team <= self.design.groups:
            raise StudyError(
                f"there is no team {team}: {nearest(str(team), map(str, range(1, self.design.groups + 1)))}"
            )
        with self.writing("the new annotator") as connection:
            taken = set(connection.scalars(select(tables.person.c.person_id)))
            number = next(n for n in range(1, len(taken) + 2) if member_id(team, n) not in taken)
            person = Person(member_id(team, number), Role.ANNOTATOR, team)
            row = {"person_id": person.person_id, "role": person.role.value, "team": team, "withdrawn": False}
            connection.execute(insert(tables.person).values(row))
        return person

    def _not_shown(self, connection: Connection, person_id: str, trial: Trial) -> bool:
        """In the active order a main trial has no pair before it is shown, and only that pair can be answered."""
        if self.design.order == PairOrder.RANDOM or trial.kind != TrialKind.MAIN:
            return False
        return issued_pairs(connection, person_id).get(trial.position) != trial.pair

    def _check_choice(self, choice: Choice) -> None:
        if choice == Choice.EQUAL and not self.design.equal_allowed:
            raise AnswerError("this study doesn't allow equal; choose left or right")


def _reviewed_by(connection: Connection, expert_id: str) -> set[int]:
    answer = tables.answer
    query = select(answer.c.pair).where(answer.c.person_id == expert_id, answer.c.kind == TrialKind.REVIEW.value)
    return set(connection.scalars(query))
