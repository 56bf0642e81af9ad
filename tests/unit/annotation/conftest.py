"""Every test of the store runs on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.annotation import postgresql, studies

from fgresq.annotation.store import Study


@pytest.fixture(scope="session")
def server() -> Iterator[postgresql.Server]:
    """A PostgreSQL server; skips where its programs are absent."""
    if postgresql.programs() is None:
        pytest.skip("initdb and pg_ctl are absent (Debian: apt install postgresql)")
    with postgresql.running() as started:
        yield started


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database's name, as users give it."""
    if request.param == "sqlite":
        return str(tmp_path / "study.db")
    return request.getfixturevalue("server").new_database()


@pytest.fixture
def study(database: str, tmp_path: Path) -> Iterator[Study]:
    """A new study: 12 pairs in two groups, teams of three, one training content."""
    made = studies.make_study(tmp_path, database)
    yield made
    made.close()


@pytest.fixture
def small_study(tmp_path: Path) -> Iterator[Study]:
    """The same on SQLite alone, for what doesn't depend on the database."""
    made = studies.make_study(tmp_path, str(tmp_path / "study.db"))
    yield made
    made.close()
