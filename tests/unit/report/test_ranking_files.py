"""A ranking as Markdown, LaTeX, CSV and Excel."""

import io
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from openpyxl import load_workbook
from tests.unit.report.rankings import HOSTILE, RESTORATIONS, make_ranking

from fgresq.report.grid import Grid, GridColumn, latex, latex_text, markdown
from fgresq.report.ranking_words import caveats
from fgresq.report.tables import ranking_csv, write_ranking
from fgresq.results import AlgorithmPair, ComparedGroup, Ranking


@pytest.fixture
def ranking(tmp_path: Path) -> Ranking:
    pair = AlgorithmPair("sharp", "negative", 8, 0.9, 0.1, 0.0, 1.0, 0.4, 1.7, 0.0004, 0.0012, "sharp")
    groups = (ComparedGroup(tuple(RESTORATIONS), 2, 2),)
    made = make_ranking(tmp_path)
    return replace(made, groups=groups, pairs=(pair,), baseline="negative", against_baseline=(pair,))


def test_markdown_holds_the_terminals_columns(ranking: Ranking, tmp_path: Path) -> None:
    write_ranking(tmp_path / "r.md", ranking)
    lines = (tmp_path / "r.md").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "|  | algorithm | strength | 95 % interval | won | W/T/L | score | on | level with |"
    assert lines[1].count("---:") == 7
    assert lines[2].startswith(r"| 1 | sharp | +2.00 | \[+1.40, +2.60\] | 100 % | 8/0/0 | 0.8000 | 2/2 | 2 |")
    assert "half↵size" in lines[5]
    assert r"\</script\>\<img src=x onerror=alert(1)\>" in lines[4]
    assert "## against negative" in lines
    for caveat in caveats(ranking):
        assert f"- {caveat}" in lines


def test_latex_escapes_names(ranking: Ranking, tmp_path: Path) -> None:
    rows = [replace(row, not_separated_from=()) for row in ranking.leaderboard]
    rows[0] = replace(rows[0], algorithm="50%_&{x}")
    write_ranking(tmp_path / "r.tex", replace(ranking, leaderboard=tuple(rows)))
    text = (tmp_path / "r.tex").read_text(encoding="utf-8")
    assert text.startswith("% \\usepackage{booktabs}\n")
    assert r"1 & 50\%\_\&\{x\} & +2.00 & {}[+1.40, +2.60] & 100 \% & 8/0/0 & 0.8000 & 2/2 & - \\" in text
    assert text.count("\\begin{tabular}") == text.count("\\end{tabular}") == 2
    assert latex_text(HOSTILE) in text


def test_excel_holds_numbers_and_no_formulas(ranking: Ranking, tmp_path: Path) -> None:
    row = replace(ranking.leaderboard[0], algorithm="=1+1\x01")
    write_ranking(tmp_path / "r.xlsx", replace(ranking, leaderboard=(row, *ranking.leaderboard[1:])))
    book = load_workbook(tmp_path / "r.xlsx")
    assert book.sheetnames == ["leaderboard", "pairs", "notes"]
    titles, first, *_ = book["leaderboard"].iter_rows()
    found = {title.value: cell for title, cell in zip(titles, first, strict=True)}
    assert (found["algorithm"].value, found["algorithm"].data_type) == ("=1+1\N{REPLACEMENT CHARACTER}", "s")
    assert (found["strength"].value, found["weights"].value) == (2.0, "compact")
    assert [cell.value for cell in book["pairs"]["A"]] == ["first", "sharp"]
    assert [cell.value for cell in book["notes"]["A"]][2:-1] == list(caveats(ranking))


def test_csv_as_text_is_the_csv_file(ranking: Ranking, tmp_path: Path) -> None:
    write_ranking(tmp_path / "r.csv", ranking)
    assert ranking_csv(ranking) == (tmp_path / "r.csv").read_text(encoding="utf-8")
    assert pl.read_csv(io.StringIO(ranking_csv(ranking)))["place"].to_list() == [1, 2, 3, 4, 5]


def test_an_empty_title_gives_no_heading() -> None:
    grid = Grid("", [GridColumn("", ["[a]"], left=True), GridColumn("b|", ["1"])])
    assert list(markdown(grid)) == ["|  | b\\| |", "| --- | ---: |", "| \\[a\\] | 1 |"]
    assert "caption" not in "\n".join(latex(grid))
    assert "{}[a] & 1 \\\\" in list(latex(grid))
