"""Images of disagreements inside the page: their own pixels while there is room, else reduced, else left out.

Fine-grained differences are lost when an image is scaled, so whole files go in as they are. A pair whose files are
large is reduced instead, both images by the same rule, the page says so beside it, and the piece in which they differ
most goes in at full size. All together stay within a limit: first the greatest disagreement of every metric, then the
second of every one, and so on.
"""

import base64
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from fgresq.errors import ImageError
from fgresq.report.benchmark.page.detail import DETAIL_SIDE, most_different, piece_uri
from fgresq.report.embedding import eight_bit_pixels, image_data_uri, thumbnail_data_uri
from fgresq.results import Disagreement

PREVIEW_SIDE = 1600
"""Long side of a reduced image in pixels, at most."""

LARGEST_WHOLE = 6 * 2**20
"""Bytes of a data URI beyond which an image is reduced; about 4.5 MiB of file."""

_THUMBNAIL_SIDE = 168
_NO_ROOM = "No room: the page’s limit for images is reached."


@dataclass(frozen=True, slots=True)
class Embedded:
    """A disagreement as the page shows it.

    Attributes:
        shown: the disagreement.
        thumbnails: of the image that people prefer and of the one that the metric does; None where one can't be read.
        pixels: numbers of the two images in the page; None where they aren't in it.
        note: what must be said of the images; may be empty.
        detail: numbers of the pieces at full size; None where the images are whole, or there is no room.
        detail_note: what must be said of the pieces.
    """

    shown: Disagreement
    thumbnails: tuple[str, str] | None
    pixels: tuple[int, int] | None
    note: str
    detail: tuple[int, int] | None = None
    detail_note: str = ""


@dataclass(frozen=True, slots=True)
class Gallery:
    """All disagreements, the data URIs of their images, each once, and what these and thumbnails take in characters."""

    entries: tuple[Embedded, ...]
    images: tuple[str, ...]
    characters: int

    @property
    def left_out(self) -> int:
        """Disagreements without images, since there was no room or a file can't be read."""
        return sum(entry.pixels is None for entry in self.entries)


def embed(disagreements: Sequence[Disagreement], limit: int) -> Gallery:
    """Read the images.

    Args:
        disagreements: of each metric, the greatest first.
        limit: of all data URIs together, in characters.
    """
    found: dict[int, Embedded] = {}
    album = _Album(limit)
    for number in _in_turns(disagreements):
        shown = disagreements[number]
        try:
            found[number] = album.entry(shown)
        except ImageError as error:
            found[number] = Embedded(shown, None, None, f"{error.name}: {error.reason}")
    entries = tuple(found[number] for number in range(len(disagreements)))
    return Gallery(entries, tuple(uri for uri, _ in album.images.values()), album.used)


_Key = tuple[str, str]  # path, and in which form: "whole", "reduced", or where a piece begins


class _Album:
    """Images taken into the page so far; one that stands in several pairs is taken once."""

    def __init__(self, limit: int) -> None:
        self.images: dict[_Key, tuple[str, str]] = {}
        self.used = 0
        self._limit = limit

    def entry(self, shown: Disagreement) -> Embedded:
        """A disagreement with as much of its images as there is room for."""
        paths = (shown.by_people.path, shown.by_metric.path)
        first, second = (thumbnail_data_uri(Path(path), _THUMBNAIL_SIDE) for path in paths)
        if len(first) + len(second) > self._limit - self.used:
            return Embedded(shown, None, None, _NO_ROOM)
        self.used += len(first) + len(second)
        thumbnails = (first, second)
        if whole := self._take(paths, "whole"):
            return Embedded(shown, thumbnails, whole, "")
        if reduced := self._take(paths, "reduced"):
            sizes = " and ".join(dict.fromkeys(self.images[path, "reduced"][1] for path in paths))
            note = f"Reduced to at most {PREVIEW_SIDE} px from {sizes} px, and compressed again."
            place = most_different(*(eight_bit_pixels(Path(path)) for path in paths))
            detail = None if place is None else self._take(paths, f"{place[0]} {place[1]}")
            if place is None or detail is None:
                return Embedded(shown, thumbnails, reduced, note)
            where = (
                f"Full size: {DETAIL_SIDE} × {DETAIL_SIDE} px from x {place[0]}, y {place[1]}, where they differ most."
            )
            return Embedded(shown, thumbnails, reduced, note, detail, where)
        return Embedded(shown, thumbnails, None, _NO_ROOM)

    def _take(self, paths: tuple[str, str], form: str) -> tuple[int, int] | None:
        """Take two images in, both or none, and say their numbers."""
        new = {(path, form): _read(path, form) for path in paths if (path, form) not in self.images}
        sizes = [len(uri) for uri, _ in new.values()]
        if sum(sizes) > self._limit - self.used or (form == "whole" and max(sizes, default=0) > LARGEST_WHOLE):
            return None
        self.images.update(new)
        self.used += sum(sizes)
        order = list(self.images)
        return order.index((paths[0], form)), order.index((paths[1], form))


def _read(path: str, form: str) -> tuple[str, str]:
    """An image's data URI, and the size that it had where it was reduced."""
    if form == "whole":
        return image_data_uri(Path(path)), ""
    if form == "reduced":
        return _preview(path)
    x, y = map(int, form.split())
    return piece_uri(eight_bit_pixels(Path(path)), x, y), ""


def _in_turns(disagreements: Sequence[Disagreement]) -> Iterator[int]:
    """Numbers of all first ones, then of all second ones."""
    turns: dict[str, int] = {}
    order = []
    for number, shown in enumerate(disagreements):
        turns[shown.metric] = turns.get(shown.metric, -1) + 1
        order.append((turns[shown.metric], number))
    yield from (number for _, number in sorted(order))


def _preview(path: str) -> tuple[str, str]:
    """A reduced image, and the size that it had."""
    small = Image.fromarray(eight_bit_pixels(Path(path)))
    size = f"{small.width} × {small.height}"
    small.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=92)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}", size
