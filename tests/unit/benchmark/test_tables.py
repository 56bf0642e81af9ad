"""The tables against figures worked out by hand and by plain loops over SciPy."""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from tests.unit.benchmark.studies import (
    DENOISE,
    data_set,
    judge,
    new_store,
    put_comparisons,
    put_scores,
    random_study,
    record,
)

from fgresq.benchmark.sets import BenchmarkSet
from fgresq.benchmark.store import Store
from fgresq.benchmark.tables import TableSettings
from fgresq.benchmark.tables.build import make_tables
from fgresq.benchmark.tables.groups import RANGES, normalised
from fgresq.benchmark.tables.labels import gather
from fgresq.errors import UserError
from fgresq.records import Pair, Preference, RestorationTask
from fgresq.results import BenchmarkTable, TableCell

A, B, EQUAL = Preference.A, Preference.B, Preference.EQUAL


def cell(table: BenchmarkTable, metric: str, group: str, criterion: str) -> TableCell:
    (row,) = (row for row in table.rows if row.metric == metric)
    (found,) = (
        each
        for column, each in zip(table.columns, row.cells, strict=True)
        if (column.group, column.criterion) == (group, criterion)
    )
    return found


def assert_is(found: TableCell, value: float, n: int, of: int) -> None:
    assert found.value == pytest.approx(value)
    assert found == TableCell(found.value, n, of)


def test_a_table_by_task_worked_out_by_hand(tmp_path: Path) -> None:
    images = [record(name, mos=mos) for name, mos in zip("abcd", (1.0, 2.0, 3.0, 4.0), strict=True)]
    images += [record(name, mos=mos, task=DENOISE) for name, mos in zip("wxy", (1.0, 5.0, 3.0), strict=True)]
    pairs = (Pair("a", "b", B), Pair("c", "b", A), Pair("c", "d", A), Pair("a", "d", EQUAL), Pair("x", "y", A))
    data = data_set(tmp_path / "study", images, pairs)
    store = new_store(tmp_path / "store", data)
    up, down = judge("up"), judge("down", higher_is_better=False)
    # a to d: ranks 1 2 3 4 against 2 1 3 4: rho = 1 - 6 * 2 / (4 * 15) = 0.8
    put_scores(store, data, up, {"a": 2.0, "b": 1.0, "c": 3.0, "d": 4.0, "w": 0.0, "x": 0.1, "y": 0.1})
    put_scores(store, data, down, {"a": -2.0, "b": -1.0, "c": -3.0, "d": -4.0, "w": 0.0, "x": 1.0, "y": 2.0})
    (table,) = make_tables(gather(store), "task").tables
    for metric in ("up", "down"):
        assert cell(table, metric, "Deblurring", "SRCC").value == pytest.approx(0.8)
        # up says A, A, B of the three clear pairs (people: B, A, A), so one of three
        assert_is(cell(table, metric, "Deblurring", "ACC"), 1 / 3, 3, 3)
    assert cell(table, "up", "Deblurring", "SRCC").n == 4
    # w x y: MOS ranks 1 3 2; up has 1 2.5 2.5: r = 0.75 / sqrt(2 * 1.5)... by Pearson of the ranks
    assert cell(table, "up", "Denoising", "SRCC").value == pytest.approx(math.sqrt(3) / 2)
    assert cell(table, "up", "Denoising", "ACC") == TableCell(0.5, 1, 1)  # equal scores count one half
    assert cell(table, "down", "Denoising", "SRCC").value == pytest.approx(-0.5)
    assert cell(table, "up", "Average", "SRCC").value == pytest.approx((0.8 + math.sqrt(3) / 2) / 2)
    assert cell(table, "up", "Average", "SRCC").n == 7
    assert cell(table, "up", "Average", "ACC").value == pytest.approx((1 / 3 + 1 / 2) / 2)
    assert [column.group for column in table.columns[::3]] == ["Deblurring", "Denoising", "Average"]
    (classes,) = make_tables(gather(store), "task", TableSettings(ties="three-class")).tables
    assert cell(classes, "up", "Deblurring", "ACC") == TableCell(0.25, 4, 4)  # the tie of people is missed
    assert cell(classes, "up", "Denoising", "ACC") == TableCell(0.0, 1, 1)


def scores_of(data: BenchmarkSet, values: np.ndarray) -> dict[str, float]:
    return {image.image_id: float(value) for image, value in zip(data.manifest.images, values, strict=True)}


@pytest.fixture
def study(tmp_path: Path) -> tuple[BenchmarkSet, Mapping[str, float], Store]:
    data, values = random_study(tmp_path / "study")
    scores = scores_of(data, np.round(values, 1))  # so that some are equal
    store = new_store(tmp_path / "store", data)
    put_scores(store, data, judge("lower", higher_is_better=False), scores)
    return data, scores, store


@pytest.mark.parametrize("over_sources", ["mean", "pooled"])
def test_by_task_against_a_plain_loop(
    over_sources: str, study: tuple[BenchmarkSet, Mapping[str, float], Store]
) -> None:
    data, scores, store = study
    (table,) = make_tables(gather(store), "task", TableSettings(over_sources=over_sources)).tables
    by_id = {image.image_id: image for image in data.manifest.images}
    ends = {
        source: [f([i.mos for i in by_id.values() if i.source == source]) for f in (min, max)]
        for source in ("first", "second")
    }
    checked = 0
    for task in RestorationTask:
        groups: dict[str, list[tuple[float, float]]] = {}
        for image in by_id.values():
            if image.task is task:
                low, high = ends[image.source]
                key = image.source if over_sources == "mean" else "all"
                mos = image.mos if over_sources == "mean" else (image.mos - low) / (high - low)
                groups.setdefault(key, []).append((-scores[image.image_id], mos))
        if not groups:
            continue
        for criterion, function in (("SRCC", stats.spearmanr), ("PLCC", stats.pearsonr)):
            expected = [function(*zip(*rows, strict=True)).statistic for rows in groups.values()]
            found = cell(table, "lower", task.value, criterion)
            assert found.value == pytest.approx(sum(expected) / len(expected), abs=1e-7)
            assert found.n == found.of == sum(map(len, groups.values()))
            checked += 1
        won, clear = 0.0, 0
        for pair in data.manifest.pairs:
            if by_id[pair.image_a].task is task and pair.preference is not EQUAL:
                a, b = (-scores[name] for name in (pair.image_a, pair.image_b))
                won += 0.5 if a == b else float((a > b) == (pair.preference is A))
                clear += 1
        assert_is(cell(table, "lower", task.value, "ACC"), won / clear, clear, clear)
    assert checked == 6


def test_by_range_against_a_plain_loop(study: tuple[BenchmarkSet, Mapping[str, float], Store]) -> None:
    data, scores, store = study
    tables = make_tables(gather(store), "range").tables
    assert [table.name for table in tables] == ["first", "second"]
    seen = 0
    for table in tables:
        images = [image for image in data.manifest.images if image.source == table.name]
        low, high = min(image.mos for image in images), max(image.mos for image in images)
        for number, name in enumerate((*RANGES, "Overall")):
            rows = []
            for image in images:
                place = min(4, math.floor((image.mos - low) / (high - low) * 5))
                if name == "Overall" or place == number:
                    rows.append((-scores[image.image_id], image.mos))
            for criterion, function in (("SRCC", stats.spearmanr), ("PLCC", stats.pearsonr)):
                found = cell(table, "lower", name, criterion)
                assert (found.n, found.of) == (len(rows), len(rows))
                if len(rows) < 3:
                    assert (found.value, found.why) == (None, f"{len(rows)} images; 3 are needed")
                else:
                    assert found.value == pytest.approx(function(*zip(*rows, strict=True)).statistic, abs=1e-9)
                    seen += 1
    assert seen > 12


def test_a_range_holds_its_lower_end_whatever_the_scale() -> None:
    np.testing.assert_array_equal(normalised(np.array([1, 1.8, 2.6, 3.4, 4.2, 5])), [0, 0.2, 0.4, 0.6, 0.8, 1])


def test_what_is_missing_is_left_out_and_counted(tmp_path: Path) -> None:
    images = [record(name, mos=float(n), content=f"scene {n}") for n, name in enumerate("abcde")]
    images.append(record("without"))
    data = data_set(tmp_path / "study", images)
    store = new_store(tmp_path / "store", data)
    put_scores(store, data, judge("some"), {"a": 1.0, "b": 2.0, "c": 4.0, "d": "is bad", "e": math.inf, "without": 9.0})
    put_scores(store, data, judge("few"), {"a": 1.0, "b": 2.0})
    put_scores(store, data, judge("none"), dict.fromkeys("abcde", "is bad"))
    put_scores(store, data, judge("constant"), dict.fromkeys("abcde", 0.5))
    result = make_tables(gather(store), "task")
    (table,) = result.tables
    assert {column.criterion for column in table.columns} == {"SRCC", "PLCC"}  # there are no pairs
    found = {row.metric: cell(table, row.metric, "Deblurring", "SRCC") for row in table.rows}
    assert_is(found["some"], 1.0, 3, 5)
    assert found["few"] == TableCell(None, 2, 5, "2 images; 3 are needed")
    assert found["none"] == TableCell(None, 0, 5, "is bad")
    assert found["constant"] == TableCell(None, 5, 5, "all scores are equal")
    assert cell(table, "constant", "Average", "SRCC") == TableCell(None, 0, 5, "all scores are equal")
    assert set(table.notes) == {
        "SOME: 1 infinite scores are left out of correlations.",
        "SOME: 1 of 6 images couldn't be judged.",
        "NONE: 5 of 6 images couldn't be judged.",
        "FEW: 4 of 6 images aren't judged yet.",
        "NONE: 1 of 6 images aren't judged yet.",
        "CONSTANT: 1 of 6 images aren't judged yet.",
    }


def test_without_references_a_full_reference_metric_has_dashes_and_stands_first(tmp_path: Path) -> None:
    images = [record(name, mos=float(n)) for n, name in enumerate("abc")]
    images += [record(name, mos=float(n), task=DENOISE, reference="r") for n, name in enumerate("xyz")]
    data = data_set(tmp_path / "study", images, (Pair("a", "b", A), Pair("x", "y", A)))
    store = new_store(tmp_path / "store", data)
    put_scores(store, data, judge("alone"), dict(zip("abcxyz", range(6), strict=True)))
    fr = judge("full", full_reference=True)
    with_reference = data_set(tmp_path / "study", [*images[3:]])
    put_scores(store, with_reference, fr, {"x": 3.0, "y": 2.0, "z": 1.0})
    (table,) = make_tables(gather(store), "task").tables
    assert [row.metric for row in table.rows] == ["full", "alone"]
    for criterion, of in (("SRCC", 3), ("ACC", 1)):
        assert cell(table, "full", "Deblurring", criterion) == TableCell(None, 0, of, "no reference image")
    assert_is(cell(table, "full", "Average", "SRCC"), -1.0, 3, 6)
    assert_is(cell(table, "full", "Average", "ACC"), 1.0, 1, 2)


def test_infinite_scores_count_in_pairs(tmp_path: Path) -> None:
    data = data_set(
        tmp_path / "study",
        [record(name) for name in "abc"],
        (Pair("a", "b", A), Pair("b", "c", A), Pair("c", "a", B)),
    )
    store = new_store(tmp_path / "store", data)
    put_scores(store, data, judge("one"), {"a": math.inf, "b": math.inf, "c": 3.0})
    (table,) = make_tables(gather(store), "task").tables
    assert {column.criterion for column in table.columns} == {"ACC"}  # there are no MOS
    assert_is(cell(table, "one", "Deblurring", "ACC"), 2.5 / 3, 3, 3)


def test_a_judge_that_compares_has_both_accuracies(tmp_path: Path) -> None:
    images = [record(name, mos=float(n)) for n, name in enumerate("abc")]
    data = data_set(tmp_path / "study", images, (Pair("a", "b", A), Pair("b", "c", B), Pair("a", "c", B)))
    store = new_store(tmp_path / "store", data)
    by = judge("pairs", compares=True, note="weights x")
    put_scores(store, data, by, {"a": 3.0, "b": 2.0, "c": 1.0})
    put_comparisons(store, data, by, {("a", "b"): B, ("b", "c"): B, ("a", "c"): None})
    (table,) = make_tables(gather(store), "task").tables
    first, second = table.rows
    assert (first.title, first.note) == ("PAIRS", "weights x; ACC by its comparison head")
    assert second.title == "PAIRS, scores alone"
    assert cell(table, first.metric, "Deblurring", "ACC") == TableCell(0.5, 2, 3)
    assert_is(cell(table, second.metric, "Deblurring", "ACC"), 1 / 3, 3, 3)
    assert cell(table, second.metric, "Deblurring", "SRCC").why == "as in the row above"
    (by_range,) = make_tables(gather(store), "range").tables
    assert [row.note for row in by_range.rows] == ["weights x"]


def test_intervals_are_the_bootstrap_of_the_contents(tmp_path: Path) -> None:
    """Against a loop that writes each resample out: other draws, so within what two thousand of them leave open."""
    data, values = random_study(tmp_path / "study", contents=12)
    scores = scores_of(data, values)
    store = new_store(tmp_path / "store", data)
    put_scores(store, data, judge("lower", higher_is_better=False), scores)
    settings = TableSettings(intervals=True, resamples=2000, confidence=0.9)
    (table,) = make_tables(gather(store, sources=["first"]), "task", settings).tables
    rows: dict[str, list[tuple[float, float]]] = {}
    for image in data.manifest.images:
        if image.source == "first" and image.task is DENOISE:
            rows.setdefault(image.content, []).append((-scores[image.image_id], image.mos))
    generator = np.random.default_rng(7)
    values = []
    for _ in range(2000):
        drawn = [row for name in generator.choice(sorted(rows), len(rows)) for row in rows[str(name)]]
        values.append(stats.spearmanr(*zip(*drawn, strict=True)).statistic)
    low, high = np.quantile(values, [0.05, 0.95])
    found = cell(table, "lower", "Denoising", "SRCC")
    assert found.low == pytest.approx(low, abs=0.05)
    assert found.high == pytest.approx(high, abs=0.05)
    average = cell(table, "lower", "Average", "SRCC")
    assert average.low < average.value < average.high
    again = make_tables(gather(store, sources=["first"]), "task", settings)
    assert again.tables[0] == table
    assert again.settings["resamples"] == "2000"


def test_one_content_gives_no_interval(tmp_path: Path) -> None:
    images = [record(name, mos=float(n)) for n, name in enumerate("abcd")]
    data = data_set(tmp_path / "study", images)
    store = new_store(tmp_path / "store", data)
    put_scores(store, data, judge("one"), dict(zip("abcd", (1, 3, 2, 4), strict=True)))
    with pytest.raises(UserError, match="every figure rests on one content"):
        make_tables(gather(store), "range", TableSettings(intervals=True))
    more = [record(name, mos=float(n), task=DENOISE, content=f"scene {n}") for n, name in enumerate("wxyz")]
    data = data_set(tmp_path / "study", [*images, *more])
    store.add_set(data)
    put_scores(store, data, judge("one"), dict(zip("abcdwxyz", (1, 3, 2, 4, 1, 3, 2, 4), strict=True)))
    (table,) = make_tables(gather(store), "task", TableSettings(intervals=True)).tables
    assert cell(table, "one", "Deblurring", "SRCC").low is None
    assert cell(table, "one", "Denoising", "SRCC").low is not None
    assert cell(table, "one", "Average", "SRCC").low is None
    assert table.notes[-1].endswith("Figures over one content have none.")


def test_constant_mos_have_no_ranges_and_no_correlation(tmp_path: Path) -> None:
    data = data_set(tmp_path / "study", [record(name, mos=2.0) for name in "abcd"])
    store = new_store(tmp_path / "store", data)
    put_scores(store, data, judge("one"), dict(zip("abcd", range(4), strict=True)))
    (table,) = make_tables(gather(store), "range").tables
    assert cell(table, "one", "Overall", "SRCC") == TableCell(None, 4, 4, "all MOS are equal")
    assert cell(table, "one", RANGES[0], "SRCC") == TableCell(None, 0, 0, "0 images; 3 are needed")
    assert table.notes[0] == "All MOS of first are equal; there are no ranges."


def test_a_mapping_of_plcc_by_name(study: tuple[BenchmarkSet, Mapping[str, float], Store]) -> None:
    _, _, store = study
    raw, fitted = (
        cell(make_tables(gather(store), "range", TableSettings(mapping=name)).tables[0], "lower", "Overall", "PLCC")
        for name in ("raw", "logistic4")
    )
    assert fitted.value >= abs(raw.value) - 1e-6
    with pytest.raises(UserError, match="no intervals of PLCC after logistic4"):
        make_tables(gather(store), "range", TableSettings(mapping="logistic4", intervals=True))


def test_what_the_labels_dont_allow(tmp_path: Path) -> None:
    no_mos = data_set(tmp_path / "study", [record("a", task=None), record("b")], (Pair("b", "b2", A),)[:0])
    store = new_store(tmp_path / "store", no_mos)
    put_scores(store, no_mos, judge("one"), {"a": 1.0})
    with pytest.raises(UserError, match="no image of first has a MOS"):
        make_tables(gather(store), "range")
    with pytest.raises(UserError, match="no image has a MOS or a pair with a preference; nothing can be shown by task"):
        make_tables(gather(store), "task")
    store.add_set(data_set(tmp_path / "study", [record("a", task=None, mos=1.0)]))
    with pytest.raises(UserError, match="no image has a task"):
        make_tables(gather(store), "task")


def test_unknown_names_list_the_nearest(study: tuple[BenchmarkSet, Mapping[str, float], Store], tmp_path: Path) -> None:
    _, _, store = study
    with pytest.raises(UserError, match="holds no metric called 'lowr'; did you mean lower"):
        gather(store, metrics=["lowr"])
    with pytest.raises(UserError, match="holds no data set called 'fist'; did you mean first"):
        gather(store, sources=["fist"])
    with pytest.raises(UserError, match="holds no set called 'studie'; did you mean study"):
        gather(store, sets=["studie"])
    with pytest.raises(UserError, match="holds no set yet; `fgresq benchmark run` adds some"):
        gather(new_store(tmp_path / "empty"))


def test_an_image_in_two_sets_counts_once_or_not_at_all(tmp_path: Path) -> None:
    images = [record(name, mos=float(n)) for n, name in enumerate("abc")]
    one = data_set(tmp_path / "x" / "study", images)
    (tmp_path / "y").mkdir()
    (tmp_path / "y" / "study").symlink_to(tmp_path / "x" / "study")
    from fgresq.benchmark.sets import read_set

    store = new_store(tmp_path / "store", one, read_set(f"again={tmp_path / 'y' / 'study'}"))
    put_scores(store, one, judge("one"), {"a": 1.0, "b": 2.0, "c": 3.0})
    with pytest.raises(UserError, match=r"stand in two sets: a \(again, study\).*choose one of the sets with --set"):
        gather(store)
    (table,) = make_tables(gather(store, sets=["study"]), "range").tables
    assert_is(cell(table, "one", "Overall", "SRCC"), 1.0, 3, 3)


def test_of_two_versions_of_a_judge_the_last_one_used_counts(tmp_path: Path) -> None:
    data = data_set(tmp_path / "study", [record(name, mos=float(n)) for n, name in enumerate("abc")])
    store = new_store(tmp_path / "store", data)
    put_scores(store, data, judge("one", version="2"), {"a": 3.0, "b": 2.0, "c": 1.0})
    put_scores(store, data, judge("one", version="1"), {"a": 1.0, "b": 2.0, "c": 3.0})
    result = make_tables(gather(store), "range")
    assert cell(result.tables[0], "one", "Overall", "SRCC").value == pytest.approx(1)
    assert any("scores of another version or other weights" in note for note in result.tables[0].notes)
    assert result.judges == {"one": "native 1"}
