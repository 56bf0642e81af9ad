"""The application of one study: its routes, and what people are told when something goes wrong."""

import logging
import time
from collections.abc import Callable

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from fgresq.annotation.store import Study
from fgresq.annotation.web import annotator, expert, lead, pages
from fgresq.annotation.web.door.access import AccessError, Settings
from fgresq.annotation.web.door.guard import Guard
from fgresq.annotation.web.door.limits import Limits
from fgresq.annotation.web.door.rights import Hall
from fgresq.annotation.web.lead import Figures
from fgresq.annotation.web.pages import refusal
from fgresq.annotation.web.pictures import Pictures
from fgresq.annotation.web.waiting import Waiting
from fgresq.errors import AnswerError, NotSavedError, StudyError

_log = logging.getLogger("fgresq.annotation.web")
_MESSAGES = {404: "There is nothing here.", 405: "That can't be done here."}


def create_app(study: Study, settings: Settings, clock: Callable[[], float] = time.monotonic) -> ASGIApp:
    """The application of an open study.

    Args:
        study: open; stays open as long as the application runs.
        settings: how it is reached.
        clock: seconds, monotonic; how often people may ask, and how long figures and queues are kept, go by it.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    with study.reading() as connection:
        embedded = connection.dialect.name == "sqlite"
    limits, figures, waiting = Limits(clock), Figures(study, clock), Waiting(study, clock)
    app.state.hall = Hall(study, settings, limits, Pictures(study), figures, waiting, embedded)
    for part in (pages, annotator, expert, lead):
        app.include_router(part.router)
    for error in (
        AccessError,
        AnswerError,
        NotSavedError,
        StudyError,
        RequestValidationError,
        HTTPException,
        Exception,
    ):
        app.add_exception_handler(error, _told)
    return Guard(app, settings)


def _told(request: Request, error: Exception) -> Response:
    """What somebody is told of an error: never a file's name or a trace; these go to the log."""
    match error:
        case AccessError():
            return refusal(request, error.status, str(error))
        case AnswerError():
            return refusal(request, 409, str(error))
        case NotSavedError():
            _log.error("%s", error)
            return refusal(request, 507, "The server couldn't save this: its disk or its database doesn't take it.")
        case StudyError():
            _log.error("%s", error)
            return refusal(
                request, 503, "Something of the study's files is missing or was changed; the lead must see to it."
            )
        case RequestValidationError():
            return refusal(request, 422, f"That isn't what a page sends: {_first(error)}.")
        case HTTPException():
            return refusal(request, error.status_code, _MESSAGES.get(error.status_code, "That didn't work."))
        case _:
            _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
            return refusal(request, 500, "The server made a mistake; the lead finds it in its log.")


def _first(error: RequestValidationError) -> str:
    """Where and why, without what was sent."""
    found = error.errors()[0]
    return f"{'.'.join(map(str, found['loc'][1:]))}: {found['msg']}"
