"""`fgresq annotate serve` and `fgresq annotate links`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fgresq.cli.annotate.options import StudyName, need_databases, opened
from fgresq.cli.terminal import cell, notes, results
from fgresq.errors import StudyError, UserError

if TYPE_CHECKING:
    from fgresq.annotation.store import Study
    from fgresq.annotation.web.door.access import Settings

LOOPBACK = ("127.0.0.1", "localhost", "::1")
STUDY_FILE = "study.db"

Host = Annotated[
    str, typer.Option(metavar="NAME", help="Interface to listen on; only this machine unless told otherwise.")
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")]
PublicUrl = Annotated[
    str | None,
    typer.Option(
        metavar="URL", help="What people's browsers open, if it isn't the host and port: https://lab.example."
    ),
]
LinkDays = Annotated[float, typer.Option(min=0.01, help="Days until the links expire.")]


def serve(
    served: Annotated[
        str, typer.Argument(metavar="MANIFEST", help="Folder of a data set, or a study made with `annotate create`.")
    ],
    study: Annotated[
        str | None,
        typer.Option(metavar="STUDY", help="Where the answers go; by default study.db in the data set's folder."),
    ] = None,
    host: Host = LOOPBACK[0],
    port: Port = 8765,
    public_url: PublicUrl = None,
    link_days: LinkDays = 30.0,
) -> None:
    """Serve a study to browsers and print everybody's personal link.

    A data set without a study gets one of the paper's design: two groups, teams of five, one expert; other designs are
    made with `annotate create`. Ctrl+C ends it; started again, it goes on where it was.
    """
    need_web()
    with opened(_study_of(served, study)) as opened_study:
        run(opened_study, host, port, public_url, link_days)


def links(
    study: StudyName,
    public_url: Annotated[str, typer.Option(metavar="URL", help="The address under which the study is served.")],
    people: Annotated[
        list[str] | None, typer.Argument(metavar="[PERSON]...", help="For whom; without a name, for everybody.")
    ] = None,
    link_days: LinkDays = 30.0,
) -> None:
    """Print new personal links; opening one ends what the person's older links opened."""
    need_web()
    from fgresq.annotation.web.door.access import Settings

    with opened(study) as opened_study:
        for name in people or ():
            opened_study.person(name)
        print_links(opened_study, Settings(public_url, link_days=link_days), people)


def run(study: "Study", host: str, port: int, public_url: str | None, link_days: float) -> None:
    """Check, listen, print the links, serve."""
    from fgresq.annotation.web import serving

    serving.check_study(study)
    with serving.listen(host, port) as listening:
        settings = serving.settings_for(listening, host, public_url, link_days)
        if host not in LOOPBACK and not settings.secure:
            warning = "without TLS, links and answers can be read on the way: put a proxy with https:// in front"
            notes.print(cell(warning, "yellow"), soft_wrap=True)
        serving.serve(study, listening, settings, lambda: print_links(study, settings))


def print_links(study: "Study", settings: "Settings", people: list[str] | None = None) -> None:
    """One line a person; a link is a password and goes to its person only."""
    from fgresq.annotation.web.door.sign_in import links as new_links

    for name, link in new_links(study, settings, people).items():
        results.print(cell(f"{name:<12} {link}"), soft_wrap=True)
    results.file.flush()


def need_web() -> None:
    """Find out whether the extra is installed.

    Raises:
        UserError: it isn't; the message says how to install it.
    """
    need_databases("fastapi", "uvicorn", "itsdangerous")


def _study_of(served: str, study: str | None) -> str:
    """The study to serve, made from the data set if there is none."""
    if not Path(served).is_dir():
        if study is not None:
            raise UserError(f"{served}: isn't a data set's folder; a study alone needs no --study")
        return served
    name = study or str(Path(served) / STUDY_FILE)
    if "://" in name or Path(name).exists():
        _check_is_of(name, Path(served))
        return name
    need_databases()
    from fgresq.annotation.protocol.design import StudyDesign
    from fgresq.annotation.store import create_study
    from fgresq.manifest import read_manifest

    create_study(name, read_manifest(Path(served)), StudyDesign())
    notes.print(cell(f"made a study of the paper's design: {name}"), soft_wrap=True)
    return name


def _check_is_of(name: str, manifest: Path) -> None:
    with opened(name) as found:
        if found.manifest.resolve() != manifest.resolve():
            raise StudyError(f"{name}: is a study of {found.manifest}, not of {manifest}; name another with --study")
