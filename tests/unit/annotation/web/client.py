"""A browser without a screen: it opens a personal link and sends what the pages' scripts send."""

import re
import secrets
from pathlib import Path

import httpx2
from starlette.testclient import TestClient
from tests.waiting import LONGEST

from fgresq.annotation.web import create_app
from fgresq.annotation.web.door.access import Settings
from fgresq.annotation.web.door.sign_in import links

URL = "http://127.0.0.1:8765"
SETTINGS = Settings(URL)


class Person:
    """What pages' scripts do; `secret` is what the browser binds links to."""

    def begin(self, url):
        self.secret, self.url, self.csrf = secrets.token_hex(32), url, ""

    def open(self, link):
        """Open a personal link; the response to the exchange."""
        token = link.partition("#")[2]
        response = self.send_json("/session", {"token": token, "browser": self.secret})
        if response.status_code == 200:
            home = self.get(self.get("/").headers["location"])
            self.csrf = re.search(r'name="csrf" content="([^"]+)"', home.text).group(1)
        return response

    def send_json(self, path, body, **headers):
        sent = {"Origin": self.url, "X-CSRF-Token": self.csrf, **headers}
        return self.post(path, json=body, headers={name: value for name, value in sent.items() if value is not None})

    def answer(self, position, choice="left", key=None, elapsed_ms=1200.0):
        body = {"position": position, "choice": choice, "elapsed_ms": elapsed_ms, "key": key or secrets.token_hex(8)}
        return self.send_json("/api/answers", body)

    def review(self, position, choice="left", key=None):
        body = {"position": position, "choice": choice, "elapsed_ms": 900.0, "key": key or secrets.token_hex(8)}
        return self.send_json("/api/reviews", body)


class Browser(Person, TestClient):
    """A browser that reaches an application without a network."""

    def __init__(self, app, url=URL):
        super().__init__(app, base_url=url, raise_server_exceptions=False, follow_redirects=False)
        self.begin(url)


class RemoteBrowser(Person, httpx2.Client):
    """A browser that reaches a server."""

    def __init__(self, link):
        url = link.partition("/enter")[0]
        super().__init__(base_url=url, follow_redirects=False, timeout=LONGEST)
        self.begin(url)
        response = self.open(link)
        assert response.status_code == 200, response.text


class Clock:
    """One that a test sets: seconds, monotonic, and still until `now` is moved."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class House:
    """A study and its application, which goes by a clock that stands still."""

    def __init__(self, study, settings=SETTINGS):
        self.study, self.settings, self.clock = study, settings, Clock()
        self.database = Path(str(study._engine.url.database))
        self.app = create_app(study, settings, self.clock)

    def link(self, person_id):
        return links(self.study, self.settings, [person_id])[person_id]

    def stranger(self):
        return Browser(self.app, self.settings.public_url)

    def signed_in(self, person_id):
        browser = self.stranger()
        response = browser.open(self.link(person_id))
        assert response.status_code == 200, response.text
        return browser
