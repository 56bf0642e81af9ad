"""`fgresq benchmark store list` and `remove` as people run them."""

import json
from pathlib import Path

import pytest
from tests.end_to_end.command import inside
from tests.unit.benchmark.studies import data_set, judge, new_store, put_scores, record

from fgresq.benchmark.store import Store, open_store
from fgresq.cli import terminal

ONE, OLD, TWO = judge("one"), judge("one", version="0"), judge("two")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    data = data_set(tmp_path / "study", [record(name) for name in "ab"])
    store = new_store(tmp_path / "store", data, data_set(tmp_path / "other", [record("x")]))
    put_scores(store, data, OLD, {"a": 1.0})
    put_scores(store, data, ONE, {"a": 1.0, "b": "of 8x8 pixels is too small"})
    put_scores(store, data, TWO, {"a": 2.0, "b": 3.0})
    return store


def names(store: Store) -> list[str]:
    return sorted(card.key for card, _ in open_store(store.root).metrics())


def test_the_list(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal.results, "_width", 400)  # however long the path of the temporary folder is
    out = tmp_path / "store.json"
    printed = inside("benchmark", "store", "list", "--store", store.root, "-o", out).stdout
    lines = [line.split() for line in printed.splitlines()]
    assert [line[:2] for line in lines[1:4]] == [["two", TWO.key], ["one", ONE.key], ["one", OLD.key]]
    assert [line[-3:] for line in lines[1:4]] == [["2", "0", "-"], ["1", "1", "-"], ["1", "0", "-"]]
    assert ["study", "2", "0", str(tmp_path / "study")] in lines
    assert "1 files failed" in printed
    assert "too small" not in printed
    assert (
        f"failed: one: {tmp_path}/study/b.png: of 8x8 pixels is too small"
        in inside("benchmark", "store", "list", "--store", store.root, "--failures").stdout
    )
    told = json.loads(out.read_text())
    assert [(each["name"], each["version"], each["scored"]) for each in told["judges"]][1:] == [
        ("one", "1", 1),
        ("one", "0", 1),
    ]
    assert [each["name"] for each in told["sets"]] == ["other", "study"]
    assert [each["reason"] for each in told["failures"]] == ["of 8x8 pixels is too small"]


def test_nothing_goes_without_consent(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    remove = ("benchmark", "store", "remove", "--store", store.root, "--metric", "two")
    done = inside(*remove, code=2)
    assert f"metric two ({TWO.key}): 2 scores, 0 failures" in done.stdout
    assert "there is nobody to ask here; --yes removes the above" in done.stderr
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda question: False)
    assert "nothing was removed" in inside(*remove, code=1).stderr
    assert len(names(store)) == 3
    monkeypatch.setattr("typer.confirm", lambda question: True)
    inside(*remove)
    assert names(store) == sorted([ONE.key, OLD.key])


def test_what_is_named_goes(store: Store) -> None:
    remove = ("benchmark", "store", "remove", "--store", store.root, "--yes")
    inside(*remove, "--judge", OLD.key, "--set", "other", "--failures-of", ONE.key)
    assert names(store) == sorted([ONE.key, TWO.key])
    assert [each.name for each in store.sets()] == ["study"]
    assert sorted(verdict.value or 0 for verdict in store.scores().values()) == [1.0, 2.0, 3.0]
    printed = inside(*remove, "--failures-of", "all").stdout
    assert printed == "there is nothing of that to remove\n"
    inside(*remove, "--judge", "one", "--judge", "two", "--set", "study")
    printed = inside("benchmark", "store", "list", "--store", store.root).stdout
    assert "no metric has worked for this store" in printed
    assert "it holds no data set" in printed


def test_mistakes(store: Store, tmp_path: Path) -> None:
    remove = ("benchmark", "store", "remove", "--store", store.root, "--yes")
    for arguments, said in (
        ((), "nothing to remove is named; use --metric, --set or --failures-of"),
        (("--metric", "one"), f"one is the name of 2 metrics in the store; name one by its key: {ONE.key}"),
        (("--judge", "three"), "the store has no metric 'three'"),
        (("--failures-of", "thw"), "did you mean two?"),
        (("--judge", "two", "--set", "studdy"), "has no set 'studdy'; did you mean study?"),
    ):
        assert said in inside(*remove, *arguments, code=2).stderr
    assert len(names(store)) == 3
    for command in ("list", "remove"):
        assert "holds no store.json" in inside("benchmark", "store", command, "--store", tmp_path, code=2).stderr


def test_a_weights_file_that_is_none_leaves_no_metric(tmp_path: Path) -> None:
    data_set(tmp_path / "study", [record("a")])
    (tmp_path / "mine.csv").write_text("path,score\n")
    done = inside(
        *("benchmark", "run", "--metrics", f"fgresq:{tmp_path / 'mine.csv'}", "--manifest", tmp_path / "study"),
        *("--store", tmp_path / "store", "--workers", 1, "--device", "cpu"),
        code=2,
    )
    assert "isn't a weights file" in done.stderr
    assert not (tmp_path / "store").exists()  # found out before any work
