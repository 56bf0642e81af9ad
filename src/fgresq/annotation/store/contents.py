"""What a study's database says that doesn't change while it runs: images, pairs, people's votes as values."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection, select

from fgresq.annotation.protocol.trials import Trial
from fgresq.annotation.store import tables
from fgresq.errors import StudyError
from fgresq.records import Preference


class Choice(StrEnum):
    """What a person said of the two images that they saw."""

    LEFT = "left"
    RIGHT = "right"
    EQUAL = "equal"


@dataclass(frozen=True, slots=True)
class StudyImage:
    """An image, and what its file was when the study was made.

    Attributes:
        number: in the study.
        opaque_id: random; the only name that pages may use.
        image_id, content, algorithm: as in the manifest; hidden from annotators and experts.
        path: of the file, absolute.
        sha256, size: of the file when the study was made; size in bytes.
    """

    number: int
    opaque_id: str
    image_id: str
    content: str
    algorithm: str
    path: Path
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class StudyPair:
    """A pair of the study.

    Attributes:
        number: in the study; the manifest's pairs have its order, training pairs come after them.
        image_a, image_b: as in the manifest.
        group: number of the group, from 1; None for a training pair.
        known: the answer of a training pair; None for others.
    """

    number: int
    image_a: StudyImage
    image_b: StudyImage
    group: int | None
    known: Preference | None

    @property
    def content(self) -> str:
        """The scene that both images show."""
        return self.image_a.content


def read_pairs(connection: Connection) -> dict[int, StudyPair]:
    """All pairs by number."""
    images = {
        row.number: StudyImage(
            row.number,
            row.opaque_id,
            row.image_id,
            row.content,
            row.algorithm,
            Path(row.path),
            row.sha256,
            row.size,
        )
        for row in connection.execute(select(tables.image))
    }
    return {
        row.number: StudyPair(
            row.number,
            images[row.image_a],
            images[row.image_b],
            row.group_number,
            None if row.known is None else Preference(row.known),
        )
        for row in connection.execute(select(tables.pair).order_by(tables.pair.c.number))
    }


def image_bytes(image: StudyImage) -> bytes:
    """An image's file, if it still is what it was when the study was made.

    Raises:
        StudyError: it is missing or was changed; the file is named, so the message is for the lead, not for a page.
    """
    try:
        content = image.path.read_bytes()
    except OSError as error:
        raise StudyError(f"{image.path}: can't be read any more ({error.strerror}); put it back") from error
    if hashlib.sha256(content).hexdigest() != image.sha256:
        raise StudyError(f"{image.path}: was changed since the study was made; put the old file back")
    return content


def preference_of(trial: Trial, choice: Choice) -> Preference:
    """What a choice between left and right says of A and B."""
    if choice == Choice.EQUAL:
        return Preference.EQUAL
    return Preference.A if (choice == Choice.LEFT) == trial.a_on_left else Preference.B
