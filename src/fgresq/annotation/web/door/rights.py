"""Who a request comes from, and whether they may: what every route but the open ones asks first."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from fgresq.annotation.protocol.design import Person, Role
from fgresq.annotation.store import Study
from fgresq.annotation.web.door.access import AccessError, Settings, Ticket, is_csrf_token, read_session
from fgresq.annotation.web.door.limits import Limits
from fgresq.annotation.web.door.sign_in import who
from fgresq.annotation.web.pictures import Pictures
from fgresq.annotation.web.waiting import Waiting

if TYPE_CHECKING:
    from fgresq.annotation.web.lead import Figures

CSRF_HEADER = "x-csrf-token"


@dataclass(frozen=True, slots=True)
class Hall:
    """What the routes of one application share.

    Attributes:
        study: open.
        settings, limits, pictures, figures, waiting: of this application.
        embedded: whether the study is in SQLite, which takes one writer at a time.
    """

    study: Study
    settings: Settings
    limits: Limits
    pictures: Pictures
    figures: "Figures"
    waiting: Waiting
    embedded: bool
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def turn_to_write(self) -> Iterator[None]:
        """Let writers to SQLite go in the order they came.

        SQLite's others ask again after ever longer naps; in a line none of them waits longer than needed.
        """
        if not self.embedded:
            yield
            return
        with self._turn:
            yield


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody signed in.

    Attributes:
        person: who.
        session: by which ticket.
    """

    person: Person
    session: Ticket


def hall_of(request: Request) -> Hall:
    """What the routes share."""
    hall: Hall = request.app.state.hall
    return hall


async def _hall_of(request: Request) -> Hall:  # asynchronous, so that no thread is needed for it
    return hall_of(request)


def visitor_of(request: Request) -> Visitor:
    """Whoever is signed in.

    Raises:
        AccessError: nobody, or somebody who isn't let in any more.
    """
    hall = hall_of(request)
    session = read_session(hall.study.secret, request.cookies.get(hall.settings.cookie))
    return Visitor(who(hall.study, session), session)


def allowed(*roles: Role) -> Callable[[Request], Visitor]:
    """What a route of some roles depends on; a change needs the session's CSRF token, too."""

    def check(request: Request) -> Visitor:
        hall, visitor = hall_of(request), visitor_of(request)
        hall.limits.requests.take(visitor.person.person_id)
        if visitor.person.role not in roles:
            raise AccessError("That isn't yours to see or do.", 403)
        if request.method not in ("GET", "HEAD"):
            given = request.headers.get(CSRF_HEADER, "")
            if not is_csrf_token(hall.study.secret, visitor.session, given):
                raise AccessError("This page is out of date; load it again.", 403)
        return visitor

    return check


HallOf = Annotated[Hall, Depends(_hall_of)]
Annotator = Annotated[Visitor, Depends(allowed(Role.ANNOTATOR))]
Expert = Annotated[Visitor, Depends(allowed(Role.EXPERT))]
Lead = Annotated[Visitor, Depends(allowed(Role.LEAD))]
Anyone = Annotated[Visitor, Depends(allowed(*Role))]
