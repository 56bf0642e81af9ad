"""Small image files of every kind: those that must be read, with their pixels, and those that must be refused."""

import struct
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageOps

ORIENTATION = 0x0112
_DRAW = np.random.default_rng(2)
RGB = _DRAW.integers(0, 256, (24, 32, 3), dtype=np.uint8)
ALPHA = _DRAW.integers(0, 256, (24, 32), dtype=np.uint8)
DEEP = _DRAW.integers(0, 65536, (24, 32, 4), dtype=np.uint16)
FLOATS = _DRAW.random((24, 32)).astype(np.float32)
# Smooth, so that lossy formats keep it: a ramp of a colour of its own in every channel.
SMOOTH = np.stack(np.broadcast_arrays(*np.ogrid[40:200:32j, 20:250:48j], 90), axis=-1).astype(np.uint8)

Pixels = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.float32]


def grey(pixels: Pixels) -> Pixels:
    return np.repeat(pixels[..., np.newaxis], 3, axis=-1)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_header(width: int, height: int, depth: int, colour: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header)


def deep_png(pixels: NDArray[np.uint16], colour: int, extra: bytes = b"") -> bytes:
    """A 16-bit PNG written without a library; `colour` is PNG's colour type."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    header = png_header(pixels.shape[1], pixels.shape[0], 16, colour)
    return header + extra + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")


def upright(pixels: NDArray[np.uint8] | NDArray[np.uint16], orientation: int) -> Pixels:
    """What Pillow's own tool makes of the pixels and an EXIF orientation, 8 bits at a time."""
    if pixels.dtype == np.uint16:
        high, low = (upright(part.astype(np.uint8), orientation) for part in (pixels >> 8, pixels & 255))
        return high.astype(np.uint16) * 256 + low
    image = Image.fromarray(pixels)
    image.getexif()[ORIENTATION] = orientation
    return np.asarray(ImageOps.exif_transpose(image))


def exif(orientation: int) -> Image.Exif:
    block = Image.Exif()
    block[ORIENTATION] = orientation
    block[0x010F] = "a camera's maker, longer than four bytes"
    return block


def _saved(path: Path, image: Image.Image, expected: Pixels, **options: object) -> Pixels:
    image.save(path, **options)
    return expected


def _tiff(path: Path, pixels: NDArray[np.generic], expected: Pixels, **options: object) -> Pixels:
    tifffile.imwrite(path, pixels, metadata=None, **options)
    return expected


def _bytes(path: Path, content: bytes, expected: Pixels = RGB) -> Pixels:
    path.write_bytes(content)
    return expected


def _opencv(path: Path, pixels: NDArray[np.uint16], expected: Pixels) -> Pixels:
    assert cv2.imwrite(str(path), pixels)
    return expected


def _palette(path: Path, **options: object) -> Pixels:
    image = Image.fromarray(RGB).quantize(16)
    colours = np.array(image.getpalette(), dtype=np.uint8).reshape(-1, 3)
    return _saved(path, image, colours[np.asarray(image)], **options)


def _cmyk(path: Path) -> Pixels:
    inks = [Image.fromarray(255 - RGB[..., channel]) for channel in range(3)]  # red is what cyan leaves, and so on
    return _saved(path, Image.merge("CMYK", [*inks, Image.new("L", inks[0].size)]), RGB)


def _frames(path: Path, **options: object) -> None:
    first, second = Image.fromarray(RGB), Image.fromarray(RGB[::-1])
    first.save(path, save_all=True, append_images=[second], **options)


def _cut(path: Path, picture: Image.Image, kept: float) -> None:
    picture.save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])


# Name of the file, and what writes it and says which pixels must be read from it.
READ: Mapping[str, Callable[[Path], Pixels]] = {
    "rgb.png": lambda path: _saved(path, Image.fromarray(RGB), RGB),
    "rgb.bmp": lambda path: _saved(path, Image.fromarray(RGB), RGB),
    "rgb.tif": lambda path: _saved(path, Image.fromarray(RGB), RGB),
    "rgb.ppm": lambda path: _saved(path, Image.fromarray(RGB), RGB),
    "lossless.webp": lambda path: _saved(path, Image.fromarray(RGB), RGB, lossless=True),
    "lossless.jp2": lambda path: _saved(path, Image.fromarray(RGB), RGB),
    "one frame.gif": lambda path: _saved(path, Image.fromarray(ALPHA), grey(ALPHA)),
    "grey.png": lambda path: _saved(path, Image.fromarray(ALPHA), grey(ALPHA)),
    "one bit.png": lambda path: _saved(path, Image.fromarray(ALPHA > 99), grey(255 * (ALPHA > 99).astype(np.uint8))),
    "grey and alpha.png": lambda path: _saved(path, Image.fromarray(np.dstack([ALPHA, RGB[..., 0]])), grey(ALPHA)),
    "rgb and alpha.png": lambda path: _saved(path, Image.fromarray(np.dstack([RGB, ALPHA])), RGB),
    "palette.png": _palette,
    "palette with a hole.png": lambda path: _palette(path, transparency=3),
    "palette with alpha.png": lambda path: _palette(path, transparency=bytes(range(16))),
    "cmyk.tif": _cmyk,
    "grey of 16 bits.png": lambda path: _bytes(path, deep_png(DEEP[..., :1], 0), grey(DEEP[..., 0])),
    "grey and alpha of 16 bits.png": lambda path: _bytes(path, deep_png(DEEP[..., :2], 4), grey(DEEP[..., 0])),
    "rgb of 16 bits.png": lambda path: _bytes(path, deep_png(DEEP[..., :3], 2), DEEP[..., :3]),
    "rgb and alpha of 16 bits.png": lambda path: _bytes(path, deep_png(DEEP, 6), DEEP[..., :3]),
    "grey of 16 bits.tif": lambda path: _tiff(path, DEEP[..., 0], grey(DEEP[..., 0])),
    "grey of 16 bits, high byte first.tif": lambda path: _tiff(path, DEEP[..., 0], grey(DEEP[..., 0]), byteorder=">"),
    "grey counted from white.tif": lambda path: _tiff(path, 255 - ALPHA, grey(ALPHA), photometric="miniswhite"),
    "grey of 16 bits counted from white.tif": lambda path: _tiff(
        path, 65535 - DEEP[..., 0], grey(DEEP[..., 0]), photometric="miniswhite"
    ),
    "rgb of 16 bits.tif": lambda path: _tiff(path, DEEP[..., :3], DEEP[..., :3], photometric="rgb"),
    "rgb of 16 bits, packed.tif": lambda path: _tiff(
        path, DEEP[..., :3], DEEP[..., :3], photometric="rgb", compression="zlib"
    ),
    "rgb of 16 bits, tiles.tif": lambda path: _tiff(
        path, DEEP[..., :3], DEEP[..., :3], photometric="rgb", tile=(16, 16)
    ),
    "rgb and alpha of 16 bits.tif": lambda path: _tiff(
        path, DEEP, DEEP[..., :3], photometric="rgb", extrasamples=["unassalpha"]
    ),
    "rgb of 16 bits.ppm": lambda path: _opencv(path, DEEP[..., 2::-1], DEEP[..., :3]),
    "grey of 16 bits.pgm": lambda path: _opencv(path, DEEP[..., 0], grey(DEEP[..., 0])),
    "floating point.tif": lambda path: _tiff(path, FLOATS, grey(FLOATS)),
}

# Name of the file, what writes it, and what the reason must hold.
REFUSED: Mapping[str, tuple[Callable[[Path], object], str]] = {
    "nothing.png": (lambda path: path.write_bytes(b""), r"is empty \(0 bytes\)"),
    "text.png": (lambda path: path.write_text("not an image\n"), "isn't an image of a format that can be read"),
    "document.jpg": (lambda path: path.write_bytes(b"%PDF-1.7\n1 0 obj\n"), "isn't an image of a format"),
    "program.png": (  # PostScript is a program, and Pillow would have Ghostscript run it
        lambda path: path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 32 24\n%%EndComments\n"),
        "isn't an image of a format",
    ),
    "cut early.jpg": (
        lambda path: _cut(path, Image.fromarray(np.tile(RGB, (4, 4, 1))), 0.1),
        "can't be read|isn't an image",
    ),
    "cut.jpg": (lambda path: _cut(path, Image.fromarray(np.tile(RGB, (4, 4, 1))), 0.7), "truncated"),
    "cut late.jpg": (lambda path: _cut(path, Image.fromarray(np.tile(RGB, (4, 4, 1))), 0.99), "truncated"),
    "cut early.png": (lambda path: _cut(path, Image.fromarray(RGB), 0.01), "can't be read|isn't an image"),
    "cut.png": (lambda path: _cut(path, Image.fromarray(RGB), 0.7), "truncated"),
    "cut late.png": (lambda path: _cut(path, Image.fromarray(RGB), 0.98), "truncated"),
    "cut.tif": (lambda path: _cut(path, Image.fromarray(RGB), 0.7), "can't be read|isn't an image"),
    "1x1.png": (lambda path: Image.new("RGB", (1, 1)).save(path), "is 1x1 pixels; at least 8x8 are needed"),
    "7x8.png": (lambda path: Image.new("RGB", (7, 8)).save(path), "is 7x8 pixels; at least 8x8 are needed"),
    "too large.png": (
        lambda path: path.write_bytes(png_header(30_000, 30_000, 8, 2) + png_chunk(b"IDAT", b"")),
        "has 30000x30000 pixels; at most 500 megapixels are read",
    ),
    "animated.gif": (_frames, "has 2 frames; save the one to judge as an image of its own"),
    "animated.png": (_frames, "has 2 frames"),
    "animated.webp": (_frames, "has 2 frames"),
    "animated.avif": (_frames, "has 2 frames"),
    "pages.tif": (_frames, "has 2 frames"),
    "floats up to 255.tif": (
        lambda path: _tiff(path, FLOATS * 255, RGB),
        r"floating point must lie in \[0, 1\]; divide it by 255",
    ),
    "floats below 0.tif": (lambda path: _tiff(path, FLOATS - 1, RGB), r"must lie in \[0, 1\]; scale or clamp it$"),
    "not a number.tif": (lambda path: _tiff(path, np.where(FLOATS > 0.9, np.nan, FLOATS), RGB), "NaN or infinite"),
    "integers of 32 bits.tif": (
        lambda path: _tiff(path, DEEP[..., 0].astype(np.int32), RGB),
        "signed 32-bit integers, and nothing says which value is white; convert it to unsigned 8 or 16 bits",
    ),
    "cmyk of 16 bits.tif": (
        lambda path: _tiff(path, DEEP, RGB, photometric="separated"),
        "16-bit CMYK; convert it to RGB",
    ),
    "planes of 16 bits.tif": (
        lambda path: _tiff(path, np.moveaxis(DEEP[..., :3], -1, 0), RGB, photometric="rgb", planarconfig="separate"),
        "16-bit colour in separate planes",
    ),
}
