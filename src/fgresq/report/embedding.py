"""Image files as data URIs, so that a page needs no file beside it.

A browser gets the file's own bytes wherever it would show the pixels that were judged. Everything
else becomes an 8-bit PNG of those pixels: formats that browsers don't show, 16-bit and floating
point samples, CMYK, transparency (which isn't judged), and rotation flags outside JPEG, on which
browsers don't agree.
"""

import base64
import io
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fgresq.errors import ImageError
from fgresq.images.decode import decode, exif_orientation, printable

THUMBNAIL_SIDE = 200
"""Long side of a thumbnail in pixels, at most."""

_SHOWN_BY_BROWSERS = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",  # a JPEG with further pictures behind the first; browsers show the first
    "WEBP": "image/webp",
    "AVIF": "image/avif",
    "GIF": "image/gif",
    "BMP": "image/bmp",
}
_ROTATED_BY_BROWSERS = {"JPEG", "MPO"}
_PNG_BIT_DEPTH = 24  # the byte of a PNG file that says how many bits a sample has


def image_data_uri(path: Path) -> str:
    """Whole image as a data URI, bit for bit where a browser shows the format, else as an 8-bit PNG.

    Args:
        path: of an image file.

    Returns:
        `data:image/...;base64,...`

    Raises:
        ImageError: the file can't be read or isn't an image.
    """
    try:
        content = path.read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # it was judged at this size
            with Image.open(io.BytesIO(content)) as image:
                if image.format in _SHOWN_BY_BROWSERS and _shown_as_judged(image, content):
                    return _data_uri(_SHOWN_BY_BROWSERS[image.format], content)
                profile = image.info.get("icc_profile") if image.mode in {"RGB", "RGBA"} else None
    except (OSError, ValueError, SyntaxError) as error:
        raise ImageError(printable(path), f"can't be shown ({error})") from error
    except Image.DecompressionBombError:
        profile = None  # more pixels than Pillow opens unasked; `decode` below has a limit of its own
    buffer = io.BytesIO()
    Image.fromarray(eight_bit_pixels(path)).save(buffer, "PNG", icc_profile=profile)
    return _data_uri("image/png", buffer.getvalue())


def thumbnail_data_uri(path: Path, side: int = THUMBNAIL_SIDE) -> str:
    """Small JPEG of an image as a data URI; never larger than the image.

    Args:
        path: of an image file.
        side: of the longer side in pixels, at most.

    Returns:
        `data:image/jpeg;base64,...`

    Raises:
        ImageError: the file can't be read or isn't an image.
    """
    small = Image.fromarray(eight_bit_pixels(path))
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return _data_uri("image/jpeg", buffer.getvalue())


def _shown_as_judged(image: Image.Image, content: bytes) -> bool:
    """Whether a browser shows these bytes as they were judged: upright, 8-bit, RGB or grey, opaque."""
    if image.mode == "CMYK" or (image.format == "PNG" and content[_PNG_BIT_DEPTH] > 8):
        return False
    if image.format not in _ROTATED_BY_BROWSERS and exif_orientation(image) != 1:
        return False
    return not image.has_transparency_data or image.convert("RGBA").getchannel("A").getextrema() == (255, 255)


def eight_bit_pixels(path: Path) -> NDArray[np.uint8]:
    """The judged pixels (height, width, 3) with 8 bits a sample."""
    pixels = decode(path)
    if pixels.dtype == np.uint8:
        return pixels.astype(np.uint8, copy=False)
    top = 65535.0 if pixels.dtype == np.uint16 else 1.0
    rounded: NDArray[np.uint8] = np.rint(pixels * np.float32(255.0 / top)).astype(np.uint8)
    return rounded


def _data_uri(mime: str, content: bytes) -> str:
    return f"data:{mime};base64,{base64.b64encode(content).decode('ascii')}"
