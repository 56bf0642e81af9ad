"""Format by depth by channels by alpha by byte order: known samples are read exactly, or refused with the reason.

Every file is read by a second reader as well (tifffile, imagecodecs, OpenCV), so that what is known of it is right.
Exact is: 8 bits where 255 is a multiple of the largest sample, else the nearest of 16 bits.
"""

import io
import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image
from tests.unit.images.pictures import upright
from tests.unit.images.writers import bmp, png, pnm, tiff

from fgresq.errors import ImageError
from fgresq.images.decode import decode, decode_opened
from fgresq.images.unit import to_unit

HEIGHT, WIDTH = 11, 13
HALF_A_STEP = 0.5 / 65535 + 1e-7

Unit = NDArray[np.float64]


def drawn(largest: int, channels: int = 1, seed: int = 0) -> NDArray[np.int64]:
    """Samples of every kind, black and white among them."""
    draw = np.random.default_rng([largest % 2**32, channels, seed])
    samples = draw.integers(0, largest, (HEIGHT, WIDTH, channels), endpoint=True)
    samples[0, :3], samples[0, 3:6] = 0, largest
    return samples[..., 0] if channels == 1 else samples


def unit(samples: NDArray[np.generic], largest: float) -> Unit:
    """Grey, grey and alpha, RGB, or RGB and more to RGB from 0 to 1."""
    values = np.asarray(samples, dtype=np.float64) / largest
    values = values[..., np.newaxis] if values.ndim == 2 else values
    return np.repeat(values[..., :1], 3, axis=-1) if values.shape[-1] < 3 else values[..., :3]


def fault(path: Path, expected: Unit | str, largest: int = 65535, step: float = HALF_A_STEP) -> str:
    """What is wrong with how a file is read, or with why it is refused (`expected` is a pattern then); else nothing."""
    try:
        pixels = decode(path)
    except ImageError as error:
        if not isinstance(expected, str):
            return f"is refused ({error.reason})"
        clear = re.search(expected, error.reason) and "\n" not in error.reason
        vague = re.search("isn't an image of a format|can't be read as an image", error.reason)
        return "" if clear and not vague else f"is refused, because it {error.reason!r}"
    if isinstance(expected, str):
        return "is read"
    if pixels.dtype != np.float32 and pixels.dtype != (np.uint8 if 255 % largest == 0 else np.uint16):
        return f"is read as {pixels.dtype}"
    off = np.abs(to_unit(pixels).astype(np.float64) - expected).max()
    with Image.open(path) as opened:
        same = np.array_equal(decode_opened(opened, "opened"), pixels)
    return "" if off <= step and same else f"is off by {off * 65535:.2f} of 65535, opened by Pillow alike: {same}"


def faults(cells: Iterable[tuple[object, str]]) -> dict[object, str]:
    return {cell: wrong for cell, wrong in cells if wrong}


@pytest.fixture(autouse=True)
def _silent_readers(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Nothing that is read or refused makes a reader write to the terminal."""
    yield
    assert capfd.readouterr() == ("", "")


# PNM

LARGEST = (1, 2, 3, 7, 15, 100, 127, 254, 255, 256, 300, 511, 1000, 1023, 4095, 16383, 32767, 32768, 65534, 65535)


@pytest.mark.parametrize("plain", [False, True], ids=["binary", "plain"])
@pytest.mark.parametrize("channels", [1, 3], ids=["pgm", "ppm"])
def test_pnm_of_every_kind_of_largest_sample(tmp_path: Path, channels: int, plain: bool) -> None:
    path = tmp_path / "a.ppm"

    def cell(largest: int) -> str:
        samples = drawn(largest, channels)
        path.write_bytes(pnm(samples, largest, plain))
        if largest >= 255 or not plain:  # OpenCV stretches the others as it reads them, and rounds down
            second = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
            np.testing.assert_array_equal(second if channels == 1 else second[..., ::-1], samples)
        return fault(path, unit(samples, largest), largest)

    assert not faults((largest, cell(largest)) for largest in LARGEST)


def test_ppm_keeps_white_white_and_every_level_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.ppm"
    for largest in [*range(1, 300, 13), *range(300, 65536, 6503)]:
        levels = np.unique(np.linspace(0, largest, 128).astype(np.int64))
        row = np.broadcast_to(levels[:, np.newaxis], (len(levels), 3)).repeat(8, axis=0)
        path.write_bytes(pnm(np.broadcast_to(row, (8, *row.shape)), largest, plain=False))
        pixels = decode(path)
        assert len(np.unique(pixels)) == len(levels), largest
        assert (pixels.min(), pixels.max()) == (0, np.iinfo(pixels.dtype).max), largest


@pytest.mark.parametrize("plain", [False, True], ids=["binary", "plain"])
def test_pbm(tmp_path: Path, plain: bool) -> None:
    black, path = drawn(1).astype(np.bool_), tmp_path / "a.pbm"
    path.write_bytes(pnm(black, 1, plain))
    assert not fault(path, unit(~black, 1), 1)
    np.testing.assert_array_equal(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.where(black, 0, 255))


@pytest.mark.parametrize(("sign", "order"), [("-", "<"), ("", ">")])
def test_pfm(tmp_path: Path, sign: str, order: str) -> None:
    values, path = np.random.default_rng(1).random((HEIGHT, WIDTH), dtype=np.float32), tmp_path / "a.pfm"
    header = f"Pf\n{WIDTH} {HEIGHT}\n{sign}1.0\n".encode()
    path.write_bytes(header + values[::-1].astype(f"{order}f4").tobytes())
    assert not fault(path, unit(values, 1))
    np.testing.assert_array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), values)


def test_pnm_that_is_refused(tmp_path: Path) -> None:
    deep = drawn(4095, 3)
    contents = [
        (pnm(deep, 4095, plain=False)[:-1], "truncated: it holds 428 of 429 samples"),
        (pnm(deep, 4095, plain=True)[:-6], "truncated: it holds 428 of 429 samples"),
        (pnm(deep, 1000, plain=False), "holds a sample of 4095, though it says that the largest is 1000"),
        (pnm(deep, 1000, plain=True), "holds a sample of 4095, though it says that the largest is 1000"),
        (pnm(-deep, 4095, plain=True), "samples below 0"),
        (pnm(deep, 4095, plain=True).replace(b"4095 4095", b"4095 x"), "other than samples"),
        (pnm(drawn(1).astype(np.bool_), 1, plain=False) * 2, "holds several pictures"),
    ]
    for top, channels in itertools.product((100, 255, 4095, 65535), (1, 3)):
        contents.append((pnm(drawn(top, channels), top, plain=False) * 2, "holds several pictures"))
    for content, reason in contents:
        (tmp_path / "a.ppm").write_bytes(content)
        assert not fault(tmp_path / "a.ppm", reason), content[:20]


# PNG

PNG_KINDS = [
    *((depth, 0, 1) for depth in (1, 2, 4, 8, 16)),
    *((depth, colour, channels) for colour, channels in ((2, 3), (4, 2), (6, 4)) for depth in (8, 16)),
]


@pytest.mark.parametrize(("depth", "colour", "channels"), PNG_KINDS)
def test_png(tmp_path: Path, depth: int, colour: int, channels: int) -> None:
    samples, path = drawn(2**depth - 1, channels), tmp_path / "a.png"
    unused = [(b"gAMA", (100_000).to_bytes(4, "big")), (b"sBIT", bytes([max(1, depth - 2)] * channels))]
    hole = [(b"tRNS", samples[4, 4].astype(">u2").tobytes())]  # a colour that is transparent
    for before in ([], unused, *([hole] if colour in (0, 2) else [])):
        path.write_bytes(png(samples, depth, colour, before))
        assert not fault(path, unit(samples, 2**depth - 1), 2**depth - 1)
        second = imagecodecs.png_decode(path.read_bytes())
        np.testing.assert_allclose(unit(second, np.iinfo(second.dtype).max), unit(samples, 2**depth - 1), atol=1e-7)


@pytest.mark.parametrize("alpha", [False, True])
def test_png_of_a_palette(tmp_path: Path, alpha: bool) -> None:
    path = tmp_path / "a.png"
    for depth in (1, 2, 4, 8):
        colours = np.random.default_rng(depth).integers(0, 256, (2**depth, 3), dtype=np.uint8)
        before = [(b"PLTE", colours.tobytes()), *([(b"tRNS", bytes(range(2**depth)))] if alpha else [])]
        indices = drawn(2**depth - 1)
        path.write_bytes(png(indices, depth, 3, before))
        assert not fault(path, unit(colours[indices], 255), 255), depth
        np.testing.assert_array_equal(imagecodecs.png_decode(path.read_bytes())[..., :3], colours[indices])


# TIFF

UNSIGNED, SIGNED, FLOATING = 1, 2, 3
KINDS = [*((UNSIGNED, depth) for depth in (1, 2, 4, 6, 8, 10, 12, 14, 16, 32)), *((SIGNED, d) for d in (8, 16, 32))]
KINDS += [(FLOATING, depth) for depth in (16, 32, 64)]
COLOURS = {  # photometric, samples a pixel, what the further ones are
    "grey counted from white": (0, 1, ()),
    "grey": (1, 1, ()),
    "grey and alpha": (1, 2, (2,)),
    "rgb": (2, 3, ()),
    "rgb and alpha": (2, 4, (2,)),
    "rgb and premultiplied alpha": (2, 4, (1,)),
    "rgb and something": (2, 4, (0,)),
    "cmyk": (5, 4, ()),
}
MUST_BE_READ = {
    *itertools.product([(UNSIGNED, 8)], set(COLOURS)),
    *itertools.product([(UNSIGNED, 16)], [name for name in COLOURS if name.startswith("rgb")]),
    *itertools.product([(UNSIGNED, depth) for depth in (1, 2, 4, 16)], ["grey", "grey counted from white"]),
    ((UNSIGNED, 12), "grey"),
    ((FLOATING, 32), "grey"),
}
BIG_ENDIAN_TOO = MUST_BE_READ - {((UNSIGNED, 16), "grey counted from white"), ((UNSIGNED, 12), "grey")}


def of_tiff(samples: NDArray[np.generic], colour: str, largest: float) -> Unit:
    """What the samples of a TIFF look like, RGB from 0 to 1."""
    values = np.asarray(samples, dtype=np.float64) / largest
    if colour == "grey counted from white":
        values = 1 - values
    if colour == "cmyk":
        return (1 - values[..., :3]) * (1 - values[..., 3:])
    if colour == "rgb and premultiplied alpha":
        alpha = values[..., 3:]
        values = np.where(alpha == 0, values, np.minimum(values / np.maximum(alpha, 1e-9), 1))
    return unit(values, 1)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{' uif'[kind[0]]}{kind[1]}")
def test_tiff(tmp_path: Path, kind: tuple[int, int]) -> None:
    form, depth = kind
    path = tmp_path / "a.tif"
    largest: float = 1 if form == FLOATING else 2 ** (depth - (form == SIGNED)) - 1

    def cell(colour: str, order: str) -> str:
        photometric, channels, extra = COLOURS[colour]
        samples = drawn(1000, channels) / 1000 if form == FLOATING else drawn(int(largest), channels)
        path.write_bytes(tiff(samples, depth, photometric, order, form, extra))
        if depth not in (6, 10, 14):  # which tifffile doesn't unpack
            with tifffile.TiffFile(path) as second:
                np.testing.assert_allclose(second.asarray(), samples, rtol=1e-3 if form == FLOATING else 0)
        if (kind, colour) not in (MUST_BE_READ if order == "<" else BIG_ENDIAN_TOO):
            return fault(path, r"\d-bit|counted from white")
        rounded = colour in ("cmyk", "rgb and premultiplied alpha")  # calculated, at the depth of the samples
        step = 1 / largest + 1e-7 if rounded else HALF_A_STEP
        return fault(path, of_tiff(samples, colour, largest), int(largest), step)

    assert not faults((place, cell(*place)) for place in itertools.product(COLOURS, "<>"))


PACKINGS = [("", False), ("lzw", False), ("lzw", True), ("deflate", False), ("deflate", True), ("packbits", False)]
PACKINGS += [("zstd", True)]
LAYOUTS = ("one strip", "strips", "tiles", "planes", "planes of tiles", "big file")


@pytest.mark.parametrize("kind", ["u1 grey", "u2 grey", "u1 rgb", "u2 rgb", "f4 grey"])
def test_tiff_of_every_layout(tmp_path: Path, kind: str) -> None:
    dtype, colour = kind.split()
    largest = {"u1": 255, "u2": 65535, "f4": 1}[dtype]
    samples = (drawn(1000, 3) / 1000 * largest).astype(dtype)
    samples = samples if colour == "rgb" else samples[..., 0]
    path = tmp_path / "a.tif"

    def cell(packing: str, predicted: bool, layout: str, order: str) -> str:
        planes = layout.startswith("planes") and colour == "rgb"
        tifffile.imwrite(
            path,
            np.moveaxis(samples, -1, 0) if planes else samples,
            photometric="rgb" if colour == "rgb" else "minisblack",
            planarconfig=("separate" if planes else "contig") if colour == "rgb" else None,
            rowsperstrip=5 if layout == "strips" else None,
            tile=(16, 16) if layout.endswith("tiles") else None,
            compression=packing or None,
            predictor=predicted or None,
            byteorder=order,
            bigtiff=layout == "big file",
            metadata=None,
        )
        second = tifffile.imread(path)
        np.testing.assert_array_equal(np.moveaxis(second, 0, -1) if planes else second, samples)
        if layout == "big file" and order == ">":
            return fault(path, "big-endian BigTIFF")
        if planes and dtype == "u2":
            return fault(path, "in separate planes")
        if packing == "zstd" and (kind == "u2 rgb" or (kind == "f4 grey" and order == ">")):
            return fault(path, "packed by Zstandard")  # which OpenCV lacks
        return fault(path, unit(samples, largest), 255 if dtype == "u1" else 65535)

    places = [(layout, "<") for layout in LAYOUTS if colour == "rgb" or "planes" not in layout]
    cells = itertools.product(PACKINGS, [*places, ("one strip", ">"), ("big file", ">")])
    assert not faults(((packing, place), cell(*packing, *place)) for packing, place in cells)


def test_tiff_of_a_palette(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    for depth, order in itertools.product((1, 2, 4, 8), "<>"):
        colours = np.random.default_rng(depth).integers(0, 256, (3, 2**depth))
        indices = drawn(2**depth - 1)
        path.write_bytes(tiff(indices, depth, 3, order, tags=[(320, "H", (colours * 257).ravel().tolist())]))
        assert not fault(path, unit(np.moveaxis(colours[:, indices], 0, -1), 255), 255), depth
        np.testing.assert_array_equal(tifffile.imread(path), indices)


def test_tiff_that_is_refused(tmp_path: Path) -> None:
    path, rgb = tmp_path / "a.tif", drawn(255, 3)
    mixed = tiff(rgb, 8, 2)
    assert mixed.count(b"\x08\0\x08\0\x08\0") == 1
    contents = [
        (tiff(rgb, 8, 2, tags=[(254, "L", [1])]), "begins with a small preview"),
        (tiff(rgb, 8, 2, tags=[(50706, "L", [1])]), "begins with a small preview"),
        (tiff(rgb, 8, 2, tags=[(32997, "L", [5])]), "is a volume of 5 slices"),
        (tiff(drawn(65535, 3), 16, 9), "holds 16-bit ICCLab"),
        (tiff(rgb, 8, 6), "holds YCbCr that isn't packed by JPEG"),
        (tiff(drawn(255), 8, 32844), "holds 8-bit LogL"),
        (mixed.replace(b"\x08\0\x08\0\x08\0", b"\x08\0\x08\0\x10\0"), "several depths"),
        (b"II*\0\x08\0\0\0\0\0\0\0\0\0", "is a TIFF without a picture"),
    ]
    for content, reason in contents:
        path.write_bytes(content)
        assert not fault(path, reason), reason
    deep = drawn(4095).astype(np.uint16)
    tifffile.imwrite(path, deep, compression="jpeg", compressionargs={"bitspersample": 12}, metadata=None)
    assert not fault(path, "12-bit samples packed by JPEG")
    tifffile.imwrite(path, rgb.astype(np.uint8), photometric="rgb", compression="webp", metadata=None)
    assert not fault(path, "packed by WebP")


def test_tiff_of_lab_is_converted_pixel_by_pixel(tmp_path: Path) -> None:
    samples = np.stack(np.broadcast_arrays(*np.ogrid[40:200:12j, 150:250:14j], 42), axis=-1).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", samples, photometric="cielab", metadata=None)
    lab = np.stack([samples[..., 0] / 2.55, *(samples[..., index].astype(np.int8) for index in (1, 2))], axis=-1)
    # CIE 1976 by its inverse, from the white of D50 to sRGB's by Bradford's matrix.
    fy = (lab[..., 0] + 16) / 116
    f = np.stack([fy + lab[..., 1] / 500, fy, fy - lab[..., 2] / 200], axis=-1)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * (0.9642, 1, 0.8249)
    matrix = [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.033454],
        [0.0719453, -0.2289914, 1.4052427],
    ]
    linear = np.clip(xyz @ np.array(matrix).T, 0, 1)
    expected = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    assert not fault(tmp_path / "a.tif", expected, 255, 1.1 / 255)


# JPEG 2000


@pytest.mark.parametrize("channels", [1, 2, 3, 4], ids=["grey", "grey and alpha", "rgb", "rgb and alpha"])
@pytest.mark.parametrize("container", ["jp2", "j2k"])
def test_jpeg_2000(tmp_path: Path, container: str, channels: int) -> None:
    path = tmp_path / f"a.{container}"

    def cell(depth: int) -> str:
        samples = drawn(2**depth - 1, channels).astype(np.uint8 if depth <= 8 else np.uint16)
        content = imagecodecs.jpeg2k_encode(
            samples, level=0, reversible=True, bitspersample=depth, codecformat=container, mct=channels == 3
        )
        np.testing.assert_array_equal(imagecodecs.jpeg2k_decode(content), samples)
        path.write_bytes(content)
        refused = depth > 8 and channels == 2
        return fault(path, "grey with alpha" if refused else unit(samples, 2**depth - 1), 2**depth - 1)

    assert not faults((depth, cell(depth)) for depth in range(1, 17))


@pytest.mark.parametrize("depth", [4, 8, 12, 16])
def test_jpeg_2000_of_signed_samples_or_odd_colours(tmp_path: Path, depth: int) -> None:
    samples = drawn(2**depth - 1, 3).astype(np.uint8 if depth <= 8 else np.uint16)
    content = imagecodecs.jpeg2k_encode(samples, level=0, reversible=True, bitspersample=depth)
    sizes, path = content.index(b"\xff\x4f\xff\x51") + 42, tmp_path / "a.jp2"
    path.write_bytes(content[:sizes] + bytes([0x80 | (depth - 1), 1, 1] * 3) + content[sizes + 9 :])
    assert not fault(path, "signed samples")
    path.write_bytes(content[:sizes] + bytes([depth - 1, 1, 1] * 2 + [depth, 1, 1]) + content[sizes + 9 :])
    assert not fault(path, "several depths")
    named = content.index(b"colr\x01\0\0") + 7
    for space in (14, 18):  # CIELab and sYCC, in the place of sRGB
        path.write_bytes(content[:named] + space.to_bytes(4, "big") + content[named + 4 :])
        if space == 14 or depth != 8:
            assert not fault(path, "neither RGB nor grey")


def test_jpeg_2000_of_ycc_or_a_palette(tmp_path: Path) -> None:
    path, rgb = tmp_path / "a.jp2", np.rint(SMOOTH[..., :3] * 255).astype(np.uint8)
    content = imagecodecs.jpeg2k_encode(np.asarray(Image.fromarray(rgb).convert("YCbCr")), level=0, mct=False)
    named = content.index(b"colr\x01\0\0") + 7
    path.write_bytes(content[:named] + (18).to_bytes(4, "big") + content[named + 4 :])
    assert not fault(path, unit(rgb, 255), 255, 3 / 255)
    indices, colours = drawn(15).astype(np.uint8), np.random.default_rng(3).integers(0, 256, (16, 3), dtype=np.uint8)
    palette = _box(b"pclr", b"\0\x10\x03\x07\x07\x07" + colours.tobytes())
    palette += _box(b"cmap", b"".join(b"\0\0\x01%c" % channel for channel in range(3)))
    for depth in (8, 4):
        content = imagecodecs.jpeg2k_encode(indices, level=0, reversible=True, bitspersample=depth)
        start = content.index(b"jp2h") - 4
        end = start + int.from_bytes(content[start : start + 4], "big")
        header = content[start + 8 : end].replace(b"colr\x01\0\0\0\0\0\x11", b"colr\x01\0\0\0\0\0\x10")
        path.write_bytes(content[:start] + _box(b"jp2h", header + palette) + content[end:])
        assert not fault(path, unit(colours[indices], 255) if depth == 8 else "a palette of another depth", 255)


def _box(kind: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + kind + content


def test_a_jpeg_2000_picture_that_pillow_has_loaded() -> None:
    content = imagecodecs.jpeg2k_encode(drawn(65535, 3).astype(np.uint16), level=0, reversible=True)
    with Image.open(io.BytesIO(content)) as opened:
        opened.load()
        assert (np.asarray(opened)[0, 3:6] == 0).all()  # what was white
        with pytest.raises(ImageError, match="loaded by Pillow, which may have turned white into black"):
            decode_opened(opened, "opened")


# AVIF, WebP, JPEG: lossy, so that another decoder of the same file says what is right

SMOOTH = np.stack(np.broadcast_arrays(*np.ogrid[0:1:24j, 0.1:0.9:32j], 0.3, 0.8), axis=-1)
AVIF_KINDS = [(1, "400"), *itertools.product((3, 4), ("444", "422", "420"))]


@pytest.mark.parametrize("depth", [8, 10, 12])
def test_avif(tmp_path: Path, depth: int) -> None:
    path = tmp_path / "a.avif"

    def cell(channels: int, sampling: str) -> str:
        samples = np.rint(SMOOTH[..., :channels] * (2**depth - 1)).astype(np.uint8 if depth == 8 else np.uint16)
        options = {} if channels == 1 else {"pixelformat": sampling}
        content = imagecodecs.avif_encode(np.squeeze(samples), level=90, bitspersample=depth, **options)
        path.write_bytes(content)
        return fault(path, unit(imagecodecs.avif_decode(content), 2**depth - 1), 2**depth - 1)

    assert not faults((kind, cell(*kind)) for kind in AVIF_KINDS)


def test_avif_that_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.avif"
    samples = np.rint(SMOOTH[..., :2] * 1023).astype(np.uint16)
    path.write_bytes(imagecodecs.avif_encode(samples, level=100, bitspersample=10))
    assert not fault(path, "holds 10-bit samples that OpenCV")
    content = bytearray(imagecodecs.avif_encode(samples[..., 0].copy(), level=100, bitspersample=10))
    content[content.index(b"nclx") + 10] &= 0x7F  # no longer of full range
    path.write_bytes(content)
    assert not fault(path, "10-bit grey of limited range")


@pytest.mark.parametrize("channels", [3, 4])
def test_webp(tmp_path: Path, channels: int) -> None:
    samples, path = np.rint(SMOOTH[..., :channels] * 255).astype(np.uint8), tmp_path / "a.webp"
    path.write_bytes(imagecodecs.webp_encode(samples, lossless=True))
    assert not fault(path, unit(samples, 255), 255)
    path.write_bytes(imagecodecs.webp_encode(samples, level=80))
    assert not fault(path, unit(imagecodecs.webp_decode(path.read_bytes()), 255), 255)


def jpegs() -> Iterator[tuple[str, bytes]]:
    rgb = np.rint(SMOOTH[..., :3] * 255).astype(np.uint8)
    picture = Image.fromarray(rgb)
    options: dict[str, dict[str, object]] = {
        "baseline": {},
        "progressive": {"progressive": True},
        "stored as RGB": {"keep_rgb": True},
        **{f"sampled {name}": {"subsampling": name} for name in ("4:4:4", "4:2:2", "4:2:0")},
    }
    for name, option in options.items():
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=90, **option)
        yield name, out.getvalue()
    yield "grey", imagecodecs.jpeg8_encode(rgb[..., 0].copy(), level=90)
    for kind in ("CMYK", "YCCK"):
        inks = np.dstack([rgb, np.full(rgb.shape[:2], 250, np.uint8)])  # Adobe counts them from white
        yield kind, imagecodecs.jpeg8_encode(inks, level=95, colorspace="CMYK", outcolorspace=kind)
    yield "lossless", imagecodecs.jpeg8_encode(rgb, lossless=True)


def test_jpeg(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"

    def cell(content: bytes) -> str:
        path.write_bytes(content)
        second = imagecodecs.jpeg8_decode(content)
        if second.shape[-1] == 4:
            return fault(path, second[..., :3] / 255 * (second[..., 3:] / 255), 255, 1 / 255 + 1e-7)
        return fault(path, unit(second, 255), 255)

    assert not faults((name, cell(content)) for name, content in jpegs())
    deep = np.rint(SMOOTH[..., :3] * 4095).astype(np.uint16)
    path.write_bytes(imagecodecs.jpeg8_encode(deep, level=90, bitspersample=12))
    assert not fault(path, r"can't be read as JPEG \(cannot handle 12-bit layers\)")


# BMP and GIF

MASKS = {
    "5, 5, 5": (16, (), ((10, 31), (5, 31), (0, 31))),
    "5, 5, 5 by masks": (16, (0x7C00, 0x3E0, 0x1F), ((10, 31), (5, 31), (0, 31))),
    "5, 6, 5": (16, (0xF800, 0x7E0, 0x1F), ((11, 31), (5, 63), (0, 31))),
    "24": (24, (), ((16, 255), (8, 255), (0, 255))),
    "32": (32, (), ((16, 255), (8, 255), (0, 255))),
    "32 by masks": (32, (0xFF0000, 0xFF00, 0xFF), ((16, 255), (8, 255), (0, 255))),
    "32, another order": (32, (0xFF000000, 0xFF0000, 0xFF00), ((24, 255), (16, 255), (8, 255))),
    "32 with alpha": (32, (0xFF0000, 0xFF00, 0xFF, 0xFF000000), ((16, 255), (8, 255), (0, 255))),
}


@pytest.mark.parametrize("top", [False, True], ids=["last row first", "first row first"])
def test_bmp(tmp_path: Path, top: bool) -> None:
    path = tmp_path / "a.bmp"
    for masks, (bits, given, places) in MASKS.items():
        numbers = drawn(2**bits - 1)
        colours = np.stack([numbers >> shift & largest for shift, largest in places], axis=-1)
        path.write_bytes(bmp(numbers, bits, given, top=top))
        tops = np.array([largest for _, largest in places])
        assert not fault(path, colours / tops, 255 if bits > 16 else 31), masks
        second = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., 2::-1]
        if masks != "32, another order":  # which OpenCV mistakes; it fills short samples up with zeros
            np.testing.assert_array_equal(second, colours << (8 - np.log2(tops + 1).astype(int)))


@pytest.mark.parametrize("top", [False, True], ids=["last row first", "first row first"])
def test_bmp_of_a_palette(tmp_path: Path, top: bool) -> None:
    path = tmp_path / "a.bmp"
    for bits in (1, 4, 8):
        colours = np.random.default_rng(bits).integers(0, 256, (2**bits, 3), dtype=np.uint8)
        indices = drawn(2**bits - 1)
        path.write_bytes(bmp(indices, bits, palette=colours, top=top))
        assert not fault(path, unit(colours[indices], 255), 255), bits
        np.testing.assert_array_equal(cv2.imread(str(path), cv2.IMREAD_COLOR)[..., ::-1], colours[indices])


@pytest.mark.parametrize(("bits", "masks"), [(2, ()), (16, (0xF00, 0xF0, 0xF)), (32, (0x3FF00000, 0xFFC00, 0x3FF))])
def test_bmp_that_is_refused(tmp_path: Path, bits: int, masks: tuple[int, ...]) -> None:
    palette = np.zeros((4, 3), np.uint8) if bits == 2 else None
    (tmp_path / "a.bmp").write_bytes(bmp(drawn(2**bits - 1), bits, masks, palette=palette))
    with pytest.raises(ImageError, match=r"Unsupported BMP (pixel depth|bitfields layout)"):
        decode(tmp_path / "a.bmp")


@pytest.mark.parametrize("transparent", [None, 3])
def test_gif(tmp_path: Path, transparent: int | None) -> None:
    colours = np.random.default_rng(5).integers(0, 256, (16, 3), dtype=np.uint8)
    indices = drawn(15).astype(np.uint8)
    picture = Image.fromarray(indices).convert("P")
    picture.putpalette(colours.tobytes())
    options = {} if transparent is None else {"transparency": transparent}
    picture.save(tmp_path / "a.gif", optimize=False, **options)
    assert not fault(tmp_path / "a.gif", unit(colours[indices], 255), 255)
    with Image.open(tmp_path / "a.gif") as second:
        np.testing.assert_array_equal(np.asarray(second.convert("RGBA"))[..., :3], colours[indices])


# Which way is up


@pytest.mark.parametrize("kind", ["avif", "tif", "jpg", "webp", "png"])
def test_orientation(tmp_path: Path, kind: str) -> None:
    rgb = np.rint(SMOOTH[..., :3] * 255).astype(np.uint8)
    path, plain = tmp_path / f"a.{kind}", tmp_path / f"plain.{kind}"
    save: Callable[..., None] = Image.fromarray(rgb).save
    save(plain, quality=90)
    for orientation in range(1, 9):
        block = Image.Exif()
        block[0x0112] = orientation
        save(path, quality=90, exif=block)
        np.testing.assert_array_equal(decode(path), upright(decode(plain), orientation))


def test_orientation_of_deep_pictures(tmp_path: Path) -> None:
    deep = drawn(65535, 3).astype(np.uint16)
    for orientation in range(1, 9):
        (tmp_path / "a.tif").write_bytes(tiff(deep, 16, 2, tags=[(274, "H", [orientation])]))
        np.testing.assert_array_equal(decode(tmp_path / "a.tif"), upright(deep, orientation))
    content = imagecodecs.avif_encode(np.rint(SMOOTH[..., :3] * 1023).astype(np.uint16), level=90, bitspersample=10)
    colours = content.index(b"colr") - 4  # a box of 19 bytes, the fourth of the picture's properties
    uses = colours + 19 + 19  # in the box behind it, the numbers of the properties that the picture has
    assert content[uses : uses + 4] == b"\x01\x02\x83\x04"
    start, end = content[:colours], content[colours + 19 : uses + 3] + b"\x84" + content[uses + 4 :]
    upright_one, turned = (start + b"\0\0\0\x09irot%c\0\0\0\x0afree\0\0" % turns + end for turns in (0, 1))
    (tmp_path / "a.avif").write_bytes(upright_one)
    (tmp_path / "b.avif").write_bytes(turned)  # a quarter to the left, as EXIF's 8
    np.testing.assert_array_equal(decode(tmp_path / "b.avif"), upright(decode(tmp_path / "a.avif"), 8))


def deep_files() -> Iterator[tuple[str, bytes]]:
    deep = drawn(65535, 3)
    yield "a.png", png(deep, 16, 2)
    yield "a.tif", tiff(deep, 16, 2)
    yield "a.ppm", pnm(deep // 16, 4095, plain=False)
    yield "a.jp2", imagecodecs.jpeg2k_encode(deep.astype(np.uint16), level=0, reversible=True)
    yield "a.avif", imagecodecs.avif_encode((deep // 64).astype(np.uint16), level=90, bitspersample=10)


@pytest.mark.parametrize(("name", "content"), list(deep_files()), ids=lambda value: value if len(value) < 9 else "")
def test_a_deep_file_that_ends_early_never_gives_other_pixels(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    expected = decode(path)
    for length in range(1, len(content), 1 + len(content) // 40):
        path.write_bytes(content[:length])
        try:
            pixels = decode(path)
        except ImageError:
            continue
        np.testing.assert_array_equal(pixels, expected)  # only what follows the pixels is lost
        assert length > 0.8 * len(content)


def test_threads_that_read_deep_pictures_leave_opencv_s_logging_alone(tmp_path: Path) -> None:
    for name, content in deep_files():
        (tmp_path / name).write_bytes(content)
    paths = sorted(tmp_path.iterdir())
    expected = {path: decode(path) for path in paths}
    before = cv2.utils.logging.getLogLevel()
    with ThreadPoolExecutor(8) as pool:
        for path, pixels in zip(paths * 20, pool.map(decode, paths * 20), strict=True):
            np.testing.assert_array_equal(pixels, expected[path])
    assert cv2.utils.logging.getLogLevel() == before != cv2.utils.logging.LOG_LEVEL_SILENT
