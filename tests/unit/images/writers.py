"""Image files written byte by byte, without a library, so that the samples in them are known."""

import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from tests.unit.images.pictures import png_chunk

Integers = NDArray[np.integer]


def bit_rows(samples: Integers, depth: int) -> list[bytes]:
    """Rows of samples of any depth, the high bit first, each filled up to a whole byte."""
    rows = samples.reshape(len(samples), -1).astype(np.int64)
    bits = (rows[..., np.newaxis] >> np.arange(depth - 1, -1, -1)) & 1
    return [row.tobytes() for row in np.packbits(bits.astype(np.uint8).reshape(len(rows), -1), axis=1)]


def pnm(samples: Integers, largest: int, plain: bool) -> bytes:
    """PBM (`largest` 1 and `samples` of bool: true is black), PGM or PPM, binary or as text."""
    height, width = samples.shape[:2]
    number = 1 if samples.dtype == np.bool_ else 2 if samples.ndim == 2 else 3
    header = f"P{number if plain else number + 3}\n# a comment\n{width} {height}\n"
    header += "" if number == 1 else f"{largest}\n"
    if plain:
        raster = "\n".join(" ".join(map(str, row.ravel())) for row in samples.astype(int)) + "\n"
        return (header + raster).encode()
    if number == 1:
        return header.encode() + b"".join(bit_rows(samples, 1))
    return header.encode() + samples.astype(">u2" if largest > 255 else np.uint8).tobytes()


def png(samples: Integers, depth: int, colour: int, before: Sequence[tuple[bytes, bytes]] = ()) -> bytes:
    """PNG of a colour type (0 grey, 2 RGB, 3 palette, 4 and 6 with alpha), with chunks `before` its pixels."""
    height, width = samples.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = [(b"IHDR", header), *before]
    pixels = zlib.compress(b"".join(b"\0" + row for row in bit_rows(samples, depth)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in [*chunks, (b"IDAT", pixels), (b"IEND", b"")])


def tiff(
    samples: NDArray[np.generic],
    depth: int,
    photometric: int,
    order: str = "<",
    form: int = 1,
    extra: Sequence[int] = (),
    tags: Sequence[tuple[int, str, Sequence[int]]] = (),
) -> bytes:
    """TIFF of one strip, not packed.

    Args:
        samples: (H, W) or (H, W, C); floating point, signed or unsigned integers.
        depth: bits of a sample.
        photometric: 0 counted from white, 1 grey, 2 RGB, 3 palette, 5 CMYK.
        order: of bytes.
        form: 1 unsigned, 2 signed, 3 floating point.
        extra: what the samples behind the colours are: 0 unknown, 1 premultiplied alpha, 2 alpha.
        tags: further ones, with their values' type as in `struct`.
    """
    height, width = samples.shape[:2]
    count = samples.shape[2] if samples.ndim == 3 else 1
    if depth in (8, 16, 32, 64):
        data = samples.astype(f"{order}{'uif'[form - 1]}{depth // 8}").tobytes()
    else:
        data = b"".join(bit_rows(samples, depth))
    entries = [
        (256, "L", [width]),
        (257, "L", [height]),
        (258, "H", [depth] * count),
        (259, "H", [1]),
        (262, "H", [photometric]),
        (273, "L", [8]),
        (277, "H", [count]),
        (278, "L", [height]),
        (279, "L", [len(data)]),
        *([(338, "H", list(extra))] if extra else []),
        (339, "H", [form] * count),
        *tags,
    ]
    data += b"\0" * (len(data) % 2)
    return (
        (b"II*\0" if order == "<" else b"MM\0*")
        + struct.pack(f"{order}L", 8 + len(data))
        + data
        + _directory(sorted(entries), order, 8 + len(data))
    )


def _directory(entries: Sequence[tuple[int, str, Sequence[int]]], order: str, start: int) -> bytes:
    behind, lines = b"", b""
    for tag, kind, values in entries:
        packed = struct.pack(f"{order}{len(values)}{kind}", *values)
        if len(packed) > 4:
            place = struct.pack(f"{order}L", start + 2 + 12 * len(entries) + 4 + len(behind))
            behind += packed + b"\0" * (len(packed) % 2)
            packed = place
        lines += struct.pack(f"{order}HHL", tag, {"H": 3, "L": 4}[kind], len(values)) + packed.ljust(4, b"\0")
    return struct.pack(f"{order}H", len(entries)) + lines + bytes(4) + behind


def bmp(
    samples: Integers, bits: int, masks: Sequence[int] = (), palette: NDArray[np.uint8] | None = None, top: bool = False
) -> bytes:
    """BMP of one number a pixel: an index, or a colour as its masks say; the last row first, or the first on `top`."""
    height, width = samples.shape
    if bits < 8:
        rows = bit_rows(samples, bits)
    elif bits == 24:
        rows = [row.astype("<u4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes() for row in samples]
    else:
        rows = [row.astype(f"<u{bits // 8}").tobytes() for row in samples]
    data = b"".join(row.ljust((width * bits + 31) // 32 * 4, b"\0") for row in (rows if top else rows[::-1]))
    colours = b"" if palette is None else b"".join(bytes(colour[::-1]) + b"\0" for colour in palette)
    header = 40 + 4 * len(masks) if len(masks) == 4 else 40
    behind = colours if len(masks) == 4 else struct.pack(f"<{len(masks)}I", *masks) + colours
    begin = 14 + header + len(behind)
    info = struct.pack(
        "<IiiHHIIiiII",
        header,
        width,
        -height if top else height,
        1,
        bits,
        3 if masks else 0,
        len(data),
        0,
        0,
        0 if palette is None else len(palette),
        0,
    )
    info += struct.pack("<4I", *masks) if len(masks) == 4 else b""
    return b"BM" + struct.pack("<IHHI", begin + len(data), 0, 0, begin) + info + behind + data
