"""A link opened for the first time binds itself to that browser; the newest link of a person is the one let in.

So a link that somebody else copies is of no use to them once it was opened, and a person whose link was opened by
somebody else finds out. Opening it again in the same browser works as often as one likes.
"""

import time
from collections.abc import Sequence

from sqlalchemy import Connection, func, insert, select

from fgresq.annotation.protocol.design import Person, Role
from fgresq.annotation.store import Study
from fgresq.annotation.store.answers import lock
from fgresq.annotation.store.tables import person, sign_in
from fgresq.annotation.web.door.access import (
    AccessError,
    Settings,
    Ticket,
    browser_hash,
    link_token,
    personal_link,
    read_link,
)


def links(study: Study, settings: Settings, people: Sequence[str] | None = None) -> dict[str, str]:
    """New personal links; each person's older ones die when the new one is opened.

    Args:
        study: open.
        settings: the address and the links' life.
        people: whose; None for everyone who hasn't withdrawn.

    Returns:
        Person to link.
    """
    with study.reading() as connection:
        names = [p.person_id for p in study.people(connection) if not p.withdrawn] if people is None else people
        rows = connection.execute(select(sign_in.c.person_id, func.count()).group_by(sign_in.c.person_id))
        opened: dict[str, int] = {row[0]: row[1] for row in rows}
    return {
        name: personal_link(settings, link_token(study.secret, name, opened.get(name, 0), settings.link_days))
        for name in names
    }


def open_link(study: Study, token: str, browser: str) -> Ticket:
    """Let a browser in by a link; that it did is on the disk when this returns.

    Args:
        study: open.
        token: of the link.
        browser: the browser's own secret, the same whenever it opens a link of the study.

    Raises:
        AccessError: forged, expired, opened in another browser, or followed by a newer one; somebody who withdrew.
        NotSavedError: the study's database can't be written.
    """
    ticket = read_link(study.secret, token)
    with study.writing("the sign-in") as connection:
        lock(connection, ticket.person_id)
        if _role(connection, ticket.person_id) is None:
            raise AccessError("You don't take part in this study any more.", 403)
        row = connection.execute(select(sign_in).where(sign_in.c.link_id == ticket.link_id)).one_or_none()
        if row is None:
            _bind(connection, ticket, browser)
        elif row.browser_sha256 != browser_hash(browser):
            raise AccessError(
                "This link was opened in another browser already. If that wasn't you, tell the study's lead; a new "
                "link ends what the old one opened."
            )
        elif not _is_newest(connection, ticket):
            raise AccessError("A newer link of yours has been opened. Use that one.")
    return ticket


def who(study: Study, session: Ticket) -> Person:
    """Whose session it is.

    Raises:
        AccessError: a newer link was opened, or the person withdrew.
    """
    with study.reading() as connection:
        row = connection.execute(select(person).where(person.c.person_id == session.person_id)).one_or_none()
        newest = _is_newest(connection, session)
    if row is None or row.withdrawn:
        raise AccessError("You don't take part in this study any more.", 403)
    if not newest:
        raise AccessError("A newer link of yours has been opened elsewhere. Open your newest link here to go on.")
    return Person(row.person_id, Role(row.role), row.team, row.withdrawn)


def _role(connection: Connection, person_id: str) -> str | None:
    return connection.scalar(
        select(person.c.role).where(person.c.person_id == person_id, person.c.withdrawn.is_(False))
    )


def _bind(connection: Connection, ticket: Ticket, browser: str) -> None:
    opened = connection.scalar(select(func.count()).select_from(sign_in).where(sign_in.c.person_id == ticket.person_id))
    if ticket.number != opened:
        raise AccessError("A newer link of yours has been opened. Use that one, or ask the study's lead for another.")
    row = {
        "person_id": ticket.person_id,
        "link_id": ticket.link_id,
        "browser_sha256": browser_hash(browser),
        "opened_ms": time.time_ns() // 1_000_000,
    }
    connection.execute(insert(sign_in).values(row))


def _is_newest(connection: Connection, ticket: Ticket) -> bool:
    newest = select(func.max(sign_in.c.id)).where(sign_in.c.person_id == ticket.person_id).scalar_subquery()
    return connection.scalar(select(sign_in.c.link_id).where(sign_in.c.id == newest)) == ticket.link_id
