import polars as pl
import pytest
from tests.unit.annotation.studies import answer_all, choice_for, make_study

from fgresq.annotation.store.frames import ANSWER_COLUMNS, answers_frame, pwcmp_frame, votes_frame
from fgresq.annotation.store.importing import PWCMP_COLUMNS, import_answers
from fgresq.errors import StudyError
from fgresq.records import Preference
from fgresq.report.frames import write_frame

A, B, EQUAL = Preference.A, Preference.B, Preference.EQUAL


def by_pair(trial):
    return (A, B, EQUAL)[trial.pair % 3]


def judge(study):
    for person in ("team1-1", "team1-2", "team2-1", "team2-2", "team2-3"):
        answer_all(study, person, by_pair)
    answer_all(study, "team1-3", lambda trial: A)
    study.answer("team1-1", 4, choice_for(study.trials("team1-1")[4], B), elapsed_ms=5.0, key="changed-mind")
    trial = study.review_queue("expert-1")[0]
    study.review("expert-1", trial.pair, choice_for(trial, EQUAL), elapsed_ms=7.0, key="reviewed")
    return study


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def judged(request, tmp_path_factory):
    """A study with answers, which tests only read."""
    folder = tmp_path_factory.mktemp("judged")
    of_sqlite = request.param == "sqlite"
    database = str(folder / "study.db") if of_sqlite else request.getfixturevalue("server").new_database()
    study = make_study(folder, database)
    yield judge(study)
    study.close()


@pytest.fixture(scope="module")
def judged_small(tmp_path_factory):
    """The same on SQLite alone."""
    folder = tmp_path_factory.mktemp("small")
    study = make_study(folder, str(folder / "study.db"))
    yield judge(study)
    study.close()


@pytest.mark.slow
def test_the_table_says_who_saw_and_said_what(judged):
    table = answers_frame(judged)
    assert tuple(table.columns) == ANSWER_COLUMNS
    assert table["answer_id"].is_sorted()
    for row in table.iter_rows(named=True):
        pair = judged.pairs[row["pair"]]
        assert (row["image_a"], row["image_b"]) == (pair.image_a.image_id, pair.image_b.image_id)
        assert (row["algorithm_a"], row["content"]) == (pair.image_a.algorithm, pair.content)
        assert (row["group"], row["known"]) == (pair.group, pair.known)
        shown_left, chosen = ("A" if row["a_on_left"] else "B"), row["preference"]
        assert row["choice"] == ("equal" if chosen == "equal" else "left" if chosen == shown_left else "right")
    changed = table.filter(person="team1-1", position=4).sort("revision")
    assert changed["counts"].to_list() == [False, True]
    assert changed["preference"][1] == "B"
    assert table.filter("counts").group_by("person", "round", "position").len()["len"].max() == 1
    reviewed = table.filter(kind="review")
    assert reviewed["preference"].to_list() == ["equal"]
    assert (reviewed["role"][0], reviewed["round"][0]) == ("expert", 2)


def test_votes_are_one_a_person_and_pair(small_study):
    judge(small_study)
    votes = votes_frame(answers_frame(small_study))
    assert len(votes) == 2 * 3 * 6
    assert votes.group_by("person", "pair").len()["len"].max() == 1
    small_study.withdraw("team2-1")
    assert len(votes_frame(answers_frame(small_study))) == 5 * 6


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_an_export_goes_into_a_new_database(judged, suffix, tmp_path):
    table = answers_frame(judged)
    write_frame(tmp_path / f"answers.{suffix}", table)
    again = make_study(tmp_path / "again", str(tmp_path / "again.db"))
    done = import_answers(again, tmp_path / f"answers.{suffix}")
    assert (done.added, done.known, done.people) == (len(table), 0, ())
    assert answers_frame(again).drop("answer_id").equals(table.drop("answer_id"))
    assert again.verdicts() == judged.verdicts()
    assert again.next_trial("team1-1") is None
    twice = import_answers(again, tmp_path / f"answers.{suffix}")
    assert (twice.added, twice.known) == (0, len(table))
    again.close()


def test_pwcmp_says_all_votes_but_equal(judged_small):
    votes = votes_frame(answers_frame(judged_small))
    table, equal = pwcmp_frame(judged_small, answers_frame(judged_small))
    assert tuple(table.columns) == PWCMP_COLUMNS
    assert equal == len(votes.filter(preference="equal"))
    assert equal > 0
    assert len(table) + equal == len(votes)
    wins = {
        (r["observer"], r["scene"], r["condition_A"], r["condition_B"]): r["is_A_selected"] for r in table.to_dicts()
    }
    for row in votes.filter(pl.col("preference") != "equal").to_dicts():
        key = (row["person"], row["content"], row["algorithm_a"], row["algorithm_b"])
        assert wins[key] == (row["preference"] == "A")


def test_pwcmp_comes_back_as_votes_without_a_team(judged, tmp_path):
    table, _ = pwcmp_frame(judged, answers_frame(judged))
    half = len(table) // 2
    swapped = table.select(
        *("observer", "session", "scene"),
        condition_A="condition_B",
        condition_B="condition_A",
        is_A_selected=1 - pl.col("is_A_selected"),
    )
    mixed = pl.concat([table[:half], swapped[half:]]).with_columns(observer="lab2-" + pl.col("observer"))
    write_frame(tmp_path / "votes.csv", mixed)
    again = make_study(tmp_path / "again", str(tmp_path / "again.db"))
    done = import_answers(again, tmp_path / "votes.csv")
    assert done.added == len(table)
    assert len(done.people) == 6
    back, _ = pwcmp_frame(again, answers_frame(again))
    assert (
        back.with_columns(pl.col("observer").str.strip_prefix("lab2-"))
        .sort(back.columns[:5])
        .equals(table.sort(back.columns[:5]))
    )
    assert import_answers(again, tmp_path / "votes.csv").added == 0
    pair = next(n for n, v in again.verdicts().items() if v.votes_a == 3)
    assert again.verdicts()[pair].expected == 3 + 3  # the team hasn't judged it
    again.close()


def test_images_of_one_algorithm_have_names_of_their_own(tmp_path):
    study = make_study(tmp_path, str(tmp_path / "study.db"), algorithms=2, training=False)
    first = next(iter(study.pairs.values()))
    object.__setattr__(first.image_b, "algorithm", first.image_a.algorithm)
    for person in ("team1-1", "team2-1"):
        answer_all(study, person, lambda _: A)
    table, _ = pwcmp_frame(study, answers_frame(study))
    assert set(table["condition_A"]) == {pair.image_a.image_id for pair in study.pairs.values()}
    study.close()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"person": pl.lit("team9-1"), "team": pl.lit(9)}, "isn't a person"),
        ({"pair": pl.col("pair") + 1}, r"pair \d+ isn't|another pair"),
        ({"a_on_left": ~pl.col("a_on_left")}, "another pair or side"),
        ({"position": pl.col("position") + 1000}, "another pair or side"),
    ],
)
def test_another_studys_export_is_refused_whole(judged_small, change, says, tmp_path):
    write_frame(tmp_path / "answers.parquet", answers_frame(judged_small).with_columns(**change))
    again = make_study(tmp_path / "again", str(tmp_path / "again.db"))
    with pytest.raises(StudyError, match=says):
        import_answers(again, tmp_path / "answers.parquet")
    assert answers_frame(again).is_empty()
    again.close()


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("o,1,c0,m0,m9,1", "no pair of m0 and m9 of scene c0"),
        ("o,1,c0,m0,m1,2", "is_A_selected is 2"),
        ("lead,1,c0,m0,m1,1", "can't be the name"),
        ("team1-1,1,c0,m0,m1,1", "can't be the name"),
        ("<b>,1,c0,m0,m1,1", "can't be the name"),
    ],
)
def test_wrong_rows_of_pwcmp_are_named(small_study, rows, says, tmp_path):
    path = tmp_path / "votes.csv"
    path.write_text(",".join(PWCMP_COLUMNS) + "\no,1,c0,m0,m1,1\n" + rows + "\n")
    with pytest.raises(StudyError, match=says):
        import_answers(small_study, path)
    assert answers_frame(small_study).is_empty()


def test_files_that_are_no_answers(small_study, tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.parquet").write_text("no")
    for name, says in (
        ("a.csv", "neither pwcmp's"),
        ("b.parquet", "can't be read"),
        ("c.csv", "can't be read"),
        ("d.txt", r"\.parquet or \.csv"),
    ):
        with pytest.raises(StudyError, match=says):
            import_answers(small_study, tmp_path / name)


def test_an_empty_study_has_an_empty_table(small_study):
    table = answers_frame(small_study)
    assert tuple(table.columns) == ANSWER_COLUMNS
    assert table.is_empty()
    assert pwcmp_frame(small_study, table)[0].is_empty()
