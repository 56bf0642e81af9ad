"""Images by their opaque names, for the people whose pairs they stand in: the pixels that a file holds, nothing else.

Names, comments, cameras and colour profiles don't leave the machine: they could say what made an image, and browsers
would colour it otherwise than `fgresq.images` reads it.
"""

import io
import struct
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from PIL import Image

from fgresq.annotation.protocol.design import Person, Role
from fgresq.annotation.protocol.verdicts import VerdictState
from fgresq.annotation.store import Study
from fgresq.annotation.store.contents import StudyImage, image_bytes
from fgresq.errors import ImageError, StudyError
from fgresq.images.decode import decode

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEPT = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
_PLAIN_COLOURS = (0, 2, 3)  # grey, RGB, palette: without alpha, which is ignored when images are judged


class Pictures:
    """The images of a study.

    Args:
        study: open.
    """

    def __init__(self, study: Study) -> None:
        self._study = study
        self._pairs_of: dict[str, list[int]] = defaultdict(list)
        for pair in study.pairs.values():
            for image in (pair.image_a, pair.image_b):
                self._pairs_of[image.opaque_id].append(pair.number)

    def may_see(self, person: Person, opaque_id: str) -> bool:
        """Whether an image stands in one of a person's own pairs.

        Annotators: their group's and the training pairs. Experts: pairs that are or were disputed. The lead: none.
        """
        pairs = [self._study.pairs[number] for number in self._pairs_of.get(opaque_id, ())]
        if person.role == Role.ANNOTATOR:
            return any(pair.group is None or pair.group == person.team for pair in pairs)
        if person.role == Role.EXPERT:
            judged = [pair.number for pair in pairs if pair.group is not None]
            states = (self._study.verdicts(only=number)[number].state for number in judged)
            return any(state in (VerdictState.DISPUTED, VerdictState.EXPERT) for state in states)
        return False

    def png(self, opaque_id: str) -> bytes:
        """An image as `shown_png`."""
        return shown_png(self._study.images[opaque_id])


def shown_png(image: StudyImage) -> bytes:
    """An image's pixels as PNG with 8 bits, bit by bit those of the file where it has 8 bits.

    Args:
        image: of a study.

    Raises:
        StudyError: the file is gone, was changed, or can't be decoded; it is named, for the lead.
    """
    return _bare_png(image_bytes(image)) or _encoded(image)


def missing_images(images: Iterable[StudyImage]) -> list[str]:
    """Files that are gone or have another length than when the study was made, with the reason; contents aren't read.

    Args:
        images: of a study.
    """
    found = []
    for image in images:
        try:
            size = image.path.stat().st_size
        except OSError as error:
            found.append(f"{image.path} ({error.strerror})")
        else:
            if size != image.size:
                found.append(f"{image.path} (has {size} bytes, not {image.size})")
    return found


def _bare_png(content: bytes) -> bytes | None:
    """A PNG without anything but its pixels; None if it isn't one that can be shown as it stands."""
    if not content.startswith(_SIGNATURE):
        return None
    kept = [_SIGNATURE]
    place = len(_SIGNATURE)
    while place + 12 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, place)
        end = place + 12 + length
        if kind == b"IHDR" and not _is_plain(content[place + 8 : end - 4]):
            return None
        if kind in (b"tRNS", b"acTL"):
            return None
        if kind in _KEPT:
            kept.append(content[place:end])
        if kind == b"IEND":
            return b"".join(kept) if end <= len(content) else None
        place = end
    return None


def _is_plain(header: bytes) -> bool:
    depth, colour = header[8], header[9]
    return depth <= 8 and colour in _PLAIN_COLOURS


def _encoded(image: StudyImage) -> bytes:
    try:
        pixels = decode(image.path)
    except ImageError as error:
        raise StudyError(str(error)) from error
    if pixels.dtype == np.uint16:
        pixels = ((pixels.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    elif pixels.dtype != np.uint8:
        pixels = np.rint(pixels * 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(out, "PNG", compress_level=1)
    return out.getvalue()
