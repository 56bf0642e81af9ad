"""Images of files as the JND model and SSIM take them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from fgresq.errors import ImageError, UserError
from fgresq.images.decode import decode, printable
from fgresq.images.unit import to_unit


def read_picture(path: Path) -> Float32[np.ndarray, "h w 3"]:
    """Decode an image to RGB in [0, 1].

    Raises:
        ImageError: as `decode`.
    """
    return to_unit(decode(path))


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Give an error of a measure, which sees pixels only, the name of the image.

    Raises:
        ImageError: the block raised a `UserError`.
    """
    try:
        yield
    except ImageError:
        raise
    except UserError as error:
        raise ImageError(printable(path), str(error)) from error
