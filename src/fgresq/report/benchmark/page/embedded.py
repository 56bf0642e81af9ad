"""Images of disagreements inside the page: their own pixels while there is room, else reduced, else left out.

Fine-grained differences are lost when an image is scaled, so whole files go in as they are. A pair whose files are
large is reduced instead, both images by the same rule, and the page says so beside it. All together stay within a
limit: first the greatest disagreement of every metric, then the second of every one, and so on.
"""

import base64
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from fgresq.errors import ImageError
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
    """

    shown: Disagreement
    thumbnails: tuple[str, str] | None
    pixels: tuple[int, int] | None
    note: str


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


class _Album:
    """Images taken into the page so far; one that stands in several pairs is taken once."""

    def __init__(self, limit: int) -> None:
        self.images: dict[tuple[str, bool], tuple[str, str]] = {}
        self.used = 0
        self._limit = limit

    def entry(self, shown: Disagreement) -> Embedded:
        paths = (shown.by_people.path, shown.by_metric.path)
        first, second = (thumbnail_data_uri(Path(path), _THUMBNAIL_SIDE) for path in paths)
        if len(first) + len(second) > self._limit - self.used:
            return Embedded(shown, None, None, _NO_ROOM)
        self.used += len(first) + len(second)
        for reduced in (False, True):
            keys = [(path, reduced) for path in paths]
            if self._take(keys):
                order = list(self.images)
                return Embedded(shown, (first, second), (order.index(keys[0]), order.index(keys[1])), self._note(keys))
        return Embedded(shown, (first, second), None, _NO_ROOM)

    def _take(self, keys: Sequence[tuple[str, bool]]) -> bool:
        """Take images in, both or none; each with its URI and the size that it had on disk."""
        new = {
            (path, reduced): _preview(path) if reduced else (image_data_uri(Path(path)), "")
            for path, reduced in keys
            if (path, reduced) not in self.images
        }
        needed = sum(len(uri) for uri, _ in new.values())
        too_large = any(len(uri) > LARGEST_WHOLE for (_, reduced), (uri, _) in new.items() if not reduced)
        if too_large or needed > self._limit - self.used:
            return False
        self.images.update(new)
        self.used += needed
        return True

    def _note(self, keys: Sequence[tuple[str, bool]]) -> str:
        sizes = dict.fromkeys(size for size in (self.images[key][1] for key in keys) if size)
        return f"Reduced from {' and '.join(sizes)} px, since the files are too large for the page." if sizes else ""


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
