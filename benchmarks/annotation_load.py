"""Many annotators at once against one served study, and a server that is killed in the middle of it.

    python benchmarks/annotation_load.py [--database sqlite|postgresql] [--annotators 50] [--seconds 40] [--pace 1]

Each annotator fetches both images of the next pair, as the page does, thinks for `pace` seconds on average (0: not at
all), and answers; the time from sending an answer to having its receipt is measured. Halfway the server is killed with
SIGKILL and started again; whoever has no receipt sends the same answer again. At the end every receipt is looked for in
the database. PostgreSQL is started from Debian's package.
"""

# ruff: noqa: S311 - nobody's secret hangs on when an annotator answers
import argparse
import contextlib
import http.client
import json
import os
import random
import secrets
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.end_to_end.annotation_server import Server, manifest_of
from tests.unit.annotation import postgresql

from fgresq.annotation.protocol.design import StudyDesign
from fgresq.annotation.store import create_study, open_study
from fgresq.annotation.store.frames import answers_frame
from fgresq.manifest import Manifest, read_manifest, write_manifest
from fgresq.records import ImageRecord, Pair

WARM_UP = 4.0  # seconds after a start that aren't measured
COPIES = 40  # of each content: as many pairs as annotators can't finish


@dataclass
class Annotator:
    """One person's browser, and what it was told."""

    link: str
    pace: float
    latencies: list[tuple[float, float]] = field(default_factory=list)  # when it was sent, seconds it took
    receipts: list[tuple[int, str, str]] = field(default_factory=list)
    images: list[float] = field(default_factory=list)
    resent: int = 0
    cookie: str = ""
    csrf: str = ""
    _connection: http.client.HTTPConnection | None = None

    def request(self, method: str, path: str, body: object = None) -> tuple[int, http.client.HTTPResponse, bytes]:
        """One request; the connection is kept."""
        host = self.link.split("/")[2]
        if self._connection is None:
            self._connection = http.client.HTTPConnection(host, timeout=30)
        headers = {"Cookie": self.cookie, "X-CSRF-Token": self.csrf, "Origin": f"http://{host}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            self._connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = self._connection.getresponse()
            return response.status, response, response.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            self._connection = None
            raise

    def sign_in(self) -> None:
        """Open the link."""
        body = {"token": self.link.partition("#")[2], "browser": secrets.token_hex(32)}
        status, response, text = self.request("POST", "/session", body)
        assert status == 200, text
        self.cookie = response.headers["Set-Cookie"].partition(";")[0]
        self.csrf = self.request("GET", "/work")[2].decode().partition('name="csrf" content="')[2].partition('"')[0]

    def work(self, until: float) -> None:
        """Judge until the time is over."""
        state = json.loads(self.request("GET", "/api/trial")[2])
        seen: set[str] = set()
        time.sleep(random.uniform(0, self.pace))
        while time.monotonic() < until and state["current"] is not None:
            for trial in filter(None, (state["current"], state["upcoming"])):
                for side in ("left", "right"):
                    if trial[side] not in seen:  # a browser keeps what it has fetched
                        seen.add(trial[side])
                        self.fetch(trial[side])
            time.sleep(random.expovariate(1 / self.pace) if self.pace else 0)
            state = self.answer(state["current"]["position"])

    def fetch(self, path: str) -> None:
        """An image, again until it is there."""
        start = time.monotonic()
        while True:
            try:
                status, _, _ = self.request("GET", path)
            except (OSError, http.client.HTTPException):
                time.sleep(0.2)
                continue
            if status == 200:
                break
            assert status == 429, status
            time.sleep(0.2)
        self.images.append(time.monotonic() - start)

    def answer(self, position: int) -> dict:
        """Answer, and send it again until there is a receipt; what the server says comes next."""
        choice, key = random.choice(("left", "right", "equal")), secrets.token_hex(16)
        body = {"position": position, "choice": choice, "elapsed_ms": 1000.0, "key": key}
        while True:
            start = time.monotonic()
            try:
                status, _, text = self.request("POST", "/api/answers", body)
            except (OSError, http.client.HTTPException):
                self.resent += 1
                time.sleep(0.2)
                continue
            if status == 429:
                time.sleep(0.3)
                continue
            state = json.loads(text)
            assert (status, state.get("saved")) == (200, True), text
            self.latencies.append((start, time.monotonic() - start))
            self.receipts.append((position, choice, key))
            return state


def make_study(folder: Path, database: str, annotators: int) -> None:
    """Two teams, and more pairs than they can judge in the time."""
    made = manifest_of(folder / "data", ("astronaut", "chelsea", "coffee", "rocket"), None)
    images, pairs = [], []
    for copy in range(COPIES):
        images += [
            ImageRecord(f"{i.image_id}-{copy}", i.path, i.source, i.task, f"{i.content}-{copy}", i.algorithm)
            for i in made.images
        ]
        pairs += [Pair(f"{p.image_a}-{copy}", f"{p.image_b}-{copy}") for p in made.pairs]
    write_manifest(Manifest(folder / "data", tuple(images), tuple(pairs), {"made": "for load"}))
    design = StudyDesign(team_size=(annotators + 1) // 2, session_length=10_000)
    create_study(database, read_manifest(folder / "data"), design)


def run(folder: Path, database: str, annotators: int, seconds: float, pace: float, kill: bool) -> None:
    """One run, and its line."""
    make_study(folder, database, annotators)
    server = Server(database, folder).start()
    people = [Annotator(link, pace) for name, link in server.links.items() if name.startswith("team")][:annotators]
    for place, person in enumerate(people):
        person.sign_in()
        if place % 50 == 49:
            time.sleep(1)
    begin = time.monotonic()
    threads = [threading.Thread(target=person.work, args=(begin + seconds,)) for person in people]
    for thread in threads:
        thread.start()
    left_out = [(begin, begin + WARM_UP)]  # at first everybody opens the page at once
    if kill:
        time.sleep(seconds / 2)
        down = time.monotonic()
        server.kill()
        server.start()
        left_out.append((down - 0.5, time.monotonic() + WARM_UP))
    for thread in threads:
        thread.join()
    took = time.monotonic() - begin
    load = os.getloadavg()[0]
    server.kill()
    lost, twice = check(database, people)
    calm = [
        took_s
        for person in people
        for start, took_s in person.latencies
        if not any(first <= start <= last for first, last in left_out)
    ]
    images = [s for person in people for s in person.images]
    p50, p95, p99 = np.percentile(np.array(calm) * 1000, (50, 95, 99))
    answers = sum(len(person.receipts) for person in people)
    kind = "postgresql" if "://" in database else "sqlite"
    print(
        f"{kind} {annotators} annotators, pace {pace:g} s, "
        f"{took:.0f} s: {answers} answers ({answers / took:.0f}/s), {len(images)} images; answer p50 {p50:.1f} ms, "
        f"p95 {p95:.1f} ms, p99 {p99:.1f} ms; image p95 {np.percentile(images, 95) * 1000:.0f} ms; "
        + (f"killed once, {sum(p.resent for p in people)} sent again; " if kill else "")
        + f"receipts lost {lost}, stored twice {twice}; load average {load:.1f} on {os.cpu_count()} cores"
    )
    assert lost == twice == 0


def check(database: str, people: list[Annotator]) -> tuple[int, int]:
    """Receipts that the database doesn't hold, and positions with more than one row."""
    study = open_study(database)
    rows = answers_frame(study).select("person", "position", "choice", "key").rows()
    study.close()
    stored = {(position, choice, key) for _, position, choice, key in rows}
    lost = sum(receipt not in stored for person in people for receipt in person.receipts)
    return lost, len(rows) - len({(person, position) for person, position, _, _ in rows})


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--annotators", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--pace", type=float, default=1.0)
    parser.add_argument("--no-kill", action="store_true")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        database = str(folder / "study.db")
        if options.database == "postgresql":
            database = stack.enter_context(postgresql.running()).new_database()
        run(folder, database, options.annotators, options.seconds, options.pace, not options.no_kill)


if __name__ == "__main__":
    main()
