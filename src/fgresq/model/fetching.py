"""How `released` gets here: from the hub, from its cache, or from a folder that holds the file already.

The hub's library caches, resumes and retries. What it doesn't do is hash what arrived, so that is done here.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from fgresq.errors import DownloadError, HashMismatchError, UserError
from fgresq.files import check_can_write, home, written_whole
from fgresq.model.store import RELEASED, FetchRecord, check_hash, read_record, record_path, sha256_of


def fetch(local_dir: Path | None = None) -> FetchRecord:
    """Fetch `released` from the hub, check it, and write down what was fetched.

    $HF_ENDPOINT names a mirror. With $HF_HUB_OFFLINE, or when `local_dir` already holds the file, nothing is
    downloaded.

    Args:
        local_dir: folder to keep the file in, instead of the hub's cache.

    Raises:
        DownloadError: the hub doesn't answer, or the file isn't there.
        HashMismatchError: the bytes aren't those of the hub's own listing, or of the first fetch.
        UserError: `local_dir` can't be a folder, or the record can't be written.
    """
    # Before a long download, not after it.
    if local_dir is not None:
        _make_folder(local_dir)
    _make_folder(home(), "; set FGRESQ_HOME")
    check_can_write(record_path())
    known = read_record()
    revision = RELEASED.revision or (known.revision if known else None)
    path = _given_by_hand(local_dir)
    if path is None:
        path, revision = _download(revision, local_dir)
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
    with written_whole(record_path()) as temporary:
        temporary.write_text(record.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return record


def _make_folder(folder: Path, remedy: str = "") -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder}: this folder can't be made ({error.strerror}){remedy}") from error


def _given_by_hand(local_dir: Path | None) -> Path | None:
    if local_dir is None:
        return None
    candidates = (local_dir / RELEASED.filename, local_dir / Path(RELEASED.filename).name)
    return next((path for path in candidates if path.is_file()), None)


def _download(revision: str | None, local_dir: Path | None) -> tuple[Path, str | None]:
    """Get the file, checked against the hub's listing; returns the path and the commit."""
    with _hub_answers():  # the import fails on an HF_ENDPOINT that is no address
        from huggingface_hub import HfApi, constants, hf_hub_download  # noqa: PLC0415 - only a fetch needs the hub
    if constants.HF_HUB_OFFLINE:
        return _from_cache(revision, local_dir)
    with _hub_answers():
        # Without a timeout, a hub that accepts the connection and says nothing would be waited for for ever.
        info = HfApi().model_info(
            RELEASED.repository, revision=revision, files_metadata=True, timeout=constants.HF_HUB_ETAG_TIMEOUT
        )
        listed = next((file for file in info.siblings or () if file.rfilename == RELEASED.filename), None)
    if listed is None:
        raise DownloadError(f"{RELEASED.repository}: holds no {RELEASED.filename} at revision {info.sha}")
    expected = listed.lfs.sha256 if listed.lfs else None
    for again in (False, True):
        with _hub_answers():
            path = Path(
                hf_hub_download(
                    RELEASED.repository,
                    RELEASED.filename,
                    revision=info.sha,
                    local_dir=local_dir,
                    force_download=again,
                )
            )
        digest = sha256_of(path)
        if expected is None or digest == expected:
            return path, info.sha
        # The hub's library would serve a damaged file from its cache for ever, and one in `local_dir` would pass for
        # given by hand. So it goes, and is fetched once more.
        path.resolve().unlink()
        path.unlink(missing_ok=True)
    raise HashMismatchError(
        f"{RELEASED.repository}/{RELEASED.filename}: what was downloaded has SHA-256 {digest}, but the hub lists "
        f"{expected}; it was deleted again. Try later, or another mirror (HF_ENDPOINT)"
    )


def _from_cache(revision: str | None, local_dir: Path | None) -> tuple[Path, str | None]:
    """Find the file in the hub's cache, where a path is snapshots/<commit>/<filename>, linked to blobs/<SHA-256>."""
    from huggingface_hub import hf_hub_download  # noqa: PLC0415 - only a fetch needs the hub

    with _hub_answers("HF_HUB_OFFLINE is set and the file isn't in the hub's cache"):
        path = Path(hf_hub_download(RELEASED.repository, RELEASED.filename, revision=revision, local_files_only=True))
    commit = path.parents[RELEASED.filename.count("/")].name
    listed, digest = path.readlink().name if path.is_symlink() else "", sha256_of(path)
    if re.fullmatch("[0-9a-f]{64}", listed) and listed != digest:
        raise HashMismatchError(
            f"{path}: has SHA-256 {digest}, but the hub listed {listed}; the file is damaged. "
            "Fetch again without HF_HUB_OFFLINE"
        )
    if local_dir is None:
        return path, commit
    kept = local_dir / RELEASED.filename
    _make_folder(kept.parent)
    with written_whole(kept) as temporary:
        shutil.copyfile(path, temporary)
    return kept, commit


@contextmanager
def _hub_answers(hint: str | None = None) -> Iterator[None]:
    """Turn whatever goes wrong into a DownloadError that says `hint`, or else what the hub's library said."""
    try:
        yield
    # The library lets the errors of its HTTP client through, and KeyError and the like when a server isn't a hub.
    except Exception as error:
        said = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
        endpoint = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
        reason = hint or f"{endpoint} didn't give it ({' '.join(said[:2])})"
        raise DownloadError(
            f"{RELEASED.repository}/{RELEASED.filename}: {reason}. "
            "A mirror can be named with HF_ENDPOINT; a file that you have can be used as it is: "
            "`--weights FGResQ.pth`, or `weights fetch released --local-dir FOLDER`"
        ) from error
