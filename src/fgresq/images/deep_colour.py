"""16-bit colour, of which Pillow keeps the high byte only; OpenCV reads all of it.

PNG, TIFF, and PPM whose largest value is 65535 are read this way. Colour deeper than 8 bits in another file (JPEG 2000,
AVIF, another PPM) is read at 8 bits, since no reader at hand gives more.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

_BITS_PER_SAMPLE, _PHOTOMETRIC, _PLANES = 258, 262, 284
_WHITE_IS_ZERO, _RGB, _INTERLEAVED = 0, 2, 1


def holds_deep_colour(image: Image.Image) -> bool:
    """Whether a file that Pillow has opened, and not yet loaded, holds 16-bit colour."""
    if len(image.getbands()) == 1:
        return False
    if image.format == "TIFF":
        return bool(max(_tags(image).get(_BITS_PER_SAMPLE, (8,))) > 8)
    layouts = [tile[3] for tile in getattr(image, "tile", ())]
    if image.format == "PPM":
        return any(isinstance(layout, tuple) and layout[1] == 65535 for layout in layouts)
    return any(";16" in str(layout) for layout in layouts)


def read_deep_colour(path: Path, image: Image.Image) -> NDArray[np.uint16]:
    """Read a file that holds 16-bit colour.

    Args:
        path: of the file.
        image: the same file, loaded by Pillow, which has found no damage (OpenCV prints its complaints).

    Returns:
        RGB (height, width, 3); a TIFF is turned upright, a PNG isn't, as Pillow has it.

    Raises:
        OSError: CMYK, separate planes, or another kind of TIFF that OpenCV doesn't read right.
    """
    tags = _tags(image)
    known = tags.get(_PHOTOMETRIC, _RGB) == _RGB and tags.get(_PLANES, _INTERLEAVED) == _INTERLEAVED
    pixels = cv2.imdecode(np.fromfile(path, dtype=np.uint8), cv2.IMREAD_UNCHANGED) if known else None
    if pixels is None or pixels.dtype != np.uint16 or pixels.ndim != 3:
        raise OSError("16-bit colour of a kind that isn't supported, or damaged; convert it to PNG")
    order = cv2.COLOR_BGRA2RGB if pixels.shape[-1] == 4 else cv2.COLOR_BGR2RGB
    return cv2.cvtColor(pixels, order).astype(np.uint16, copy=False)


def is_white_zero(image: Image.Image) -> bool:
    """Whether this is a TIFF that counts from white; Pillow turns that round for 8 bits only."""
    return bool(_tags(image).get(_PHOTOMETRIC) == _WHITE_IS_ZERO)


def _tags(image: Image.Image) -> Mapping[int, Any]:
    tags: Mapping[int, Any] = getattr(image, "tag_v2", {})  # only TIFF has them
    return tags
