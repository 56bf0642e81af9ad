"""From a picture of any size to the network's square input: the released model's way, and one at full resolution."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TypeAlias, cast

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from fgresq.images.arrays import RgbArray
from fgresq.images.unit import to_unit

Crop: TypeAlias = NDArray[np.uint8] | NDArray[np.float32]
Place: TypeAlias = tuple[float, float]

# JPEG works in blocks of 8 pixels; patches that start on its grid keep its seams where they are in every picture.
_BLOCK = 8


class Preprocessing(BaseModel, ABC):
    """Two steps, the same for scoring and for training: the whole picture is resized, then parts of it are cut out.

    A part is cut at a place: how far down and how far to the right it lies, each from 0 to 1. Scoring takes the middle
    of all places, training draws them; since they are shares, both images of a pair are cut alike.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    @abstractmethod
    def rows(self) -> int:
        """Parts in a row of the input, and rows."""

    @property
    @abstractmethod
    def part_side(self) -> int:
        """Side of a part, in pixels."""

    @abstractmethod
    def size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width to which a picture is resized before it is cut."""

    @abstractmethod
    def corners(self, height: int, width: int, places: Sequence[Place] | None = None) -> list[tuple[int, int]]:
        """Top and left of every part in a resized picture; the middle of all places unless some are given."""

    @abstractmethod
    def __str__(self) -> str:
        """In words, for reports."""

    @property
    def parts(self) -> int:
        """How many parts the input is put together from."""
        return self.rows**2

    @property
    def side(self) -> int:
        """Side of the square input, in pixels."""
        return self.rows * self.part_side

    def whole(self, image: RgbArray) -> Crop:
        """Resize, with OpenCV's INTER_LINEAR at the picture's own depth, as in the authors' code.

        Args:
            image: RGB (H, W, 3), uint8, uint16 or float32 in [0, 1].

        Returns:
            RGB (h, w, 3): uint8 in [0, 255] for uint8, else float32 in [0, 1].
        """
        pixels = to_unit(image) if image.dtype == np.uint16 else image
        height, width = self.size(*image.shape[:2])
        if (height, width) == image.shape[:2]:
            return cast("Crop", pixels)
        return cast("Crop", cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR))

    def cut(self, whole: Crop, places: Sequence[Place] | None = None) -> Crop:
        """Cut the parts out of a resized picture and put them together.

        Args:
            whole: from `whole`.
            places: of the parts; None is the middle.

        Returns:
            RGB (side, side, 3), an array of its own, of the picture's type.
        """
        step = self.part_side
        out = np.empty((self.side, self.side, 3), whole.dtype)
        for part, (top, left) in enumerate(self.corners(whole.shape[0], whole.shape[1], places)):
            row, column = (step * place for place in divmod(part, self.rows))
            out[row : row + step, column : column + step] = whole[top : top + step, left : left + step]
        return cast("Crop", out)

    def __call__(self, image: RgbArray) -> Crop:
        """Resize and cut in the middle; see `whole` and `cut`."""
        return self.cut(self.whole(image))


class Resized(Preprocessing):
    """The released model's: resize to a square, ignoring the aspect ratio, then cut out the centre.

    Attributes:
        resize: side of the resized picture, in pixels.
        crop: side of the central crop, in pixels.
    """

    resize: int = Field(default=256, ge=8)
    crop: int = Field(default=224, ge=8)

    @model_validator(mode="after")
    def _crop_fits(self) -> "Resized":
        if self.crop > self.resize:
            raise ValueError(f"crop {self.crop} is larger than resize {self.resize}")
        return self

    def __str__(self) -> str:
        return f"RGB; resize {self.resize}x{self.resize} (bilinear, aspect ignored); centre crop {self.crop}"

    @property
    def rows(self) -> int:
        """One part alone."""
        return 1

    @property
    def part_side(self) -> int:
        """The crop's."""
        return self.crop

    def size(self, height: int, width: int) -> tuple[int, int]:
        """A square, whatever the picture's shape."""
        del height, width
        return self.resize, self.resize

    def corners(self, height: int, width: int, places: Sequence[Place] | None = None) -> list[tuple[int, int]]:
        """The crop's."""
        room = (height - self.crop, width - self.crop)
        if places is None:
            return [(room[0] // 2, room[1] // 2)]
        return [(_pixel(down, room[0]), _pixel(right, room[1])) for down, right in places]


class Fragments(Preprocessing):
    """Patches at full resolution from all over the picture, in their order, side by side.

    The picture is divided into grid x grid cells and one patch is cut from each, from its middle or where training
    draws it. Fine differences, which a resize removes, stay; what is lost is the picture between the patches. Patches
    begin on multiples of 8 pixels, where JPEG's blocks do. In pictures smaller than grid x patch they overlap; one
    smaller than a patch is enlarged.

    Attributes:
        grid: patches in a row, and rows.
        patch: side of a patch, in pixels; a multiple of 8.

    Reference: Wu et al. 2022, "FAST-VQA: Efficient End-to-end Video Quality Assessment with Fragment Sampling".
    """

    grid: int = Field(ge=1)
    patch: int = Field(ge=_BLOCK, multiple_of=_BLOCK)

    def __str__(self) -> str:
        return f"RGB; {self.grid}x{self.grid} patches of {self.patch}x{self.patch} at full resolution"

    @property
    def rows(self) -> int:
        """The grid's."""
        return self.grid

    @property
    def part_side(self) -> int:
        """The patch's."""
        return self.patch

    def size(self, height: int, width: int) -> tuple[int, int]:
        """The picture's own, but no side shorter than a patch."""
        return max(height, self.patch), max(width, self.patch)

    def corners(self, height: int, width: int, places: Sequence[Place] | None = None) -> list[tuple[int, int]]:
        """One in each cell, row by row."""
        rooms = (height - self.patch, width - self.patch)
        cells = [divmod(cell, self.grid) for cell in range(self.parts)]
        found = []
        for cell, place in zip(cells, places or [(0.5, 0.5)] * self.parts, strict=True):
            shares = [(number + share) / self.grid for number, share in zip(cell, place, strict=True)]
            top, left = (_pixel(share, room // _BLOCK) * _BLOCK for share, room in zip(shares, rooms, strict=True))
            found.append((top, left))
        return found


AnyPreprocessing: TypeAlias = Resized | Fragments


def _pixel(share: float, room: int) -> int:
    """One of room + 1 pixels, all equally likely for a share drawn from [0, 1)."""
    return min(int(share * (room + 1)), room)
