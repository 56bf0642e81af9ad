"""The command that serves, killed in the middle of many answers; and what it says when it can't serve.

The large version, with times, is `benchmarks/annotation_load.py`.
"""

import secrets
import shutil
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx2
import pytest
from tests.end_to_end.annotation_server import Server, make_study, printed_links
from tests.end_to_end.command import COMMAND, inside
from tests.unit.annotation.web.client import RemoteBrowser
from tests.waiting import LONGEST, started, wait_until

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
    receipts, stop = [], threading.Event()

    def answer_and_change(link):
        """Answers, and changes of them without end; each is sent until there is a receipt."""
        with closing(RemoteBrowser(link)) as browser:
            number = 0
            while not stop.is_set():
                answer = min(number, 3), ("left", "right", "equal")[number % 3], secrets.token_hex(8)
                receipt = wait_until(lambda answer=answer: receipt_of(browser, *answer), "a receipt", LONGEST)
                assert receipt["saved"] is True
                receipts.append(answer)
                number += 1

    with Server(study, tmp_path).start() as server, ThreadPoolExecutor() as pool:
        people = [link for name, link in server.links.items() if name.startswith("team")]
        answering = [pool.submit(answer_and_change, link) for link in people]
        try:
            for _ in range(2):
                enough = len(receipts) + 40
                wait_until(lambda enough=enough: failed(answering) or len(receipts) >= enough, "40 more receipts")
                server.kill()
                server.start()
        finally:
            stop.set()
        for done in answering:
            done.result()
    opened = open_study(str(study))
    stored = answers_frame(opened).select("position", "choice", "key").rows()
    opened.close()
    assert len(answering) == 6
    assert sorted(stored) == sorted(receipts)  # every receipt's row, once, and no other


def receipt_of(browser, position, choice, key):
    """The receipt of an answer; None while the server is gone or asks to wait."""
    try:
        response = browser.answer(position, choice, key)
    except httpx2.TransportError:
        return None
    if response.status_code == 429:
        return None
    assert response.status_code == 200, response.text
    return response.json()


def failed(futures):
    """Raises what one of them raised."""
    for future in futures:
        if future.done():
            future.result()
    return False


def test_it_listens_on_this_machine_only_and_ends_when_asked(study, tmp_path):
    with Server(study, tmp_path).start() as server:
        assert server.url == f"http://127.0.0.1:{server.port}"
        listening = {line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if " 0A " in line}
        assert f"0100007F:{server.port:04X}" in listening
        assert f"00000000:{server.port:04X}" not in listening
        assert set(server.links) == {*(f"team{t}-{n}" for t in (1, 2) for n in (1, 2, 3)), "expert-1", "lead"}
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(LONGEST)
    assert "Traceback" not in (tmp_path / "serve.err").read_text()


def test_a_data_set_is_served_with_the_paper_s_design(made, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(made / "data", data)
    (data / "study.db").unlink(missing_ok=True)
    for _ in range(2):  # the second time the study is there
        with Server(data, tmp_path).start() as server:
            assert len(server.links) == 12
            RemoteBrowser(server.links["team2-5"]).close()
    assert (data / "study.db").is_file()
    assert "is a study of" in inside("annotate", "serve", made / "data", "--study", data / "study.db", code=2).stderr


def test_what_keeps_it_from_serving(made, study, tmp_path):
    assert "nothing.db: there is no such study" in inside("annotate", "serve", tmp_path / "nothing.db", code=2).stderr
    wide = inside("annotate", "serve", study, "--host", "0.0.0.0", "--port", "0", code=2)  # noqa: S104
    assert "--public-url" in wide.stderr
    image = made / "data" / "astronaut-soft.png"
    content = image.read_bytes()
    try:
        image.unlink()
        missing = inside("annotate", "serve", study, "--port", "0", code=2).stderr
    finally:
        image.write_bytes(content)
    assert "1 image files of the study can't be shown" in missing
    assert "astronaut-soft.png (No such file or directory)" in missing
    manifest = made / "data" / "manifest.json"
    before = manifest.read_text()
    try:
        manifest.write_text(before + " ")
        changed = inside("annotate", "serve", study, "--port", "0", code=2).stderr
    finally:
        manifest.write_text(before)
    assert "the manifest was changed since the study was made" in changed


def test_new_links(study):
    def links(*arguments, code=0):
        return inside("annotate", "links", study, *arguments, code=code)

    one = links("team1-2", "--public-url", "https://lab.example").stdout
    assert one.startswith("team1-2      https://lab.example/enter#")
    everybody = links("--public-url", "https://lab.example").stdout
    assert len(everybody.splitlines()) == 8
    assert "nobody: isn't a person" in links("nobody", "--public-url", "https://lab.example", code=2).stderr
    assert "public address" in links("--public-url", "lab.example", code=2).stderr


def test_the_demo_starts_with_one_command_and_goes_on(tmp_path):
    command = [COMMAND, "annotate", "demo", "--port", "0", "--pairs", "2"]
    for attempt in range(2):
        out, err = tmp_path / f"out{attempt}", tmp_path / f"err{attempt}"
        with (
            out.open("w") as stdout,
            err.open("w") as stderr,
            started(command, cwd=tmp_path, stdout=stdout, stderr=stderr) as process,
        ):
            links = wait_until(
                lambda out=out: printed_links(out), "links of the demo", LONGEST, process=process, stderr=err
            )
            assert set(links) == {"team1-1", "team1-2", "team2-1", "team2-2", "expert-1", "lead"}
            with closing(RemoteBrowser(links["team1-1"])) as browser:
                assert browser.get("/api/trial").json()["current"]["position"] == attempt
                assert browser.answer(attempt).status_code == 200
