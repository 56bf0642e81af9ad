"""`fgresq weights`, run as people run it, against a hub on this machine that keeps count of what it was asked."""

import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.end_to_end.machine import Machine
from tests.unit.model.fake_hub import FakeHub, running, says, silence

import fgresq

REPOSITORY, FILENAME = "orpheus0429/FGResQ", "weights/FGResQ.pth"
CONTENT = bytes(range(256)) * 40
FIRST, SECOND = "a" * 40, "b" * 40
# Weights that load, for the tests that score: the name `released` takes a file of our format, too.
ROOT = Path(__file__).parents[2]
COMPACT = Path(fgresq.__file__).parent / "model" / "data" / "compact.safetensors"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with running(FakeHub(REPOSITORY, {FILENAME: CONTENT, "README.md": b"hello"}, FIRST)) as hub:
        yield hub


@pytest.fixture
def machine(tmp_path: Path, hub: FakeHub) -> Machine:
    return Machine(tmp_path, hub.url)


# Fetching ----------------------------------------------------------------------------------------------------------


def test_the_first_fetch_is_recorded_and_verifies(machine: Machine, hub: FakeHub) -> None:
    machine.here("weights", "verify", "released").refused(2, "fgresq weights fetch released", REPOSITORY)
    assert any(line.split()[:2] == ["released", "no"] for line in machine.here("weights", "list").lines())

    fetched = machine.fetch()
    assert fetched.code == 0, fetched.err
    record = machine.record
    assert record["repository"] == REPOSITORY
    assert record["filename"] == FILENAME
    assert record["revision"] == FIRST
    assert record["sha256"] == sha256(CONTENT)
    assert record["size"] == len(CONTENT)
    path = Path(str(record["path"]))
    assert path.is_relative_to(machine.root / "huggingface")
    assert path.read_bytes() == CONTENT
    assert fetched.out.splitlines()[1:] == [
        f"{path} ({len(CONTENT)} bytes)",
        f"revision {FIRST}",
        f"SHA-256 {sha256(CONTENT)}, recorded",
    ]

    verified = machine.here("weights", "verify", "released")
    assert verified.lines() == [str(path), f"SHA-256 {sha256(CONTENT)}", "as recorded"]
    assert any(line.split()[:2] == ["released", "yes"] for line in machine.here("weights", "list").lines())
    assert len(hub.asked("blobs=")) == 1
    assert [request for request in hub.asked("/resolve/") if FIRST not in request] == []


def test_later_fetches_ask_for_the_recorded_commit(machine: Machine, hub: FakeHub) -> None:
    machine.fetch()
    hub.push(SECOND, {FILENAME: b"the authors trained again"})
    shutil.rmtree(machine.root / "huggingface")
    hub.requests.clear()
    again = machine.fetch()
    assert again.code == 0, again.err
    assert machine.record["revision"] == FIRST
    assert Path(str(machine.record["path"])).read_bytes() == CONTENT
    assert len(hub.asked("GET")) == 2
    assert all(FIRST in request for request in hub.requests)

    machine.record_path.unlink()
    assert machine.fetch().code == 0
    assert machine.record["revision"] == SECOND
    assert machine.record["sha256"] == sha256(b"the authors trained again")


def test_a_commit_that_is_gone_is_named(machine: Machine, hub: FakeHub) -> None:
    machine.fetch()
    before = machine.record_path.read_bytes()
    hub.push(SECOND, {FILENAME: CONTENT})
    del hub.commits[FIRST]
    machine.fetch().refused(1, "404", "Revision Not Found", FIRST)
    assert machine.record_path.read_bytes() == before


def test_a_local_folder_keeps_the_file(machine: Machine, hub: FakeHub) -> None:
    fetched = machine.fetch("--local-dir", "mine")
    assert fetched.code == 0, fetched.err
    path = machine.root / "mine" / FILENAME
    assert path.read_bytes() == CONTENT
    assert not path.is_symlink()
    assert machine.record["path"] == str(path)
    assert machine.record["revision"] == FIRST

    hub.requests.clear()
    assert machine.fetch("--local-dir", "mine").code == 0
    assert hub.requests == []
    assert machine.record["revision"] == FIRST


@pytest.mark.parametrize("name", [FILENAME, "FGResQ.pth"])
def test_a_file_that_is_there_already_is_not_fetched(machine: Machine, hub: FakeHub, name: str) -> None:
    path = machine.root / "mine" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"from a colleague")
    fetched = machine.here("weights", "fetch", "released", "--local-dir", "mine")
    assert fetched.lines()[1:] == [
        f"{path} (16 bytes)",
        "revision unknown, given by hand",
        f"SHA-256 {sha256(b'from a colleague')}, recorded",
    ]
    assert hub.requests == []
    assert machine.record["path"] == str(path)
    assert machine.record["revision"] is None
    assert machine.record["sha256"] == sha256(b"from a colleague")
    assert machine.here("weights", "verify", "released").lines()[-1] == "as recorded"


# Bytes that aren't what they should be -----------------------------------------------------------------------------


@pytest.mark.parametrize("where", [(), ("--local-dir", "mine")], ids=["cache", "local-dir"])
def test_bytes_other_than_the_hub_lists_are_never_recorded(
    machine: Machine, hub: FakeHub, where: tuple[str, ...]
) -> None:
    hub.listed[FILENAME] = "0" * 64
    for _ in range(2):  # what the first attempt left must not pass for a file that was given by hand
        machine.fetch(*where).refused(1, sha256(CONTENT), "0" * 64, noisy=True)
        assert not machine.record_path.exists()
    machine.fetch(*where, HF_HUB_OFFLINE="1").refused(1, "isn't in the hub's cache")
    assert not machine.record_path.exists()
    assert CONTENT not in [path.read_bytes() for path in machine.root.rglob("*") if path.is_file()]

    hub.listed.clear()
    assert machine.fetch(*where).code == 0


def test_bytes_that_changed_under_the_same_commit_are_refused(machine: Machine, hub: FakeHub) -> None:
    machine.fetch()
    before = machine.record_path.read_bytes()
    shutil.rmtree(machine.root / "huggingface")
    hub.commits[FIRST][FILENAME] = b"rewritten history"
    ran = machine.fetch()
    ran.refused(1, sha256(CONTENT), sha256(b"rewritten history"), str(machine.record_path), noisy=True)
    assert machine.record_path.read_bytes() == before


def test_a_file_damaged_in_the_cache_is_noticed_and_replaced(machine: Machine, hub: FakeHub) -> None:
    machine.fetch()
    path = Path(str(machine.record["path"]))
    damaged = b"\xff" + CONTENT[1:]
    path.resolve().write_bytes(damaged)
    for command in ("verify", "info"):
        machine.here("weights", command, "released").refused(1, sha256(CONTENT), sha256(damaged), str(path))
    machine.fetch(HF_HUB_OFFLINE="1").refused(1, sha256(CONTENT), sha256(damaged), "without HF_HUB_OFFLINE")

    for where, kept in ((("--local-dir", "mine"), machine.root / "mine" / FILENAME), ((), path)):
        hub.requests.clear()
        assert machine.fetch(*where).code == 0
        assert len(hub.asked("GET /orpheus0429/FGResQ/resolve/")) == 1
        assert kept.read_bytes() == CONTENT
    assert machine.here("weights", "verify", "released").lines()[-1] == "as recorded"


def test_changed_weights_score_nothing(machine: Machine, hub: FakeHub, photographs: Mapping[str, Path]) -> None:
    hub.commits[FIRST][FILENAME] = COMPACT.read_bytes()
    machine.fetch("--local-dir", "mine")
    scoring = ("score", photographs["coffee"], "--weights", "released", "--device", "cpu")
    assert "1 of 1 images scored" in machine.here(*scoring).out

    path = machine.root / "mine" / FILENAME
    content = bytearray(path.read_bytes())
    content[-1] ^= 1  # one bit of one weight: it loads, it is finite, and it isn't what was fetched
    path.write_bytes(content)
    refused = machine.here(*scoring)
    refused.refused(1, sha256(COMPACT.read_bytes()), sha256(content))
    assert refused.out == ""
    machine.here("weights", "info", "released").refused(1, sha256(content))
    again = ("weights", "fetch", "released", "--local-dir", "mine")
    machine.here(*again).refused(1, sha256(content), "delete this one")

    path.unlink()
    machine.here("weights", "verify", "released").refused(2, "were here and are gone", str(path))
    assert any(line.split()[:2] == ["released", "no"] for line in machine.here("weights", "list").lines())
    assert machine.fetch("--local-dir", "mine").code == 0
    assert machine.here("weights", "verify", "released").lines()[-1] == "as recorded"


# Without the network, or with a bad one ----------------------------------------------------------------------------


def test_offline_with_nothing_cached(machine: Machine, hub: FakeHub) -> None:
    for where in ((), ("--local-dir", "mine")):
        machine.fetch(*where, HF_HUB_OFFLINE="1").refused(
            1, "HF_HUB_OFFLINE is set and the file isn't in the hub's cache"
        )
    assert hub.requests == []
    assert not machine.record_path.exists()


def test_offline_after_a_fetch(machine: Machine, hub: FakeHub) -> None:
    machine.fetch()
    hub.requests.clear()
    assert machine.fetch(HF_HUB_OFFLINE="1").code == 0
    assert machine.record["revision"] == FIRST
    kept = machine.fetch("--local-dir", "mine", HF_HUB_OFFLINE="1")
    assert kept.code == 0, kept.err
    path = machine.root / "mine" / FILENAME
    assert path.read_bytes() == CONTENT
    assert not path.is_symlink()
    assert machine.record["path"] == str(path)
    assert machine.record["revision"] == FIRST
    assert hub.requests == []


def test_offline_with_a_cache_that_another_program_filled(machine: Machine, hub: FakeHub) -> None:
    download = "from huggingface_hub import hf_hub_download as get; get('orpheus0429/FGResQ', 'weights/FGResQ.pth')"
    environment = {"HF_HOME": str(machine.root / "huggingface"), "HF_ENDPOINT": hub.url}
    subprocess.run([sys.executable, "-c", download], env=os.environ | environment, check=True, capture_output=True)
    # The hub's library may link a blob on to a store that several caches share, where names are other hashes.
    blob = next((machine.root / "huggingface").rglob(f"blobs/{sha256(CONTENT)}"))
    blob.symlink_to(blob.rename(machine.root / ("c" * 64)))
    hub.requests.clear()
    fetched = machine.fetch(HF_HUB_OFFLINE="1")
    assert fetched.code == 0, fetched.err
    assert machine.record["revision"] == FIRST
    assert machine.record["sha256"] == sha256(CONTENT)
    assert hub.requests == []


def test_a_hub_that_is_down(machine: Machine) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        machine.endpoint = f"http://127.0.0.1:{taken.getsockname()[1]}"
        machine.fetch().refused(1, machine.endpoint, "HF_ENDPOINT", "Connection refused")
    assert not machine.record_path.exists()


@pytest.mark.parametrize("endpoint", ["not an address", "http://[::1"])
def test_an_endpoint_that_is_no_address(machine: Machine, endpoint: str) -> None:
    machine.endpoint = endpoint
    machine.fetch().refused(1, endpoint, "HF_ENDPOINT")


def test_a_hub_that_never_answers(machine: Machine, hub: FakeHub) -> None:
    hub.answer = silence
    machine.fetch(HF_HUB_ETAG_TIMEOUT="1").refused(1, hub.url, "timed out")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, "<title>Sign in to the hotel's network</title>", "text/html"),
        (200, "{}", "application/json"),
        (200, '{"id": "x", "siblings": [{"rfilename": "a", "lfs": {"size": 1}}]}', "application/json"),
        (500, "oops", "text/plain"),
        (401, '{"error": "Invalid username or password."}', "application/json"),
    ],
    ids=["page", "no-id", "no-hash", "broken", "unauthorised"],
)
def test_a_server_that_is_no_hub(machine: Machine, hub: FakeHub, status: int, body: str, kind: str) -> None:
    hub.answer = says(status, body, kind)
    machine.fetch().refused(1, hub.url)
    assert not machine.record_path.exists()


def test_a_repository_that_is_gone(machine: Machine, hub: FakeHub) -> None:
    hub.repository = "somebody/else"
    machine.fetch().refused(1, REPOSITORY, "404", "Repository Not Found")
    assert not machine.record_path.exists()


def test_a_repository_without_the_file(machine: Machine, hub: FakeHub) -> None:
    hub.commits[FIRST] = {"weights/Degradation.pth": CONTENT}
    machine.fetch().refused(1, f"holds no {FILENAME} at revision {FIRST}")
    assert hub.asked("/resolve/") == []
    assert not machine.record_path.exists()


@pytest.mark.parametrize("where", [(), ("--local-dir", "mine")], ids=["cache", "local-dir"])
def test_a_download_that_is_cut_is_not_taken_for_a_file(machine: Machine, hub: FakeHub, where: tuple[str, ...]) -> None:
    hub.cut_after, hub.status_after_cut = len(CONTENT) // 2, 503
    machine.fetch(*where).refused(1, f"{REPOSITORY}/{FILENAME}: {hub.url} didn't give it (", "503", noisy=True)
    assert not machine.record_path.exists()
    assert [path for path in machine.root.rglob("*FGResQ.pth") if path.is_file()] == []
    machine.fetch(*where, HF_HUB_OFFLINE="1").refused(1, "isn't in the hub's cache")


def test_a_download_that_is_cut_once_goes_on(machine: Machine, hub: FakeHub) -> None:
    hub.cut_after = len(CONTENT) // 2
    ran = machine.fetch()
    assert ran.code == 0, ran.err
    assert machine.record["sha256"] == sha256(CONTENT)
    assert len(hub.asked("GET /orpheus0429/FGResQ/resolve/")) == 2


# The rest of the command -------------------------------------------------------------------------------------------


def test_places_that_cannot_be_used_are_found_before_the_download(
    machine: Machine, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    (machine.root / "file").write_text("in the way")
    machine.here("weights", "fetch", "released", "--local-dir", "file").refused(
        2, "file: this folder can't be made (File exists)"
    )
    machine.record_path.mkdir(parents=True)
    machine.here("weights", "fetch", "released").refused(2, str(machine.record_path), "it is a folder")
    monkeypatch.setenv("FGRESQ_HOME", str(machine.root / "file" / "home"))
    machine.here("weights", "fetch", "released").refused(2, "file/home: this folder can't be made", "set FGRESQ_HOME")
    assert hub.requests == []


@pytest.mark.parametrize("record", ["", "{", "[]", "{}", '{"sha256": 3}', "\x00\xff"])
def test_a_damaged_record_is_named(machine: Machine, hub: FakeHub, record: str) -> None:
    machine.record_path.parent.mkdir()
    machine.record_path.write_text(record)
    for command in (("fetch", "released"), ("verify", "released"), ("info", "released"), ("list",)):
        machine.here("weights", *command).refused(2, str(machine.record_path), "damaged", "delete it")
    assert machine.record_path.read_text() == record
    assert hub.requests == []


def test_compact_needs_no_fetch(machine: Machine) -> None:
    assert machine.here("weights", "fetch", "compact").lines() == [
        "compact ships with fgresq; there is nothing to fetch"
    ]
    verified = machine.here("weights", "verify", "compact")
    assert verified.lines() == [str(COMPACT), f"SHA-256 {sha256(COMPACT.read_bytes())}", "as recorded"]
    assert not machine.record_path.exists()


def test_an_unknown_name_lists_the_nearest(machine: Machine) -> None:
    for command in ("fetch", "verify", "info"):
        machine.here("weights", command, "relased").refused(2, "'relased'", "did you mean released?")
    machine.here("weights", "fetch", "zzz").refused(2, "known: compact, compact-2026-11, released")


def test_info_says_what_compact_is(machine: Machine) -> None:
    said = dict(re.split("  +", line, maxsplit=1) for line in machine.here("weights", "info").lines())
    assert said["file"] == str(COMPACT)
    assert said["SHA-256"] == sha256(COMPACT.read_bytes())
    assert said["encoder"] == "lite0"
    assert said["degradation branch"] == "no"
    assert said["parameters"] == "209,925"


def test_the_earlier_compact_is_loaded_by_its_file_and_by_its_name_once_it_is_here(machine: Machine) -> None:
    file = ROOT / "weights" / "compact-2026-11.safetensors"
    said = dict(re.split("  +", line, maxsplit=1) for line in machine.here("weights", "info", file).lines())
    assert (said["encoder"], said["parameters"]) == ("compact-statistics", "436,996")
    for command in ("info", "fetch"):
        machine.here("weights", command, "compact-2026-11").refused(2, "compact-2026-11.safetensors", "repository")


def test_a_file_given_by_its_path(machine: Machine) -> None:
    path = machine.root / "weights [1].pth"
    path.write_text("not weights")
    assert machine.here("weights", "verify", path).lines() == [
        str(path),
        f"SHA-256 {sha256(b'not weights')}",
        "no hash is recorded for a file given by its path",
    ]
    machine.here("weights", "info", path).refused(2, str(path), "isn't a weights file")
    for command in ("verify", "info"):
        machine.here("weights", command, machine.root).refused(2, f"{machine.root}: isn't a file")
        machine.here("weights", command, "x" * 300).refused(2, "xxx: can't be read (File name too long)")
