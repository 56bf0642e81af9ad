"""What every request passes before any code sees it, and every response after: host, size, origin, headers."""

import json
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fgresq.annotation.web.door.access import Settings

MOST_BYTES = 4096  # of a body; an answer has about 150
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
}
_READS = ("GET", "HEAD", "OPTIONS")


class Guard:
    """Refuses what no page of ours sends, and puts the security headers on every response.

    Args:
        app: what comes behind.
        settings: the hosts and origins.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection, by ASGI."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(MutableHeaders(scope=message), self._settings)
            await send(message)

        refusal = self._refusal(scope["method"], Headers(scope=scope))
        if refusal is None and scope["method"] not in _READS:
            messages = await _whole_body(receive)
            if messages is None:
                refusal = 413, "That is too long."
            else:
                receive = _replayed(messages, receive)
        if refusal is None:
            await self._app(scope, receive, with_headers)
        else:
            await _refuse(*refusal, with_headers)

    def _refusal(self, method: str, headers: Headers) -> tuple[int, str] | None:
        if headers.get("host", "").lower() not in self._settings.hosts:
            return 421, "This server isn't reached by that name."
        if method in _READS:
            return None
        length = headers.get("content-length") or "0"
        if not length.isdecimal() or int(length) > MOST_BYTES:
            return 413, "That is too long."
        if headers.get("origin", "").lower() not in self._settings.origins:
            return 403, "That came from a page of another site."
        if headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return 403, "That came from a page of another site."
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return 415, "Only JSON is taken."
        return None


def _add_headers(headers: MutableHeaders, settings: Settings) -> None:
    for name, value in _HEADERS.items():
        headers[name] = value
    headers.setdefault("Cache-Control", "no-store")
    if settings.secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"


async def _whole_body(receive: Receive) -> list[Message] | None:
    """All parts of a body, or None if they are too long; a length that was promised isn't relied on."""
    messages: list[Message] = []
    size = 0
    while True:
        message = await receive()
        messages.append(message)
        size += len(message.get("body", b""))
        if size > MOST_BYTES:
            return None
        if message["type"] != "http.request" or not message.get("more_body", False):
            return messages


def _replayed(messages: Iterable[Message], receive: Receive) -> Receive:
    kept = iter(messages)

    async def replay() -> Message:
        found = next(kept, None)
        return found if found is not None else await receive()

    return replay


async def _refuse(status: int, message: str, send: Send) -> None:
    body = json.dumps({"error": message}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status == 413:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
