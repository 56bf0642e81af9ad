"""Which data sets a benchmark takes, and what it says of those that it doesn't."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.benchmark.studies import DENOISE, data_set, record

from fgresq.benchmark.sets import hash_files, read_set
from fgresq.errors import ManifestError, UserError
from fgresq.manifest import write_csv
from fgresq.records import Pair, Preference

IMAGES = (record("a", mos=1.0, reference="r.png"), record("b", mos=2.0), record("c", mos=3.0, content="other"))
PAIRS = (Pair("a", "b", Preference.A),)


def test_every_form_gives_the_same_set(tmp_path: Path) -> None:
    written = data_set(tmp_path / "study", IMAGES, PAIRS)
    assert written.name == "study"
    write_csv(tmp_path / "study" / "images.csv", IMAGES)
    write_csv(tmp_path / "study" / "pairs.csv", PAIRS)
    (tmp_path / "study" / "manifest.json").unlink()
    folder = read_set(str(tmp_path / "study"))
    table = read_set(f"other={tmp_path / 'study' / 'images.csv'}")
    assert folder.manifest.images == table.manifest.images == written.manifest.images
    assert folder.manifest.pairs == written.manifest.pairs == PAIRS
    assert (table.name, table.manifest.pairs) == ("other", ())
    assert folder.files == table.files == written.files
    assert written.manifest.images[0].path == str(tmp_path / "study" / "a.png")
    expected = hashlib.sha256((tmp_path / "study" / "r.png").read_bytes()).hexdigest()
    assert written.files[str(tmp_path / "study" / "r.png")].sha256 == expected
    assert len(written.files) == 4


def test_files_that_cant_be_read_have_a_reason(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"x")
    counted = []
    states = hash_files([str(tmp_path / "there"), str(tmp_path / "gone"), str(tmp_path), "a\0b"] * 2, counted.append)
    assert sum(counted) == 4
    assert states[str(tmp_path / "there")].error is None
    assert states[str(tmp_path / "gone")].error == "no such file"
    assert "directory" in states[str(tmp_path)].error
    assert states["a\0b"].error is not None


def test_what_counts_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"more than once for one task: .*a\.png \(2 rows\)"):
        data_set(tmp_path / "one", (*IMAGES, replace(IMAGES[0], image_id="again")))
    both_tasks = (*IMAGES, replace(IMAGES[0], image_id="again", task=DENOISE))
    assert len(data_set(tmp_path / "two", both_tasks).manifest.images) == 4
    with pytest.raises(ManifestError, match=r"pairs that are there more than once: a \| b \(2 rows\)"):
        data_set(tmp_path / "three", IMAGES, (*PAIRS, Pair("b", "a", Preference.B)))
    write_csv(tmp_path / "twice.csv", (IMAGES[0], IMAGES[0]))
    with pytest.raises(ManifestError, match="identities that occur twice: a"):
        read_set(str(tmp_path / "twice.csv"))


def test_what_is_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no such data set"):
        read_set(str(tmp_path / "gone"))
    with pytest.raises(ManifestError, match=r"holds neither manifest\.json nor images\.csv"):
        read_set(str(tmp_path))
    with pytest.raises(ManifestError, match="names no image"):
        data_set(tmp_path / "empty", ())
    (tmp_path / "n.csv").write_text("image_id,path\n1,2\n")
    with pytest.raises(ManifestError, match="lacks the columns"):
        read_set(str(tmp_path / "n.csv"))
    with pytest.raises(UserError, match="can't name a data set; use NAME=PATH"):
        read_set(f"a b={tmp_path}")


def test_a_folder_whose_name_isnt_utf8(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    folder.mkdir()
    with pytest.raises(UserError, match="isn't UTF-8"):
        read_set(f"mine={folder}")
