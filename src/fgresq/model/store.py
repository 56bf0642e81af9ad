"""Weights by name: where they are, how they get here, and that they are still the same bytes.

`compact` ships in the wheel. `released` is fetched from the hub on request, never by itself. The first fetch writes
down the commit and the SHA-256; from then on that commit is fetched and every load is checked against the hash.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from fgresq.errors import DownloadError, HashMismatchError, UserError, WeightsError
from fgresq.files import written_whole
from fgresq.model.checkpoints import sha256_of
from fgresq.names import nearest

_COMPACT_FILE = Path(__file__).parent / "data" / "compact.safetensors"
_COMPACT_SHA256 = "a85df10d3c6d3a5bfa5e8aa4ff6f8b8bdba310bef5cfa9b8c29a7d15267d1e3e"


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

NAMES = ("compact", "released")


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
    if Path(name).exists():
        return Located(Path(name), None)
    raise WeightsError(f"no weights are called {name!r} and there is no such file; {nearest(name, NAMES)}")


def verify(weights: str | os.PathLike[str]) -> tuple[Path, str, bool]:
    """Read a weights file anew and compare its hash with the recorded one.

    Returns:
        The path, its SHA-256, and whether there was a recorded hash to compare with.

    Raises:
        HashMismatchError: the file has changed.
        WeightsError: as `locate`.
    """
    located = locate(weights)
    try:
        digest = sha256_of(located.path)
    except OSError as error:
        raise WeightsError(f"{located.path}: can't be read ({error.strerror})") from error
    check_hash(located.path, digest, located.sha256)
    return located.path, digest, located.sha256 is not None


def check_hash(path: Path, found: str, expected: str | None) -> None:
    """Refuse a file whose hash isn't the expected one (None: nothing is expected).

    Raises:
        HashMismatchError: they differ.
    """
    if expected is not None and found != expected:
        raise HashMismatchError(
            f"{path}: has SHA-256 {found}, but {expected} was recorded; the file has changed or is damaged. "
            f"If the change is wanted, delete {record_path()} and fetch again"
        )


def home() -> Path:
    """Where fgresq keeps what it writes down: $FGRESQ_HOME, else fgresq in the user's cache folder."""
    if chosen := os.environ.get("FGRESQ_HOME"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fgresq"


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


def fetch(local_dir: Path | None = None) -> FetchRecord:
    """Fetch `released` from the hub, check it, and write down what was fetched.

    $HF_ENDPOINT names a mirror. With $HF_HUB_OFFLINE, or when `local_dir` already holds the file, nothing is
    downloaded.

    Args:
        local_dir: folder to keep the file in, instead of the hub's cache.

    Raises:
        DownloadError: the hub doesn't answer, or the file isn't there.
        HashMismatchError: the bytes aren't those of the hub's own listing, or of the first fetch.
        OutputError: the record can't be written.
    """
    known = read_record()
    revision = RELEASED.revision or (known.revision if known else None)
    path = _given_by_hand(local_dir)
    if path is None:
        path, revision, listed = _download(revision, local_dir)
        digest = sha256_of(path)
        if listed is not None and listed != digest:
            raise HashMismatchError(f"{path}: has SHA-256 {digest}, but the hub lists {listed}; fetch again")
    else:
        digest = sha256_of(path)
    check_hash(path, digest, known.sha256 if known else None)
    record = FetchRecord(
        repository=RELEASED.repository,
        filename=RELEASED.filename,
        revision=revision,
        sha256=digest,
        size=path.stat().st_size,
        path=path.absolute(),
        fetched=datetime.now(UTC),
    )
    _write_record(record)
    return record


def _write_record(record: FetchRecord) -> None:
    path = record_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{path.parent}: this folder can't be made ({error.strerror}); set FGRESQ_HOME") from error
    with written_whole(path) as temporary:
        temporary.write_text(record.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _given_by_hand(local_dir: Path | None) -> Path | None:
    if local_dir is None:
        return None
    candidates = (local_dir / RELEASED.filename, local_dir / Path(RELEASED.filename).name)
    return next((path for path in candidates if path.is_file()), None)


def _download(revision: str | None, local_dir: Path | None) -> tuple[Path, str | None, str | None]:
    """Download, or find in the hub's cache; returns the path, the commit and the hash that the hub lists."""
    from huggingface_hub import HfApi, constants, hf_hub_download  # noqa: PLC0415 - only a fetch needs the hub

    with _hub_answers():
        if constants.HF_HUB_OFFLINE:
            cached = hf_hub_download(
                RELEASED.repository, RELEASED.filename, revision=revision, local_dir=local_dir, local_files_only=True
            )
            return Path(cached), revision, None
        info = HfApi().model_info(RELEASED.repository, revision=revision, files_metadata=True)
        listed = next((file for file in info.siblings or () if file.rfilename == RELEASED.filename), None)
        if listed is None:
            raise DownloadError(f"{RELEASED.repository}: holds no {RELEASED.filename} at revision {info.sha}")
        path = hf_hub_download(RELEASED.repository, RELEASED.filename, revision=info.sha, local_dir=local_dir)
        return Path(path), info.sha, listed.lfs.sha256 if listed.lfs else None


@contextmanager
def _hub_answers() -> Iterator[None]:
    from huggingface_hub import constants, errors  # noqa: PLC0415 - only a fetch needs the hub

    try:
        yield
    # HTTPError is that of the client the hub's library uses, which changed its name between two versions.
    except (errors.HTTPError, OSError, ValueError) as error:  # type: ignore[attr-defined]
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        hint = (
            "HF_HUB_OFFLINE is set and the file isn't in the hub's cache"
            if constants.HF_HUB_OFFLINE
            else f"{constants.ENDPOINT} didn't give it ({reason})"
        )
        raise DownloadError(
            f"{RELEASED.repository}/{RELEASED.filename}: {hint}. A mirror can be named with HF_ENDPOINT; a file that "
            "you have can be used as it is: `--weights FGResQ.pth`, or `weights fetch released --local-dir FOLDER`"
        ) from error
