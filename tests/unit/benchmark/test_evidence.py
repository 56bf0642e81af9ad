"""What a report shows beside the tables, held to plain loops over the same store."""

import hashlib
from itertools import combinations
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.stats import rankdata, spearmanr
from tests.unit.benchmark.studies import (
    DEBLUR,
    DENOISE,
    data_set,
    judge,
    new_store,
    put_comparisons,
    put_scores,
    random_study,
    record,
)

from fgresq.benchmark.evidence import make_evidence
from fgresq.benchmark.evidence.significance import MOST_MISSING
from fgresq.benchmark.sets import BenchmarkSet
from fgresq.benchmark.store import Store
from fgresq.benchmark.tables import TableSettings
from fgresq.criteria.significance import holm
from fgresq.errors import UserError
from fgresq.records import ImageRecord, Pair, Preference
from fgresq.results import BenchmarkEvidence, SignificanceMatrix

SETTINGS = TableSettings(resamples=400)


def evidence_of(store: Store, **other: object) -> BenchmarkEvidence:
    return make_evidence(store, SETTINGS, **other)  # type: ignore[arg-type]


def matrix_of(evidence: BenchmarkEvidence, group: str, criterion: str) -> SignificanceMatrix:
    [found] = [each for each in evidence.matrices if (each.group, each.criterion) == (group, criterion)]
    return found


def one_source(root: Path, contents: int = 8, each: int = 4, **other: object) -> tuple[BenchmarkSet, np.ndarray]:
    """Images with MOS from 1 on, all different."""
    images = [
        record(f"{c}-{n}", content=f"scene {c}", mos=float(1 + c + contents * n), **other)
        for c in range(contents)
        for n in range(each)
    ]
    return data_set(root, images), np.array([image.mos for image in images])


def by_identity(data: BenchmarkSet, scores: np.ndarray) -> dict[str, float | str | None]:
    return {image.image_id: float(score) for image, score in zip(data.manifest.images, scores, strict=True)}


@pytest.fixture
def three_metrics(tmp_path: Path) -> tuple[Store, BenchmarkSet, dict[str, np.ndarray]]:
    """A good, a middling and a bad metric; the bad one's scores are lower for better images, as declared."""
    data, mos = one_source(tmp_path / "set")
    generator = np.random.default_rng(5)
    store = new_store(tmp_path / "store", data)
    scores = {
        "good": mos + generator.normal(0, 2, len(mos)),
        "middling": mos + generator.normal(0, 15, len(mos)),
        "bad": -(mos + generator.normal(0, 60, len(mos))),
    }
    for name, values in scores.items():
        put_scores(store, data, judge(name, higher_is_better=name != "bad"), by_identity(data, values))
    return store, data, scores


def test_a_matrix_compares_every_two_metrics_by_resampled_contents(
    three_metrics: tuple[Store, BenchmarkSet, dict[str, np.ndarray]],
) -> None:
    store, data, scores = three_metrics
    matrix = matrix_of(evidence_of(store), DEBLUR.value, "SRCC")
    mos = [image.mos for image in data.manifest.images]
    oriented = {"GOOD": scores["good"], "MIDDLING": scores["middling"], "BAD": -scores["bad"]}
    assert matrix.titles == ("GOOD", "MIDDLING", "BAD")
    assert matrix.values == pytest.approx([spearmanr(oriented[title], mos).statistic for title in matrix.titles])
    assert (matrix.n, matrix.contents, matrix.why, matrix.left_out) == (32, 8, None, ())
    assert [(test.first, test.second) for test in matrix.tests] == [(0, 1), (0, 2), (1, 2)]
    for test in matrix.tests:
        assert test.difference == pytest.approx(matrix.values[test.first] - matrix.values[test.second])
        assert test.low <= test.difference <= test.high
    assert tuple(test.adjusted for test in matrix.tests) == holm([test.p for test in matrix.tests])
    assert matrix.tests[1].p == pytest.approx(2 / 401)  # no resample turns it round


def test_p_is_what_a_loop_over_resamples_finds(
    three_metrics: tuple[Store, BenchmarkSet, dict[str, np.ndarray]],
) -> None:
    store, data, scores = three_metrics
    found = matrix_of(make_evidence(store, TableSettings(resamples=4000)), DEBLUR.value, "SRCC").tests[2]
    mos = np.array([image.mos for image in data.manifest.images]).reshape(8, 4)
    a, b = scores["middling"].reshape(8, 4), -scores["bad"].reshape(8, 4)
    generator = np.random.default_rng(1)
    differences = []
    for _ in range(1500):
        rows = generator.integers(8, size=8)
        people = mos[rows].ravel()
        differences.append(spearmanr(a[rows].ravel(), people)[0] - spearmanr(b[rows].ravel(), people)[0])
    low, high = np.percentile(differences, [2.5, 97.5])
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.03)
    tail = min(np.mean(np.array(differences) <= 0), np.mean(np.array(differences) >= 0))
    assert found.p == pytest.approx(2 * tail, abs=0.02)


def test_figures_of_a_matrix_are_those_of_the_table(tmp_path: Path) -> None:
    data, scores = random_study(tmp_path / "set")
    store = new_store(tmp_path / "store", data)
    put_scores(store, data, judge("one"), by_identity(data, scores))
    put_scores(store, data, judge("two"), by_identity(data, np.roll(scores, 3)))
    evidence = evidence_of(store)
    table = evidence.by_task.tables[0]
    checked = 0
    for matrix in evidence.matrices:
        for row in table.rows:
            for column, cell in zip(table.columns, row.cells, strict=True):
                if (column.group, column.criterion) == (matrix.group, matrix.criterion):
                    assert matrix.values[matrix.titles.index(row.title)] == pytest.approx(cell.value)
                    checked += 1
    assert checked == 2 * 2 * 4  # metrics, criteria, three tasks and their mean
    assert [m.group for m in evidence.matrices if m.criterion == "SRCC"][-2:] == ["first", "second"]


def test_a_metric_that_lacks_much_is_left_out_and_one_that_lacks_little_is_not(tmp_path: Path) -> None:
    data, mos = one_source(tmp_path / "set")
    store = new_store(tmp_path / "store", data)
    put_scores(store, data, judge("whole"), by_identity(data, mos))
    few, many = by_identity(data, -mos), by_identity(data, mos**2)
    for scores, share in ((few, MOST_MISSING / 2), (many, 2 * MOST_MISSING)):
        for identity in list(scores)[: int(share * len(scores))]:
            scores[identity] = "broken"
    put_scores(store, data, judge("few"), few)
    put_scores(store, data, judge("many"), many)
    put_scores(store, data, judge("flat"), by_identity(data, np.ones(len(mos))))
    matrix = matrix_of(evidence_of(store), DEBLUR.value, "SRCC")
    assert matrix.titles == ("WHOLE", "FEW")
    assert matrix.n == 31
    assert matrix.left_out == ("MANY: no finite score for 6 of 32 images.", "FLAT: its SRCC is undefined there.")


def test_one_content_has_figures_but_no_intervals_and_no_tests(tmp_path: Path) -> None:
    data, mos = one_source(tmp_path / "set", contents=1, each=6)
    store = new_store(tmp_path / "store", data)
    put_scores(store, data, judge("one"), by_identity(data, mos))
    put_scores(store, data, judge("two"), by_identity(data, mos[::-1]))
    evidence = evidence_of(store)
    matrix = matrix_of(evidence, DEBLUR.value, "SRCC")
    assert matrix.values == pytest.approx((1.0, -1.0))
    assert matrix.tests == ()
    assert "at least two contents" in (matrix.why or "")
    assert [reason.partition(":")[0] for reason in evidence.missing] == [
        "No intervals by task",
        "No intervals by range",
    ]
    assert all(cell.low is None for row in evidence.by_task.tables[0].rows for cell in row.cells)


def test_a_lone_metric_has_nothing_to_be_compared_with(tmp_path: Path) -> None:
    data, mos = one_source(tmp_path / "set")
    store = new_store(tmp_path / "store", data)
    put_scores(store, data, judge("lone"), by_identity(data, mos))
    assert "Fewer than two metrics" in (matrix_of(evidence_of(store), DEBLUR.value, "SRCC").why or "")


def test_without_mos_there_is_no_table_by_range_and_without_tasks_none_by_task(tmp_path: Path) -> None:
    pair = [Pair("a", "b", Preference.A)]
    store = new_store(tmp_path / "store", data_set(tmp_path / "set", [record("a"), record("b")], pair))
    put_scores(store, store.sets()[0], judge("any"), {"a": 1, "b": 2})
    evidence = evidence_of(store)
    assert evidence.by_range is None
    assert any(reason.startswith("No table by range: ") and "MOS" in reason for reason in evidence.missing)
    assert matrix_of(evidence, DEBLUR.value, "ACC").values == (0.0,)

    data, mos = one_source(tmp_path / "untasked", task=None)
    store = new_store(tmp_path / "other", data)
    put_scores(store, data, judge("any"), by_identity(data, mos))
    evidence = evidence_of(store)
    assert evidence.by_task is None
    assert any(reason.startswith("No table by task: ") for reason in evidence.missing)
    assert [(m.group, m.criterion) for m in evidence.matrices] == [("first", "SRCC")]


def brute_force(images: list[ImageRecord], scores: np.ndarray) -> list[tuple[float, str, str]]:
    """Size, what people prefer and what the metric prefers, of every two images of a content and task."""
    by_mos = (rankdata([image.mos for image in images]) - 1) / (len(images) - 1)
    by_score = (rankdata(scores) - 1) / (len(images) - 1)
    found = []
    for i, j in combinations(range(len(images)), 2):
        if (images[i].content, images[i].task) == (images[j].content, images[j].task):
            people, metric = by_mos[i] - by_mos[j], by_score[i] - by_score[j]
            if people * metric < 0:
                better, other = (i, j) if people > 0 else (j, i)
                found.append((min(abs(people), abs(metric)), images[better].image_id, images[other].image_id))
    return sorted(found, key=lambda each: -each[0])


def test_disagreements_by_mos_are_those_of_a_loop_over_all_pairs(tmp_path: Path) -> None:
    generator = np.random.default_rng(2)
    images = [
        record(f"{c}-{n}", content=f"scene {c}", task=DENOISE if n % 2 else DEBLUR, mos=float(generator.uniform()))
        for c in range(5)
        for n in range(8)
    ]
    data = data_set(tmp_path / "set", images)
    scores = generator.normal(size=len(images))
    store = new_store(tmp_path / "store", data)
    put_scores(store, data, judge("any", higher_is_better=False), by_identity(data, -scores))
    expected = brute_force(images, scores)
    assert len(expected) > 12
    found = evidence_of(store, disagreements=1000).disagreements
    assert [each.size for each in found] == pytest.approx([size for size, _, _ in expected])
    sides = {(Path(each.by_people.path).stem, Path(each.by_metric.path).stem) for each in found}
    assert sides == {(people, metric) for _, people, metric in expected}
    assert {each.basis for each in found} == {"MOS"}
    top = evidence_of(store, disagreements=5).disagreements
    assert len({each.content for each in found}) == 4
    assert len({each.content for each in top}) == 4  # each content once before any comes again
    assert top[0] == found[0]
    index = [image.image_id for image in images].index(Path(top[0].by_metric.path).stem)
    assert top[0].by_metric.score == pytest.approx(-scores[index])  # in the metric's own unit
    assert evidence_of(store, disagreements=0).disagreements == ()


def test_disagreements_by_preferences_are_the_pairs_that_a_metric_gets_wrong(tmp_path: Path) -> None:
    images = [record(name, content=name[0]) for name in ("a1", "a2", "b1", "b2", "c1", "c2", "d1", "d2")]
    pairs = [
        Pair("a1", "a2", Preference.A),
        Pair("b1", "b2", Preference.B),
        Pair("c1", "c2", Preference.EQUAL),
        Pair("d1", "d2", Preference.A),
    ]
    data = data_set(tmp_path / "set", images, pairs)
    store = new_store(tmp_path / "store", data)
    scores = {"a1": 1, "a2": 8, "b1": 5, "b2": 2, "c1": 3, "c2": 4, "d1": 7, "d2": 6}
    put_scores(store, data, judge("scores"), scores)
    heads = judge("heads", compares=True)
    put_scores(store, data, heads, scores)
    answers = {("a1", "a2"): Preference.A, ("b1", "b2"): Preference.EQUAL, ("d1", "d2"): Preference.B}
    put_comparisons(store, data, heads, answers)
    found = [
        (each.metric, Path(each.by_people.path).stem, Path(each.by_metric.path).stem, each.basis, round(each.size, 6))
        for each in evidence_of(store).disagreements
    ]
    assert found == [
        ("heads", "d1", "d2", "preferences", 0.0),  # against its own scores
        ("scores", "a1", "a2", "preferences", 1.0),
        ("scores", "b2", "b1", "preferences", round(3 / 7, 6)),
    ]


def test_coverage_failures_and_checksums_are_recorded(tmp_path: Path) -> None:
    images = [
        record("a", mos=1.0, reference="ref.png"),
        record("b", mos=2.0),
        record("c", mos=3.0, reference="ref.png"),
    ]
    data = data_set(tmp_path / "set", images, [Pair("a", "b", Preference.A)])
    store = new_store(tmp_path / "store", data)
    heads = judge("heads", compares=True, parameters="ab" * 32, note="fitted here")
    put_scores(store, data, heads, {"a": 1, "b": "too <small>"})
    put_comparisons(store, data, heads, {("a", "b"): Preference.A})
    evidence = evidence_of(store)
    [kept] = evidence.metrics
    [covered] = kept.coverage
    assert (covered.images, covered.scored, covered.failed, covered.open) == (3, 1, 1, 1)
    assert (covered.pairs, covered.compared, covered.without_reference) == (1, 1, 0)
    assert kept.failures == ((str(tmp_path / "set" / "b.png"), "too <small>"),)
    assert (kept.parameters, kept.note) == ("ab" * 32, "fitted here")
    [kept_set] = evidence.sets
    for name in ("images", "pairs"):
        content = (store.root / "sets" / "set" / f"{name}.parquet").read_bytes()
        assert kept_set.tables_sha256[name] == hashlib.sha256(content).hexdigest()
    hashes = pl.read_parquet(store.root / "sets" / "set" / "files.parquet")["sha256"].sort().to_list()
    assert len(hashes) == 4
    assert kept_set.files_sha256 == hashlib.sha256("\n".join(hashes).encode()).hexdigest()
    assert (kept_set.images, kept_set.contents, kept_set.with_mos, kept_set.pairs) == (3, 1, 3, 1)
    assert evidence.settings["resamples"] == "400"
    assert set(evidence.software) >= {"fgresq", "Python", "numpy", "scipy"}


def test_only_what_is_asked_for_is_looked_at(tmp_path: Path) -> None:
    data, scores = random_study(tmp_path / "set")
    store = new_store(tmp_path / "store", data)
    put_scores(store, data, judge("one"), by_identity(data, scores))
    put_scores(store, data, judge("two"), by_identity(data, -scores))
    evidence = evidence_of(store, sources=["first"], metrics=["two"])
    assert [each.name for each in evidence.metrics] == ["two"]
    assert evidence.metrics[0].coverage[0].images == sum(image.source == "first" for image in data.manifest.images)
    assert {each.source for each in evidence.disagreements} == {"first"}
    with pytest.raises(UserError, match="no data set called 'firts'; did you mean first"):
        evidence_of(store, sources=["firts"])
