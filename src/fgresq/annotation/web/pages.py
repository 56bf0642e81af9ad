"""Pages, their parts, and the images on them."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from fgresq.annotation.protocol.design import Role
from fgresq.annotation.web.door.access import csrf_token, session_token
from fgresq.annotation.web.door.rights import Annotator, Anyone, Expert, HallOf, Visitor, visitor_of
from fgresq.annotation.web.door.sign_in import open_link

router = APIRouter()

_HOME = {Role.ANNOTATOR: "/work", Role.EXPERT: "/review", Role.LEAD: "/lead"}
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_LONG = "public, max-age=31536000, immutable"  # the address changes with the content


class Opening(BaseModel):
    """What the page of a link sends.

    Attributes:
        token: what stood behind the #.
        browser: a secret that this browser made for itself.
    """

    model_config = ConfigDict(extra="forbid")

    token: Annotated[str, Field(min_length=1, max_length=1000)]
    browser: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@router.get("/")
def home(visitor: Anyone) -> Response:
    """Where somebody's work is."""
    return RedirectResponse(_HOME[visitor.person.role], 303)


@router.get("/enter")
def enter(request: Request) -> Response:
    """The page that a personal link opens; opening it changes nothing yet, so that previews of links don't either."""
    return render(request, "enter.html.j2", None)


@router.post("/session")
def sign_in(request: Request, opening: Opening, hall: HallOf) -> Response:
    """Exchange a link for a session."""
    hall.limits.sign_ins.take(request.client.host if request.client else "")
    with hall.turn_to_write():
        ticket = open_link(hall.study, opening.token, opening.browser)
    response = JSONResponse({"home": "/"})
    settings = hall.settings
    response.set_cookie(
        settings.cookie,
        session_token(hall.study.secret, ticket, settings.session_hours),
        max_age=round(3600 * settings.session_hours),
        secure=settings.secure,
        httponly=True,
        samesite="strict",
    )
    return response


@router.post("/leave")
def sign_out(hall: HallOf, visitor: Anyone) -> Response:
    """Forget the session in this browser."""
    response = JSONResponse({"home": "/enter"})
    settings = hall.settings
    response.delete_cookie(settings.cookie, secure=settings.secure, httponly=True, samesite="strict")
    return response


@router.get("/work")
def work(request: Request, hall: HallOf, visitor: Annotator) -> Response:
    """An annotator's page."""
    return render(request, "work.html.j2", visitor, design=hall.study.design, expert=False)


@router.get("/review")
def review(request: Request, hall: HallOf, visitor: Expert) -> Response:
    """An expert's page."""
    return render(request, "work.html.j2", visitor, design=hall.study.design, expert=True)


@router.get("/images/{opaque_id}")
def image(request: Request, opaque_id: str, hall: HallOf) -> Response:
    """An image of one of the visitor's own pairs; others don't exist for them."""
    visitor = visitor_of(request)
    hall.limits.images.take(visitor.person.person_id)
    if not hall.pictures.may_see(visitor.person, opaque_id):
        raise HTTPException(404)
    content = hall.pictures.png(opaque_id)
    return Response(content, media_type="image/png", headers={"Cache-Control": "private, max-age=86400, immutable"})


@router.get("/static/{version}/{name}")
def static(version: str, name: str) -> Response:
    """A style sheet or script of this package."""
    found = _static_files()
    if version != static_version() or name not in found:
        raise HTTPException(404)
    suffix = name[name.rindex(".") :]
    return Response(found[name], media_type=_TYPES[suffix], headers={"Cache-Control": _LONG})


def render(request: Request, template: str, visitor: Visitor | None, status: int = 200, **values: Any) -> Response:
    """A page as HTML."""
    hall = request.app.state.hall
    page = _environment().get_template(template)
    text = page.render(
        assets=f"/static/{static_version()}",
        person=None if visitor is None else visitor.person,
        csrf="" if visitor is None else csrf_token(hall.study.secret, visitor.session),
        study=hall.study.secret and hashlib.sha256(hall.study.secret.encode()).hexdigest()[:12],
        **values,
    )
    return HTMLResponse(text, status)


def refusal(request: Request, status: int, message: str) -> Response:
    """What is told instead: a sentence as JSON to a script, a page to a person."""
    headers = {"Retry-After": "2"} if status in (429, 503, 507) else {}
    page = request.method == "GET" and not request.url.path.startswith(("/api/", "/images/", "/static/", "/lead/"))
    if not page:
        return JSONResponse({"error": message}, status, headers)
    response = render(request, "message.html.j2", None, status, message=message, code=status)
    response.headers.update(headers)
    return response


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("fgresq.annotation.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _static_files() -> dict[str, bytes]:
    folder = files("fgresq.annotation.web") / "static"
    return {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.name.endswith(tuple(_TYPES))}


@cache
def static_version() -> str:
    """A hash of all static files; the addresses of all change when one does."""
    digest = hashlib.sha256()
    for name, content in sorted(_static_files().items()):
        digest.update(name.encode() + b"\0" + content)
    return digest.hexdigest()[:16]
