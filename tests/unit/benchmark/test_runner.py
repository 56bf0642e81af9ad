"""The runner computes what is missing, once, and keeps what it learns."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.unit.benchmark.studies import data_set, judge, new_store, record
from tests.unit.metrics.engines import conftest as metrics_engines

from fgresq.benchmark import runner, work
from fgresq.benchmark.coverage import Known, known_in
from fgresq.benchmark.sets import read_set
from fgresq.benchmark.store import Store
from fgresq.errors import CheckpointError, OutputError
from fgresq.manifest import write_csv
from fgresq.metrics.base import Item, MetricCard, PairScore, Score
from fgresq.metrics.catalogue import card_of
from fgresq.metrics.engines import metric as engine_metric
from fgresq.metrics.engines.engine import Engine
from fgresq.metrics.runners import MetricSettings
from fgresq.records import Pair, Preference

# The fixtures that stand in for an installed engine.
engine_of, grey = metrics_engines.engine_of, metrics_engines.grey
HOSTILE = Path(metrics_engines.__file__).with_name("hostile_program.py")


USED: dict[str, Any] = {}
"""The metrics of a test by name."""


@dataclass
class Counting:
    """Scores a file by the length of its name, and counts how often it is asked."""

    card: MetricCard
    asked: Counter[tuple[str, ...]] = field(default_factory=Counter)
    bad: set[str] = field(default_factory=set)
    not_kept: set[str] = field(default_factory=set)

    def score(self, items: Sequence[Item]) -> list[Score]:
        assert len(items) <= self.card.at_once
        self.asked.update((Path(a).name, *([Path(b).name] if b else [])) for a, b in items)
        return [self._score(str(image)) for image, _ in items]

    def _score(self, path: str) -> Score:
        name = Path(path).name
        if name in self.not_kept:
            return Score(None, "gave up", retry=True)
        return Score(None, "is bad") if name in self.bad else Score(float(len(name)))


@dataclass
class Comparing(Counting):
    """Prefers the first name of the alphabet."""

    def compare(self, pairs: Sequence[tuple[str, str]]) -> list[PairScore]:
        answers = []
        for a, b in pairs:
            self.asked[Path(a).name, "against", Path(b).name] += 1
            both = (self._score(a), self._score(b))
            good = all(verdict.value is not None for verdict in both)
            preference = (Preference.A if a < b else Preference.B) if good else None
            answers.append(PairScore(preference, *((0.5, 0.25, 0.25) if good else (None, None, None)), both))
        return answers


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Any:
    def install(*judges: Counting) -> None:
        by_name = {each.card.name: each for each in judges}
        USED.update(by_name)
        monkeypatch.setattr(runner, "open_metric", lambda card, _: by_name[card.name])
        monkeypatch.setattr(work, "open_metric", lambda card, _: by_name[card.name])

    return install


def run(name: str, store: Store, *sets: Any, **how: Any) -> Any:
    return runner.run_metric(USED[name].card, MetricSettings(), sets, store, known_in(store), spread=map, **how)


def test_only_what_is_missing_is_computed(tmp_path: Path, use: Any) -> None:
    images = [record(name, reference="ref.png") for name in ("a", "bb", "ccc")]
    data = data_set(tmp_path / "study", images)
    alone, fr = Counting(judge("alone", at_once=2)), Counting(judge("fr", at_once=2, full_reference=True))
    use(alone, fr)
    store = new_store(tmp_path / "store", data)
    first = run("alone", store, data)
    assert (first.images, first.scored, first.computed, first.failed) == (3, 3, 3, ())
    assert run("alone", store, data).computed == 0
    more = data_set(tmp_path / "study", [*images, record("dddd", reference="ref.png")])
    assert (run("alone", store, more).computed, run("fr", store, more).computed) == (1, 4)
    assert alone.asked == Counter({(f"{name}.png",): 1 for name in ("a", "bb", "ccc", "dddd")})
    assert fr.asked == Counter({(f"{name}.png", "ref.png"): 1 for name in ("a", "bb", "ccc", "dddd")})
    assert {verdict.value for verdict in store.scores().values()} == {5.0, 6.0, 7.0, 8.0}


def test_a_changed_image_or_judge_is_computed_again_and_a_copied_one_isnt(tmp_path: Path, use: Any) -> None:
    data = data_set(tmp_path / "study", [record("a"), record("b")])
    first, second = Counting(judge("one", at_once=2)), Counting(judge("one", at_once=2, version="2"))
    use(first)
    store = new_store(tmp_path / "store", data)
    run("one", store, data)
    (tmp_path / "study" / "a.png").write_text("another picture")
    changed = data_set(tmp_path / "elsewhere", [record("a"), record("b")])
    (tmp_path / "elsewhere" / "a.png").write_bytes((tmp_path / "study" / "b.png").read_bytes())
    assert run("one", store, read_set(str(tmp_path / "study"))).computed == 1
    copied = read_set(str(tmp_path / "elsewhere"))
    assert run("one", store, copied).computed == 1  # b.png of elsewhere is new, its a.png is study's b.png
    use(second)
    assert run("one", store, copied).computed == 2
    assert changed.name == "elsewhere"


def test_failures_are_kept_with_their_reason_and_tried_again_only_when_asked(tmp_path: Path, use: Any) -> None:
    data = data_set(tmp_path / "study", [record("a"), record("b")])
    one = Counting(judge("one", at_once=2), bad={"a.png"})
    use(one)
    store = new_store(tmp_path / "store", data)
    path = data.manifest.images[0].path
    assert run("one", store, data).failed == ((path, "is bad"),)
    again = run("one", store, data)
    assert (again.computed, again.scored, again.failed) == (0, 1, ((path, "is bad"),))
    one.bad.clear()
    assert run("one", store, data).failed == ((path, "is bad"),)
    retried = run("one", store, data, retry_failed=True)
    assert (retried.computed, retried.scored, retried.failed) == (1, 2, ())
    assert one.asked == Counter({("a.png",): 2, ("b.png",): 1})


def test_what_befell_the_judge_isnt_kept_against_the_image(tmp_path: Path, use: Any) -> None:
    data = data_set(tmp_path / "study", [record("a"), record("b")])
    one = Counting(judge("one", at_once=2), not_kept={"a.png"})
    use(one)
    store = new_store(tmp_path / "store", data)
    assert run("one", store, data).failed == ((data.manifest.images[0].path, "gave up"),)
    one.not_kept.clear()
    assert run("one", store, data).scored == 2
    assert one.asked["a.png",] == 2


def test_missing_files_and_missing_references(tmp_path: Path, use: Any) -> None:
    images = [record("a", reference="r.png"), record("b"), record("c", reference="gone.png"), record("d")]
    data_set(tmp_path / "study", images)
    (tmp_path / "study" / "gone.png").unlink()
    (tmp_path / "study" / "d.png").unlink()
    data = read_set(str(tmp_path / "study"))
    use(Counting(judge("fr", at_once=2, full_reference=True)), Counting(judge("nr", at_once=2)))
    store = new_store(tmp_path / "store", data)
    found = run("fr", store, data)
    assert (found.images, found.scored, found.without_reference) == (4, 1, 1)
    gone = str(tmp_path / "study" / "gone.png")
    assert {(Path(path).name, reason) for path, reason in found.failed} == {
        ("c.png", f"{gone}: no such file"),
        ("d.png", "no such file"),
    }
    alone = run("nr", store, data)
    assert (alone.scored, alone.without_reference, len(alone.failed)) == (3, 0, 1)


def test_pairs_are_compared_once_and_their_scores_needn_be_computed(tmp_path: Path, use: Any) -> None:
    names = ("a", "bb", "ccc", "dddd", "eeeee")
    pairs = (
        Pair("a", "bb", Preference.A),
        Pair("ccc", "bb", Preference.EQUAL),
        Pair("a", "ccc", None),
        Pair("a", "dddd", Preference.B),
    )
    data = data_set(tmp_path / "study", [record(name) for name in names], pairs)
    one = Comparing(judge("one", at_once=2, compares=True), bad={"dddd.png"})
    use(one)
    store = new_store(tmp_path / "store", data)
    told: list[Any] = []

    def begin(by: MetricCard, total: int) -> Any:
        told.append((by.name, total))
        return told.append

    found = run("one", store, data, begin=begin)
    assert (found.scored, found.computed, found.pairs, found.compared, found.compared_now) == (4, 5, 3, 2, 3)
    assert told[0] == ("one", 8)
    assert sum(told[1:]) == 8
    assert one.asked == Counter(
        {("a.png", "against", "bb.png"): 1, ("ccc.png", "against", "bb.png"): 1, ("a.png", "against", "dddd.png"): 1}
        | {("eeeee.png",): 1}
    )
    by_hash = {data.files[image.path].sha256: image.image_id for image in data.manifest.images}
    answers = {(by_hash[a], by_hash[b]): answer for (_, a, b), answer in store.comparisons().items()}
    assert answers == {("a", "bb"): Preference.A, ("ccc", "bb"): Preference.B, ("a", "dddd"): None}
    assert run("one", store, data).compared_now == 0
    one.bad.clear()
    again = run("one", store, data, retry_failed=True)
    assert (again.compared_now, again.compared, again.scored) == (1, 3, 5)


def test_what_was_computed_before_an_error_stays(tmp_path: Path, use: Any) -> None:
    class Breaking(Counting):
        def score(self, items: Sequence[Item]) -> list[Score]:
            if len(self.asked) == 4:
                raise RuntimeError("a fault of ours")
            return super().score(items)

    data = data_set(tmp_path / "study", [record(name) for name in "abcdef"])
    breaking = Breaking(judge("one", at_once=2))
    use(breaking)
    store = new_store(tmp_path / "store", data)
    with pytest.raises(RuntimeError):
        run("one", store, data)
    assert len(store.scores()) == 4
    rest = Counting(judge("one", at_once=2))
    use(rest)
    assert run("one", store, data).computed == 2
    assert set(rest.asked) == {("e.png",), ("f.png",)}


def test_a_judge_that_cant_be_opened_isnt_kept(tmp_path: Path, use: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(card: MetricCard, settings: MetricSettings) -> None:
        raise CheckpointError("mine.csv: isn't a weights file")

    data = data_set(tmp_path / "study", [record("a")])
    use(Counting(judge("mine", at_once=2)), Counting(judge("fr", at_once=2, full_reference=True)))
    store = new_store(tmp_path / "store", data)
    monkeypatch.setattr(runner, "open_metric", never)
    for name in ("mine", "fr"):  # there is no reference, so `fr` has nothing to do
        with pytest.raises(CheckpointError):
            run(name, store, data)
    assert store.metrics() == ()
    use(Counting(judge("mine", at_once=2)), Counting(judge("fr", at_once=2, full_reference=True)))
    assert (run("mine", store, data).scored, run("fr", store, data).without_reference) == (1, 1)
    assert len(store.metrics()) == 2
    monkeypatch.setattr(runner, "open_metric", never)
    assert run("mine", store, data).computed == 0  # all is known, so it isn't opened again


def test_a_judge_that_cant_be_spread_works_here(tmp_path: Path, use: Any) -> None:
    data = data_set(tmp_path / "study", [record("a")])
    use(Counting(judge("one", at_once=2, spreads=False)))
    store = new_store(tmp_path / "store", data)

    def never(*_: Any) -> Any:
        raise AssertionError

    assert runner.run_metric(USED["one"].card, MetricSettings(), (data,), store, Known(), spread=never).scored == 1


def test_a_store_that_cant_be_written_is_an_error(tmp_path: Path, use: Any) -> None:
    data = data_set(tmp_path / "study", [record("a")])
    use(Counting(judge("one", at_once=2)))
    store = new_store(tmp_path / "store", data)
    (tmp_path / "store" / "scores").rmdir()
    with pytest.raises(OutputError, match="there is no folder"):
        run("one", store, data)


def test_a_metric_of_another_program_that_crashes_on_a_picture(
    engine_of: Any, grey: Any, tmp_path: Path, use: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real process: it dies of the second picture and is given up; the rest is judged by the next run."""
    monkeypatch.setenv("HOSTILE_NOTE", str(tmp_path / "note"))
    spec = engine_of(HOSTILE)
    paths = [path for path, _ in grey([10, 250, 20, 30])]
    images = [record(path.stem, path=str(path)) for path in paths]
    write_csv(tmp_path / "images.csv", images)
    data = read_set(str(tmp_path / "images.csv"))
    metric = card_of("clipiqa").model_copy(update={"engine_name": "crash", "least_side": 1})
    store = new_store(tmp_path / "store", data)
    found = []
    for _ in range(2):
        with Engine(spec, device="cpu", faults=1) as engine:
            monkeypatch.setattr(engine_metric, "_started", lambda name, device, engine=engine: engine)
            settings = MetricSettings(device="cpu")
            card = engine_metric.identify_engine_metric(metric, settings)
            opened = engine_metric.open_engine_metric(card, settings)
            USED["clipiqa"] = opened
            monkeypatch.setattr(runner, "open_metric", lambda *_, opened=opened: opened)
            monkeypatch.setattr(work, "open_metric", lambda *_, opened=opened: opened)
            found.append(run("clipiqa", store, data))
    first, second = found
    assert (first.scored, first.computed, second.scored, second.computed) == (1, 4, 3, 2)
    assert [Path(path).name for path, _ in second.failed] == [paths[1].name]
    assert "was ended by signal 6" in second.failed[0][1]
    assert "was given up" in first.failed[1][1]
    assert {verdict.value for verdict in store.scores().values()} == {10.0, 20.0, 30.0, None}
