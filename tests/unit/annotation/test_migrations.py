"""From an empty database up, and that the migrations make what the tables' definitions say."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, inspect, text

from fgresq.annotation.store.engine import connect, reading, study_url, writing
from fgresq.annotation.store.migrate import _configuration, current, upgrade
from fgresq.annotation.store.tables import metadata
from fgresq.errors import StudyError


@pytest.fixture
def engine(database):
    made = connect(study_url(database))
    yield made
    made.dispose()


def test_from_an_empty_database_up(engine):
    assert current(engine) is None
    upgrade(engine)
    head = ScriptDirectory.from_config(_configuration()).get_current_head()
    assert current(engine) == head
    upgrade(engine)
    assert current(engine) == head


def test_migrations_make_what_the_tables_say(engine):
    upgrade(engine)
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        for name, table in metadata.tables.items():
            made = {check["name"] for check in inspect(connection).get_check_constraints(name)}
            wanted = {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}
            assert made == wanted, name


def test_migrations_stand_in_one_line():
    scripts = ScriptDirectory.from_config(_configuration())
    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1


def test_a_failed_migration_leaves_nothing(engine, monkeypatch):
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE answer (x INTEGER)"))
    with pytest.raises(Exception, match=r"NOT saved.*answer"):
        upgrade(engine)
    with reading(engine) as connection:
        assert inspect(connection).get_table_names() == ["answer"]


def test_a_newer_study_is_refused(engine):
    upgrade(engine)
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StudyError, match="newer version"):
        upgrade(engine)
