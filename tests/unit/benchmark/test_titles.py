"""No two rows of a table have one title."""

from pathlib import Path

import pytest
from tests.unit.benchmark.studies import data_set, judge, new_store, put_scores, record

from fgresq.benchmark.tables.build import make_tables
from fgresq.benchmark.tables.labels import gather
from fgresq.benchmark.tables.titles import told_apart
from fgresq.metrics.base import MetricCard


def weights(path: str, **other: object) -> MetricCard:
    return judge(f"fgresq:{path}", metric="fgresq", title=f"FGResQ ({Path(path).name})", parameters=path, **other)


@pytest.mark.parametrize(
    ("paths", "titles"),
    [
        (["ref/model.safetensors"], ["model.safetensors"]),
        (["ref/model.safetensors", "abl/model.safetensors"], ["ref/model.safetensors", "abl/model.safetensors"]),
        (["a/1/m", "b/1/m", "b/2/m"], ["a/1/m", "b/1/m", "2/m"]),
        (["a/m", "b/m", "n"], ["a/m", "b/m", "n"]),
        (["m", "a/m"], ["m", "a/m"]),
        (["/runs/a/m", "/runs/b/m"], ["a/m", "b/m"]),
        (["runs/a/../b/m", "runs/c/m"], ["b/m", "c/m"]),
    ],
)
def test_weights_of_one_file_name_are_told_apart_by_their_folders(paths: list[str], titles: list[str]) -> None:
    assert [each.title for each in told_apart([weights(path) for path in paths])] == [f"FGResQ ({t})" for t in titles]


def test_two_ways_to_write_one_path_are_told_apart_by_their_names() -> None:
    found = [each.title for each in told_apart([weights("a/m"), weights("./a/m"), judge("psnr")])]
    assert found == ["FGResQ (a/m) [fgresq:a/m]", "FGResQ (a/m) [fgresq:./a/m]", "PSNR"]


def test_other_titles_that_are_alike_have_their_names_too() -> None:
    found = told_apart([judge("one", title="Same"), judge("two", title="Same")])
    assert [each.title for each in found] == ["Same [one]", "Same [two]"]
    assert [each.key for each in found] == [judge("one").key, judge("two").key]


def test_in_a_table_of_two_models_every_row_and_note_says_which(tmp_path: Path) -> None:
    """The paper's Table S1: the same file name from two trainings."""
    data = data_set(tmp_path / "study", [record(name, mos=float(n)) for n, name in enumerate("abcd")])
    store = new_store(tmp_path / "store", data)
    put_scores(store, data, weights("abl/model.safetensors"), {"a": 1.0, "b": 2.0, "c": 3.0})
    put_scores(store, data, weights("ref/model.safetensors"), {"a": 1.0, "b": 3.0, "c": 2.0, "d": 4.0})
    (table,) = make_tables(gather(store), "range").tables
    titles = ("FGResQ (abl/model.safetensors)", "FGResQ (ref/model.safetensors)")
    assert sorted(row.title for row in table.rows) == list(titles)
    assert f"{titles[0]}: 1 of 4 images aren't judged yet." in table.notes
    (alone,) = make_tables(gather(store, metrics=["fgresq:ref/model.safetensors"]), "range").tables
    assert [row.title for row in alone.rows] == ["FGResQ (model.safetensors)"]
