"""Ranking: from preferences to a leaderboard."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import fgresq
from fgresq.errors import LayoutError, UserError
from fgresq.records import Preference
from fgresq.results import Provenance, Ranking
from fgresq.scoring.ranking import JudgedContent, RankingSettings, preferred, rank_contents
from fgresq.scoring.scorer import Scorer

NOWHERE = Provenance("0", "none", "0" * 64, "made for a test", "none", "fp32", "cpu")
A_WINS, B_WINS, EQUAL = (0.8, 0.1, 0.1), (0.1, 0.8, 0.1), (0.1, 0.1, 0.8)


def judged(content: str, order: Mapping[str, float]) -> JudgedContent:
    """A content on which the algorithm with the higher value wins, and equal values tie."""
    values = np.array(list(order.values()))
    table = np.empty((len(values), len(values), 3))
    for i, j in np.ndindex(len(values), len(values)):
        table[i, j] = A_WINS if values[i] > values[j] else B_WINS if values[i] < values[j] else EQUAL
    paths = tuple(f"{name}/{content}.png" for name in order)
    return JudgedContent(content, tuple(order), paths, tuple(values / 10), table)


def rank(contents: list[JudgedContent], algorithms: tuple[str, ...], **settings: Any) -> Ranking:
    return rank_contents(
        contents,
        algorithms=algorithms,
        failures=[],
        missing=[],
        provenance=NOWHERE,
        settings=RankingSettings(**settings),
    )


@pytest.mark.parametrize(
    ("probabilities", "answer"),
    [
        ((0.5, 0.3, 0.2), Preference.A),
        ((0.3, 0.5, 0.2), Preference.B),
        ((0.3, 0.3, 0.4), Preference.EQUAL),
        ((0.4, 0.4, 0.2), Preference.EQUAL),
        ((0.4, 0.2, 0.4), Preference.EQUAL),
        ((0.5, 0.5, 0.0), Preference.EQUAL),
    ],
)
def test_the_most_probable_answer_and_ties(probabilities: tuple[float, float, float], answer: Preference) -> None:
    assert preferred(*probabilities) is answer


def test_signs_say_what_preferred_says() -> None:
    generator = np.random.default_rng(0)
    table = generator.dirichlet([1, 1, 1], size=(5, 5)).round(1)
    signs = JudgedContent("c", tuple("vwxyz"), tuple("vwxyz"), (0.5,) * 5, table).signs()
    expected = {Preference.A: 1, Preference.B: -1, Preference.EQUAL: 0}
    for i, j in np.ndindex(5, 5):
        assert signs[i, j] == expected[preferred(*table[i, j])]


def test_a_clear_order_is_found_and_separated() -> None:
    contents = [judged(f"c{n}", {"good": 3, "fair": 2, "poor": 1}) for n in range(12)]
    ranking = rank(contents, ("poor", "good", "fair"))
    assert [standing.algorithm for standing in ranking.leaderboard] == ["good", "fair", "poor"]
    assert [standing.place for standing in ranking.leaderboard] == [1, 2, 3]
    assert all(standing.not_separated_from == () for standing in ranking.leaderboard)
    assert ranking.win_matrix == ((None, 1, 1), (0, None, 1), (0, 0, None))
    assert ranking.leaderboard[0].wins == 24
    assert sum(standing.strength for standing in ranking.leaderboard) == pytest.approx(0, abs=1e-9)
    assert ranking.winners_per_content["c0"] == ("good",)


def test_algorithms_that_take_turns_are_not_separated() -> None:
    contents = [judged(f"c{n}", {"x": n % 2, "y": 1 - n % 2}) for n in range(10)]
    ranking = rank(contents, ("x", "y"))
    first, second = ranking.leaderboard
    assert first.place == second.place == 1
    assert first.not_separated_from == ("y",)
    assert second.not_separated_from == ("x",)
    assert first.low < 0 < first.high


def test_one_content_gives_no_interval() -> None:
    ranking = rank([judged("only", {"x": 1, "y": 2, "z": 2})], ("x", "y", "z"))
    assert all(standing.low is None and standing.high is None for standing in ranking.leaderboard)
    assert ranking.resamples == 0
    assert ranking.contents[0].winners == ("y", "z")
    assert ranking.leaderboard[0].ties == 1


def test_the_seed_decides_the_intervals() -> None:
    generator = np.random.default_rng(1)
    contents = [judged(f"c{n}", dict(zip("xyz", generator.permutation(3), strict=True))) for n in range(9)]
    one, again, other = (rank(contents, tuple("xyz"), seed=seed) for seed in (7, 7, 8))
    assert one == again
    assert one.leaderboard[0].low != other.leaderboard[0].low


def test_what_nothing_connects_is_ranked_apart() -> None:
    contents = [judged("c0", {"x": 1, "y": 2, "z": 3}), judged("c1", {"u": 1, "v": 2}), judged("c2", {"lone": 1})]
    ranking = rank(contents, ("u", "v", "x", "y", "z", "lone", "nothing"))
    rows = {standing.algorithm: standing for standing in ranking.leaderboard}
    assert [group.algorithms for group in ranking.groups] == [("z", "y", "x"), ("v", "u")]
    assert [(row.group, row.place) for row in ranking.leaderboard] == [
        *((1, 1), (1, 2), (1, 3)),
        *((2, 1), (2, 2)),
        *((None, None), (None, None)),
    ]
    for members in ("xyz", "uv"):
        assert sum(rows[name].strength for name in members) == pytest.approx(0, abs=1e-9)
    for name in ("lone", "nothing"):
        assert (rows[name].strength, rows[name].low, rows[name].mean_score, rows[name].contents) == (None,) * 3 + (0,)
        assert rows[name].not_separated_from == ()
    assert rows["z"].not_separated_from == ("y", "x"), "of its own group only"
    across = next(pair for pair in ranking.pairs if {pair.first, pair.second} == {"x", "v"})
    assert (across.contents, across.difference, across.p, across.p_equal) == (0, None, None, None)
    assert ranking.compared_contents == 2


def test_probabilities_count_not_only_the_most_probable_answer() -> None:
    def content(name: str, x_over_y: float) -> JudgedContent:
        table = np.full((2, 2, 3), 0.1)
        table[0, 1, :2] = x_over_y, 0.9 - x_over_y
        table[1, 0, :2] = table[0, 1, 1::-1]
        return JudgedContent(name, ("x", "y"), ("x.png", "y.png"), (0.5, 0.5), table)

    sure, hardly = (rank([content(f"c{n}", p) for n in range(8)], ("x", "y")) for p in (0.89, 0.46))
    assert sure.leaderboard[0].win_rate == hardly.leaderboard[0].win_rate == 1
    assert sure.leaderboard[0].strength > 10 * hardly.leaderboard[0].strength > 0
    assert sure.pairs[0].p_first_better == pytest.approx(0.89)
    assert sure.pairs[0].p_equal == pytest.approx(0.1)


@pytest.mark.parametrize(("contents", "better"), [(5, None), (6, "x")])
def test_nobody_is_better_on_fewer_than_six_contents(contents: int, better: str | None) -> None:
    ranking = rank([judged(f"c{n}", {"x": 2, "y": 1}) for n in range(contents)], ("x", "y"))
    [pair] = ranking.pairs
    assert (pair.p is None, pair.better) == (contents < 6, better)
    assert pair.low < pair.difference < pair.high
    assert all(row.high - row.low > 0.3 for row in ranking.leaderboard), (
        "the same answer on each content is no certainty"
    )


def test_scores_are_over_the_contents_that_all_have() -> None:
    both = [judged(f"c{n}", {"x": 2, "y": 1}) for n in range(2)]
    ranking = rank([*both, judged("alone", {"x": 9})], ("x", "y"))
    assert [row.mean_score for row in ranking.leaderboard] == [pytest.approx(0.2), pytest.approx(0.1)]
    assert ranking.groups[0].common == 2


def test_a_baseline_is_compared_with_all_and_corrected_for_these_only() -> None:
    generator = np.random.default_rng(0)
    contents = [
        judged(f"c{n}", {name: value + generator.normal(0, 1) for name, value in zip("abcd", range(4), strict=True)})
        for n in range(9)
    ]
    ranking = rank(contents, tuple("abcd"), baseline="b")
    assert [(pair.first, pair.second) for pair in ranking.against_baseline] == [("d", "b"), ("c", "b"), ("a", "b")]
    same = {frozenset((pair.first, pair.second)): pair for pair in ranking.pairs}
    for pair in ranking.against_baseline:
        other = same[frozenset((pair.first, pair.second))]
        sign = 1 if other.first == pair.first else -1
        assert pair.difference == pytest.approx(sign * other.difference)
        assert pair.p == other.p
        assert pair.p <= pair.p_adjusted <= other.p_adjusted
    with pytest.raises(UserError, match=r"no algorithm is called 'e'; known: a, b"):
        RankingSettings(baseline="e").check_baseline("ab")


def test_nothing_shared_is_nothing_to_rank() -> None:
    with pytest.raises(UserError, match="no content is shared by two algorithms"):
        rank([judged("p", {"x": 1}), judged("q", {"y": 1})], ("x", "y"))


def test_settings_that_make_no_sense() -> None:
    with pytest.raises(UserError, match=r"confidence 1\.5"):
        RankingSettings(confidence=1.5)
    with pytest.raises(UserError, match="too few"):
        RankingSettings(resamples=1)


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return fgresq.load(device="cpu")


def test_ranking_images_agrees_with_comparing_them(scorer: Scorer, photographs: Mapping[str, Path]) -> None:
    coffee, chelsea, astronaut = photographs["coffee"], photographs["chelsea"], photographs["astronaut"]
    table = {"one": {"p": coffee, "q": chelsea}, "two": {"p": chelsea, "q": astronaut}}
    ranking = scorer.rank(table)
    wins = {"one": 0, "two": 0}
    for content in ("p", "q"):
        preference = scorer.compare(table["one"][content], table["two"][content]).preference
        if preference is not Preference.EQUAL:
            wins["one" if preference is Preference.A else "two"] += 1
    assert {standing.algorithm: standing.wins for standing in ranking.leaderboard} == wins
    assert ranking.provenance == scorer.provenance


def test_missing_and_bad_images_are_named(scorer: Scorer, photographs: Mapping[str, Path]) -> None:
    coffee = photographs["coffee"]
    ranking = scorer.rank({"one": {"p": coffee, "q": coffee}, "two": {"p": "no/such.png"}, "three": {"q": coffee}})
    assert [failure.path for failure in ranking.failures] == ["no/such.png"]
    assert set(ranking.missing) == {("two", "q"), ("three", "p")}
    same = next(entry for entry in ranking.contents if entry.content == "q")
    assert same.candidates[0].ties == 1, "an image equals its copy"


def test_one_algorithm_cannot_be_ranked(scorer: Scorer, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="at least two"):
        scorer.rank({"one": {}})
    with pytest.raises(LayoutError, match="holds 0 algorithms"):
        scorer.rank(tmp_path)


def test_algorithms_as_folders_lists_and_arrays_give_one_ranking(
    scorer: Scorer, photographs: Mapping[str, Path], tmp_path: Path
) -> None:
    coffee, chelsea = (Image.open(photographs[name]).convert("RGB").resize((96, 80)) for name in ("coffee", "chelsea"))
    pictures = {
        "sharp": [chelsea, coffee],
        "dull": [image.resize((24, 20)).resize((96, 80)) for image in (chelsea, coffee)],
    }
    for algorithm, images in pictures.items():
        (tmp_path / algorithm).mkdir()
        for name, image in zip(("chelsea", "coffee"), images, strict=True):
            image.save(tmp_path / algorithm / f"{name}_{algorithm}.png")
    arrays = {name: np.stack([np.asarray(image) for image in images]) for name, images in pictures.items()}
    batches = {name: torch.from_numpy(stack / 255).permute(0, 3, 1, 2).float() for name, stack in arrays.items()}
    lists = {name: sorted((tmp_path / name).iterdir()) for name in pictures}
    folders = {name: str(tmp_path / name) for name in pictures}
    places = [tmp_path / "sharp", f"dull={tmp_path / 'dull'}"]
    rankings = [scorer.rank(given) for given in (pictures, arrays, batches, lists, folders, places, tmp_path)]
    for ranking in rankings:
        rows = {row.algorithm: row for row in ranking.leaderboard}
        assert rows.keys() == {"sharp", "dull"}
        assert ranking.compared_contents == 2
        assert rows["sharp"].strength == pytest.approx(
            {r.algorithm: r for r in rankings[0].leaderboard}["sharp"].strength, abs=2e-3
        )
    assert [content.content for content in rankings[0].contents] == ["0", "1"]
    assert [content.content for content in rankings[-1].contents] == ["chelsea", "coffee"]
    assert rankings[0].warnings == ()
    assert rankings[-1].warnings == ("dull: names without …_dull", "sharp: names without …_sharp")
    one = scorer.rank(tmp_path, match=r"(?P<content>c.+)_[^_]+")
    assert [row.strength for row in one.leaderboard] == [row.strength for row in rankings[-1].leaderboard]


def test_each_data_set_is_ranked_by_itself_as_if_it_were_alone() -> None:
    first = [judged(f"S/{n}", {"x": n % 3, "y": 1, "z": 0.5}) for n in range(8)]
    second = [judged(f"T/{n}", {"x": 1, "y": 2}) for n in range(7)]
    datasets = {entry.content: entry.content[0] for entry in [*first, *second]}
    both = rank_contents(
        [*first, *second],
        algorithms=("x", "y", "z"),
        failures=[],
        missing=[],
        provenance=NOWHERE,
        settings=RankingSettings(resamples=50),
        datasets=datasets,
    )
    assert [(of.dataset, len(of.contents)) for of in both.datasets] == [("S", 8), ("T", 7)]
    alone = rank(second, ("x", "y"), resamples=50)
    assert both.datasets[1].leaderboard == alone.leaderboard
    assert both.datasets[1].pairs == alone.pairs
    assert rank(second, ("x", "y"), resamples=50).datasets == ()


def test_the_spread_of_runs() -> None:
    contents = [judged(f"c{n}", {"A/seed1": 3, "A/seed2": 1, "B": 2}) for n in range(8)]
    ranking = rank(contents, ("A/seed1", "A/seed2", "B"), resamples=50)
    strengths = {row.algorithm: row.strength for row in ranking.leaderboard}
    own = [strengths["A/seed1"], strengths["A/seed2"]]
    (spread,) = ranking.runs
    assert (spread.algorithm, spread.runs) == ("A", ("A/seed1", "A/seed2"))
    assert spread.strength == pytest.approx(np.mean(own))
    assert spread.spread == pytest.approx(np.std(own, ddof=1))
    assert (spread.least, spread.most) == (min(own), max(own))
    assert rank([judged("c", {"A/seed1": 1, "B": 2})], ("A/seed1", "B")).runs == ()


def test_the_curve_of_a_training() -> None:
    contents = [judged(f"c{n}", {"iter_100": 1, "iter_2k": 3, "iter_300": 2, "iter_3000": 3}) for n in range(20)]
    (curve,) = rank(contents, ("iter_2k", "iter_100", "iter_3000", "iter_300")).curves
    assert [(point.step, point.best_so_far, point.better) for point in curve.points] == [
        (100, 100, None),
        (300, 300, True),
        (2000, 2000, True),
        (3000, 2000, False),
    ]
    few = rank(contents[:3], ("iter_2k", "iter_100", "iter_3000", "iter_300")).curves[0]
    assert {point.better for point in few.points} == {None}
