"""How pictures reach a program: as the pixels that fgresq sees, never as files that it would read its own way.

Each picture is decoded here, rounded to 8 bits (what all of these metrics were made for) and handed over as a NumPy
file, or as a binary PPM, which every language reads in a line or two. So orientation, 16-bit files, palettes and JPEG
decoding can't make one metric see another picture than the next.
"""

import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fgresq.errors import ImageError
from fgresq.images.arrays import RgbArray
from fgresq.images.decode import decode, printable
from fgresq.images.unit import to_unit

Form: TypeAlias = Literal["npy", "ppm"]
"""`npy`: as `numpy.save` writes uint8 (height, width, 3). `ppm`: "P6\\nWIDTH HEIGHT\\n255\\n", then RGB bytes."""


class Handover:
    """A folder that two pictures lie in at a time: the one to judge and its reference.

    Args:
        form: of their files.
    """

    def __init__(self, form: Form = "npy") -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="fgresq-engine-")
        self._form = form
        self._image, self._reference = (Path(self._folder.name) / f"{name}.{form}" for name in ("image", "reference"))
        self._lies: tuple[Path, int, int] | None = None  # the reference there: a data set has many pictures of one
        self._size = (0, 0)

    def __enter__(self) -> "Handover":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.cleanup()

    def lay(
        self, image: str | os.PathLike[str], reference: str | os.PathLike[str] | None, least_side: int = 1
    ) -> dict[str, str | None]:
        """Lay a picture, and its reference if there is one, in the folder.

        Args:
            image, reference: files.
            least_side: pixels that both sides must have.

        Returns:
            Where they lie, as a request says it.

        Raises:
            ImageError: one can't be decoded, it's too small, or they are of two sizes.
        """
        image = Path(image)
        pixels = eight_bits(decode(image))
        if min(pixels.shape[:2]) < least_side:
            size = f"{pixels.shape[1]}x{pixels.shape[0]}"
            reason = f"of {size} pixels is too small; at least {least_side}x{least_side} are needed"
            raise ImageError(printable(image), reason)
        self._write(self._image, pixels)
        if reference is None:
            return {"image": os.fspath(self._image), "reference": None}
        self._lay_reference(Path(reference))
        if pixels.shape[:2] != self._size:
            (height, width), (high, wide) = pixels.shape[:2], self._size
            reason = f"is {width}x{height} pixels, but its reference {wide}x{high}; crop or resize one of them"
            raise ImageError(printable(image), reason)
        return {"image": os.fspath(self._image), "reference": os.fspath(self._reference)}

    def _write(self, path: Path, pixels: NDArray[np.uint8]) -> None:
        if self._form == "npy":
            np.save(path, pixels)
        else:
            path.write_bytes(b"P6\n%d %d\n255\n" % (pixels.shape[1], pixels.shape[0]) + pixels.tobytes())

    def _lay_reference(self, path: Path) -> None:
        try:
            status = path.stat()
            stamp = (path.absolute(), status.st_mtime_ns, status.st_size)
        except (OSError, ValueError):
            stamp = None  # decoding says what is wrong
        if stamp is not None and stamp == self._lies:
            return
        self._lies = None
        try:
            pixels = eight_bits(decode(path))
        except ImageError as error:
            raise ImageError(error.name, f"its reference {error}") from error
        self._write(self._reference, pixels)
        self._lies, self._size = stamp, pixels.shape[:2]


def eight_bits(pixels: RgbArray) -> NDArray[np.uint8]:
    """Pixels of any depth rounded to 8 bits; those that have 8 stay as they are."""
    if pixels.dtype == np.uint8:
        return np.asarray(pixels, dtype=np.uint8)
    return np.rint(to_unit(pixels) * np.float32(255)).astype(np.uint8)
