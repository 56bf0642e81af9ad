"""What `fgresq rank` prints: readable at 80 columns, with every limit that the page has."""

import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from fgresq.cli import ranking_text
from fgresq.report.ranking_words import caveats
from fgresq.results import Provenance, Ranking
from fgresq.scoring.ranking import JudgedContent, RankingSettings, rank_contents

PROVENANCE = Provenance("0", "none", "0" * 64, "made for a test", "none", "fp32", "cpu")


def ranked(names: list[str], contents: int, baseline: str | None = None, spread: float = 1.0) -> Ranking:
    """The earlier names tend to be better."""
    generator = np.random.default_rng(0)
    judged = []
    for n in range(contents):
        quality = -0.5 * np.arange(len(names)) + generator.normal(0, spread, len(names))
        first = 0.9 / (1 + np.exp(quality - quality[:, None]))
        table = np.stack([first, 0.9 - first, np.full_like(first, 0.1)], axis=-1)
        paths = tuple(f"{name}/{n}.png" for name in names)
        judged.append(JudgedContent(f"c{n}", tuple(names), paths, (0.5,) * len(names), table))
    settings = RankingSettings(resamples=50, baseline=baseline)
    return rank_contents(judged, algorithms=names, failures=[], missing=[], provenance=PROVENANCE, settings=settings)


def printed(ranking: Ranking, monkeypatch: pytest.MonkeyPatch, width: int = 80) -> list[str]:
    file = io.StringIO()
    monkeypatch.setattr(ranking_text, "results", Console(file=file, width=width, highlight=False))
    monkeypatch.setattr(ranking_text, "print_provenance", lambda _: None)
    ranking_text.print_ranking(ranking)
    return file.getvalue().splitlines()


def test_forty_algorithms_fit_in_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"algorithm_with_long_name_{n:02}" for n in range(40)]
    ranking = ranked(names, 12)
    table = printed(ranking, monkeypatch)[:41]
    assert all(len(line) <= 80 for line in table)
    for line, row in zip(table[1:], ranking.leaderboard, strict=True):
        place, name, strength = line.split()[:3]
        assert (int(place), name, float(strength)) == (row.place, row.algorithm, pytest.approx(row.strength, abs=0.005))
    assert "level with" in table[0]
    assert "W/T/L" not in table[0], "what is spare goes first"
    assert "level with" in " ".join(printed(ranking, monkeypatch)[41:])


def test_a_wide_terminal_shows_all_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    head = printed(ranked(["one", "two", "three"], 8), monkeypatch, width=120)[0]
    assert " ".join(head.split()) == "algorithm strength 95 % interval won W/T/L score on level with"


def test_a_name_wider_than_the_terminal_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "x" * 90
    assert any(name in line for line in printed(ranked([name, "two"], 8), monkeypatch))


def test_says_every_caveat(monkeypatch: pytest.MonkeyPatch) -> None:
    ranking = replace(ranked(["one", "two"], 5), warnings=("formats differ",))
    lines = printed(ranking, monkeypatch)
    assert len(caveats(ranking)) == 2
    assert set(caveats(ranking)) <= set(lines)


def test_differences_to_the_baseline(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = printed(ranked(list("abc"), 12, baseline="c", spread=0.3), monkeypatch)
    start = lines.index("against c")
    assert " ".join(lines[start + 1].split()) == "algorithm difference 95 % interval p p, Holm on"
    assert [(line.split()[0], line.split()[-1]) for line in lines[start + 2 : start + 4]] == [
        ("a", "better"),
        ("b", "better"),
    ]


def test_groups_have_a_table_each(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = ranked(["a", "b"], 1), ranked(["c", "d"], 1)
    judged = [
        JudgedContent(f"{n}", names, names, (0.5, 0.5), np.full((2, 2, 3), 1 / 3))
        for n, names in enumerate((("a", "b"), ("a", "b"), ("c", "d")))
    ]
    ranking = rank_contents(
        judged,
        algorithms=("a", "b", "c", "d", "lone"),
        failures=[],
        missing=[],
        provenance=one.provenance,
        settings=RankingSettings(resamples=50),
    )
    lines = printed(ranking, monkeypatch)
    assert lines[0] == "group 1: 2 algorithms, 2 contents"
    assert lines[4:6] == ["", "group 2: 2 algorithms, 1 content"]
    assert any(line.startswith("without a place") and line.endswith("lone") for line in lines)
    assert two.groups[0].algorithms == ("c", "d")
