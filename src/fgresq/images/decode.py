"""One image file to an RGB array, or an `ImageError` that says why not.

Rules, each with a test:

- Colour: grey is repeated to three channels, a palette is expanded, CMYK, YCbCr and Lab are converted by Pillow
  without colour profiles, alpha is ignored (as in the authors' code; colours that were multiplied by it are divided).
- Depth: 8 bits stay uint8, 16 bits stay uint16, another depth is stretched so that its largest sample is white
  (see `samples`), floating point must lie in [0, 1] and becomes float32. Samples of which nothing says which is white
  (signed, or integers of 32 bits) are refused, and so is whatever no reader here gives exactly.
- EXIF orientation is applied: people judge the picture the right way up. Damaged EXIF says nothing of the pixels, so
  the picture is taken as it is stored.
- More than one frame is an error, since nobody said which frame to judge; the second picture that phones hide in
  a JPEG (MPO) is ignored.
- A file that ends early is an error, never a half-grey picture.
- The content decides, not the name: only `foreign.FORMATS`, none of which runs a program (PostScript would).
"""

import os
import re
import stat
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import numpy as np
from PIL import Image, UnidentifiedImageError

from fgresq.errors import ImageError
from fgresq.images.arrays import MIN_SIDE, RgbArray, as_rgb
from fgresq.images.depth import CannotReadError
from fgresq.images.foreign import FORMATS, why_unreadable
from fgresq.images.samples import reader_of
from fgresq.names import first_few

MAX_PIXELS = 500_000_000

_EXIF_ORIENTATION = 0x0112
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")  # a path has lost its second slash
# Pillow's own size limit is a process-wide setting; ours is MAX_PIXELS, so Pillow's is lifted while a header is read.
_pillow_limit = threading.Lock()
# Pillow reads a picture when its pixels are first asked for, and garbles it if two threads ask for them at once.
_opened_picture = threading.Lock()


def printable(path: Path | str) -> str:
    """The path as text that every output format can hold (bytes that aren't UTF-8 become escapes)."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def decode(path: str | os.PathLike[str]) -> RgbArray:
    """Decode an image file.

    Args:
        path: of the file.

    Returns:
        RGB pixels (height, width, 3): uint8 in [0, 255], uint16 in [0, 65535], or float32 in [0, 1].

    Raises:
        ImageError: the file is missing, empty, truncated, not an image, animated, smaller than MIN_SIDE or larger
            than MAX_PIXELS.
    """
    path = Path(path)
    name = printable(path)
    _check_file(path, name)
    with _reading(name), _open(path, name) as image:
        return _read(image, name)


def about_alpha(names: Sequence[str], total: int) -> list[str]:
    """What to say of images with an alpha channel, so many of all; nothing where there are none."""
    said = f"alpha: {len(names)} of {total} images have an alpha channel, which isn't judged: "
    return [said + first_few(names)] if names else []


def holds_alpha(path: str | os.PathLike[str]) -> bool:
    """Whether an image file says in its header that it has alpha, which isn't judged; False if it can't be read."""
    path = Path(path)
    name = printable(path)
    try:
        _check_file(path, name)
        with _reading(name), _open(path, name) as image:
            return "transparency" in image.info or image.mode in ("RGBA", "RGBa", "LA", "La", "PA")
    except ImageError:
        return False


def decode_opened(image: Image.Image, name: str) -> RgbArray:
    """Like `decode`, for an image that Pillow has opened or made.

    Of one that Pillow has loaded already there is no more than Pillow has kept: of 16-bit colour the high byte.

    Raises:
        ImageError: as `decode`.
    """
    with _reading(name), _opened_picture:
        return _read(image, name)


def _read(image: Image.Image, name: str) -> RgbArray:
    _check_picture(image, name)
    pixels = as_rgb(reader_of(image)(image), name)
    return _upright(pixels, exif_orientation(image))


@contextmanager
def _reading(name: str) -> Iterator[None]:
    try:
        yield
    except ImageError:
        raise
    except MemoryError as error:
        raise ImageError(name, "not enough memory to decode it") from error
    except CannotReadError as error:
        raise ImageError(name, str(error)) from error
    except Exception as error:  # on hostile bytes Pillow's readers raise anything; none of it is hidden here
        raise ImageError(name, f"can't be read as an image ({_first_line(error)})") from error


def _check_file(path: Path, name: str) -> None:
    try:
        status = path.stat()
    except FileNotFoundError as error:
        is_address = _ADDRESS.match(name) is not None
        reason = "no such file; addresses on the web aren't read: download it first" if is_address else "no such file"
        raise ImageError(name, reason) from error
    except (OSError, ValueError) as error:
        raise ImageError(name, f"can't be opened ({_first_line(error)})") from error
    if stat.S_ISDIR(status.st_mode):
        raise ImageError(name, "is a folder; an image file is needed here")
    if not stat.S_ISREG(status.st_mode):
        raise ImageError(name, "is not a regular file")
    if status.st_size == 0:
        raise ImageError(name, "is empty (0 bytes)")


def _open(path: Path, name: str) -> Image.Image:
    with _pillow_limit:
        limit = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = None
        try:
            return Image.open(path, formats=FORMATS)
        except UnidentifiedImageError as error:
            raise ImageError(name, why_unreadable(path)) from error
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _check_picture(image: Image.Image, name: str) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ImageError(name, f"has {width}x{height} pixels; at most {MAX_PIXELS // 10**6} megapixels are read")
    if min(width, height) < MIN_SIDE:
        raise ImageError(name, f"is {width}x{height} pixels; at least {MIN_SIDE}x{MIN_SIDE} are needed to judge it")
    if _lacks_a_part(image):
        raise ImageError(name, f"holds a part only of its {width}x{height} pixels")
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":
        raise ImageError(name, f"has {frames} frames; save the one to judge as an image of its own")


def _lacks_a_part(image: Image.Image) -> bool:
    """Whether the strips or tiles of a TIFF end before its size does; Pillow would leave the rest black."""
    boxes = [tile[1] for tile in getattr(image, "tile", ())]
    if image.format != "TIFF" or not boxes:
        return False
    _, _, right, bottom = np.max(boxes, axis=0).tolist()
    return sorted((right, bottom)) != sorted(image.size)  # a size that Pillow may have turned upright already


def exif_orientation(image: Image.Image) -> int:
    """EXIF orientation of a loaded picture; Pillow turns a TIFF upright itself and then gives 1."""
    try:
        return int(image.getexif().get(_EXIF_ORIENTATION, 1))
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, struct.error):
        return 1  # what Pillow's reader of damaged EXIF raises


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
    text = str(getattr(error, "strerror", None) or error).strip() or type(error).__name__
    return text.splitlines()[0][:200]
