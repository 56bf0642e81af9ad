"""How the study stands, for its lead: live figures, and new links for people."""

import threading
import time
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from fgresq.annotation.protocol.design import Role
from fgresq.annotation.quality.overview import Overview, overview
from fgresq.annotation.store import Study
from fgresq.annotation.web.door.rights import Hall, HallOf, Lead
from fgresq.annotation.web.door.sign_in import links
from fgresq.annotation.web.pages import render
from fgresq.errors import AnswerError

router = APIRouter()

_FRESH_S = 2.0
_SHARE = 0.1  # of the machine's time that the figures may take


class Figures:
    """The overview, computed for all leads' pages at once and not oftener than the study can bear.

    Args:
        study: open.
        clock: seconds, monotonic.
    """

    def __init__(self, study: Study, clock: Callable[[], float] = time.monotonic) -> None:
        self._study, self._clock = study, clock
        self._lock = threading.Lock()
        self._seen: Overview | None = None
        self._good_until = 0.0

    def now(self) -> Overview:
        """The study as it stood a few seconds ago at most, or ten times as long as the figures take.

        Raises:
            StudyError: the database doesn't answer.
        """
        with self._lock:
            start = self._clock()
            if self._seen is None or start >= self._good_until:
                self._seen = overview(self._study)
                took = self._clock() - start
                self._good_until = self._clock() + max(_FRESH_S, took / _SHARE)
            return self._seen


class LinkWanted(BaseModel):
    """For whom a new link is wanted."""

    model_config = ConfigDict(extra="forbid")

    person: str = Field(max_length=64)


@router.get("/lead")
def page(request: Request, hall: HallOf, visitor: Lead) -> Response:
    """The lead's page."""
    people = [p.person_id for p in hall.study.people() if not p.withdrawn and p.role != Role.LEAD]
    return render(request, "lead.html.j2", visitor, people=people, design=hall.study.design, **_values(hall))


@router.get("/lead/figures")
def figures(request: Request, hall: HallOf, visitor: Lead) -> Response:
    """The part of the page that changes."""
    return render(request, "figures.html.j2", visitor, **_values(hall))


@router.post("/api/links")
def new_link(wanted: LinkWanted, hall: HallOf, visitor: Lead) -> dict[str, str]:
    """A new link for somebody; opening it ends what their older ones opened."""
    person = hall.study.person(wanted.person)
    if person.role == Role.LEAD:
        raise AnswerError("The lead's own links come from the command line: fgresq annotate links.")
    return {"link": links(hall.study, hall.settings, [person.person_id])[person.person_id]}


def _values(hall: Hall) -> dict[str, Any]:
    seen = hall.figures.now()
    return {"seen": seen, "figures_of": {person.person: person for person in seen.people}}
