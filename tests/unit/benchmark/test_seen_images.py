"""A table over images that the weights have seen says so, and how many they are."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tests.unit.benchmark.studies import DENOISE, data_set, judge, new_store, put_comparisons, put_scores, record

from fgresq.benchmark.evidence import make_evidence
from fgresq.benchmark.sets import BenchmarkSet
from fgresq.benchmark.store import Store
from fgresq.benchmark.tables import TableSettings
from fgresq.benchmark.tables.build import make_tables
from fgresq.benchmark.tables.labels import gather
from fgresq.metrics.base import MetricCard
from fgresq.records import Pair, Preference
from fgresq.results import BenchmarkTable, TableCell
from fgresq.seen import Seen

A, B, EQUAL = Preference.A, Preference.B, Preference.EQUAL
NAMES = "abcdef"


def file_hash(data: BenchmarkSet, identity: str) -> str:
    (path,) = (image.path for image in data.manifest.images if image.image_id == identity)
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def model(data: BenchmarkSet, images: Sequence[str], scenes: Sequence[tuple[str, str]] = ()) -> MetricCard:
    seen = Seen.of("manifest", "split", [file_hash(data, name) for name in images], scenes)
    return judge("fgresq:ref/m", metric="fgresq", title="FGResQ (m)", engine="fgresq", compares=True, seen=seen)


@pytest.fixture
def data(tmp_path: Path) -> BenchmarkSet:
    """Four images of one scene and task, and two of others."""
    images = [record(name, mos=float(n), content="scene ab") for n, name in enumerate("abcd")]
    images += [record(name, mos=float(n), content=f"scene {name}", task=DENOISE) for n, name in enumerate("ef", 4)]
    pairs = (Pair("a", "b", B), Pair("a", "c", B), Pair("c", "d", B), Pair("b", "d", EQUAL))
    return data_set(tmp_path / "study", images, pairs)


def table_of(store: Store, by: str = "task", **settings: object) -> BenchmarkTable:
    (table,) = make_tables(gather(store), by, TableSettings(**settings)).tables  # type: ignore[arg-type]
    return table


def cells(table: BenchmarkTable, row: int = 0) -> dict[tuple[str, str], TableCell]:
    columns = [(column.group, column.criterion) for column in table.columns]
    return dict(zip(columns, table.rows[row].cells, strict=True))


def judged(tmp_path: Path, data: BenchmarkSet, by: MetricCard) -> Store:
    store = new_store(tmp_path / "store", data)
    put_scores(store, data, by, {name: float(n) for n, name in enumerate(NAMES)})
    put_comparisons(store, data, by, {("a", "b"): B, ("a", "c"): B, ("c", "d"): B, ("b", "d"): EQUAL})
    return store


def test_every_figure_counts_what_was_seen(tmp_path: Path, data: BenchmarkSet) -> None:
    store = judged(tmp_path, data, model(data, ["a"]))
    table = table_of(store)
    found = cells(table)
    assert (found["Deblurring", "SRCC"].seen, found["Deblurring", "SRCC"].n) == (1, 4)
    assert (found["Deblurring", "ACC"].seen, found["Deblurring", "ACC"].n) == (2, 3), "pairs with a seen image"
    assert cells(table, 1)["Deblurring", "ACC"].seen == 2, "by the scores alone as well"
    assert found["Average", "ACC"].seen == 2
    three = cells(table_of(store, ties="three-class"))["Deblurring", "ACC"]
    assert (three.seen, three.n) == (2, 4), "the tie is of two that weren't seen"
    assert found["Denoising", "SRCC"].seen == 0
    pooled = cells(table_of(store, over_sources="pooled"))
    assert pooled["Deblurring", "SRCC"].seen == 1
    overall = cells(table_of(store, "range"))["Overall", "SRCC"]
    assert (overall.seen, overall.n) == (1, 6)


def test_what_is_said(tmp_path: Path, data: BenchmarkSet) -> None:
    after = ": figures over them are too good, and have no place in the order. --side test --split-of its folder"
    for images, scenes, said in (
        (["a", "f"], [], "FGResQ (m) has seen 2 of the 6 images that it is measured on in its training"),
        ([], [("first", "scene ab")], "FGResQ (m) has seen the scenes of 4 of the 6 images that it is measured on"),
        (["a"], [("first", "scene ab")], "on in its training, and has seen the scenes of 3 others"),
    ):
        store = judged(tmp_path / str(len(images)) / str(len(scenes)), data, model(data, images, scenes))
        for by in ("task", "range"):
            (warning,) = table_of(store, by).warnings
            assert said + after in warning


def test_references_give_a_scene_away(tmp_path: Path) -> None:
    images = [
        record(name, mos=float(n), reference="pristine.png" if name in "ab" else None) for n, name in enumerate("abc")
    ]
    data = data_set(tmp_path / "study", images)
    pristine = hashlib.sha256((tmp_path / "study" / "pristine.png").read_bytes()).hexdigest()
    by = judge("m", seen=Seen.of("m", "s", [], [("elsewhere", "another name")], [pristine]))
    store = new_store(tmp_path / "store", data)
    put_scores(store, data, by, {"a": 1.0, "b": 2.0, "c": 3.0})
    assert cells(table_of(store, "range"))["Overall", "SRCC"].seen == 2


def test_what_is_not_judged_is_not_warned_of(tmp_path: Path, data: BenchmarkSet) -> None:
    """As after `run --side test`, where the store's set holds the training side too."""
    by = model(data, ["a", "b"])
    store = new_store(tmp_path / "store", data)
    put_scores(store, data, by, {"c": 1.0, "d": 2.0, "e": 3.0, "f": "can't be read"})
    table = table_of(store, "range")
    assert table.warnings == ()
    assert cells(table)["Overall", "SRCC"].seen == 0


def test_only_tables_with_such_figures_are_marked(tmp_path: Path) -> None:
    images = [record(f"{s}{n}", source=s, content=f"{s}{n}", mos=float(n)) for s in ("one", "two") for n in range(4)]
    data = data_set(tmp_path / "study", images)
    by = model(data, ["one1", "one2"])
    store = new_store(tmp_path / "store", data)
    put_scores(store, data, by, {image.image_id: float(n) for n, image in enumerate(images)})
    one, two = make_tables(gather(store), "range").tables
    assert len(one.warnings) == 1
    assert two.warnings == ()


def test_a_model_that_does_not_say_what_it_has_seen_is_named(tmp_path: Path, data: BenchmarkSet) -> None:
    store = judged(tmp_path, data, judge("fgresq", title="FGResQ", engine="fgresq", compares=True))
    put_scores(store, data, judge("psnr"), {"a": 1.0, "b": 2.0, "c": 3.0})
    table = table_of(store)
    said = "Which images these were trained on isn't on record, so some may be among those here: FGResQ."
    assert said in table.notes
    assert table.warnings == ()


def test_the_evidence_of_a_report_says_it_too(tmp_path: Path, data: BenchmarkSet) -> None:
    store = judged(tmp_path, data, model(data, ["a", "b"]))
    evidence = make_evidence(store, TableSettings(resamples=20))
    assert len(evidence.warnings) == 1
    assert [record.seen for record in evidence.metrics] == [2]
    assert evidence.by_range is not None
    assert evidence.by_range.tables[0].warnings == evidence.warnings


def test_the_store_keeps_what_a_judge_has_seen(tmp_path: Path, data: BenchmarkSet) -> None:
    by = model(data, ["a"])
    store = judged(tmp_path, data, by)
    ((known, _),) = store.metrics()
    assert known == by
    assert known.key == model(data, []).key, "it isn't part of what the answers depend on"
    answers = gather(store).answers[0]
    np.testing.assert_array_equal(answers.seen, [name == "a" for name in NAMES])
