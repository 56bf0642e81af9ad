"""JPEG 2000 and AVIF: files of boxes, of which one says how many bits a sample has."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fgresq.images.depth import CannotReadError, Reader, Samples, content_of, opencv_samples, stretched

_CODESTREAM = b"\xff\x4f\xff\x51"  # start of a JPEG 2000 codestream, and of its sizes
_BY_NAME = 1
# Colour spaces by their numbers in ISO 15444: unknown, sRGB and grey; black and white, CMYK, sYCC, two more of RGB.
_PLAIN_COLOURS = (None, 16, 17)
_CONVERTED_BY_PILLOW = (0, 12, 15, 18, 20, 21)


@dataclass(frozen=True, slots=True)
class _Component:
    depth: int
    signed: bool
    step: tuple[int, int]


def jpeg2000_reader(image: Image.Image) -> Reader | None:
    """What reads a JPEG 2000 file that Pillow has opened; None where Pillow does it right (8 bits).

    Pillow shifts fewer bits up, so that white isn't white, and of more than 8 rounds white over to black.

    Raises:
        CannotReadError: samples that can't be read as they are.
    """
    content = content_of(image)
    components = _components(content)
    colours = components if len(components) % 2 else components[:-1]  # the last of two or four is alpha
    depths = {component.depth for component in colours}
    depth = max(depths)
    if any(component.signed for component in colours):
        raise CannotReadError("holds signed samples, and nothing says which value is white; convert it to unsigned")
    if _colour_space(content) not in (_PLAIN_COLOURS + _CONVERTED_BY_PILLOW if depths == {8} else _PLAIN_COLOURS):
        raise CannotReadError(f"holds {depth}-bit colour that is neither RGB nor grey; convert it to RGB")
    if depths == {8}:
        return None
    if len(depths) > 1 or _box(content, b"jp2h", b"pclr") is not None:
        raise CannotReadError("holds several depths, or a palette of another depth than 8; convert it to PNG")
    if depth < 8:
        return lambda image: stretched(_shown(image) >> (8 - depth), 2**depth - 1)
    _check_deep(components, depth)
    return lambda image: stretched(_integers(opencv_samples(image, content, f"{depth}-bit samples")), 2**depth - 1)


def avif_reader(image: Image.Image) -> Reader | None:
    """What reads an AVIF file that Pillow has opened; None where it has 8 bits, which is all that Pillow gives.

    Raises:
        CannotReadError: it holds several depths.
    """
    content = content_of(image)
    depths = {_av1_depth(content[start:end]) for start, end in _boxes(content, b"meta", b"iprp", b"ipco", b"av1C")}
    deep = depths - {8}
    if not deep:
        return None
    if len(deep) > 1:
        raise CannotReadError("holds pictures of several depths; convert it to PNG")
    return lambda image: _deep_avif(image, content, deep.pop())


def _deep_avif(image: Image.Image, content: bytes, depth: int) -> Samples:
    pixels = opencv_samples(image, content, f"{depth}-bit samples")
    shallow = np.asarray(image.convert("RGB"))
    if pixels.dtype == np.uint8:  # the alpha is deep, the colours aren't
        return shallow
    samples, white = _integers(pixels), 2**depth - 1
    if samples.ndim == 2 and np.abs(samples * (255 / white) - shallow[..., 0]).max() > 1:
        raise CannotReadError(f"holds {depth}-bit grey of limited range, which can't be read; convert it to PNG")
    return stretched(samples, white)


def _colour_space(content: bytes) -> int | None:
    """The number of the colour space; None if a profile describes it, which isn't used, or nothing does."""
    box = _box(content, b"jp2h", b"colr")
    if box is None or content[box[0]] != _BY_NAME:
        return None
    return int.from_bytes(content[box[0] + 3 : box[0] + 7], "big")


def _check_deep(components: list[_Component], depth: int) -> None:
    """Refuse what OpenCV converts another way, or not at all."""
    if depth > 16:
        raise CannotReadError(f"holds {depth}-bit samples; convert it to 16 bits")
    if len(components) not in (1, 3, 4):
        raise CannotReadError(f"holds {depth}-bit grey with alpha or other samples; save it without them")
    if any(component.step != (1, 1) for component in components):
        raise CannotReadError(f"holds {depth}-bit colour at a lower resolution than its grey; convert it to RGB")


def _components(content: bytes) -> list[_Component]:
    start = 0
    if not content.startswith(_CODESTREAM):
        box = _box(content, b"jp2c")
        if box is None or content[box[0] : box[0] + 4] != _CODESTREAM:
            raise CannotReadError("is a JPEG 2000 file without a picture; it may be damaged")
        start = box[0]
    (count,) = struct.unpack_from(">H", content, start + 40)
    if not count:
        raise CannotReadError("is a JPEG 2000 picture without samples; it may be damaged")
    sizes = struct.iter_unpack("3B", content[start + 42 : start + 42 + 3 * count])
    return [_Component((bits & 0x7F) + 1, bits > 0x7F, (across, down)) for bits, across, down in sizes]


def _av1_depth(configuration: bytes) -> int:
    """Bits of a sample, by the AV1 codec configuration record (AV1-ISOBMFF, 2.3)."""
    high, twelve = configuration[2] & 0x40, configuration[2] & 0x20
    return 8 if not high else 12 if twelve else 10


def _box(content: bytes, *path: bytes) -> tuple[int, int] | None:
    return next(_boxes(content, *path), None)


def _boxes(content: bytes, *path: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """Where the contents of the boxes at a path of kinds begin and end."""
    end = len(content) if end is None else end
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", content, start)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", content, start + 8)[0], 16
        last = end if size == 0 else start + size
        if last < start + head or last > end:
            return  # damaged; whoever reads the picture says so
        if kind == path[0]:
            inside = start + head + (4 if kind == b"meta" else 0)  # its version and flags
            if len(path) == 1:
                yield inside, last
            else:
                yield from _boxes(content, *path[1:], start=inside, end=last)
        start = last


def _integers(pixels: Samples) -> NDArray[np.uint16]:
    if pixels.dtype != np.uint16:
        raise CannotReadError("holds deep samples, of which OpenCV doesn't give all bits; convert it to PNG")
    return (pixels[..., :3] if pixels.ndim == 3 else pixels).astype(np.uint16, copy=False)


def _shown(image: Image.Image) -> NDArray[np.uint8]:
    """Grey or RGB as Pillow gives it, at 8 bits."""
    return np.asarray(image.getchannel(0) if len(image.getbands()) < 3 else image.convert("RGB"))
