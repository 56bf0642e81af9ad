"""What a store holds, and that a removal takes out what was named and nothing else."""

import hashlib
from pathlib import Path

import polars as pl
import pytest
from tests.unit.benchmark.studies import data_set, judge, new_store, put_comparisons, put_scores, record
from tests.unit.test_files import full_disk

from fgresq.benchmark.sets import BenchmarkSet
from fgresq.benchmark.store import Store, open_store
from fgresq.benchmark.store import contents as module
from fgresq.benchmark.store.contents import (
    Failure,
    failures_in,
    find_metric,
    metrics_in,
    remove_failures,
    remove_metric,
    remove_set,
    set_names,
)
from fgresq.benchmark.store.folder import score_row
from fgresq.errors import OutputError, UserError
from fgresq.metrics.base import MetricCard, Score
from fgresq.records import Pair, Preference

ONE, TWO = judge("one", compares=True), judge("two")


@pytest.fixture
def study(tmp_path: Path) -> BenchmarkSet:
    return data_set(tmp_path / "study", [record(name) for name in "abc"], (Pair("a", "b", Preference.A),))


@pytest.fixture
def store(tmp_path: Path, study: BenchmarkSet) -> Store:
    """Parts of one judge, of the other, and of both; each has a failure."""
    store = new_store(tmp_path / "store", study)
    put_scores(store, study, ONE, {"a": 1.0, "b": "is bad"})
    put_scores(store, study, TWO, {"a": 2.0, "c": "is too small"})
    with store.score_writer() as writer:
        for by, value in ((ONE, 3.0), (TWO, 4.0)):
            files = [study.files[image.path].sha256 for image in study.manifest.images]
            writer.add([score_row(by.key, files[2 if by is ONE else 1] or "", None, Score(value), "somewhere")])
    put_comparisons(store, study, ONE, {("a", "b"): None})
    return store


def files_of(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def counts(store: Store) -> dict[str, tuple[int, int, int, int]]:
    return {each.name: (each.scored, each.failed, each.compared, each.not_compared) for each in metrics_in(store)}


def test_what_is_counted(store: Store, study: BenchmarkSet) -> None:
    assert counts(store) == {"one": (2, 1, 0, 1), "two": (2, 1, 0, 0)}
    paths = {image.image_id: image.path for image in study.manifest.images}
    assert failures_in(store) == (Failure(ONE.key, paths["b"], "is bad"), Failure(TWO.key, paths["c"], "is too small"))
    put_scores(store, study, ONE, {"b": 5.0})
    put_scores(store, study, ONE, {"b": "again"})  # a score stands
    assert [failure.metric for failure in failures_in(store)] == [TWO.key]
    assert counts(store)["one"] == (3, 0, 0, 1)


def test_a_metric_goes_with_its_answers_and_nothing_else_does(store: Store, study: BenchmarkSet) -> None:
    before, kept = files_of(store.root), {key: value for key, value in store.scores().items() if key[0] == TWO.key}
    remove_metric(store, ONE.key)
    again = open_store(store.root)
    assert again.scores() == kept
    assert again.comparisons() == {}
    assert [card for card, _ in again.metrics()] == [TWO]
    assert not again.has_metric(ONE)
    after = files_of(store.root)
    changed = {name for name in before if after.get(name) != before[name]}
    assert not set(after) - set(before)
    assert {name.split("/")[0] for name in changed} == {"judges", "scores", "comparisons"}
    assert sum(after[name] == before[name] for name in after if name.startswith("scores/")) == 1  # that of TWO alone
    assert again.sets()[0].files == study.files


def test_failures_go_and_scores_stay(store: Store) -> None:
    kept = {key: verdict for key, verdict in store.scores().items() if verdict.value is not None}
    others = {key: verdict for key, verdict in store.scores().items() if key[0] == TWO.key}
    remove_failures(store, [ONE.key])
    assert store.scores() == {**kept, **others}
    assert store.comparisons() == {}
    assert counts(store) == {"one": (2, 0, 0, 0), "two": (2, 1, 0, 0)}
    remove_failures(store, [ONE.key, TWO.key])
    assert store.scores() == kept


def test_a_set_goes_and_the_scores_of_its_files_stay(store: Store, study: BenchmarkSet, tmp_path: Path) -> None:
    store.add_set(data_set(tmp_path / "other", [record("x")]))
    scores, source = store.scores(), files_of(tmp_path / "study")
    with pytest.raises(UserError, match="the store has no set 'studi'; did you mean study"):
        remove_set(store, "studi")
    with pytest.raises(UserError, match=r"no set '\.\./judges'"):
        remove_set(store, "../judges")
    (store.root / "sets" / "study" / "files.parquet").write_bytes(b"damaged, so that it can't be read")
    remove_set(store, "study")
    assert set_names(store) == ("other",)
    assert [each.name for each in store.sets()] == ["other"]
    assert store.scores() == scores
    assert files_of(tmp_path / "study") == source
    assert not list(store.root.glob(".*"))


def test_a_removal_that_is_killed_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch, study: BenchmarkSet) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module.shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            remove_set(store, "study")
    assert (set_names(store), store.sets()) == ((), ())
    store.add_set(study)
    remove_set(store, "study")
    assert not list(store.root.glob(".*"))


def test_a_full_disk_leaves_every_part_whole(store: Store) -> None:
    before = files_of(store.root)
    with full_disk(100), pytest.raises(OutputError, match="can't be written"):
        remove_failures(store, [ONE.key, TWO.key])
    whole = {name: digest for name, digest in files_of(store.root).items() if name.startswith("scores/")}
    assert whole == {name: digest for name, digest in before.items() if name.startswith("scores/")}
    remove_failures(store, [ONE.key, TWO.key])
    assert failures_in(store) == ()


def test_a_damaged_part_keeps_everything_as_it_was(store: Store) -> None:
    (store.root / "scores" / "9.parquet").write_bytes(b"no")
    before = files_of(store.root)
    for removal in (lambda: remove_metric(store, ONE.key), lambda: remove_failures(store, [ONE.key])):
        with pytest.raises(UserError, match=r"9\.parquet: can't be read"):
            removal()
    assert files_of(store.root) == before


def test_a_metric_is_found_by_name_or_key(store: Store, study: BenchmarkSet) -> None:
    newer = judge("one", version="2")
    put_scores(store, study, newer, {"a": 1.0})
    with store.score_writer() as writer:
        writer.add([score_row("0123456789abcdef", "x", None, Score(1.0), "p")])
    judges = metrics_in(store)
    assert find_metric(judges, "two").key == TWO.key
    assert find_metric(judges, newer.key).card == newer
    assert find_metric(judges, "0123456789abcdef").card is None
    with pytest.raises(UserError, match=f"one is the name of 2 metrics in the store; name one by its key: .*{ONE.key}"):
        find_metric(judges, "one")
    with pytest.raises(UserError, match="has no metric 'tow'; did you mean two"):
        find_metric(judges, "tow")
    remove_metric(store, newer.key)
    assert [card for card, _ in store.metrics() if card.name == "one"] == [ONE]
    assert pl.read_parquet(store.root / "scores" / "*.parquet").filter(pl.col("judge") == newer.key).is_empty()


def test_cards_are_kept_apart_by_what_their_answers_depend_on(store: Store) -> None:
    assert store.has_metric(ONE)
    assert store.has_metric(MetricCard(**{**ONE.model_dump(), "title": "another title"}))
    assert not store.has_metric(judge("one", parameters="ab"))
