"""What results do in Python: one line, a table in a notebook, a data frame, a file."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

import fgresq
from fgresq.errors import OutputError, UserError
from fgresq.results import Comparison, ImageScore, ImageScores, Provenance, Ranking

PROVENANCE = Provenance("1.0.0", "compact", "ab" * 32, "made up", "whole", "fp32", "cpu")
SCORES = ImageScores([ImageScore("a.png", 0.25), ImageScore("<b>.png", None, "no such file")], PROVENANCE)
COMPARISON = Comparison("a.png", "b.png", 0.25, 0.5, 0.125, 0.75, 0.125, fgresq.Preference.B, "symmetric", PROVENANCE)


@pytest.fixture(scope="module")
def ranking(photographs: dict[str, Path]) -> Ranking:
    from PIL import Image

    images: dict[str, dict[str, Image.Image]] = {}
    for content, path in photographs.items():
        picture = Image.open(path).convert("RGB").resize((96, 64))
        images.setdefault("sharp", {})[content] = picture
        images.setdefault("small & soft", {})[content] = picture.resize((24, 16)).resize((96, 64))
    return fgresq.load(device="cpu").rank(images)


def test_one_line(ranking: Ranking) -> None:
    assert repr(SCORES[0]) == "ImageScore('a.png', 0.2500)"
    assert repr(SCORES[1]) == "ImageScore('<b>.png', failed: no such file)"
    assert repr(SCORES) == f"ImageScores([{SCORES[0]!r}, {SCORES[1]!r}])"
    assert repr(ImageScores([SCORES[0]] * 7, PROVENANCE)).endswith("ImageScore('a.png', 0.2500), and 2 more])")
    assert repr(COMPARISON) == (
        "Comparison(B is better: P(A) 0.125, P(B) 0.750, P(equal) 0.125; A 'a.png' 0.2500, B 'b.png' 0.5000)"
    )
    assert "Comparison(equal: " in repr(replace(COMPARISON, preference=fgresq.Preference.EQUAL))
    first = ranking.leaderboard[0]
    assert repr(ranking).startswith(f"Ranking(contents: 3; 1 sharp {first.strength:+.2f}; 2 small & soft -")
    assert "and" not in repr(ranking)


def test_a_data_frame(ranking: Ranking, monkeypatch: pytest.MonkeyPatch) -> None:
    assert SCORES.to_polars().rows() == [("a.png", 0.25, None), ("<b>.png", None, "no such file")]
    assert COMPARISON.to_polars()["preference"].to_list() == ["B"]
    assert "provenance" not in COMPARISON.to_polars().columns
    assert ranking.to_polars()["algorithm"].to_list() == ["sharp", "small & soft"]
    monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(DataFrame=dict))
    assert SCORES.to_pandas()["path"] == ["a.png", "<b>.png"]
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UserError, match="pip install pandas"):
        SCORES.to_pandas()


@pytest.mark.parametrize("suffix", ["csv", "json", "parquet"])
@pytest.mark.parametrize("result", [SCORES, COMPARISON], ids=["scores", "comparison"])
def test_a_file_says_where_its_numbers_come_from(result: ImageScores | Comparison, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"result.{suffix}"
    result.save(path)
    result.save(str(path))
    if suffix == "json":
        assert json.loads(path.read_text())["provenance"]["weights_sha256"] == "ab" * 32
    else:
        read = pl.read_csv if suffix == "csv" else pl.read_parquet
        assert set(read(path)["weights_sha256"]) == {"ab" * 32}


def test_a_ranking_is_written_as_the_command_writes_it(ranking: Ranking, tmp_path: Path) -> None:
    for suffix in ("csv", "json", "parquet", "md", "tex", "html"):
        ranking.save(tmp_path / f"ranking.{suffix}")
    assert json.loads((tmp_path / "ranking.json").read_text())["format"] == "fgresq ranking"
    assert "small & soft" in (tmp_path / "ranking.md").read_text()
    assert "small \\& soft" in (tmp_path / "ranking.tex").read_text()
    assert "small &amp; soft" in (tmp_path / "ranking.html").read_text()


def test_what_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"must end in \.csv, \.json, \.parquet$"):
        SCORES.save(tmp_path / "scores.html")
    with pytest.raises(UserError, match="has no provenance"):
        replace(COMPARISON, provenance=None).save(tmp_path / "one.csv")
    assert not list(tmp_path.iterdir())


def test_notebooks_show_tables_in_which_names_are_text(ranking: Ranking) -> None:
    assert "&lt;b&gt;.png" in SCORES._repr_html_()
    assert "no such file" in SCORES._repr_html_()
    assert "1 of 2 images scored, 1 failed" in SCORES._repr_html_()
    many = ImageScores([ImageScore(f"{number}.png", 0.5) for number in range(100)], PROVENANCE)
    assert many._repr_html_().count("<tr>") == 21
    assert "80 in the middle aren" in many._repr_html_()
    shown = COMPARISON._repr_html_()
    assert '<th style="text-align:left">B</th>' in shown, "what is preferred stands out"
    assert "0.7500" in shown
    assert "weights: compact [abababababab], made up" in shown
    board = ranking._repr_html_()
    assert "small &amp; soft" in board
    assert "3 contents compared" in board
