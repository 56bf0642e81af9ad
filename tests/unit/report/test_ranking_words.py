from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.report.rankings import RESTORATIONS, make_ranking

from fgresq.report.ranking_words import caveats, places, probability
from fgresq.results import AlgorithmPair, ComparedGroup, Ranking


@pytest.fixture
def ranking(tmp_path: Path) -> Ranking:
    return make_ranking(tmp_path)


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ((), "-"),
        ((2,), "2"),
        ((2, 3, 4), "2-4"),
        ((2, 4, 5), "2, 4-5"),
        ((2, 3, 4, 5), "all"),
    ],
)
def test_places_in_few_words(ranking: Ranking, others: tuple[int, ...], said: str) -> None:
    names = list(RESTORATIONS)
    row = replace(ranking.leaderboard[0], not_separated_from=tuple(names[place - 1] for place in others))
    assert places(row, ranking) == said


@pytest.mark.parametrize(("p", "said"), [(None, "-"), (0.0004, "< 0.001"), (0.03141, "0.031"), (1.0, "1.000")])
def test_probabilities(p: float | None, said: str) -> None:
    assert probability(p) == said


def said(ranking: Ranking) -> str:
    return "\n".join(caveats(ranking))


def test_few_contents_call_nobody_better(ranking: Ranking) -> None:
    assert "2 contents: nothing is called better under 6" in said(ranking)
    one = replace(ranking, contents=ranking.contents[:1])
    assert "one content gives no interval" in said(one)
    assert "nothing was compared" in said(replace(ranking, contents=()))


def test_contents_of_one_algorithm_are_counted(ranking: Ranking) -> None:
    alone = replace(ranking.contents[0], candidates=ranking.contents[0].candidates[:1])
    assert "1 of 3 contents has an image of one algorithm at most and counts for nothing; 2 compared" in said(
        replace(ranking, contents=(*ranking.contents, alone))
    )


def test_pairs_with_few_contents_are_counted(ranking: Ranking) -> None:
    pair = AlgorithmPair("sharp", "negative", 5, 0.9, 0.1, 0.0, 1.0, 0.4, 1.7, None, None, None)
    many = replace(ranking, contents=ranking.contents * 3, pairs=(pair, replace(pair, contents=6, p=0.2)))
    assert "1 of 2 pairs of algorithms share fewer than 6 contents" in said(many)


def test_groups_lone_algorithms_and_scores(ranking: Ranking) -> None:
    groups = (ComparedGroup(("sharp", "negative"), 4, 3), ComparedGroup(("a", "b"), 2, 0))
    lone = replace(ranking.leaderboard[4], place=None, group=None)
    text = said(replace(ranking, groups=groups, leaderboard=(*ranking.leaderboard[:4], lone)))
    assert "2 groups of algorithms share no content" in text
    assert "without a place, since nothing was compared with it: müde 写真" in text
    assert "mean scores are over 3 of 4 contents: those that all 2 algorithms of group 1 have in common" in text
    assert "there are no mean scores: no content that all 2 algorithms of group 2 have in common" in text
