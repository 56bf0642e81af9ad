"""The piece of two large images in which they differ most, at full size."""

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

DETAIL_SIDE = 512
"""Side of the piece in pixels."""

_STEP = 32  # pieces start at its multiples

Pixels = NDArray[np.uint8]


def most_different(first: Pixels, second: Pixels) -> tuple[int, int] | None:
    """Where the piece with the greatest sum of absolute differences begins: x and y, multiples of 32.

    Args:
        first, second: (height, width, 3).

    Returns:
        None for images of two sizes, or of no more than the piece.
    """
    height, width = first.shape[:2]
    if first.shape != second.shape or min(height, width) < DETAIL_SIDE or max(height, width) == DETAIL_SIDE:
        return None
    rows, columns = height // _STEP, width // _STEP
    blocks = np.zeros((rows + 1, columns + 1))
    for row in range(rows):  # a strip at a time: whole differences of 4K images would take much memory
        strip = slice(row * _STEP, (row + 1) * _STEP)
        difference = np.abs(first[strip, : columns * _STEP].astype(np.int16) - second[strip, : columns * _STEP])
        blocks[row + 1, 1:] = difference.reshape(_STEP, columns, -1).sum(axis=(0, 2), dtype=np.int64)
    sums = blocks.cumsum(axis=0).cumsum(axis=1)
    side = DETAIL_SIDE // _STEP
    pieces = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    y, x = np.unravel_index(np.argmax(pieces), pieces.shape)
    return int(x) * _STEP, int(y) * _STEP


def piece_uri(pixels: Pixels, x: int, y: int) -> str:
    """The piece that begins there, as the data URI of a PNG: bit for bit what was judged, in 8 bits."""
    buffer = io.BytesIO()
    Image.fromarray(pixels[y : y + DETAIL_SIDE, x : x + DETAIL_SIDE]).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
