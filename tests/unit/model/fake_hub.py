"""A Hugging Face hub on this machine: as much of its protocol as fetching one file needs, and ways to misbehave."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit


class FakeHub(ThreadingHTTPServer):
    """One repository. What is public may be changed between requests.

    Attributes:
        repository: owner/name.
        main: the commit that `main` is.
        commits: commit to files to bytes.
        listed: file to the SHA-256 that the hub claims, where it isn't that of the bytes.
        cut_after: bytes of a file after which the connection is closed, once.
        status_after_cut: how requests for a file are refused from then on; None serves them.
        answer: replaces the answer to every request, given the handler.
        requests: those that came, as "GET /path".
        over: set when it shuts down.
    """

    daemon_threads = True

    def __init__(self, repository: str, files: Mapping[str, bytes], commit: str = "a" * 40) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repository = repository
        self.main = commit
        self.commits = {commit: dict(files)}
        self.listed: dict[str, str] = {}
        self.cut_after: int | None = None
        self.was_cut = False
        self.status_after_cut: int | None = None
        self.answer: Callable[[BaseHTTPRequestHandler], None] | None = None
        self.requests: list[str] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        """For HF_ENDPOINT."""
        return f"http://127.0.0.1:{self.server_port}"

    def push(self, commit: str, files: Mapping[str, bytes]) -> None:
        """A new commit, which becomes `main`."""
        self.commits[commit] = dict(files)
        self.main = commit

    def asked(self, text: str) -> list[str]:
        """The requests that contain `text`."""
        return [request for request in self.requests if text in request]

    def sha256(self, commit: str, filename: str) -> str:
        """What the hub says the file's hash is."""
        return self.listed.get(filename) or hashlib.sha256(self.commits[commit][filename]).hexdigest()


@contextmanager
def running(hub: FakeHub) -> Iterator[FakeHub]:
    """Answer requests in the background."""
    thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.over.set()
        hub.shutdown()
        hub.server_close()
        thread.join()


def silence(handler: BaseHTTPRequestHandler) -> None:
    """Accept the request and never answer it, as a dead proxy does."""
    assert isinstance(handler.server, FakeHub)
    handler.server.over.wait()
    handler.close_connection = True


def says(status: int, body: str, kind: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """The same answer to everything."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body.encode())))
        handler.end_headers()
        if handler.command == "GET":
            handler.wfile.write(body.encode())

    return answer


class _Handler(BaseHTTPRequestHandler):
    server: FakeHub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._route()

    def do_GET(self) -> None:
        self._route()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """The requests are recorded instead."""

    def _route(self) -> None:
        self.server.requests.append(f"{self.command} {self.path}")
        if self.server.answer is not None:
            self.server.answer(self)
            return
        url = urlsplit(self.path)
        parts = unquote(url.path).strip("/").split("/")
        if parts[:2] == ["api", "models"]:
            self._listing("/".join(parts[2:4]), parts[5] if len(parts) > 5 else "main", parse_qs(url.query))
        elif len(parts) > 4 and parts[2] == "resolve":
            self._file("/".join(parts[:2]), parts[3], "/".join(parts[4:]))
        else:
            self._error(404, "NotAnAddress")

    def _commit(self, repository: str, revision: str) -> str | None:
        if repository != self.server.repository:
            self._error(404, "RepoNotFound")
            return None
        commit = self.server.main if revision == "main" else revision
        if commit not in self.server.commits:
            self._error(404, "RevisionNotFound")
            return None
        return commit

    def _listing(self, repository: str, revision: str, query: Mapping[str, list[str]]) -> None:
        commit = self._commit(repository, revision)
        if commit is None:
            return
        siblings = []
        for name, content in self.server.commits[commit].items():
            entry: dict[str, object] = {"rfilename": name}
            if "blobs" in query:
                lfs = {"sha256": self.server.sha256(commit, name), "size": len(content), "pointerSize": 134}
                entry |= {"size": len(content), "blobId": "b" * 40, "lfs": lfs}
            siblings.append(entry)
        body = json.dumps({"id": repository, "sha": commit, "siblings": siblings})
        says(200, body, "application/json")(self)

    def _file(self, repository: str, revision: str, filename: str) -> None:
        commit = self._commit(repository, revision)
        if commit is None:
            return
        if filename not in self.server.commits[commit]:
            self._error(404, "EntryNotFound")
            return
        content = self.server.commits[commit][filename]
        start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-")) if "Range" in self.headers else 0
        if self.server.was_cut and self.server.status_after_cut is not None:
            self._error(self.server.status_after_cut, "")
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("X-Repo-Commit", commit)
        self.send_header("ETag", f'"{self.server.sha256(commit, filename)}"')
        self.send_header("X-Linked-Etag", f'"{self.server.sha256(commit, filename)}"')
        self.send_header("X-Linked-Size", str(len(content)))
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if self.command == "HEAD":
            return
        end, self.server.cut_after = self.server.cut_after, None
        self.wfile.write(content[start:end])
        if end is not None:
            self.server.was_cut = self.close_connection = True

    def _error(self, status: int, code: str) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()
