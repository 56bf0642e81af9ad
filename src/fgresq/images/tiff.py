"""TIFF, which holds samples of every kind: those that are read right, and why the others are refused."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from fgresq.images.depth import CannotReadError, Reader, Samples, content_of, opencv_samples, stretched

_SUBFILE_TYPE, _BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES = 254, 258, 259, 262, 277
_PLANES, _EXTRA_SAMPLES, _FORMAT, _SLICES, _DNG_VERSION = 284, 338, 339, 32997, 50706

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _YCBCR = 0, 1, 2, 6
_SEPARATE_PLANES, _PREMULTIPLIED_ALPHA, _REDUCED = 2, 1, 1
_SIGNED, _FLOATING, _COMPLEX = 2, 3, (5, 6)
_NOT_PACKED, _JPEG, _WEBP = 1, (6, 7), 50001
_DEPTHS = (1, 2, 4, 8, 12, 16)

_COLOURS = {
    0: "grey counted from white",
    1: "grey",
    2: "RGB",
    3: "palette",
    4: "mask",
    5: "CMYK",
    6: "YCbCr",
    8: "CIELab",
    9: "ICCLab",
    10: "ITULab",
    32803: "camera raw",
    32844: "LogL",
    32845: "LogLuv",
    34892: "camera raw",
}
_PACKINGS = {  # of the TIFF specification and its supplements; those that Pillow or OpenCV may lack
    6: "old JPEG",
    7: "JPEG",
    33003: "JPEG 2000",
    33005: "JPEG 2000",
    34712: "JPEG 2000",
    34887: "LERC",
    34892: "lossy JPEG",
    34925: "LZMA",
    34933: "PNG",
    50000: "Zstandard",
    50001: "WebP",
    50002: "JPEG XL",
    52546: "JPEG XL",
}
_NO_WHITE = "and nothing says which value is white; convert it to unsigned 8 or 16 bits"


def tiff_reader(image: Image.Image) -> Reader | None:
    """What reads a TIFF that Pillow has opened; None where Pillow does it right.

    Raises:
        CannotReadError: samples that can't be read as they are.
    """
    tags: Mapping[int, Any] = getattr(image, "tag_v2", {})
    reason = refusal(tags)
    if reason is not None:
        raise CannotReadError(reason)
    depth, is_grey = max(tags.get(_BITS, (1,))), tags.get(_SAMPLES, 1) == 1
    if depth == 12:
        return lambda image: stretched(np.asarray(image), 4095)
    if depth == 16 and is_grey and tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        return lambda image: np.uint16(65535) - np.asarray(image).astype(np.uint16)
    packed = f" packed by {_PACKINGS[packing]}" if (packing := tags.get(_COMPRESSION)) in _PACKINGS else ""
    if depth == 16 and not is_grey:
        premultiplied = tuple(tags.get(_EXTRA_SAMPLES, ()))[:1] == (_PREMULTIPLIED_ALPHA,)
        return lambda image: _deep_colour(image, premultiplied, f"16-bit colour{packed}")
    if _is_turned_round(image):
        return lambda image: opencv_samples(image, content_of(image), f"big-endian floating point{packed}")
    return None


def refusal(tags: Mapping[int, Any]) -> str | None:
    """Why the TIFF with these tags can't be read as it is, and what to do; None if that isn't known beforehand."""
    depths, formats = sorted(set(tags.get(_BITS, (1,)))), sorted(set(tags.get(_FORMAT, (1,))))
    if tags.get(_SUBFILE_TYPE, 0) & _REDUCED or _DNG_VERSION in tags:
        return "begins with a small preview, as the raw files of cameras do; export it as PNG, TIFF or JPEG"
    if tags.get(_SLICES, 1) > 1:
        return f"is a volume of {tags[_SLICES]} slices; save the one to judge as an image of its own"
    if len(depths) != 1 or len(formats) != 1:
        return "holds samples of several depths or kinds; convert it to 8 or 16 bits"
    return _refused_numbers(depths[0], formats[0], tags) or _refused_layout(depths[0], tags)


def _refused_numbers(depth: int, form: int, tags: Mapping[int, Any]) -> str | None:
    is_grey = tags.get(_SAMPLES, 1) == 1
    if form == _SIGNED:
        return f"holds signed {depth}-bit integers, {_NO_WHITE}"
    if form in _COMPLEX:
        return "holds complex numbers, which are no picture"
    if form == _FLOATING:
        if depth != 32 or not is_grey:
            return (
                f"holds {depth}-bit floating-point {'grey' if is_grey else 'colour'}; of floating point only 32-bit "
                "grey is read: convert it to 16 bits"
            )
        if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
            return "holds floating point counted from white; convert it to 8 or 16 bits"
        return None
    if depth > 16:
        return f"holds {depth}-bit integers, {_NO_WHITE}"
    if depth not in _DEPTHS or (depth == 12 and not is_grey):
        return f"holds {depth}-bit {'grey' if is_grey else 'colour'}; convert it to 8 or 16 bits"
    return None


def _refused_layout(depth: int, tags: Mapping[int, Any]) -> str | None:
    photometric, packing = tags.get(_PHOTOMETRIC), tags.get(_COMPRESSION, _NOT_PACKED)
    colour = _COLOURS.get(photometric, "colour") if isinstance(photometric, int) else "colour"
    if depth > 8 and packing in _JPEG:
        return f"holds {depth}-bit samples packed by JPEG; convert it to PNG"
    if packing == _WEBP:
        return "is packed by WebP, which Pillow doesn't unpack; convert it to PNG"
    if photometric == _YCBCR and packing == _NOT_PACKED:
        return "holds YCbCr that isn't packed by JPEG; convert it to RGB"
    if depth <= 8 or tags.get(_SAMPLES, 1) == 1:
        return None
    if photometric in (_WHITE_IS_ZERO, _BLACK_IS_ZERO):
        return f"holds {depth}-bit grey with alpha or other samples; save it without them"
    if photometric != _RGB:
        return f"holds {depth}-bit {colour}; convert it to RGB"
    if tags.get(_PLANES) == _SEPARATE_PLANES:
        return f"holds {depth}-bit colour in separate planes; save it with the samples of a pixel together"
    return None


def why_unreadable(path: Path) -> str:
    """Why Pillow doesn't open a file that begins as a TIFF, and what to do."""
    with path.open("rb") as file:
        header = file.read(8)
        if header[:4] == b"MM\0\x2b":
            return "is a big-endian BigTIFF, which can't be read; save it as an ordinary TIFF"
        if header[:4] == b"II\x2b\0":
            header += file.read(8)
        tags = ImageFileDirectory_v2(header)
        file.seek(tags.next)
        tags.load(file)
    if not tags:
        return "is a TIFF without a picture; it may be damaged"
    return refusal(tags) or f"holds {_described(tags, header)}, a kind of TIFF that can't be read; convert it to PNG"


def _described(tags: Mapping[int, Any], header: bytes) -> str:
    depth, count, packing = max(tags.get(_BITS, (1,))), tags.get(_SAMPLES, 1), tags.get(_COMPRESSION)
    order = "big-endian " if depth > 8 and header.startswith(b"MM") else ""
    colour = _COLOURS.get(tags.get(_PHOTOMETRIC, -1), "samples")
    samples = f" of {count} samples a pixel" if count > 1 else ""
    return f"{order}{depth}-bit {colour}{samples}{f' packed by {_PACKINGS[packing]}' if packing in _PACKINGS else ''}"


def _deep_colour(image: Image.Image, premultiplied: bool, kind: str) -> Samples:
    pixels = opencv_samples(image, content_of(image), kind)
    if pixels.dtype != np.uint16 or pixels.ndim != 3:
        raise CannotReadError(f"holds {kind}, of which OpenCV doesn't give all bits; convert it to PNG")
    return _divided(pixels.astype(np.uint16, copy=False)) if premultiplied else pixels[..., :3]


def _divided(pixels: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Colour that was multiplied by alpha, divided by it as Pillow does at 8 bits: where alpha is 0 it stays."""
    colour, alpha = pixels[..., :3].astype(np.uint64), pixels[..., 3:].astype(np.uint64)
    divided = np.minimum(colour * 65535 // np.maximum(alpha, 1), 65535)
    return np.where(alpha == 0, colour, divided).astype(np.uint16)


def _is_turned_round(image: Image.Image) -> bool:
    """Whether libtiff unpacks samples that Pillow then turns from big-endian, though they no longer are."""
    return any(tile[0] == "libtiff" and str(tile[3][0]) == "F;32BF" for tile in getattr(image, "tile", ()))
