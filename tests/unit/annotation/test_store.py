import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import DBAPIError
from tests.unit.annotation.studies import DESIGN, answer_all, choice_for, make_manifest, make_study
from tests.waiting import LONGEST

from fgresq.annotation.protocol.design import Role
from fgresq.annotation.protocol.trials import TrialKind
from fgresq.annotation.protocol.verdicts import VerdictState
from fgresq.annotation.store import create_study, open_study
from fgresq.annotation.store.answers import latest_answers
from fgresq.annotation.store.contents import Choice, image_bytes
from fgresq.annotation.store.tables import answer
from fgresq.errors import AnswerError, NotSavedError, StudyError
from fgresq.records import Preference

A, B, EQUAL = Preference.A, Preference.B, Preference.EQUAL
ME = "team1-1"


def give(study, position=0, choice=Choice.LEFT, key="key-00000", person=ME, elapsed_ms=900.0):
    return study.answer(person, position, choice, elapsed_ms=elapsed_ms, key=key)


def rows(study, **where):
    with study.reading() as connection:
        query = select(answer).where(*(answer.c[name] == value for name, value in where.items()))
        return connection.execute(query.order_by(answer.c.id)).all()


def test_an_answer_is_read_again_by_another_process(study, database):
    assert study.next_trial(ME).position == 0
    receipt = give(study)
    assert (receipt.revision, receipt.duplicate) == (0, False)
    other = open_study(database)
    (row,) = rows(other)
    trial = other.trials(ME)[0]
    assert row.preference == ("A" if trial.a_on_left else "B")
    assert (row.pair, row.kind, row.elapsed_ms, row.key) == (trial.pair, "training", 900.0, "key-00000")
    assert other.next_trial(ME).position == 1
    assert other.progress(ME).done == 1
    other.close()


def test_a_restart_gives_the_same_order(study, database):
    again = open_study(database)
    for person in study.people():
        if person.role == Role.ANNOTATOR:
            assert again.trials(person.person_id) == study.trials(person.person_id)
    assert again.design == study.design == DESIGN
    again.close()


def test_the_same_request_counts_once(study):
    first, second = give(study), give(study)
    assert (second.answer_id, second.duplicate) == (first.answer_id, True)
    assert len(rows(study)) == 1


def test_a_change_of_mind_is_a_new_row(study):
    give(study, choice=Choice.LEFT)
    give(study, position=1, key="key-00001")
    changed = give(study, choice=Choice.EQUAL, key="key-00002")
    assert changed.revision == 1
    assert study.next_trial(ME).position == 2
    assert [row.revision for row in rows(study, position=0)] == [0, 1]
    with study.reading() as connection:
        counted = {row.position: row.preference for row in connection.execute(latest_answers())}
    assert counted[0] == "equal"
    assert len(counted) == 2


def test_the_same_request_at_once_from_many_threads_counts_once(study):
    start = threading.Barrier(16)

    def request(number):
        start.wait()
        return give(study, choice=Choice.RIGHT)

    with ThreadPoolExecutor(16) as pool:
        receipts = list(pool.map(request, range(16)))
    assert sum(not receipt.duplicate for receipt in receipts) == 1
    assert len({receipt.answer_id for receipt in receipts}) == 1
    assert len(rows(study)) == 1


def test_different_requests_at_once_are_all_kept_in_turn(study):
    start = threading.Barrier(8)

    def request(number):
        start.wait()
        return give(study, key=f"key-{number:05}").revision

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(request, range(8))) == list(range(8))
    assert len(rows(study)) == 8


def test_many_people_at_once(study):
    people = [person.person_id for person in study.people() if person.role == Role.ANNOTATOR]
    with ThreadPoolExecutor(len(people)) as pool:
        counts = list(pool.map(lambda person: answer_all(study, person, lambda _: A), people))
    assert counts == [len(study.trials(person)) for person in people]
    assert len(rows(study)) == sum(counts)
    assert all(study.next_trial(person) is None for person in people)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"position": 1}, "position 0 next"),
        ({"position": -1}, "positions 0 to"),
        ({"position": 10**6}, "positions 0 to"),
        ({"person": "team9-1"}, "isn't a person"),
        ({"person": "expert-1"}, "is expert, not annotator"),
        ({"person": "lead"}, "is lead, not annotator"),
        ({"elapsed_ms": -1.0}, "from 0 to"),
        ({"elapsed_ms": float("nan")}, "from 0 to"),
        ({"elapsed_ms": 1e12}, "from 0 to"),
        ({"key": "short"}, "8 to 64"),
        ({"key": "x" * 65}, "8 to 64"),
        ({"key": "no spaces"}, "8 to 64"),
    ],
)
def test_what_no_page_sends_is_refused(small_study, wrong, says):
    with pytest.raises(AnswerError, match=says):
        give(small_study, **wrong)
    assert rows(small_study) == []


def test_a_key_of_another_answer_is_refused(study):
    give(study)
    for wrong in ({"choice": Choice.RIGHT}, {"position": 1}):
        with pytest.raises(AnswerError, match="another answer"):
            give(study, **wrong)
    assert len(rows(study)) == 1


def test_equal_may_be_forbidden(database, tmp_path):
    study = make_study(tmp_path, database, DESIGN.model_copy(update={"equal_allowed": False}))
    with pytest.raises(AnswerError, match="doesn't allow equal"):
        give(study, choice=Choice.EQUAL)
    study.close()


def test_the_whole_protocol(study):
    by_person = {"team1-1": A, "team1-2": A, "team1-3": A, "team2-1": B, "team2-2": B, "team2-3": EQUAL}
    for person, said in by_person.items():
        assert {v.state for v in study.verdicts().values()} != {VerdictState.UNANIMOUS}
        answer_all(study, person, lambda trial, said=said: said)
    states = Counter((study.pairs[n].group, v.state, v.preference) for n, v in study.verdicts().items())
    assert states == {(1, VerdictState.UNANIMOUS, A): 6, (2, VerdictState.DISPUTED, None): 6}
    queue = study.review_queue("expert-1")
    assert [trial.pair for trial in study.review_queue("expert-1")] == [trial.pair for trial in queue]
    assert len(queue) == 6
    assert (study.progress("expert-1").done, study.progress("expert-1").total) == (0, 6)
    for number, trial in enumerate(queue):
        said = EQUAL if number == 0 else B
        study.review("expert-1", trial.pair, choice_for(trial, said), elapsed_ms=1.0, key=f"review-{number:04}")
    assert study.review_queue("expert-1") == ()
    assert (study.progress("expert-1").done, study.progress("expert-1").total) == (6, 6)
    first = study.verdicts()[queue[0].pair]
    assert (first.state, first.preference, first.confidence) == (VerdictState.EXPERT, EQUAL, 2 / 4)
    study.review("expert-1", queue[0].pair, choice_for(queue[0], A), elapsed_ms=1.0, key="change-of-mind")
    assert study.verdicts()[queue[0].pair].preference == A
    agreed = next(n for n, v in study.verdicts().items() if v.state == VerdictState.UNANIMOUS)
    with pytest.raises(AnswerError, match="isn't disputed"):
        study.review("expert-1", agreed, Choice.LEFT, elapsed_ms=1.0, key="not-disputed")
    with pytest.raises(AnswerError, match="no pair"):
        study.review("expert-1", 10**6, Choice.LEFT, elapsed_ms=1.0, key="not-disputed")


def test_repeats_and_training_have_no_vote(study):
    def only_main(trial):
        return A if trial.kind == TrialKind.MAIN else B

    for member in ("team1-1", "team1-2", "team1-3"):
        answer_all(study, member, only_main)
    judged = [v for n, v in study.verdicts().items() if study.pairs[n].group == 1]
    assert {(v.votes_a, v.votes_b, v.preference) for v in judged} == {(3, 0, A)}


def test_who_withdraws_is_not_waited_for(study):
    answer_all(study, "team1-1", lambda _: A)
    answer_all(study, "team1-2", lambda _: A)
    answer_all(study, "team1-3", lambda _: B, stop=5)
    study.withdraw("team1-3")
    judged = [v for n, v in study.verdicts().items() if study.pairs[n].group == 1]
    assert {(v.state, v.votes_b) for v in judged} == {(VerdictState.UNANIMOUS, 0)}
    with pytest.raises(AnswerError, match="has withdrawn"):
        give(study, person="team1-3")
    added = study.add_annotator(1)
    assert added.person_id == "team1-4"
    judged = [v for n, v in study.verdicts().items() if study.pairs[n].group == 1]
    assert {v.state for v in judged} == {VerdictState.OPEN}
    answer_all(study, "team1-4", lambda _: B)
    judged = [v for n, v in study.verdicts().items() if study.pairs[n].group == 1]
    assert {v.state for v in judged} == {VerdictState.DISPUTED}
    with pytest.raises(AnswerError, match="lead"):
        study.withdraw("lead")
    with pytest.raises(StudyError, match="no team 3"):
        study.add_annotator(3)


def test_answers_cannot_be_changed_or_removed(study):
    give(study)
    for statement in ("UPDATE answer SET preference = 'B'", "DELETE FROM answer"):
        with pytest.raises(NotSavedError, match="append-only"), study.writing() as connection:
            connection.execute(text(statement))
    assert len(rows(study)) == 1


def test_a_reader_sees_one_state_while_others_write(study):
    count = select(func.count()).select_from(answer)
    with study.reading() as connection:
        before = connection.scalar(count)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(give, study).result(timeout=LONGEST)
        assert connection.scalar(count) == before == 0
    assert len(rows(study)) == 1


def test_a_failing_database_says_that_the_answer_was_not_saved(study):
    # The statement fails inside the database, not in a stand-in for it.
    def spoil(connection, cursor, statement, parameters, context, executemany):
        return statement.replace("INSERT INTO answer", "INSERT INTO no_such_table"), parameters

    event.listen(study._engine, "before_cursor_execute", spoil, retval=True)
    with pytest.raises(NotSavedError, match=r"the answer was NOT saved.*no_such_table"):
        give(study)
    event.remove(study._engine, "before_cursor_execute", spoil)
    assert rows(study) == []
    assert not give(study).duplicate


def test_a_full_disk_says_that_the_answer_was_not_saved(tmp_path):
    study = make_study(tmp_path, str(tmp_path / "study.db"))
    give(study)

    @event.listens_for(study._engine, "begin")
    def fill(connection):
        size = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {size}")

    said, failed = 1, None
    while failed is None and said < 500:  # there is room in the pages that exist
        try:
            give(study, position=0, choice=Choice.RIGHT, key=f"again-{said:05}")
            said += 1
        except NotSavedError as error:
            failed = error
    assert "NOT saved" in str(failed)
    assert "full" in str(failed)
    assert len(rows(study)) == said
    event.remove(study._engine, "begin", fill)
    study.close()
    study = open_study(str(tmp_path / "study.db"))
    assert not give(study, choice=Choice.RIGHT, key=f"again-{said:05}").duplicate  # sent again when there is room
    study.close()


def test_images_are_known_by_names_that_say_nothing(study):
    assert len(study.images) == 12 + 3
    for opaque, image in study.images.items():
        assert len(opaque) >= 20
        assert image.image_id not in opaque
        assert image.path.read_bytes() == image_bytes(image)


def test_a_changed_or_missing_image_is_found(study, tmp_path):
    changed, gone = list(study.images.values())[:2]
    changed.path.write_bytes(gone.path.read_bytes())
    gone.path.unlink()
    with pytest.raises(StudyError, match="was changed"):
        image_bytes(changed)
    with pytest.raises(StudyError, match="can't be read any more"):
        image_bytes(gone)


def test_a_changed_manifest_is_found(study, tmp_path):
    study.check_manifest()
    path = tmp_path / "data" / "manifest.json"
    path.write_text(path.read_text() + "\n")
    with pytest.raises(StudyError, match="manifest was changed"):
        study.check_manifest()
    path.unlink()
    with pytest.raises(StudyError, match="can't be read"):
        study.check_manifest()


def test_a_study_is_not_made_twice_or_of_nothing(study, database, tmp_path):
    manifest = make_manifest(tmp_path / "more")
    with pytest.raises(StudyError, match="holds a study already"):
        create_study(database, manifest, DESIGN)
    new = str(tmp_path / "new.db")
    unknown = make_manifest(tmp_path / "unknown")
    with pytest.raises(StudyError, match="training pairs without a known preference"):
        create_study(new, manifest, DESIGN, unknown)
    (tmp_path / "more" / "c0-m0.png").unlink()
    with pytest.raises(StudyError, match=r"1 image files can't be read: .*c0-m0.png"):
        create_study(new, manifest, DESIGN)
    with pytest.raises(StudyError, match="has no pairs"):
        create_study(new, make_manifest(tmp_path / "none", algorithms=1), DESIGN)
    with pytest.raises(StudyError, match="can't fill 5 groups"):
        create_study(new, unknown, DESIGN.model_copy(update={"groups": 5}))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("absent.db", "no such study"),
        ("mysql://host/name", "SQLite file or in PostgreSQL"),
        ("sqlite://", "SQLite file or in PostgreSQL"),
        ("a://b://c:d", "isn't a file's path or a URL|SQLite file or in"),
        ("postgresql://nobody:secret@127.0.0.1:1/none", "can't be read"),
    ],
)
def test_no_study_there(name, says, tmp_path):
    name = str(tmp_path / name) if name.endswith(".db") else name
    with pytest.raises(StudyError, match=says) as raised:
        open_study(name)
    assert "secret" not in str(raised.value)
    assert not (tmp_path / "absent.db").exists()


def test_a_file_that_is_no_database(tmp_path):
    path = tmp_path / "notes.db"
    path.write_text("not a database, but long enough to be read as one\n" * 50)
    with pytest.raises(StudyError, match="not a database"):
        open_study(str(path))


def test_the_database_flushes_what_it_acknowledges(study):
    with study.reading() as connection:
        if study._engine.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        else:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
            assert connection.exec_driver_sql("SHOW fsync").scalar() == "on"


def test_the_unique_constraints_hold_by_themselves(study):
    give(study)
    (row,) = rows(study)
    values = {**row._mapping, "id": None, "key": "another-key"}
    del values["id"]
    with pytest.raises(DBAPIError), study._engine.begin() as connection:
        connection.execute(answer.insert().values(values))
    values.update(revision=1, key=row.key)
    with pytest.raises(DBAPIError), study._engine.begin() as connection:
        connection.execute(answer.insert().values(values))
