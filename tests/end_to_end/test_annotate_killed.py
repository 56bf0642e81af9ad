"""The command that serves, killed in the middle of many answers; and what it says when it can't serve.

The large version, with times, is `benchmarks/annotation_load.py`.
"""

import secrets
import shutil
import signal
import subprocess
import threading
import time
from contextlib import closing
from pathlib import Path

import httpx2
import pytest
from tests.end_to_end.annotation_server import Server, make_study
from tests.end_to_end.command import COMMAND, run
from tests.unit.annotation.web.client import RemoteBrowser

from fgresq.annotation.protocol.design import StudyDesign
from fgresq.annotation.store import open_study
from fgresq.annotation.store.frames import answers_frame


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A study's folder; nobody writes into it."""
    folder = tmp_path_factory.mktemp("made")
    make_study(folder, design=StudyDesign(team_size=3, session_length=500), contents=2)
    return folder


@pytest.fixture
def study(made, tmp_path):
    return Path(shutil.copy(made / "study.db", tmp_path / "study.db"))


def test_no_receipt_is_lost_when_the_server_is_killed(study, tmp_path):
    server = Server(study, tmp_path).start()
    receipts, stop = [], threading.Event()

    def answer_and_change(link):
        """Answers, and changes of them without end; each is sent until there is a receipt."""
        with closing(RemoteBrowser(link)) as browser:
            answer_with(browser)

    def answer_with(browser):
        number = 0
        while not stop.is_set():
            position, choice, key = min(number, 3), ("left", "right", "equal")[number % 3], secrets.token_hex(8)
            while True:
                try:
                    response = browser.answer(position, choice, key)
                except httpx2.TransportError:
                    time.sleep(0.02)
                    continue
                if response.status_code == 429:
                    time.sleep(0.1)
                    continue
                assert response.status_code == 200, response.text
                assert response.json()["saved"] is True
                break
            receipts.append((position, choice, key))
            number += 1

    people = [link for name, link in server.links.items() if name.startswith("team")]
    threads = [threading.Thread(target=answer_and_change, args=(link,)) for link in people]
    for thread in threads:
        thread.start()
    try:
        for _ in range(2):
            before = len(receipts)
            while len(receipts) < before + 40:
                assert all(thread.is_alive() for thread in threads)
                time.sleep(0.01)
            server.kill()
            server.start()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        server.kill()
    opened = open_study(str(study))
    stored = answers_frame(opened).select("position", "choice", "key").rows()
    opened.close()
    assert len(threads) == 6
    assert sorted(stored) == sorted(receipts)  # every receipt's row, once, and no other


def test_it_listens_on_this_machine_only_and_ends_when_asked(study, tmp_path):
    server = Server(study, tmp_path).start()
    assert server.url == f"http://127.0.0.1:{server.port}"
    listening = {line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if " 0A " in line}
    assert f"0100007F:{server.port:04X}" in listening
    assert f"00000000:{server.port:04X}" not in listening
    assert set(server.links) == {*(f"team{t}-{n}" for t in (1, 2) for n in (1, 2, 3)), "expert-1", "lead"}
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(20)
    assert "Traceback" not in (tmp_path / "serve.err").read_text()


def test_a_data_set_is_served_with_the_paper_s_design(made, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(made / "data", data)
    (data / "study.db").unlink(missing_ok=True)
    for _ in range(2):  # the second time the study is there
        server = Server(data, tmp_path).start()
        assert len(server.links) == 12
        RemoteBrowser(server.links["team2-5"]).close()
        server.kill()
    assert (data / "study.db").is_file()
    other = run("annotate", "serve", made / "data", "--study", data / "study.db", code=2)
    assert "is a study of" in other.stderr


def test_what_keeps_it_from_serving(made, study, tmp_path):
    nothing = run("annotate", "serve", tmp_path / "nothing.db", code=2)
    assert "nothing.db: there is no such study" in nothing.stderr
    wide = run("annotate", "serve", study, "--host", "0.0.0.0", "--port", "0", code=2)  # noqa: S104
    assert "--public-url" in wide.stderr
    image = made / "data" / "astronaut-soft.png"
    content = image.read_bytes()
    try:
        image.unlink()
        missing = run("annotate", "serve", study, "--port", "0", code=2)
    finally:
        image.write_bytes(content)
    assert "1 image files of the study can't be shown" in missing.stderr
    assert "astronaut-soft.png (No such file or directory)" in missing.stderr
    manifest = made / "data" / "manifest.json"
    before = manifest.read_text()
    try:
        manifest.write_text(before + " ")
        changed = run("annotate", "serve", study, "--port", "0", code=2)
    finally:
        manifest.write_text(before)
    assert "the manifest was changed since the study was made" in changed.stderr


def test_new_links(study):
    one = run("annotate", "links", study, "team1-2", "--public-url", "https://lab.example").stdout
    assert one.startswith("team1-2      https://lab.example/enter#")
    everybody = run("annotate", "links", study, "--public-url", "https://lab.example").stdout
    assert len(everybody.splitlines()) == 8
    assert (
        "nobody: isn't a person"
        in run("annotate", "links", study, "nobody", "--public-url", "https://lab.example", code=2).stderr
    )
    assert "public address" in run("annotate", "links", study, "--public-url", "lab.example", code=2).stderr


def test_the_demo_starts_with_one_command_and_goes_on(tmp_path):
    command = [COMMAND, "annotate", "demo", "--port", "0", "--pairs", "3"]
    for attempt in range(2):
        out = tmp_path / f"out{attempt}"
        with out.open("w") as stdout:
            process = subprocess.Popen(command, cwd=tmp_path, stdout=stdout, stderr=subprocess.DEVNULL)
        try:
            for _ in range(1200):
                if "lead " in out.read_text() or process.poll() is not None:
                    break
                time.sleep(0.1)
            links = dict(line.split() for line in out.read_text().splitlines())
            assert set(links) == {"team1-1", "team1-2", "team2-1", "team2-2", "expert-1", "lead"}
            browser = RemoteBrowser(links["team1-1"])
            assert browser.get("/api/trial").json()["current"]["position"] == attempt
            assert browser.answer(attempt).status_code == 200
            browser.close()
        finally:
            process.kill()
            process.wait(20)
