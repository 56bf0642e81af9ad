"""A `map` that goes on: what was kept isn't computed again, whatever ended the process before."""

import json
from pathlib import Path

import pytest
from tests.unit.test_files import full_disk

from fgresq.curation.pipeline.checkpoints import resumed
from fgresq.errors import OutputError, UserError
from fgresq.workers import Map, processes


class Work:
    """Squares numbers, remembers which, and stops at one of them."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.done: list[int] = []
        self.stop_at = stop_at

    def __call__(self, number: int) -> int:
        if number == self.stop_at:
            raise KeyboardInterrupt
        self.done.append(number)
        return number * number


def at(folder: Path, pause: float = 0.0) -> Map:
    return resumed(map, folder, to_plain=str, from_plain=int, pause=pause)


SQUARES = [number * number for number in range(20)]


@pytest.mark.parametrize("pause", [0.0, 1000.0])
def test_work_goes_on_where_it_was_interrupted(tmp_path, pause):
    with pytest.raises(KeyboardInterrupt):
        list(at(tmp_path, pause)(Work(stop_at=7), range(20)))
    second = Work()
    assert list(at(tmp_path, pause)(second, range(20))) == SQUARES
    assert second.done == list(range(7, 20))
    third = Work()
    assert list(at(tmp_path, pause)(third, range(20))) == SQUARES
    assert third.done == []


def test_a_reader_that_stops_early_loses_nothing(tmp_path):
    results = at(tmp_path, pause=1000.0)(Work(), range(20))
    assert [next(results) for _ in range(5)] == SQUARES[:5]
    results.close()
    second = Work()
    assert list(at(tmp_path)(second, range(20))) == SQUARES
    assert second.done == list(range(5, 20))


def test_what_was_written_when_the_process_was_killed_is_all_that_counts(tmp_path):
    """A killed process runs nothing more, so its parts are as they are between two results."""
    results = at(tmp_path)(Work(), range(20))
    for _ in range(9):
        next(results)
    kept = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert sum(len(json.loads(part)) for part in kept.values()) == 9
    (tmp_path / "0000000004-0000000005.json").unlink()  # a gap: what lies behind it waits
    second = Work()
    assert list(at(tmp_path)(second, range(20))) == SQUARES
    assert second.done == list(range(4, 20))


@pytest.mark.slow
def test_what_systems_add_is_no_part(tmp_path):
    assert list(at(tmp_path)(Work(), range(6))) == SQUARES[:6]
    (tmp_path / "._0000000000-0000000002.json").write_bytes(b"Mac OS X")
    (tmp_path / "@eaDir").mkdir()
    work = Work()
    assert list(at(tmp_path)(work, range(6))) == SQUARES[:6]
    assert work.done == []


def test_a_longer_part_takes_the_place_of_a_shorter_one(tmp_path):
    (tmp_path / "0000000000-0000000002.json").write_text('["0", "1"]')
    (tmp_path / "0000000000-0000000004.json").write_text('["0", "1", "4", "9"]')
    work = Work()
    assert list(at(tmp_path)(work, range(6))) == SQUARES[:6]
    assert work.done == [4, 5]


@pytest.mark.parametrize("content", ["", '["0"', '["0"]', "{}"])
def test_a_damaged_part_is_named(tmp_path, content):
    part = tmp_path / "0000000000-0000000002.json"
    part.write_text(content)
    with pytest.raises(UserError, match=r"0000000000-0000000002\.json: is damaged .*delete it"):
        list(at(tmp_path)(Work(), range(6)))
    part.unlink()
    assert list(at(tmp_path)(Work(), range(6))) == SQUARES[:6]


def test_a_full_disk_is_told_and_what_was_kept_stays(tmp_path):
    results = at(tmp_path)(Work(), range(20))
    for _ in range(6):
        next(results)
    with full_disk(2), pytest.raises(OutputError, match=r"0000000006-0000000007\.json: can't be written"):
        list(results)
    second = Work()
    assert list(at(tmp_path)(second, range(20))) == SQUARES
    assert second.done == list(range(6, 20))


def test_over_processes(tmp_path):
    with processes(2) as spread:
        kept = resumed(spread, tmp_path, to_plain=float, from_plain=float, pause=0.0)
        first = kept(abs, range(-5, 300))
        assert [next(first) for _ in range(4)] == [5, 4, 3, 2]
        assert list(kept(abs, range(-5, 300))) == [abs(number) for number in range(-5, 300)]
