"""What every self-contained page needs: templates, its style and script, and a policy that allows nothing else."""

import base64
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from fgresq.files import written_whole
from fgresq.report.wording import percent, signed, visible_name

_HEAT_LEVELS = 10


@cache
def environment() -> Environment:
    """Templates in which every name of others is text; `visible` shows what can't be seen."""
    found = Environment(
        loader=PackageLoader("fgresq.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters.update(visible=visible_name, signed=signed, percent=percent, heat=heat_level)
    return found


def asset(*names: str) -> Markup:
    """Style sheets or scripts, one after the other; they go into a page unescaped."""
    loader = environment().loader
    assert loader is not None  # noqa: S101
    text = "".join(loader.get_source(environment(), name)[0] for name in names)
    # Browsers see a page's line ends as \n, and the policy's hashes are taken over what they see.
    return Markup(text.replace("\r\n", "\n"))  # noqa: S704 - files of this package, nobody's input


def content_security_policy(style: str, script: str) -> str:
    """Policy that allows this style sheet, this script and embedded images, and nothing else."""

    def digest(text: str) -> str:
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")

    return (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest(style)}'; "
        f"script-src 'sha256-{digest(script)}'; base-uri 'none'; form-action 'none'"
    )


def heat_level(share: float) -> int:
    """Step of the heat map's colour scale: 0 least, 5 even, 10 most."""
    return min(max(round(share * _HEAT_LEVELS), 0), _HEAT_LEVELS)


def write_page(path: Path, pieces: Iterable[str]) -> None:
    """Write a page as a whole, piece by piece.

    Raises:
        OutputError: it can't be written there.
    """
    with written_whole(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(pieces)
