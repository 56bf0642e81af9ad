import numpy as np
import polars as pl
import pytest
from tests.unit.annotation import simulated
from tests.unit.annotation.studies import answer_all, choice_for

from fgresq.annotation.aggregation.scales import (
    ALGORITHM_TYPES,
    PAIR_TYPES,
    SCALE_TYPES,
    algorithm_standings,
    content_scales,
    limits,
)
from fgresq.annotation.aggregation.verdicts import VERDICT_TYPES, aggregate, votes_table
from fgresq.criteria.scaling import fit_davidson
from fgresq.criteria.standings import PRIOR_SD, IntervalSettings, standings
from fgresq.errors import StudyError
from fgresq.manifest import read_manifest, write_manifest
from fgresq.records import Preference

A, B, EQUAL = Preference.A, Preference.B, Preference.EQUAL


@pytest.fixture
def judged(small_study):
    """Group 1 agrees on A; in group 2 one says equal, and an expert has seen one pair."""
    for person in ("team1-1", "team1-2", "team1-3", "team2-1", "team2-2"):
        answer_all(small_study, person, lambda _: A)
    answer_all(small_study, "team2-3", lambda _: EQUAL)
    trial = small_study.review_queue("expert-1")[0]
    small_study.review("expert-1", trial.pair, choice_for(trial, EQUAL), elapsed_ms=1.0, key="reviewed")
    return small_study


def test_verdicts_become_the_data_sets_preferences(judged, tmp_path):
    done = aggregate(judged, tmp_path / "out")
    (tmp_path / "out").mkdir()
    write_manifest(done.manifest)
    back = read_manifest(tmp_path / "out")
    source = read_manifest(judged.manifest)
    assert [(p.image_a, p.image_b) for p in back.pairs] == [(p.image_a, p.image_b) for p in source.pairs]
    said = {number: pair.preference for number, pair in enumerate(back.pairs)}
    assert said == {number: verdict.preference for number, verdict in judged.verdicts().items()}
    assert sorted(str(p) for p in said.values()) == ["A"] * 6 + ["None"] * 5 + ["equal"]
    assert all(back.path_of(image).read_bytes() for image in back.images)
    assert back.about["annotation"]["pairs"] == {
        "open": 0,
        "disputed": 5,
        "unanimous": 6,
        "majority": 0,
        "expert": 1,
    }
    assert back.about["annotation"]["design"]["team_size"] == 3
    assert back.about["labels"].startswith("preferences of people, asked by fgresq annotate")
    assert dict(done.verdicts.schema) == VERDICT_TYPES
    by_state = dict(done.verdicts.group_by("state").agg(pl.col("confidence").unique()).iter_rows())
    assert by_state == {"unanimous": [1.0], "disputed": [None], "expert": [2 / 4]}


def test_left_out_people_have_no_vote(judged, tmp_path):
    done = aggregate(judged, tmp_path / "out", ["team2-3"])
    assert all(pair.preference == A for pair in done.manifest.pairs)
    assert done.manifest.about["annotation"]["excluded"] == ["team2-3"]
    assert set(done.verdicts.filter(group=2)["expected"]) == {2}


def test_votes_go_to_the_analysis_of_figure_4(judged, tmp_path):
    from fgresq.report.consistency.votes import read_votes
    from fgresq.report.frames import write_frame

    done = aggregate(judged, tmp_path / "out")
    table = votes_table(done.manifest, done.verdicts)
    assert table["votes"].sum() == 12 * 3
    write_frame(tmp_path / "votes.csv", table)
    read = read_votes(tmp_path / "votes.csv").pairs
    assert len(read) == 12
    assert read["for_a"].sum() == 6 * 3 + 6 * 2
    assert read["equal"].sum() == 6
    assert read["mos_a"].null_count() == 0


def test_a_changed_manifest_is_not_aggregated(judged, tmp_path):
    write_manifest(read_manifest(judged.manifest))  # the same: nothing changes
    aggregate(judged, tmp_path / "out")
    path = judged.manifest / "manifest.json"
    path.write_text(path.read_text().replace("for a test", "for another"))
    with pytest.raises(StudyError, match="was changed"):
        aggregate(judged, tmp_path / "out")


def votes_of(people, **of):
    answers = simulated.simulate(people, **of)
    named = answers.with_columns(
        algorithm_a=pl.col("image_a").str.split("-").list.last(),
        algorithm_b=pl.col("image_b").str.split("-").list.last(),
    )
    return named.filter(kind="main")


def test_scales_are_those_of_all_votes():
    votes = votes_of({f"p{n}": simulated.honest for n in range(5)}, contents=2, algorithms=5)
    table = content_scales(votes, IntervalSettings(resamples=50))
    assert dict(table.schema) == SCALE_TYPES
    for content in ("c0", "c1"):
        wins, ties = np.zeros((5, 5)), np.zeros((5, 5))
        for row in votes.filter(content=content).iter_rows(named=True):
            a, b = int(row["algorithm_a"]), int(row["algorithm_b"])
            if row["preference"] == "equal":
                ties[a, b] += 1
                ties[b, a] += 1
            elif row["preference"] == "A":
                wins[a, b] += 1
            else:
                wins[b, a] += 1
        half = 0.5 * (1 - np.eye(5))  # of a win each way
        expected = fit_davidson(wins + half, ties, prior_sd=PRIOR_SD).strengths
        found = {row["algorithm"]: row["strength"] for row in table.filter(content=content).iter_rows(named=True)}
        assert [found[str(n)] for n in range(5)] == pytest.approx(expected.tolist(), abs=1e-9)
        assert table.filter(content=content)["strength"].is_sorted(descending=True)
    assert set(table["votes"]) == {5 * 4}
    assert set(table["annotators"]) == {5}
    assert (table["low"] <= table["strength"]).all()
    assert (table["strength"] <= table["high"]).all()


def unsure(generator, difference, a_on_left):
    return simulated.honest(generator, difference + generator.normal(0, 2), a_on_left)


def test_more_annotators_give_narrower_intervals():
    width = {}
    for count in (4, 16):
        table = content_scales(
            votes_of({f"p{n}": unsure for n in range(count)}, contents=3), IntervalSettings(resamples=200)
        )
        width[count] = (table["high"] - table["low"]).median()
    assert width[16] < 0.75 * width[4]


def test_one_annotator_gives_no_interval():
    table = content_scales(votes_of({"p": simulated.honest}, contents=1))
    assert table["low"].null_count() == table["high"].null_count() == len(table) == 7


def test_no_votes_give_an_empty_scale():
    votes = votes_of({"p": simulated.honest}, contents=1).clear()
    assert content_scales(votes).is_empty()


def one_pair(content, said, person="p", algorithms=("x", "y")):
    a, b = (f"{content}-{name}" for name in algorithms)
    row = {"person": person, "content": content, "image_a": a, "image_b": b, "preference": said}
    return {**row, "algorithm_a": algorithms[0], "algorithm_b": algorithms[1]}


def test_people_of_one_mind_give_an_interval_and_five_call_nothing_better():
    votes = pl.DataFrame([one_pair("c", "A", person) for person in "12345"])
    scales = content_scales(votes)
    assert (scales["high"] - scales["low"] > 1).all()
    assert scales["not_separated_from"].to_list() == ["c-y", "c-x"]
    more = pl.concat([votes, pl.DataFrame([one_pair("c", "A", "6")])])
    assert content_scales(more)["not_separated_from"].to_list() == ["", ""]
    assert "scales: 1 of 1 contents have fewer than 6 annotators" in limits(scales, *algorithm_standings(votes))[0]


def test_algorithms_are_ranked_over_contents_by_shares_of_votes():
    votes = pl.DataFrame(
        [one_pair(f"c{n}", said, person) for n in range(8) for person, said in zip("123", "AAB", strict=True)]
    )
    algorithms, pairs = algorithm_standings(votes)
    assert dict(algorithms.schema) == ALGORITHM_TYPES
    assert dict(pairs.schema) == PAIR_TYPES
    assert algorithms.select("algorithm", "place", "votes", "contents").rows() == [("x", 1, 24, 8), ("y", 2, 24, 8)]
    [pair] = pairs.rows(named=True)
    assert (pair["p_first_better"], pair["contents"], pair["better"]) == (pytest.approx(2 / 3), 8, "x")
    as_in_rank = standings(*shares_of(8), IntervalSettings())
    assert pair["difference"] == pytest.approx(as_in_rank.difference[0, 1])
    assert pair["p"] == pytest.approx(as_in_rank.p[0, 1])
    assert limits(content_scales(votes), algorithms, pairs)[1:] == []


def shares_of(contents):
    return np.tile([[0, 2 / 3], [1 / 3, 0]], (contents, 1, 1)), np.zeros((contents, 2, 2))


def test_votes_that_connect_nothing_are_ranked_apart():
    votes = pl.DataFrame([one_pair("c", "A"), one_pair("d", "A", algorithms=("u", "v"))])
    algorithms, pairs = algorithm_standings(votes)
    assert algorithms["group"].to_list() == [1, 1, 2, 2]
    assert algorithms["place"].to_list() == [1, 2, 1, 2]
    assert pairs["difference"].null_count() == 4
    assert "algorithms: 2 groups share no content, and are ranked apart" in limits(
        content_scales(votes), algorithms, pairs
    )


def test_votes_on_one_algorithm_rank_none():
    algorithms, pairs = algorithm_standings(pl.DataFrame([one_pair("c", "A", algorithms=("x", "x"))]))
    assert algorithms.is_empty()
    assert pairs.is_empty()
