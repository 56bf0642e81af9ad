"""Signed links and sessions. Everything is signed with the study's own secret, so nothing of one fits another study.

The end of a link or session stands in it as a date. A server's clock that jumps back lengthens them, one that jumps
ahead ends them early until it is put right; neither loses an answer.
"""

import hashlib
import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from itsdangerous import BadData, Signer, URLSafeSerializer

from fgresq.errors import FgresqError, UserError

_LINK, _SESSION, _CSRF = "fgresq-link", "fgresq-session", "fgresq-csrf"  # one can't stand in for another


class AccessError(FgresqError):
    """Somebody who may not come in; the message is for them.

    Attributes:
        status: of HTTP.
    """

    def __init__(self, message: str, status: int = 401) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Settings:
    """How an application is reached.

    Attributes:
        public_url: what people's browsers open, without a path.
        also: further addresses, without a path; links are made for `public_url`.
        link_days: a link's life.
        session_hours: how long a browser stays signed in.
    """

    public_url: str
    also: tuple[str, ...] = ()
    link_days: float = 30.0
    session_hours: float = 24.0

    def __post_init__(self) -> None:
        for url in (self.public_url, *self.also):
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
                raise UserError(f"{url}: a public address is http:// or https:// and a host, without a path")

    @property
    def secure(self) -> bool:
        """Whether browsers come over TLS."""
        return self.public_url.startswith("https://")

    @property
    def origins(self) -> frozenset[str]:
        """The addresses as browsers send them."""
        return frozenset(url.rstrip("/").lower() for url in (self.public_url, *self.also))

    @property
    def hosts(self) -> frozenset[str]:
        """The values of the Host header that are answered."""
        return frozenset(urlsplit(origin).netloc for origin in self.origins)

    @property
    def cookie(self) -> str:
        """The session cookie's name; browsers hold `__Host-` to one host and to TLS."""
        return "__Host-fgresq" if self.secure else "fgresq"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a link or a session says once its signature is found right.

    Attributes:
        link_id: random, of the link; a session keeps that of the link it came from.
        person_id: whose.
        ends: seconds since 1970.
        number: how many links of this person had been opened when the link was made; 0 in a session.
    """

    link_id: str
    person_id: str
    ends: int
    number: int = 0


def link_token(secret: str, person_id: str, opened: int, days: float) -> str:
    """What stands behind the # of a personal link.

    Args:
        secret: of the study.
        person_id: whose link.
        opened: how many of the person's links have been opened; the link dies when a younger one is opened.
        days: of its life.
    """
    ticket = Ticket(secrets.token_urlsafe(16), person_id, round(time.time() + 86400 * days), opened)
    return _serializer(secret, _LINK).dumps(_values(ticket))


def read_link(secret: str, token: str) -> Ticket:
    """A link's ticket.

    Raises:
        AccessError: forged, damaged or expired.
    """
    ticket = _read(secret, _LINK, token)
    if ticket is None:
        raise AccessError("This link isn't valid. Copy the whole address, or ask the study's lead for a new link.")
    if ticket.ends < time.time():
        raise AccessError("This link has expired. Ask the study's lead for a new one; your answers are kept.")
    return ticket


def session_token(secret: str, link: Ticket, hours: float) -> str:
    """A session cookie's value; it doesn't outlive the link by more than its own length."""
    return _serializer(secret, _SESSION).dumps(
        _values(Ticket(link.link_id, link.person_id, round(time.time() + 3600 * hours)))
    )


def read_session(secret: str, token: str | None) -> Ticket:
    """A session's ticket.

    Raises:
        AccessError: none, forged, damaged or over.
    """
    ticket = _read(secret, _SESSION, token) if token else None
    if ticket is None or ticket.ends < time.time():
        raise AccessError("You aren't signed in here. Open your personal link again; your answers are kept.")
    return ticket


def csrf_token(secret: str, session: Ticket) -> str:
    """What a session's pages send along with every change; other sites can't read it."""
    return Signer(secret, salt=_CSRF).get_signature(f"{session.link_id}.{session.ends}").decode("ascii")


def is_csrf_token(secret: str, session: Ticket, given: str) -> bool:
    """Whether a token is that of the session."""
    return secrets.compare_digest(csrf_token(secret, session).encode(), given.encode())


def browser_hash(browser: str) -> str:
    """What the study keeps of a browser's secret."""
    return hashlib.sha256(browser.encode()).hexdigest()


def _serializer(secret: str, salt: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt=salt, signer_kwargs={"digest_method": hashlib.sha256})


def _values(ticket: Ticket) -> list[Any]:
    return [ticket.link_id, ticket.person_id, ticket.ends, ticket.number]


def _read(secret: str, salt: str, token: str) -> Ticket | None:
    try:
        return Ticket(*_serializer(secret, salt).loads(token))
    except BadData:
        return None


def personal_link(settings: Settings, token: str) -> str:
    """The address that a person gets. Browsers keep what stands behind # to themselves: no log or proxy sees it."""
    return f"{settings.public_url.rstrip('/')}/enter#{token}"
