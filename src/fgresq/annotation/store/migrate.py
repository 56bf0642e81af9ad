"""From an empty database, or an older one, to the tables of this version."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from fgresq.annotation.store.engine import reading, shown, writing
from fgresq.errors import StudyError


def upgrade(engine: Engine) -> None:
    """Apply every migration that the database hasn't seen, in one transaction.

    Raises:
        StudyError: a newer version of fgresq made the database, or it can't be read.
        NotSavedError: it can't be written.
    """
    scripts = _configuration()
    head = ScriptDirectory.from_config(scripts).get_current_head()
    revision = current(engine)
    if revision == head:
        return
    known = {script.revision for script in ScriptDirectory.from_config(scripts).walk_revisions()}
    if revision is not None and revision not in known:
        raise StudyError(f"{shown(engine)}: a newer version of fgresq made this study (revision {revision})")
    with writing(engine, "the new form of the tables") as connection:
        scripts.attributes["connection"] = connection
        command.upgrade(scripts, "head")


def current(engine: Engine) -> str | None:
    """The migration that the database stands at; None for one that has no study's tables.

    Raises:
        StudyError: it can't be read.
    """
    with reading(engine) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    return configuration
