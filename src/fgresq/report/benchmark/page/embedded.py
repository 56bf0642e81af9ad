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
        pixels: number of the pair's images in the page; None where they aren't in it.
        note: what must be said of the images; may be empty.
    """

    shown: Disagreement
    thumbnails: tuple[str, str] | None
    pixels: int | None
    note: str


@dataclass(frozen=True, slots=True)
class Gallery:
    """All disagreements, and the images of those that have some: two data URIs each."""

    entries: tuple[Embedded, ...]
    pairs: tuple[tuple[str, str], ...]
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
    pairs: list[tuple[str, str]] = []
    known: dict[tuple[str, str], tuple[int, str]] = {}
    used = 0
    for number in _in_turns(disagreements):
        shown = disagreements[number]
        paths = (shown.by_people.path, shown.by_metric.path)
        thumbnails, place, note = None, None, _NO_ROOM
        try:
            small = (_thumbnail(paths[0]), _thumbnail(paths[1]))
            if sum(map(len, small)) <= limit - used:
                thumbnails = small
                used += sum(map(len, small))
            if thumbnails is not None and paths not in known:
                images, note = _pair(paths, limit - used)
                if images is not None:
                    known[paths] = (len(pairs), note)
                    pairs.append(images)
                    used += sum(map(len, images))
            if thumbnails is not None and paths in known:
                place, note = known[paths]
        except ImageError as error:
            note = f"{error.name}: {error.reason}"
        found[number] = Embedded(shown, thumbnails, place, note)
    return Gallery(tuple(found[number] for number in range(len(disagreements))), tuple(pairs), used)


def _in_turns(disagreements: Sequence[Disagreement]) -> Iterator[int]:
    """Numbers of all first ones, then of all second ones."""
    turns: dict[str, int] = {}
    order = []
    for number, shown in enumerate(disagreements):
        turns[shown.metric] = turns.get(shown.metric, -1) + 1
        order.append((turns[shown.metric], number))
    yield from (number for _, number in sorted(order))


def _thumbnail(path: str) -> str:
    return thumbnail_data_uri(Path(path), _THUMBNAIL_SIDE)


def _pair(paths: tuple[str, str], room: int) -> tuple[tuple[str, str] | None, str]:
    """Two data URIs that fit into the room, or none; and what must be said of them."""
    whole = (image_data_uri(Path(paths[0])), image_data_uri(Path(paths[1])))
    if max(map(len, whole)) <= LARGEST_WHOLE and sum(map(len, whole)) <= room:
        return whole, ""
    (first, before), (second, also) = (_preview(path) for path in paths)
    if len(first) + len(second) > room:
        return None, _NO_ROOM
    sizes = dict.fromkeys((before, also))
    return (first, second), f"Reduced from {' and '.join(sizes)} px, since the files are too large for the page."


def _preview(path: str) -> tuple[str, str]:
    """A reduced image, and the size that it had."""
    small = Image.fromarray(eight_bit_pixels(Path(path)))
    size = f"{small.width} × {small.height}"
    small.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=92)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}", size
