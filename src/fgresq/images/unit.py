"""Pixels of any depth to the range that metrics work in."""

import numpy as np
from jaxtyping import Float32

from fgresq.images.arrays import RgbArray

_WHITE = {"uint8": 255, "uint16": 65535, "float32": 1}


def to_unit(pixels: RgbArray) -> Float32[np.ndarray, "h w 3"]:
    """Scale pixels so that black is 0 and white is 1.

    Args:
        pixels: RGB (H, W, 3) as `decode` gives them: uint8, uint16, or float32 in [0, 1].

    Returns:
        RGB (H, W, 3), float32 in [0, 1].
    """
    return np.asarray(pixels / np.float32(_WHITE[pixels.dtype.name]), dtype=np.float32)
