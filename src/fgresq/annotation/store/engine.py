"""Connections that keep what they acknowledge, and errors that say so when they can't."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from fgresq.errors import NotSavedError, StudyError

_BUSY_S = 30.0  # how long a writer waits for another one
_WRITES = "fgresq_writes"


def study_url(study: str) -> URL:
    """Where a study is: a file's path for SQLite, or a PostgreSQL URL.

    Args:
        study: `study.db`, or `postgresql://user@host/name`.

    Returns:
        The URL that SQLAlchemy connects to.

    Raises:
        StudyError: a URL that can't be read, or of another database.
    """
    if "://" not in study:
        return URL.create("sqlite", database=str(Path(study).absolute()))
    try:
        url = make_url(study)
    except (ArgumentError, ValueError) as error:
        raise StudyError(f"{study}: isn't a file's path or a URL such as postgresql://user@host/name") from error
    backend = url.get_backend_name()
    if backend == "sqlite" and url.database not in (None, "", ":memory:"):
        return URL.create("sqlite", database=str(Path(str(url.database)).absolute()))
    if backend == "postgresql":
        return _for_pg8000(url)
    raise StudyError(f"{url.render_as_string()}: a study lives in an SQLite file or in PostgreSQL")


def _for_pg8000(url: URL) -> URL:
    """As the driver wants it: libpq's folder of a socket, `?host=/var/run/postgresql`, is the socket's file there."""
    query = dict(url.query)
    folder = query.get("host")
    if isinstance(folder, str) and folder.startswith("/"):
        port = query.pop("port", None) or url.port or 5432
        query["unix_sock"] = f"{query.pop('host')}/.s.PGSQL.{port}"
    return url.set(drivername="postgresql+pg8000", query=query)


def connect(url: URL) -> Engine:
    """An engine whose commits survive a killed process and a power cut.

    SQLite: write-ahead log with synchronous FULL, which flushes the log at every commit, and foreign keys. PostgreSQL:
    synchronous_commit on, whatever the server's default.
    """
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": _BUSY_S}, pool_size=20, max_overflow=40)
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = create_engine(url, pool_size=20, max_overflow=40, pool_pre_ping=True)
        event.listen(engine, "connect", _configure_postgresql)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one state of the study, however long it takes and whatever is written meanwhile.

    Raises:
        StudyError: the database doesn't answer.
    """
    level = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    try:
        with engine.connect().execution_options(**level) as connection, connection.begin():
            yield connection
    except (SQLAlchemyError, OSError) as error:
        raise StudyError(f"{shown(engine)}: can't be read ({_reason(error)})") from error


@contextmanager
def writing(engine: Engine, what: str = "the answer") -> Iterator[Connection]:
    """A transaction that is on the disk when the block has ended without an error, and leaves nothing otherwise.

    Args:
        engine: the study's.
        what: is written, for people.

    Raises:
        NotSavedError: it couldn't be stored: a full disk, a database that doesn't answer.
    """
    try:
        with engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
            yield connection
    except (SQLAlchemyError, OSError) as error:
        raise NotSavedError(f"{what} was NOT saved: {shown(engine)} can't be written ({_reason(error)})") from error


def shown(engine: Engine) -> str:
    """The database's name for people, without a password."""
    if engine.dialect.name == "sqlite":
        return str(engine.url.database)
    return engine.url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)


def _configure_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say, not where the driver thinks
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at once: one that read first and then wants to write can't wait for another.
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _configure_postgresql(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("SET synchronous_commit TO on")
    cursor.close()
    connection.commit()


def _reason(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    fields = cause.args[0] if cause.args else None
    # PostgreSQL's errors come as fields by letter; M is the message.
    return str(fields["M"] if isinstance(fields, dict) and "M" in fields else cause).strip().splitlines()[0]
