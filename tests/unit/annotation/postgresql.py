"""A PostgreSQL server of the test's own: from Debian's package, on a socket in a folder that goes afterwards."""

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pg8000
from tests.waiting import LONGEST


def programs() -> Path | None:
    """Where initdb and pg_ctl are, or None."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return next((folder for folder in reversed(folders) if (folder / "pg_ctl").exists()), None)


class Server:
    """A running server; as root it runs as the user `postgres`, since it refuses to run as root."""

    def __init__(self, bin_folder: Path, folder: Path) -> None:
        self.bin, self.folder = bin_folder, folder
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []

    def start(self) -> None:
        if self._as:
            shutil.chown(self.folder, "postgres")
        data = self.folder / "data"
        self._run("initdb", "-D", data, "-U", "fgresq", "-A", "trust", "-E", "UTF8", "--no-locale")
        self.restart()

    def restart(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c max_connections=200"
        data, log = self.folder / "data", self.folder / "log"
        self._run("pg_ctl", "start", "-w", "-t", round(LONGEST), "-D", data, "-l", log, "-o", options)

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "stop", "-w", "-t", round(LONGEST), "-m", mode, "-D", self.folder / "data")

    def new_database(self) -> str:
        name = f"study_{uuid.uuid4().hex[:12]}"
        socket = str(self.folder / ".s.PGSQL.5432")
        with pg8000.connect(user="fgresq", database="postgres", unix_sock=socket) as connection:
            connection.autocommit = True
            connection.cursor().execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def url(self, name: str) -> str:
        return f"postgresql://fgresq@/{name}?host={self.folder}"

    def _run(self, program: str, *arguments: object) -> None:
        command = [*self._as, str(self.bin / program), *map(str, arguments)]
        # Output goes to a file: a server that inherits a pipe would keep it open.
        with (self.folder / "output").open("ab") as output:
            subprocess.run(command, check=True, stdout=output, stderr=output, cwd=self.folder, timeout=LONGEST)


@contextmanager
def running() -> Iterator[Server]:
    """A server while the block runs."""
    found = programs()
    assert found is not None
    folder = Path(tempfile.mkdtemp(prefix="fgresq-pg-"))
    server = Server(found, folder)
    try:
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")
    finally:
        shutil.rmtree(folder)
