"""A benchmark's tables as text: what is best, what is said, and that no name breaks a form."""

import csv
import io
import json
import re
import shutil
import subprocess
from dataclasses import asdict, replace
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from fgresq.errors import OutputError, UserError
from fgresq.report.benchmark import FORMATS, draw_fall, read_result, write_result
from fgresq.report.benchmark.fall import fall
from fgresq.report.benchmark.marks import Mark, figure, marks, published, remarks
from fgresq.results import BenchmarkResult, BenchmarkTable, TableCell, TableColumn, TableRow

COLUMNS = tuple(TableColumn(group, "SRCC") for group in ("[0.0, 0.2)", "[0.2, 0.4)", "Overall"))


def row(name: str, *cells: TableCell, full_reference: bool = False, note: str = "") -> TableRow:
    return TableRow(name, name.upper(), full_reference, note, cells)


def cell(value: float | None, n: int = 10, **other: object) -> TableCell:
    return TableCell(value, n, 10, **({"why": "2 images; 3 are needed"} if value is None else {}), **other)


TABLE = BenchmarkTable(
    "PIPAL",
    "Ranges of PIPAL",
    COLUMNS,
    (
        row("psnr", cell(0.1), cell(-0.2), cell(0.5), full_reference=True),
        row("niqe", cell(0.30004, low=0.1, high=0.4), cell(None, 2), cell(0.7, published=0.71)),
        row("liqe", cell(0.3001, n=8), cell(0.1), cell(0.9, published=0.5, doubt="It repeats."), note="weights x"),
    ),
    ("MOS are normalised.",),
)
RESULT = BenchmarkResult(1, "0.1.0", "range", {"ties": "half"}, {"psnr": "native 1"}, (TABLE,))
HOSTILE = '<b>&"|*_x_*` \\{}$^~%#\n</td></script>'


def test_marks_are_of_what_is_printed() -> None:
    assert marks(TABLE) == (
        (Mark.SECOND, Mark.SECOND, Mark.NONE),
        (Mark.BEST, Mark.NONE, Mark.SECOND),  # 0.30004 and 0.3001 print alike
        (Mark.BEST, Mark.BEST, Mark.BEST),
    )


def test_figures() -> None:
    assert [figure(value) for value in (None, 0.12345, -0.0001, -0.5, 1.0)] == [
        "-",
        "0.123",
        "0.000",
        "-0.500",
        "1.000",
    ]
    assert published(cell(0.1)) == ""
    assert published(cell(None, published=0.25)) == "0.250"
    assert published(cell(None, published=-0.25, doubt="x")) == "-0.250?"


def test_what_is_said_below() -> None:
    assert remarks(TABLE) == ["MOS are normalised.", "LIQE: weights x.", "? Overall of LIQE: It repeats."]


def test_markdown(tmp_path: Path) -> None:
    write_result(tmp_path / "t.md", RESULT)
    lines = (tmp_path / "t.md").read_text().splitlines()
    assert lines[2:8] == [
        "| Type | Metric | [0.0, 0.2) SRCC | [0.2, 0.4) SRCC | Overall SRCC |",
        "| --- | --- | ---: | ---: | ---: |",
        "|  | n | 10 | 10 | 10 |",
        "| FR | PSNR | <u>0.100</u> | <u>-0.200</u> | 0.500 |",
        "| NR | NIQE | **0.300** [0.10, 0.40] | - | <u>0.700</u> (paper 0.710) |",
        "| NR | LIQE | **0.300** n=8 | **0.100** | **0.900** (paper 0.500?) |",
    ]
    assert "- ? Overall of LIQE: It repeats." in lines


def test_latex(tmp_path: Path) -> None:
    write_result(tmp_path / "t.tex", RESULT)
    text = (tmp_path / "t.tex").read_text()
    assert r"\multicolumn{1}{c}{[0.0, 0.2)} & \multicolumn{1}{c}{[0.2, 0.4)} & \multicolumn{1}{c}{Overall} \\" in text
    assert r"\cmidrule(lr){3-3}\cmidrule(lr){4-4}\cmidrule(lr){5-5}" in text
    assert r"FR & PSNR & \underline{0.100} & \underline{$-$0.200} & 0.500 \\" in text
    assert r"NR & NIQE & \textbf{0.300} [0.10, 0.40] & -- & \underline{0.700} (0.710) \\" in text
    assert text.count("\\midrule") == 2


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX here")
def test_latex_compiles(tmp_path: Path) -> None:
    hostile = replace(RESULT, tables=(replace(WARNED, title=HOSTILE, notes=(HOSTILE,), warnings=(HOSTILE,)),))
    write_result(tmp_path / "t.tex", hostile)
    body = "\\documentclass{article}\\usepackage{booktabs,xcolor}\\begin{document}\\input{t}\\end{document}"
    (tmp_path / "main.tex").write_text(body)
    subprocess.run(["pdflatex", "-halt-on-error", "main.tex"], cwd=tmp_path, check=True, capture_output=True)


WARNED = replace(
    TABLE,
    rows=(TABLE.rows[0], replace(TABLE.rows[1], cells=(*TABLE.rows[1].cells[:2], cell(0.95, seen=7))), TABLE.rows[2]),
    warnings=("NIQE has seen 7 of 10_000 images.",),
)
WARNING = "† NIQE has seen 7 of 10_000 images."


def test_figures_over_what_was_trained_on_have_no_place() -> None:
    """Or training on the images would win."""
    assert [row[-1] for row in marks(WARNED)] == [Mark.SECOND, Mark.NONE, Mark.BEST]


def test_every_form_says_what_was_trained_on(tmp_path: Path) -> None:
    result = replace(RESULT, tables=(WARNED,))
    for suffix in FORMATS:
        write_result(tmp_path / f"t{suffix}", result)
    lines = (tmp_path / "t.md").read_text().splitlines()
    assert lines[2] == "**Warning: † NIQE has seen 7 of 10\\_000 images.**"
    assert "| NR | NIQE | **0.300** [0.10, 0.40] | - | 0.950† |" in lines
    latex = (tmp_path / "t.tex").read_text()
    assert latex.startswith("% \\usepackage{booktabs,xcolor}\n")
    assert r"{\footnotesize\textcolor{red}{\textdagger{} NIQE has seen 7 of 10\_000 images.}\par}" in latex
    assert r"-- & \textcolor{red}{0.950\textdagger{}} \\" in latex
    html = (tmp_path / "t.html").read_text()
    assert f'<p class="seen"><strong>{WARNING}</strong></p>' in html
    assert html.count('<span class="seen">0.950†</span>') == 1
    for read, suffix in ((pl.read_csv, ".csv"), (pl.read_parquet, ".parquet")):
        table = read(tmp_path / f"t{suffix}")
        assert table.filter(pl.col("seen") > 0).select("metric", "group", "seen", "warning").rows() == [
            ("niqe", "Overall", 7, WARNED.warnings[0])
        ]
        assert len(table) == 9
        assert table["warning"].null_count() == 8
    document = json.loads((tmp_path / "t.json").read_text())
    assert document["tables"][0]["warnings"] == list(WARNED.warnings)
    assert read_result(tmp_path / "t.json") == result


def test_without_anything_seen_nothing_is_said_of_it(tmp_path: Path) -> None:
    for suffix in (".md", ".tex"):
        write_result(tmp_path / f"t{suffix}", RESULT)
        assert not {"†", "dagger", "arning", "xcolor"} & set(
            re.findall(r"†|dagger|arning|xcolor", (tmp_path / f"t{suffix}").read_text())
        )


def test_results_of_earlier_versions_can_be_read(tmp_path: Path) -> None:
    document = asdict(RESULT)
    for table in document["tables"]:
        del table["warnings"]
        for each in table["rows"]:
            each["cells"] = [{k: v for k, v in one.items() if k != "seen"} for one in each["cells"]]
    (tmp_path / "t.json").write_text(json.dumps(document))
    assert read_result(tmp_path / "t.json") == RESULT


def test_the_picture_says_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib import rcParams

    monkeypatch.setitem(rcParams, "svg.fonttype", "none")
    draw_fall(replace(RESULT, tables=(WARNED,)), tmp_path / "fall.svg")
    text = (tmp_path / "fall.svg").read_text()
    assert ">NIQE†<" in text
    assert ">LIQE<" in text
    assert "† has seen images of this data set in its training" in text


class Cells(HTMLParser):
    """Texts of the cells, and every tag."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)
        if tag in ("td", "th"):
            self.texts.append("")

    def handle_data(self, data: str) -> None:
        if self.texts:
            self.texts[-1] += data


def test_html(tmp_path: Path) -> None:
    write_result(tmp_path / "t.html", RESULT)
    text = (tmp_path / "t.html").read_text()
    parser = Cells()
    parser.feed(text)
    texts = [" ".join(each.split()) for each in parser.texts]
    start = texts.index("FR")
    assert texts[start : start + 10] == [
        *("FR", "PSNR", "0.100", "-0.200", "0.500"),
        *("NR", "NIQE", "0.300 [0.10, 0.40]", "-", "0.700 (paper 0.710)"),
    ]
    assert text.count('class="best"') == 4
    assert 'title="2 images; 3 are needed"' in text
    assert "native 1" in text
    assert "http" not in text


def test_no_name_breaks_a_form(tmp_path: Path) -> None:
    bad = replace(TABLE.rows[0], title=HOSTILE, note=HOSTILE)
    rows = (bad, *WARNED.rows[1:])
    table = replace(WARNED, name=HOSTILE, title=HOSTILE, rows=rows, notes=(HOSTILE,), warnings=(HOSTILE,))
    result = replace(RESULT, tables=(table,), judges={HOSTILE: HOSTILE}, settings={"x": HOSTILE})
    for suffix in FORMATS:
        write_result(tmp_path / f"t{suffix}", result)
    parser = Cells()
    parser.feed((tmp_path / "t.html").read_text())
    assert "b" not in parser.tags
    assert "script" not in parser.tags
    markdown = (tmp_path / "t.md").read_text()
    plain = markdown.replace("\\\\", "").replace("\\|", "")
    assert {line.count("|") for line in plain.splitlines() if line.startswith("|")} == {6}
    latex = (tmp_path / "t.tex").read_text()
    lines = [line for line in latex.splitlines() if line.endswith(r"\\") and "multicolumn" not in line]
    assert [len(re.findall(r"(?<!\\)&", line)) for line in lines] == [4] * 5
    assert len(re.findall(r"(?<!\\)\{", latex)) == len(re.findall(r"(?<!\\)\}", latex))
    assert len(list(csv.reader(io.StringIO((tmp_path / "t.csv").read_text(), newline="")))) == 10
    assert read_result(tmp_path / "t.json") == result


def test_json_holds_all_of_it(tmp_path: Path) -> None:
    write_result(tmp_path / "t.json", RESULT)
    assert read_result(tmp_path / "t.json") == RESULT
    assert json.loads((tmp_path / "t.json").read_text()) == json.loads(json.dumps(asdict(RESULT)))


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_row_a_figure(suffix: str, tmp_path: Path) -> None:
    write_result(tmp_path / f"t{suffix}", RESULT)
    table = (pl.read_csv if suffix == ".csv" else pl.read_parquet)(tmp_path / f"t{suffix}")
    assert len(table) == 9
    found = table.filter(metric="liqe", group="Overall").row(0, named=True)
    assert (found["table"], found["criterion"], found["value"], found["published"], found["doubt"]) == (
        *("PIPAL", "SRCC", 0.9, 0.5, "It repeats."),
    )
    assert table.filter(metric="niqe", group="[0.2, 0.4)")["value"][0] is None


def test_what_isnt_a_result(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    with pytest.raises(UserError, match="no such file"):
        read_result(path)
    path.write_text("{")
    with pytest.raises(UserError, match="isn't readable JSON"):
        read_result(path)
    path.write_text(json.dumps({**asdict(RESULT), "schema": 2}))
    with pytest.raises(UserError, match="has schema 2, of a newer fgresq"):
        read_result(path)
    for document in ([], {}, {**asdict(RESULT), "tables": [{"name": 3}]}):
        path.write_text(json.dumps(document))
        with pytest.raises(UserError, match="isn't a benchmark's result"):
            read_result(path)
    with pytest.raises(OutputError, match="must end in"):
        write_result(tmp_path / "t.doc", RESULT)


def test_the_fall_is_drawn(tmp_path: Path) -> None:
    assert fall(TABLE, TABLE.rows[1]) == (0.7, (0.30004, None))
    draw_fall(RESULT, tmp_path / "fall.png")
    with Image.open(tmp_path / "fall.png") as picture:
        assert len(picture.convert("RGB").getcolors(1 << 20)) > 50
    for name in ("one.svg", "two.svg"):
        draw_fall(replace(RESULT, tables=(TABLE,) * 3), tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    with pytest.raises(UserError, match="use --by range"):
        draw_fall(replace(RESULT, by="task"), tmp_path / "x.png")
    with pytest.raises(OutputError, match=r"must end in \.png or \.svg"):
        draw_fall(RESULT, tmp_path / "x.gif")
