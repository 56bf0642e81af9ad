"""One image file to an RGB array, or an `ImageError` that says why not.

Rules, each with a test:

- Colour: grey is repeated to three channels, a palette is expanded, CMYK, YCbCr and Lab are converted by Pillow
  without colour profiles, alpha is ignored (as in the authors' code).
- Depth: 8 bits stay uint8, 16 bits stay uint16, floating point must lie in [0, 1] and becomes float32.
- EXIF orientation is applied: people judge the picture the right way up.
- More than one frame is an error, since nobody said which frame to judge; the second picture that phones hide in
  a JPEG (MPO) is ignored.
- A file that ends early is an error, never a half-grey picture.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from fgresq.errors import ImageError
from fgresq.images.arrays import MIN_SIDE, RgbArray, as_rgb

MAX_PIXELS = 500_000_000

_EXIF_ORIENTATION = 0x0112
# Pillow's own size limit is a process-wide setting; ours is MAX_PIXELS, so Pillow's is lifted while a header is read.
_pillow_limit = threading.Lock()


def printable(path: Path) -> str:
    """The path as text that every output format can hold (bytes that aren't UTF-8 become escapes)."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def decode(path: Path) -> RgbArray:
    """Decode an image file.

    Args:
        path: of the file.

    Returns:
        RGB pixels (height, width, 3): uint8 in [0, 255], uint16 in [0, 65535], or float32 in [0, 1].

    Raises:
        ImageError: the file is missing, empty, truncated, not an image, animated, smaller than MIN_SIDE or larger
            than MAX_PIXELS.
    """
    name = printable(path)
    _check_file(path, name)
    with _reading(name), _open(path) as image:
        return _pixels_of(image, name, path)


def decode_opened(image: Image.Image, name: str) -> RgbArray:
    """Like `decode`, for an image that Pillow has opened or made (16-bit colour has lost its low byte there).

    Raises:
        ImageError: as `decode`.
    """
    with _reading(name):
        return _pixels_of(image, name, None)


def _pixels_of(image: Image.Image, name: str, path: Path | None) -> RgbArray:
    _check_picture(image, name)
    wide_colour = _holds_16_bit_colour(image)
    orientation = image.getexif().get(_EXIF_ORIENTATION, 1)
    image.load()
    # Pillow reads 16-bit colour with the low byte cut off; OpenCV keeps it. Pillow has checked the file by now.
    pixels = _decode_16_bit(path) if wide_colour and path is not None else _pillow_pixels(image)
    return _upright(as_rgb(pixels, name), orientation)


@contextmanager
def _reading(name: str) -> Iterator[None]:
    try:
        yield
    except ImageError:
        raise
    except MemoryError as error:
        raise ImageError(name, "not enough memory to decode it") from error
    except UnidentifiedImageError as error:
        raise ImageError(name, "isn't an image of a format that can be read") from error
    except Exception as error:  # on hostile bytes Pillow's readers raise anything; none of it is hidden here
        raise ImageError(name, f"can't be read as an image ({_first_line(error)})") from error


def _check_file(path: Path, name: str) -> None:
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise ImageError(name, "no such file") from error
    except (OSError, ValueError) as error:
        raise ImageError(name, f"can't be opened ({_first_line(error)})") from error
    if path.is_dir():
        raise ImageError(name, "is a folder; an image file is needed here")
    if not path.is_file():
        raise ImageError(name, "is not a regular file")
    if status.st_size == 0:
        raise ImageError(name, "is empty (0 bytes)")


def _open(path: Path) -> Image.Image:
    with _pillow_limit:
        limit = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = None
        try:
            return Image.open(path)
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _check_picture(image: Image.Image, name: str) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ImageError(name, f"has {width}x{height} pixels; at most {MAX_PIXELS // 10**6} megapixels are read")
    if min(width, height) < MIN_SIDE:
        raise ImageError(name, f"is {width}x{height} pixels; at least {MIN_SIDE}x{MIN_SIDE} are needed to judge it")
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":
        raise ImageError(name, f"has {frames} frames; save the one to judge as an image of its own")


def _holds_16_bit_colour(image: Image.Image) -> bool:
    rawmodes = (str(tile[3]) for tile in getattr(image, "tile", ()))
    return len(image.getbands()) > 1 and any(";16" in rawmode for rawmode in rawmodes)


def _decode_16_bit(path: Path) -> NDArray[np.uint16]:
    pixels = cv2.imdecode(np.fromfile(path, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.uint16:
        raise OSError("16-bit colour of a kind that isn't supported; convert it to PNG")
    order = cv2.COLOR_BGRA2RGB if pixels.shape[-1] == 4 else cv2.COLOR_BGR2RGB
    return (cv2.cvtColor(pixels, order) if pixels.ndim == 3 else pixels).astype(np.uint16, copy=False)


def _pillow_pixels(image: Image.Image) -> NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.float32]:
    """Pixels of a Pillow image as grey (H, W) or RGB (H, W, 3), at the depth it has."""
    if image.mode.startswith("I"):
        integers = np.asarray(image)
        if integers.min() < 0 or integers.max() > 65535:
            raise OSError("32-bit integer pixels; convert it to 16 or 8 bits")
        return integers.astype(np.uint16)
    if image.mode == "F":
        return np.asarray(image, dtype=np.float32)
    if image.mode in ("1", "L", "LA"):
        return np.asarray(image.convert("L") if image.mode != "LA" else image.getchannel("L"))
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")
    return np.asarray(image.convert("RGB"))


def _upright(pixels: RgbArray, orientation: int) -> RgbArray:
    """Undo the camera's turn; EXIF orientations 2 to 8 are the mirrorings and rotations of a rectangle."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return cast("RgbArray", np.ascontiguousarray(pixels))


def _first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:200]
