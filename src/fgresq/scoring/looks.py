"""What a reader of a ranking has to know of its images beside their quality: formats, sizes, blanks, alpha, scenes."""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float
from PIL import Image

from fgresq.images.arrays import RgbArray
from fgresq.images.decode import about_alpha, holds_alpha
from fgresq.names import first_few

_GRID = 16
_BLANK = 2 / 255  # what JPEG makes of one colour stays below
_SEEN = 512  # pixels a side that a look takes at most
_ALIKE = 0.3  # correlation of the brightness of two restorations of one scene; of two scenes it is mostly lower
_JPEG = frozenset({"jpg", "jpeg", "jpe", "jfif"})


@dataclass(frozen=True, slots=True)
class Look:
    """An image at a glance.

    Attributes:
        width, height: in pixels.
        blank: whether it is of one colour.
        brightness: of a grid of 16 x 16 parts, in [0, 1].
    """

    width: int
    height: int
    blank: bool
    brightness: Float[np.ndarray, "16 16"]


def look_at(rgb: RgbArray) -> Look:
    """Take a look at pixels (height, width, 3) of uint8, uint16 or float32 in [0, 1]."""
    height, width = rgb.shape[:2]
    step = max(1, min(height, width) // _SEEN)
    seen = rgb[::step, ::step]
    most = {1: 255.0, 2: 65535.0}.get(rgb.dtype.itemsize, 1.0)
    spread = [float(seen[..., i].max()) - float(seen[..., i].min()) for i in range(3)]
    blank = max(spread) <= _BLANK * most
    if blank and step > 1:  # a small thing may lie between the pixels that were seen
        blank = all(float(rgb[..., i].max()) - float(rgb[..., i].min()) <= _BLANK * most for i in range(3))
    grey = seen.astype(np.float32).mean(axis=2) / most
    brightness = cv2.resize(grey, (_GRID, _GRID), interpolation=cv2.INTER_AREA).astype(np.float64)
    return Look(width, height, blank, brightness)


def what_to_know(
    cells: Sequence[tuple[str, str]], images: Sequence[object], names: Sequence[str], looks: Mapping[int, Look]
) -> tuple[str, ...]:
    """One sentence for each thing that isn't quality and may decide comparisons, with how often it is there.

    Args:
        cells: algorithm and content of each image.
        images: as they were given.
        names: of them.
        looks: of those that could be read, by index.
    """
    contents: defaultdict[str, list[int]] = defaultdict(list)
    for i in looks:
        contents[cells[i][1]].append(i)
    several = {content: sorted(found) for content, found in sorted(contents.items()) if len(found) > 1}
    return (
        *_of_formats(several, cells, images),
        *_of_sizes(several, looks),
        *_of_scenes(several, cells, looks),
        *_of_blanks(names, looks),
        *about_alpha([names[i] for i in sorted(looks) if _has_alpha(images[i])], len(images)),
    )


def _of_formats(
    contents: Mapping[str, Sequence[int]], cells: Sequence[tuple[str, str]], images: Sequence[object]
) -> Iterator[str]:
    formats = {i: found for members in contents.values() for i in members if (found := _format(images[i]))}
    mixed = [content for content, members in contents.items() if len({formats[i] for i in members if i in formats}) > 1]
    if mixed:
        by: defaultdict[str, set[str]] = defaultdict(set)
        for i, found in formats.items():
            by[found].add(cells[i][0])
        said = "; ".join(f"{found}: {first_few(sorted(owners), shown=4)}" for found, owners in sorted(by.items()))
        yield (
            f"formats differ within {len(mixed)} of {len(contents)} contents ({said}): compression is judged along "
            "with restoration, and weights may prefer it"
        )


def _format(image: object) -> str | None:
    if not isinstance(image, str | os.PathLike):
        return None
    suffix = Path(image).suffix.lower().lstrip(".")
    return "JPEG" if suffix in _JPEG else suffix.upper() or None


def _of_sizes(contents: Mapping[str, Sequence[int]], looks: Mapping[int, Look]) -> Iterator[str]:
    sizes = {
        content: sorted({(looks[i].width, looks[i].height) for i in members}) for content, members in contents.items()
    }
    mixed = {content: found for content, found in sizes.items() if len(found) > 1}
    if mixed:
        said = [f"{content}: {first_few([f'{w}x{h}' for w, h in found], shown=3)}" for content, found in mixed.items()]
        yield (
            f"sizes differ within {len(mixed)} of {len(contents)} contents ({first_few(said, 3, '; ')}): "
            "each image is judged at its own size"
        )


def _of_scenes(
    contents: Mapping[str, Sequence[int]], cells: Sequence[tuple[str, str]], looks: Mapping[int, Look]
) -> Iterator[str]:
    odd = []
    for content, members in contents.items():
        shown = [i for i in members if not looks[i].blank]
        odd += [
            f"{cells[i][0]} {content}"
            for i in shown
            if len(shown) > 1 and max(_alike(looks[i], looks[j]) for j in shown if j != i) < _ALIKE
        ]
    if odd:
        yield (
            f"{len(odd)} image{'' if len(odd) == 1 else 's'} look{'s' if len(odd) == 1 else ''} unlike all others of "
            f"the content, as if of another scene: {first_few(odd, shown=4)}"
        )


def _alike(a: Look, b: Look) -> float:
    one, other = (look.brightness - look.brightness.mean() for look in (a, b))
    norm = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / norm if norm > 0 else 1.0


def _of_blanks(names: Sequence[str], looks: Mapping[int, Look]) -> Iterator[str]:
    blank = [names[i] for i in sorted(looks) if looks[i].blank]
    if blank:
        yield (
            f"{len(blank)} image{' is' if len(blank) == 1 else 's are'} of one colour, of which no quality can be "
            f"told: {first_few(blank)}"
        )


def _has_alpha(image: object) -> bool:
    if isinstance(image, str | os.PathLike):
        return holds_alpha(image)
    if isinstance(image, Image.Image):
        return image.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in image.info
    return isinstance(image, np.ndarray) and image.ndim == 3 and image.shape[-1] == 4
