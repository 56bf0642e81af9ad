"""What the commands of a study share."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from fgresq.errors import UserError

if TYPE_CHECKING:
    from fgresq.annotation.store import Study

StudyName = Annotated[
    str, typer.Argument(metavar="STUDY", help="The study's file, such as study.db, or a postgresql:// URL.")
]


def need_databases(*besides: str) -> None:
    """Find out whether the extra is installed.

    Args:
        besides: further packages of it that are needed.

    Raises:
        UserError: it isn't; the message says how to install it.
    """
    import importlib.util

    missing = [name for name in ("sqlalchemy", "alembic", *besides) if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(f"not installed: {', '.join(missing)}; `pip install 'fgresq[annotate]'` brings it")


@contextmanager
def opened(name: str) -> Iterator["Study"]:
    """A study, closed at the end of the block.

    Raises:
        UserError: the extra isn't installed.
        StudyError: there is no such study.
    """
    need_databases()
    from fgresq.annotation.store import open_study

    study = open_study(name)
    try:
        yield study
    finally:
        study.close()
