"""The paper's figures as they were printed, and that what is said against some of them is so."""

import csv
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import pytest
from tests.unit.benchmark.studies import data_set, judge, new_store, put_scores, record

from fgresq.benchmark.published import Figure, data_sets, doubts, figures_by_range, figures_by_task
from fgresq.benchmark.published.figures import Place
from fgresq.benchmark.tables.build import make_tables
from fgresq.benchmark.tables.groups import RANGES, TASKS
from fgresq.benchmark.tables.labels import gather
from fgresq.metrics.catalogue import PAPER, card_of
from fgresq.records import Pair, Preference

TASK_NAMES = [task.value for task in TASKS]


def values(figures: Mapping[Place, Figure]) -> dict[Place, float]:
    return {place: figure.value for place, figure in figures.items()}


def test_some_figures_as_they_are_printed() -> None:
    tasks = values(figures_by_task())
    assert tasks["fgresq", "Average", "ACC"] == 0.752
    assert tasks["compare2score", "Deraining", "ACC"] == 0.790
    assert ("psnr", "Dehazing", "SRCC") not in tasks
    pipal = values(figures_by_range("pipal"))
    assert pipal["psnr", "[0.0, 0.2)", "SRCC"] == 0.323
    assert pipal["deqa-score", "Overall", "PLCC"] == 0.777
    assert values(figures_by_range("IVCDehazing"))["niqe", "Overall", "SRCC"] == 0.357
    assert figures_by_range("toy") == {}


def test_every_figure_has_its_place() -> None:
    assert {place[0] for place in figures_by_task()} <= set(PAPER)
    assert {place[1] for place in figures_by_task()} == {*TASK_NAMES, "Average"}
    assert len(data_sets()) == 13
    for name in data_sets():
        figures = figures_by_range(name)
        assert {place[0] for place in figures} <= set(PAPER)
        assert {place[1] for place in figures} <= {*RANGES, "Overall"}
    printed = [row for row in rows("ranges.csv") if row["srcc"]]
    assert sum(len(figures_by_range(name)) for name in data_sets()) == 2 * len(printed)


def rows(name: str) -> list[dict[str, str]]:
    text = (resources.files("fgresq.benchmark.published") / name).read_text()
    return list(csv.DictReader(text.splitlines()))


def test_averages_are_those_of_their_rows_to_within_rounding() -> None:
    tasks = values(figures_by_task())
    checked = 0
    for metric in {place[0] for place in tasks}:
        for criterion in ("SRCC", "PLCC", "ACC"):
            parts = [tasks[metric, task, criterion] for task in TASK_NAMES if (metric, task, criterion) in tasks]
            assert abs(sum(parts) / len(parts) - tasks[metric, "Average", criterion]) <= 0.001 + 1e-12
            checked += 1
    assert checked == 42


def test_qads_repeats_mdd13_and_mdd13_is_deblurring() -> None:
    qads, mdd13 = (values(figures_by_range(name)) for name in ("QADS", "MDD13"))
    assert qads == mdd13
    assert len(qads) == 168
    assert all(figure.doubt and "168" in figure.doubt for figure in figures_by_range("QADS").values())
    assert figures_by_range("MDD13")["psnr", "Overall", "SRCC"].doubt is None
    tasks = values(figures_by_task())
    for metric in ("psnr", "lpips", "dists"):
        for criterion in ("SRCC", "PLCC"):
            assert abs(mdd13[metric, "Overall", criterion] - tasks[metric, "Deblurring", criterion]) <= 0.002 + 1e-12


def test_no_other_two_tables_share_figures() -> None:
    tables = {name: values(figures_by_range(name)) for name in data_sets() if name != "QADS"}
    for name, own in tables.items():
        for other, its in tables.items():
            if name < other:
                same = [
                    place
                    for place in own
                    if place[2] == "SRCC"
                    and abs(own[place]) < 1
                    and own[place] == its.get(place)
                    and own[(*place[:2], "PLCC")] == its.get((*place[:2], "PLCC"))
                ]
                assert len(same) <= 1, (name, other, same)


@pytest.mark.parametrize(("name", "metrics"), [("IVC-Dehazing", 10), ("RealSRQ", 14)])
def test_two_images_give_ones(name: str, metrics: int) -> None:
    figures = figures_by_range(name)
    first = {place: figure for place, figure in figures.items() if place[1] == RANGES[0]}
    assert len(first) == 2 * metrics
    assert {abs(figure.value) for figure in first.values()} == {1.0}
    assert all(figure.doubt and "two images" in figure.doubt for figure in first.values())


def test_four_images_give_few_values() -> None:
    fifths = [
        figure.value * 5
        for place, figure in figures_by_range("IVC-Dehazing").items()
        if place[1:] == (RANGES[4], "SRCC")
    ]
    assert len(fifths) == 10
    assert all(abs(value - round(value)) < 1e-9 for value in fifths)
    # With two equal scores among four: Pearson of 1 2 3 4 with ranks such as 1 2.5 2.5 4, divided by sqrt(4.5 * 5).
    possible = {n / 5 for n in range(-5, 6)} | {round(k / (4.5 * 5) ** 0.5, 3) for k in (-4.5, -1.5, 0, 1.5, 4.5)}
    of_mdd13 = [figure for place, figure in figures_by_range("MDD13").items() if place[1:] == (RANGES[0], "SRCC")]
    assert {figure.value for figure in of_mdd13} <= possible
    assert all(figure.doubt and "four images" in figure.doubt for figure in of_mdd13)


def test_upper_ranges_without_figures() -> None:
    for name in data_sets():
        groups = {place[1] for place in figures_by_range(name)}
        missing = [group for group in RANGES if group not in groups]
        assert missing == ([RANGES[3], RANGES[4]] if name in ("IVIPC-DQA", "RealSRQ") else [])
        doubted = figures_by_range(name).get(("niqe", RANGES[1], "SRCC"))
        assert ("min-max" in (doubted.doubt or "")) == bool(missing)


def test_full_reference_metrics_of_exbedde_are_negative() -> None:
    overall = [
        figure
        for place, figure in figures_by_range("exBeDDE").items()
        if place[1] == "Overall" and card_of(place[0]).full_reference
    ]
    assert len(overall) == 8
    assert all(-0.783 <= figure.value <= -0.701 and figure.doubt for figure in overall)
    assert figures_by_range("exBeDDE")["niqe", "Overall", "SRCC"].doubt is None


def test_every_doubt_is_of_some_figure_and_says_a_sentence() -> None:
    printed = {(row["table"], row["metric"], row["mos_range"]) for row in rows("ranges.csv") if row["srcc"]}
    for doubt in doubts():
        assert doubt.reason.endswith(".")
        assert any(doubt.covers(*place, "SRCC") for place in printed), doubt


def test_a_table_beside_the_paper_s(tmp_path: Path) -> None:
    images = [record(f"i{n}", mos=float(n), source="QADS") for n in range(6)]
    data = data_set(tmp_path / "study", images, (Pair("i0", "i1", Preference.A),))
    store = new_store(tmp_path / "store", data)
    put_scores(store, data, judge("niqe", title="NIQE", higher_is_better=False), {f"i{n}": -n for n in range(6)})
    (by_range,) = make_tables(gather(store), "range", published=True).tables
    assert [row.metric for row in by_range.rows[:4]] == ["psnr", "ssim", "lpips", "dists"]
    assert len(by_range.rows) == 14
    (niqe,) = (row for row in by_range.rows if row.metric == "niqe")
    overall = niqe.cells[-2]
    assert (round(overall.value, 9), overall.published) == (1.0, 0.386)
    assert "Table S11" in overall.doubt
    (psnr,) = (row for row in by_range.rows if row.metric == "psnr")
    assert (psnr.cells[-2].value, psnr.cells[-2].why, psnr.cells[-2].published) == (None, "wasn't run", 0.186)
    (by_task,) = make_tables(gather(store), "task", published=True).tables
    columns = {(column.group, column.criterion): n for n, column in enumerate(by_task.columns)}
    (niqe,) = (row for row in by_task.rows if row.metric == "niqe")
    assert niqe.cells[columns["Deblurring", "ACC"]].published == 0.529
    assert niqe.cells[columns["Average", "ACC"]].published is None  # the paper's is over six tasks, ours over one
    assert len(by_task.rows) == 14
    assert any("its own split" in note for note in by_task.notes)
    (plain,) = make_tables(gather(store), "task").tables
    assert [row.metric for row in plain.rows] == ["niqe"]


def test_a_data_set_that_the_paper_lacks(tmp_path: Path) -> None:
    data = data_set(tmp_path / "study", [record(f"i{n}", mos=float(n), source="toy") for n in range(4)])
    store = new_store(tmp_path / "store", data)
    put_scores(store, data, judge("niqe"), {f"i{n}": n for n in range(4)})
    (table,) = make_tables(gather(store), "range", published=True).tables
    assert "The paper has no table of toy." in table.notes
    assert [row.metric for row in table.rows] == ["niqe"]


@pytest.mark.shared
def test_the_files_are_the_paper_s_tables(shared: Path) -> None:
    for name in ("table3.csv", "ranges.csv"):
        shipped = (resources.files("fgresq.benchmark.published") / name).read_text()
        assert shipped == (shared / "paper" / "tables" / name).read_text()


@pytest.mark.shared
def test_table_2_is_the_srcc_of_table_s2(shared: Path) -> None:
    (paper,) = (shared / "paper").glob("000_*.txt")
    text = paper.read_text(encoding="utf-8")
    printed = text[text.index("Type\tMethod\t[0.0,0.2] SRCC") : text.index("Table 2: Performance")]
    pipal = values(figures_by_range("PIPAL"))
    titles = {card_of(name).title.replace("MetaIQA", "MetaQA"): name for name in PAPER}
    checked = 0
    for line in printed.splitlines():
        fields = line.split("\t")
        if len(fields) == 8 and fields[1] in titles:
            for group, value in zip((*RANGES, "Overall"), fields[2:], strict=True):
                assert pipal[titles[fields[1]], group, "SRCC"] == float(re.sub(r"</?\w+>", "", value))
                checked += 1
    assert checked == 84
