"""Real photographs from scikit-image's wheel, cut small, as the synthesis takes them."""

import cv2
import numpy as np
import pytest
import skimage.data

from fgresq.synthesis.pictures import Picture, from_bytes

SIDE = 192


def cut(name: str, top: int, left: int) -> Picture:
    return from_bytes(np.ascontiguousarray(getattr(skimage.data, name)()[top : top + SIDE, left : left + SIDE]))


@pytest.fixture(scope="session")
def crops() -> list[Picture]:
    """Astronaut, coffee, chelsea: 192x192 RGB in [0, 1]."""
    cv2.setNumThreads(1)
    return [cut("astronaut", 0, 100), cut("coffee", 60, 150), cut("chelsea", 20, 100)]
