"""The store: what is put in is read, failures give way to scores, and what isn't a store is refused."""

import json
import threading
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest
from tests.unit.benchmark.studies import data_set, judge, new_store, put_comparisons, put_scores, record
from tests.unit.test_files import full_disk
from tests.unit.writers import another_writer

from fgresq.benchmark.store import SCHEMA, create_store, folder, open_store
from fgresq.benchmark.store.folder import score_row
from fgresq.benchmark.store.parts import SCORES, PartWriter
from fgresq.errors import OutputError, UserError
from fgresq.metrics.base import Score
from fgresq.records import Pair, Preference

PAIR = Pair("a", "b", Preference.A)


def test_what_is_put_in_is_read(tmp_path: Path) -> None:
    data = data_set(tmp_path / "study", (record("a", mos=1.0, reference="r"), record("b"), record("c")), (PAIR,))
    store = new_store(tmp_path / "store", data)
    by, fr = judge("one"), judge("two", full_reference=True)
    put_scores(store, data, by, {"a": 0.25, "b": "too small", "c": float("inf")})
    put_scores(store, data, fr, {"a": -1.0})
    put_comparisons(store, data, by, {("a", "b"): Preference.EQUAL})
    again = open_store(tmp_path / "store")
    hashes = [data.files[image.path].sha256 for image in data.manifest.images]
    assert again.scores() == {
        (by.key, hashes[0], None): Score(0.25),
        (by.key, hashes[1], None): Score(None, "too small"),
        (by.key, hashes[2], None): Score(float("inf")),
        (fr.key, hashes[0], data.files[data.manifest.images[0].reference].sha256): Score(-1.0),
    }
    assert again.comparisons() == {(by.key, hashes[0], hashes[1]): Preference.EQUAL}
    (found,) = again.sets()
    assert (found.name, found.files, found.manifest.images) == ("study", data.files, data.manifest.images)
    assert [card for card, _ in again.metrics()] == [fr, by]


def test_what_systems_and_storage_devices_add_is_no_part_of_a_store(tmp_path: Path) -> None:
    (tmp_path / "store" / "@eaDir").mkdir(parents=True)
    (tmp_path / "store" / ".DS_Store").touch()
    data = data_set(tmp_path / "study", (record("a"),))
    store, by = new_store(tmp_path / "store", data), judge("one")
    put_scores(store, data, by, {"a": 0.25})
    for kept in ("judges", "sets", "scores"):
        for path in sorted((tmp_path / "store" / kept).iterdir()):
            path.with_name(f"._{path.name}").write_bytes(b"Mac OS X")
            (path.parent / "@eaDir" / path.name).mkdir(parents=True)
            (path.parent / "@eaDir" / "manifest.json").write_bytes(b"")
    again = open_store(tmp_path / "store")
    assert [verdict.value for verdict in again.scores().values()] == [0.25]
    assert [found.name for found in again.sets()] == ["study"]
    assert [card for card, _ in again.metrics()] == [by]


def test_a_score_replaces_a_failure_and_never_the_other_way_round(tmp_path: Path) -> None:
    data = data_set(tmp_path / "study", (record("a"),))
    store = new_store(tmp_path / "store", data)
    for value in ("first failure", "second failure"):
        put_scores(store, data, judge("one"), {"a": value})
    assert [verdict.error for verdict in store.scores().values()] == ["second failure"]
    for value in (0.5, "third failure"):
        put_scores(store, data, judge("one"), {"a": value})
    assert [*store.scores().values()] == [Score(0.5)]


def test_a_key_changes_with_all_that_answers_depend_on() -> None:
    base = judge("one")
    others = [
        judge("one", version="2"),
        judge("one", parameters="ab"),
        judge("one", settings="bf16"),
        judge("one", engine="pyiqa"),
        judge("two"),
    ]
    assert len({each.key for each in (base, *others)}) == 6
    assert judge("one", title="another title", note="x").key == base.key


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    create_store(tmp_path / "store")
    path = tmp_path / "store" / "store.json"
    path.write_text(json.dumps({"schema": SCHEMA + 1, "fgresq": "9.9.9"}))
    for read in (open_store, create_store):
        with pytest.raises(UserError, match=r"schema 2, written by fgresq 9\.9\.9; this version .* reads up to 1"):
            read(tmp_path / "store")


@pytest.mark.parametrize("content", ["", "[]", "{}", "\xff", '{"schema": "x"}'])
def test_what_isnt_a_store_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "store.json").write_text(content, encoding="latin-1")
    with pytest.raises(UserError, match=str(tmp_path)):
        open_store(tmp_path)


def test_a_folder_with_something_else_isnt_made_a_store(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").touch()
    with pytest.raises(UserError, match="isn't empty and holds no store"):
        create_store(tmp_path)
    with pytest.raises(UserError, match=r"holds no store\.json"):
        open_store(tmp_path)
    with pytest.raises(OutputError, match="can't be made"):
        create_store(tmp_path / "letter.txt" / "below")


def test_damaged_parts_are_named(tmp_path: Path) -> None:
    store = create_store(tmp_path / "store")
    part = store.root / "scores" / "1.parquet"
    part.write_bytes(b"PAR1 no")
    with pytest.raises(UserError, match=r"1\.parquet: can't be read .* delete it"):
        store.scores()
    pl.DataFrame({"judge": ["x"]}).write_parquet(part)
    with pytest.raises(UserError, match="lacks the columns image, reference"):
        store.scores()
    (store.root / "judges" / "x.json").write_text('{"name": "x"}')
    with pytest.raises(UserError, match=r"x\.json: doesn't describe a metric"):
        store.metrics()
    data = data_set(tmp_path / "study", (record("a"),))
    store.add_set(data)
    (store.root / "sets" / "study" / "files.parquet").write_bytes(b"")
    with pytest.raises(UserError, match=r"files\.parquet: can't be read"):
        store.sets()


def test_two_data_sets_of_one_name_arent_mixed_up(tmp_path: Path) -> None:
    store = create_store(tmp_path / "store")
    store.add_set(data_set(tmp_path / "x" / "study", (record("a"),)))
    store.add_set(data_set(tmp_path / "x" / "study", (record("a"), record("b"))))
    assert len(store.sets()[0].manifest.images) == 2
    with pytest.raises(UserError, match=r"its set study was read from .*x/study, not from .*y/study; .* NAME=PATH"):
        store.add_set(data_set(tmp_path / "y" / "study", (record("a"),)))


def test_two_processes_may_make_one_store_and_add_one_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / ".fgresq-123-abcd").touch()  # another process is making it just now
    store = create_store(tmp_path / "store")
    data = data_set(tmp_path / "study", (record("a"),))
    monkeypatch.setattr(folder, "_PATIENCE", 0.0)
    with (
        another_writer(store.root / "sets" / "study") as process,
        pytest.raises(OutputError, match=rf"study: process {process.pid} writes here"),
    ):
        store.add_set(data)
    monkeypatch.setattr(folder, "_PATIENCE", 600.0)
    with another_writer(store.root / "sets" / "study") as process:
        threading.Timer(0.2, process.stdin.close).start()
        store.add_set(data)
    assert [added.name for added in store.sets()] == ["study"]


def test_a_writer_writes_now_and_then_and_what_is_left_at_the_end(tmp_path: Path) -> None:
    row = score_row("j", "i", None, Score(1.0), "p")
    with PartWriter(tmp_path, SCORES, pause=1e9) as writer:
        for _ in range(4095):
            writer.add([row])
        assert not list(tmp_path.iterdir())
        writer.add([row])
        assert len(list(tmp_path.iterdir())) == 1
        writer.add([row])
    assert sorted(len(pl.read_parquet(path)) for path in tmp_path.iterdir()) == [1, 4096]
    with PartWriter(tmp_path, SCORES, pause=0.0) as writer:
        writer.add([row])
        assert len(list(tmp_path.iterdir())) == 3
    with suppress(ZeroDivisionError), PartWriter(tmp_path, SCORES, pause=1e9) as writer:
        writer.add([row])
        raise ZeroDivisionError
    assert len(list(tmp_path.iterdir())) == 4


def test_a_full_disk_leaves_no_half_part(tmp_path: Path) -> None:
    with full_disk(100), pytest.raises(OutputError), PartWriter(tmp_path, SCORES) as writer:
        writer.add([score_row("j", "i", None, Score(1.0), "p")])
    assert not list(tmp_path.iterdir())
