"""Weights by name: where they are, and that they are still the same bytes.

`compact` ships in the wheel. `released` is fetched from the hub on request, never by itself. The first fetch writes
down the commit and the SHA-256; from then on that commit is fetched and every load is checked against the hash.

This module doesn't import torch, so fetching and verifying start at once.
"""

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from fgresq.errors import HashMismatchError, WeightsError
from fgresq.files import home
from fgresq.names import nearest

_COMPACT_FILE = Path(__file__).parent / "data" / "compact.safetensors"
_COMPACT_SHA256 = "fb477c13797f4b92ed6c02ebe0246a3d09ec81d9f544bb7041905ff41b1fdbdd"
# What `compact` was until November 2026: for reproducing earlier numbers, in the repository and not in the wheel.
EARLIER = "compact-2026-11"
_EARLIER_SHA256 = "20d1ee26cb6cc3049e49d2fb05b1bbf4ae3df896fbb1def93573ddeb9bd80835"


@dataclass(frozen=True, slots=True)
class HubWeights:
    """Weights on the Hugging Face hub.

    Attributes:
        repository: owner/name.
        filename: inside the repository.
        revision: the commit to fetch; None until one is known, then the first fetch pins what `main` is.
        licence: as far as it is stated.
    """

    repository: str
    filename: str
    revision: str | None
    licence: str


RELEASED = HubWeights("orpheus0429/FGResQ", "weights/FGResQ.pth", None, "not stated by the authors; see their page")

NAMES = ("compact", "released", EARLIER)


class FetchRecord(BaseModel):
    """What a fetch wrote down.

    Attributes:
        repository, filename: as on the hub.
        revision: the commit; None when the file was given by hand.
        sha256: of the file, in hexadecimal.
        size: of the file, in bytes.
        path: where the file is.
        fetched: when, in UTC.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    repository: str
    filename: str
    revision: str | None
    sha256: str
    size: int
    path: Path
    fetched: datetime


@dataclass(frozen=True, slots=True)
class Located:
    """A weights file, and the hash it must have (None for a file that the user named)."""

    path: Path
    sha256: str | None


def locate(weights: str | os.PathLike[str]) -> Located:
    """The file of some weights.

    Args:
        weights: a name, or the path of a file.

    Raises:
        WeightsError: neither a known name nor a file, or a name that hasn't been fetched.
    """
    name = os.fspath(weights)
    if name == "compact":
        return Located(_COMPACT_FILE, _COMPACT_SHA256)
    if name == EARLIER:
        path = home() / f"{EARLIER}.safetensors"
        if not path.is_file():
            raise WeightsError(
                f"the weights `{EARLIER}` aren't on this machine; they are weights/{EARLIER}.safetensors of fgresq's "
                f"repository: pass the path of that file, or copy it to {path}"
            )
        return Located(path, _EARLIER_SHA256)
    if name == "released":
        record = read_record()
        if record is None:
            raise WeightsError(
                "the weights `released` aren't on this machine; fetch them once with `fgresq weights fetch released` "
                f"(from {RELEASED.repository} on the hub), or pass the path of FGResQ.pth"
            )
        if not record.path.is_file():
            raise WeightsError(
                f"{record.path}: the weights `released` were here and are gone; run `fgresq weights fetch released`"
            )
        return Located(record.path, record.sha256)
    try:
        if Path(name).is_file():
            return Located(Path(name), None)
        if Path(name).exists():
            raise WeightsError(f"{name}: isn't a file, so it holds no weights")
    except OSError as error:
        raise WeightsError(f"{name}: can't be read ({error.strerror})") from error
    raise WeightsError(f"no weights are called {name!r} and there is no such file; {nearest(name, NAMES)}")


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal.

    Raises:
        WeightsError: it can't be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(f"{path}: can't be read ({error.strerror})") from error


def verify(weights: str | os.PathLike[str]) -> tuple[Path, str, bool]:
    """Read a weights file anew and compare its hash with the recorded one.

    Returns:
        The path, its SHA-256, and whether there was a recorded hash to compare with.

    Raises:
        HashMismatchError: the file has changed.
        WeightsError: as `locate`.
    """
    located = locate(weights)
    digest = sha256_of(located.path)
    check_hash(located.path, digest, located.sha256)
    return located.path, digest, located.sha256 is not None


def check_hash(path: Path, found: str, expected: str | None) -> None:
    """Refuse a file whose hash isn't the expected one (None: nothing is expected).

    Raises:
        HashMismatchError: they differ.
    """
    if expected is None or found == expected:
        return
    remedy = (
        "Install fgresq again"
        if path == _COMPACT_FILE
        else "To get the recorded file back, delete this one and run `fgresq weights fetch released`; "
        f"if the change is wanted, delete {record_path()} and fetch"
    )
    raise HashMismatchError(
        f"{path}: has SHA-256 {found}, but {expected} was recorded; the file has changed or is damaged. {remedy}"
    )


def record_path() -> Path:
    """The file that holds what the first fetch wrote down."""
    return home() / "released.json"


def read_record() -> FetchRecord | None:
    """What the first fetch wrote down; None before it.

    Raises:
        WeightsError: the record is damaged.
    """
    path = record_path()
    if not path.is_file():
        return None
    try:
        return FetchRecord.model_validate_json(path.read_bytes())
    except (ValidationError, OSError) as error:
        raise WeightsError(f"{path}: this record of fetched weights is damaged; delete it and fetch again") from error
