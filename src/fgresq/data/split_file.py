"""The split of a training as a file beside its weights, so that whoever measures them can keep to the test side.

Images stand in it with the SHA-256 of their files. So a side can be found again in any data set that holds these
files, whatever they are called there.
"""

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from fgresq.data.splits import DataSplit
from fgresq.errors import UserError
from fgresq.files import written_whole
from fgresq.manifest import Manifest
from fgresq.names import first_few
from fgresq.records import Split
from fgresq.seen import Seen

SPLIT_FILE = "split.json"

_THREADS = 4


class RecordedSide(BaseModel):
    """One side.

    Attributes:
        contents: by name.
        images: identity to the SHA-256 of the file, in hexadecimal.
        pairs: identities of A and B.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    contents: tuple[str, ...]
    images: Mapping[str, str]
    pairs: tuple[tuple[str, str], ...]

    @model_validator(mode="after")
    def _pairs_are_of_its_images(self) -> "RecordedSide":
        unknown = {name for pair in self.pairs for name in pair} - self.images.keys()
        if unknown:
            raise ValueError(f"pairs name images that aren't on their side ({first_few(sorted(unknown))})")
        return self


class RecordedSplit(BaseModel):
    """A split, written down.

    Attributes:
        format: of the file.
        manifest: fingerprint of the manifest's rows; where it lay doesn't matter.
        method, test_share, validation_share, seed: as in `fgresq.data.splits.DataSplit`.
        sides: "train", "test", and "validation" if some was.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["fgresq-split-1"] = "fgresq-split-1"
    manifest: str
    method: Literal["content", "pair"]
    test_share: float
    validation_share: float
    seed: int
    sides: Mapping[Split, RecordedSide]

    @cached_property
    def text(self) -> str:
        """As it stands in the file."""
        return json.dumps(self.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"

    @cached_property
    def sha256(self) -> str:
        """Of the file, in hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def write(self, folder: Path) -> None:
        """Write `split.json`, unless it stands there as it is.

        Raises:
            OutputError: it can't be written.
        """
        path = folder / SPLIT_FILE
        if path.is_file() and path.read_bytes() == self.text.encode():
            return
        with written_whole(path) as temporary:
            temporary.write_text(self.text, encoding="utf-8", newline="\n")


def record_split(split: DataSplit, manifest: Manifest) -> RecordedSplit:
    """Write a split down, with the hash of every image's file.

    Raises:
        UserError: a file can't be read.
    """
    hashes = file_hashes(manifest)
    content = {image.image_id: image.content for image in manifest.images}
    path = {image.image_id: image.path for image in manifest.images}
    sides = {
        side: RecordedSide(
            contents=tuple(sorted({content[identity] for identity in split.images(side)})),
            images={identity: hashes[path[identity]] for identity in split.images(side)},
            pairs=tuple((manifest.pairs[i].image_a, manifest.pairs[i].image_b) for i in split.pairs(side)),
        )
        for side in split.sides
    }
    return RecordedSplit(
        manifest=fingerprint(manifest),
        method=split.method,
        test_share=split.test_share,
        validation_share=split.validation_share,
        seed=split.seed,
        sides=sides,
    )


def seen_of(recorded: RecordedSplit, manifest: Manifest) -> Seen:
    """What a training has seen that was split so: what it trained on, and what chose its epoch.

    Args:
        recorded: of this manifest.
        manifest: whose references are hashed, where they are there.
    """
    used = [side for name, side in recorded.sides.items() if name is not Split.TEST]
    identities = {identity for side in used for identity in side.images}
    images = [image for image in manifest.images if image.image_id in identities]
    references = {image.reference for image in images if image.reference is not None}
    return Seen.of(
        recorded.manifest,
        recorded.sha256,
        [sha256 for side in used for sha256 in side.images.values()],
        {(image.source, image.content) for image in images},
        _hashed([manifest.root / path for path in references if (manifest.root / path).is_file()]),
    )


def fingerprint(manifest: Manifest) -> str:
    """SHA-256 of a manifest's rows, in hexadecimal; where it lies doesn't matter."""
    digest = hashlib.sha256()
    for record in (*manifest.images, *manifest.pairs):
        digest.update(repr(record).encode())
    return digest.hexdigest()


def file_hashes(manifest: Manifest) -> dict[str, str]:
    """SHA-256 of every image's file by its path in the manifest.

    Raises:
        UserError: one can't be read.
    """
    paths = list(dict.fromkeys(image.path for image in manifest.images))
    return dict(zip(paths, _hashed([manifest.root / path for path in paths]), strict=True))


def read_split(place: Path) -> RecordedSplit:
    """Read the split of a training.

    Args:
        place: `split.json`, the folder that holds it, or any file beside it, such as the weights.

    Raises:
        UserError: there is none, or it isn't one.
    """
    path = _find(place)
    try:
        recorded = RecordedSplit.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror})") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the document"
        raise UserError(f"{path}: isn't the split of a training ({where}: {first['msg']})") from error
    if Split.TEST not in recorded.sides or Split.TRAIN not in recorded.sides:
        raise UserError(f"{path}: isn't the split of a training (it lacks a side)")
    return recorded


def _find(place: Path) -> Path:
    if place.is_dir():
        path = place / SPLIT_FILE
    elif place.suffix.lower() == ".json":
        path = place
    else:
        path = place.parent / SPLIT_FILE
    if not place.exists():
        raise UserError(f"{place}: no such file; the folder of a training is needed, or its {SPLIT_FILE}")
    if not path.is_file():
        raise UserError(f"{place}: there is no {SPLIT_FILE} here; `fgresq train` writes it beside its weights")
    return path


def _hashed(paths: list[Path]) -> list[str]:
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="fgresq-hash") as pool:
        return list(pool.map(_sha256, paths))


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror})") from error
