"""Samples of any depth: read by OpenCV where Pillow drops bits, and stretched so that the largest is white."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias, cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Samples: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.float32]
Reader: TypeAlias = Callable[[Image.Image], Samples]
"""Makes grey (H, W) or RGB (H, W, 3) of a picture that Pillow has opened and not yet loaded."""

_EIGHT, _SIXTEEN = 255, 65535


class CannotReadError(Exception):
    """Why the samples of a picture can't be read as they are, and what to do, without its name."""


def stretched(samples: NDArray[np.integer], largest: int) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Samples that count to `largest`, as 8 bits where that is exact, else rounded to 16.

    Args:
        samples: of any shape, from 0 to `largest`.
        largest: the one that is white, from 1 to 65535.

    Returns:
        The same shape; white is 255 or 65535.

    Raises:
        CannotReadError: a sample is above the largest.
    """
    highest = int(samples.max())
    if highest > largest:
        raise CannotReadError(f"holds a sample of {highest}, though it says that the largest is {largest}")
    if _EIGHT % largest == 0:
        return samples.astype(np.uint8) * np.uint8(_EIGHT // largest)
    if largest == _SIXTEEN:
        return samples.astype(np.uint16, copy=False)
    wide = samples.astype(np.uint32) * np.uint32(_SIXTEEN) + np.uint32(largest // 2)
    return (wide // np.uint32(largest)).astype(np.uint16)


def content_of(image: Image.Image, start: int = 0, length: int = -1) -> bytes:
    """The bytes of the file behind a picture that Pillow has opened and not yet loaded.

    Args:
        image: the picture.
        start: the first byte.
        length: at most so many; -1 is all that follow.

    Raises:
        CannotReadError: it was closed.
    """
    file = getattr(image, "fp", None)
    if file is None:
        raise CannotReadError("was closed before it was read")
    place = file.tell()
    file.seek(start)
    try:
        return bytes(file.read(length))
    finally:
        file.seek(place)


def opencv_samples(image: Image.Image, content: bytes, kind: str) -> Samples:
    """Samples as OpenCV reads them, at their own depth and not turned by EXIF.

    Args:
        image: opened by Pillow; it is loaded, so that Pillow finds the damage, if there is any.
        content: of its file.
        kind: of samples, to name in an error.

    Returns:
        Grey (H, W), RGB (H, W, 3) or RGB with alpha (H, W, 4).

    Raises:
        CannotReadError: OpenCV doesn't read them.
    """
    image.load()
    with _silent_opencv():
        pixels = cv2.imdecode(np.frombuffer(content, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype not in (np.uint8, np.uint16, np.float32):
        raise CannotReadError(f"holds {kind} that OpenCV {cv2.__version__} doesn't read; convert it to PNG")
    if sorted(pixels.shape[:2]) != sorted(image.size):
        raise CannotReadError("is read at two sizes by Pillow and OpenCV; it may be damaged")
    if pixels.ndim == 3:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA if pixels.shape[-1] == 4 else cv2.COLOR_BGR2RGB)
    return cast("Samples", pixels)


_silence = threading.Lock()
_silent: list[int] = []  # OpenCV's level of logging, once for every thread that is reading


@contextmanager
def _silent_opencv() -> Iterator[None]:
    """Without OpenCV's remarks on standard error; errors come as exceptions. Its level is the process's."""
    logging = cv2.utils.logging
    with _silence:
        _silent.append(_silent[0] if _silent else logging.getLogLevel())
        logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        with _silence:
            level = _silent.pop()
            if not _silent:
                logging.setLogLevel(level)
