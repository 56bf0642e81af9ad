"""A study served until somebody stops it."""

import socket
from collections.abc import Callable

import uvicorn

from fgresq.annotation.store import Study
from fgresq.annotation.web.app import create_app
from fgresq.annotation.web.door.access import Settings
from fgresq.annotation.web.pictures import missing_images
from fgresq.errors import StudyError, UserError
from fgresq.names import first_few

_WILDCARDS = ("", "0.0.0.0", "::")  # noqa: S104 - compared with, not bound to


def check_study(study: Study) -> None:
    """Find out whether a study can be served.

    Raises:
        StudyError: its manifest was changed, or images are missing or have another length; they are named.
    """
    study.check_manifest()
    missing = missing_images(study.images.values())
    if missing:
        raise StudyError(f"{len(missing)} image files of the study can't be shown: {first_few(missing)}")


def listen(host: str, port: int) -> socket.socket:
    """A socket that waits for browsers.

    Args:
        host: name or address of an interface of this machine.
        port: 0 for any that is free.

    Raises:
        UserError: the port is taken or not allowed, or the host isn't this machine's.
    """
    # Named as TCP: asyncio sends at once (TCP_NODELAY) only on sockets that are, and else a receipt waits 40 ms.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(256)
    except OSError as error:
        listening.close()
        raise UserError(
            f"{host}:{port}: can't be listened on ({error.strerror or error}); choose another --host or --port"
        ) from error
    return listening


def settings_for(listening: socket.socket, host: str, public_url: str | None, link_days: float) -> Settings:
    """The addresses of an application that listens on a socket.

    Raises:
        UserError: it listens on all interfaces and nobody said by which address people reach it.
    """
    port = int(listening.getsockname()[1])
    named = f"[{host}]" if ":" in host else host
    own = () if host in _WILDCARDS else (f"http://{named}:{port}",)
    loopback = (f"http://127.0.0.1:{port}", f"http://localhost:{port}")
    address = public_url or next(iter(own), None)
    if address is None:
        raise UserError(f"--host {host}: say with --public-url which address people open, such as http://lab-pc:{port}")
    return Settings(address, tuple({*own, *loopback}), link_days=link_days)


def serve(study: Study, listening: socket.socket, settings: Settings, started: Callable[[], None]) -> None:
    """Serve a study until a signal asks for the end; answers under way are finished.

    Args:
        study: open and checked.
        listening: of `listen`.
        settings: of `settings_for`.
        started: called once, right before the first request is taken.
    """
    app = create_app(study, settings)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=settings.secure,  # TLS ends in a proxy before us, which says who came
        lifespan="off",
        timeout_keep_alive=30,
        timeout_graceful_shutdown=10,
    )
    server = uvicorn.Server(config)
    started()
    server.run(sockets=[listening])
