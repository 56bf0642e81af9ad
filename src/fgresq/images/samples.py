"""What reads the samples of each format, since Pillow alone gives all of them right for 8 bits only."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms
from PIL.ImageFile import ImageFile

from fgresq.images.boxes import avif_reader, jpeg2000_reader
from fgresq.images.depth import CannotReadError, Reader, Samples, content_of, opencv_samples, stretched
from fgresq.images.tiff import tiff_reader

_EXACT = 0x0100  # Little CMS: calculate each pixel, rather than from a table, which is up to 13 of 255 off


def reader_of(image: Image.Image) -> Reader:
    """What makes pixels of a picture that Pillow has opened, asked for before it is loaded.

    Returns:
        To be called with the picture, once.

    Raises:
        CannotReadError: its samples can't be read as they are.
    """
    if not isinstance(image, ImageFile) or not image.tile:
        return _loaded_reader(image)
    find = _FINDERS.get(image.format or "")
    return (find(image) if find else None) or pillow_samples


def pillow_samples(image: Image.Image) -> Samples:
    """Samples of a Pillow image as grey (H, W) or RGB (H, W, 3), at the depth that it has in Pillow.

    Raises:
        CannotReadError: integers that aren't 16 bits.
    """
    if image.mode.startswith("I"):
        integers = np.asarray(image)
        if integers.min() < 0 or integers.max() > 65535:
            raise CannotReadError("holds integers outside 0 to 65535; convert it to 16 or 8 bits")
        return integers.astype(np.uint16)
    if image.mode == "F":
        return np.asarray(image, dtype=np.float32)
    if image.mode in ("1", "L"):
        return np.asarray(image.convert("L"))
    if image.mode in ("LA", "La"):
        return np.asarray(image.getchannel("L"))
    if image.mode == "LAB":
        return _from_lab(image)
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")
    return np.asarray(image.convert("RGB"))


def _from_lab(image: Image.Image) -> NDArray[np.uint8]:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    exact = ImageCms.buildTransform(lab, srgb, "LAB", "RGB", flags=ImageCms.Flags(_EXACT))
    return np.asarray(ImageCms.applyTransform(image, exact))


def _loaded_reader(image: Image.Image) -> Reader:
    if image.format == "JPEG2000" and len(image.getbands()) > 1:
        raise CannotReadError("was loaded by Pillow, which may have turned white into black; pass the file's path")
    return pillow_samples


def _layout(image: ImageFile) -> tuple[Any, ...]:
    """How Pillow's decoder is told that the samples lie; the first word says their depth and order."""
    layout = image.tile[0].args
    return layout if isinstance(layout, tuple) else (layout,)


def _png_reader(image: ImageFile) -> Reader | None:
    if len(image.getbands()) == 1 or not str(_layout(image)[0]).endswith(";16B"):
        return None
    return lambda image: opencv_samples(image, content_of(image), "16-bit colour")[..., :3]


def _bmp_reader(image: ImageFile) -> Reader | None:
    """Colours of 5 or 6 bits, which Pillow rounds down to 8."""
    largest = {"BGR;15": (31, 31, 31), "BGR;16": (31, 63, 31)}.get(str(_layout(image)[0]))
    if largest is None:
        return None

    def read(image: Image.Image) -> Samples:
        rounded = np.asarray(image).astype(np.uint16)
        channels = [stretched((rounded[..., index] * top + 254) // 255, top) for index, top in enumerate(largest)]
        return np.stack(channels, axis=-1).astype(np.uint16, copy=False)

    return read


def _pnm_reader(image: ImageFile) -> Reader | None:
    """Samples that count to another number than 255; Pillow would round colour to 8 bits."""
    codec, offset, layout = image.tile[0].codec_name, image.tile[0].offset, _layout(image)
    width, height = image.size
    bands, largest = len(image.getbands()), 65535 if layout == ("I;16B",) else 255
    if codec != "raw" and image.mode != "1":
        largest = int(layout[1])
    if image.mode not in ("1", "L", "I", "RGB"):
        return None  # floating point, and Pillow's own additions
    if codec != "ppm_plain":
        row = (width + 7) // 8 if image.mode == "1" else width * bands * (1 if largest < 256 else 2)
        _check_alone(image, offset + row * height)
    if image.mode == "1" or largest == 255 or codec == "raw":
        return None

    def read(image: Image.Image) -> Samples:
        count = width * height * bands
        raster = content_of(image, offset)
        samples = _plain(raster) if codec == "ppm_plain" else _binary(raster, largest)
        if samples.size < count:
            raise CannotReadError(f"is truncated: it holds {samples.size} of {count} samples")
        shape = (height, width) if bands == 1 else (height, width, bands)
        return stretched(samples[:count].reshape(shape), largest)

    return read


def _check_alone(image: Image.Image, end: int) -> None:
    """Refuse a second picture behind the first; PNM files may simply be joined."""
    if re.match(rb"\s*P[1-7]\s", content_of(image, end, 16)):
        raise CannotReadError("holds several pictures; save the one to judge as an image of its own")


def _binary(raster: bytes, largest: int) -> NDArray[np.integer]:
    dtype = np.dtype(">u2" if largest > 255 else "u1")
    return np.frombuffer(raster, dtype, len(raster) // dtype.itemsize)


def _plain(raster: bytes) -> NDArray[np.int64]:
    """Samples that are written as text; a comment goes to the end of its line."""
    words = re.sub(rb"#[^\r\n]*", b"", raster).split()
    try:
        samples = np.array(words, dtype=np.int64)
    except (ValueError, OverflowError) as error:
        raise CannotReadError("holds something other than samples; it may be damaged") from error
    if samples.size and samples.min() < 0:
        raise CannotReadError("holds samples below 0; it may be damaged")
    return samples


_FINDERS: Mapping[str, Callable[[ImageFile], Reader | None]] = {
    "PNG": _png_reader,
    "BMP": _bmp_reader,
    "DIB": _bmp_reader,
    "PPM": _pnm_reader,
    "TIFF": tiff_reader,
    "JPEG2000": jpeg2000_reader,
    "AVIF": avif_reader,
}
