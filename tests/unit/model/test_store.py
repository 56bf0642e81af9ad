"""Weights by name, and the record of what was fetched. Fetching itself is tested with the command that does it."""

import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fgresq.errors import HashMismatchError, UserError, WeightsError
from fgresq.files import home
from fgresq.model.fetching import fetch
from fgresq.model.store import (
    NAMES,
    RELEASED,
    FetchRecord,
    Located,
    check_hash,
    locate,
    read_record,
    record_path,
    sha256_of,
    verify,
)

HASH = hashlib.sha256(b"weights").hexdigest()


def put_record(path: Path, sha256: str = HASH) -> FetchRecord:
    record = FetchRecord(
        repository=RELEASED.repository,
        filename=RELEASED.filename,
        revision="a" * 40,
        sha256=sha256,
        size=7,
        path=path,
        fetched=datetime(2026, 1, 2, tzinfo=UTC),
    )
    record_path().parent.mkdir(parents=True, exist_ok=True)
    record_path().write_text(record.model_dump_json())
    return record


@pytest.fixture
def weights_file(tmp_path: Path) -> Path:
    path = tmp_path / "FGResQ.pth"
    path.write_bytes(b"weights")
    return path


def test_compact_is_in_the_package_and_is_the_recorded_file() -> None:
    located = locate("compact")
    assert located.path.is_file()
    assert located.sha256 == sha256_of(located.path)
    assert verify("compact") == (located.path, located.sha256, True)


def test_a_changed_compact_file_means_a_damaged_installation() -> None:
    with pytest.raises(HashMismatchError, match="Install fgresq again") as caught:
        check_hash(locate("compact").path, "0" * 64, HASH)
    assert "fetch" not in str(caught.value)


def test_a_path_is_located_without_a_hash(weights_file: Path) -> None:
    assert locate(weights_file) == Located(weights_file, None)
    assert locate(str(weights_file)) == Located(weights_file, None)
    assert verify(weights_file) == (weights_file, HASH, False)


def test_a_name_comes_before_a_file_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        Path(name).write_bytes(b"weights")
    assert locate("compact").sha256 is not None
    with pytest.raises(WeightsError, match="aren't on this machine"):
        locate("released")
    assert locate("./compact").sha256 is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("relesed", "did you mean released?"),
        ("Compact", "did you mean compact?"),
        ("xyz", "known: compact, compact-2026-11, released"),
        ("absent/FGResQ.pth", "there is no such file"),
        ("x\0y", "there is no such file"),
        ("", "isn't a file"),
        (".", "isn't a file"),
        ("x" * 300, "File name too long"),
        (os.devnull, "isn't a file"),
    ],
)
def test_what_is_neither_a_name_nor_a_file(name: str, said: str) -> None:
    with pytest.raises(WeightsError) as caught:
        locate(name)
    assert said in str(caught.value)
    with pytest.raises(WeightsError):
        verify(name)


def test_released_is_where_the_record_says(weights_file: Path) -> None:
    with pytest.raises(WeightsError, match=r"fgresq weights fetch released.* or pass the path of FGResQ\.pth"):
        locate("released")
    assert read_record() is None

    record = put_record(weights_file)
    assert read_record() == record
    assert locate("released") == Located(weights_file, HASH)
    assert verify("released") == (weights_file, HASH, True)

    weights_file.write_bytes(b"weighty")
    with pytest.raises(HashMismatchError) as caught:
        verify("released")
    found = hashlib.sha256(b"weighty").hexdigest()
    for text in (str(weights_file), found, HASH, str(record_path())):
        assert text in str(caught.value)

    weights_file.unlink()
    with pytest.raises(WeightsError, match="were here and are gone; run `fgresq weights fetch released`"):
        verify("released")


@pytest.mark.parametrize(
    "change",
    [{"sha256": None}, {"size": "large"}, {"fetched": "yesterday"}, {"extra": 1}, {"path": 3}, {"revision": 7}],
    ids=lambda change: next(iter(change)),
)
def test_a_damaged_record_is_named(weights_file: Path, change: dict[str, object]) -> None:
    content = json.loads(put_record(weights_file).model_dump_json())
    record_path().write_text(json.dumps(content | change))
    for read in (
        read_record,
        lambda: locate("released"),
        lambda: verify("released"),
        lambda: fetch(weights_file.parent),
    ):
        with pytest.raises(WeightsError, match=r"released\.json: this record of fetched weights is damaged; delete it"):
            read()


def test_a_file_in_the_folder_is_taken_as_it_is(weights_file: Path) -> None:
    before = datetime.now(UTC)
    record = fetch(weights_file.parent)
    assert (record.path, record.sha256, record.size, record.revision) == (weights_file, HASH, 7, None)
    assert (record.repository, record.filename) == ("orpheus0429/FGResQ", "weights/FGResQ.pth")
    assert before <= record.fetched <= datetime.now(UTC)
    assert read_record() == record
    assert verify("released") == (weights_file, HASH, True)


def test_the_file_at_the_hubs_place_in_the_folder_comes_first(weights_file: Path) -> None:
    inner = weights_file.parent / RELEASED.filename
    inner.parent.mkdir()
    inner.write_bytes(b"the other")
    assert fetch(weights_file.parent).path == inner


def test_a_known_hash_holds_for_a_file_given_by_hand(weights_file: Path) -> None:
    put_record(weights_file.parent / "elsewhere.pth", sha256="0" * 64)
    before = record_path().read_bytes()
    with pytest.raises(HashMismatchError, match=f"{HASH}, but {'0' * 64} was recorded"):
        fetch(weights_file.parent)
    assert record_path().read_bytes() == before

    put_record(weights_file.parent / "elsewhere.pth")
    assert fetch(weights_file.parent).revision == "a" * 40
    assert locate("released").path == weights_file


def test_a_relative_folder_is_recorded_as_an_absolute_path(weights_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(weights_file.parent)
    assert fetch(Path()).path == weights_file


def test_places_where_nothing_can_be_recorded(weights_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder, reason in (("FGResQ.pth", "File exists"), ("FGResQ.pth/x", "Not a directory"), ("x" * 300, "too long")):
        with pytest.raises(UserError, match=rf"{folder}: this folder can't be made \(.*{reason}\)$"):
            fetch(weights_file.parent / folder)
    assert read_record() is None
    monkeypatch.setenv("FGRESQ_HOME", str(weights_file))
    with pytest.raises(UserError, match=r"FGResQ\.pth: this folder can't be made \(File exists\); set FGRESQ_HOME"):
        fetch(weights_file.parent)
    monkeypatch.setenv("FGRESQ_HOME", str(weights_file / "below"))
    with pytest.raises(UserError, match=r"below: this folder can't be made \(Not a directory\); set FGRESQ_HOME"):
        fetch(weights_file.parent)


@pytest.mark.skipif(not Path("/proc/self/mem").is_file(), reason="needs a file whose bytes can't be read")
def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "FGResQ.pth").symlink_to("/proc/self/mem")
    for read in (lambda: verify(tmp_path / "FGResQ.pth"), lambda: fetch(tmp_path)):
        with pytest.raises(WeightsError, match=r"FGResQ\.pth: can't be read \(Input/output error\)"):
            read()
    assert read_record() is None


def test_where_records_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FGRESQ_HOME", str(tmp_path / "chosen"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    assert home() == tmp_path / "chosen"
    assert record_path() == tmp_path / "chosen" / "released.json"
    for unset in (lambda name: monkeypatch.setenv(name, ""), monkeypatch.delenv):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        unset("FGRESQ_HOME")
        assert home() == tmp_path / "cache" / "fgresq"
        unset("XDG_CACHE_HOME")
        assert home() == tmp_path / "me" / ".cache" / "fgresq"


def test_fetching_and_verifying_import_neither_torch_nor_the_hubs_library() -> None:
    code = (
        "import sys; from fgresq.model import fetching, store; store.verify('compact'); "
        "print([name for name in ('torch', 'transformers', 'huggingface_hub') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
