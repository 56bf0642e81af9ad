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

    @abstractmethod
    def grid_of(self, height: int, width: int) -> tuple[int, int]:
        """Parts in a column of the input, and in a row, for a resized picture."""

    @property
    @abstractmethod
    def most_parts(self) -> int:
        """How many parts an input is put together from at most."""

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
    @abstractmethod
    def side(self) -> int:
        """The shorter side of the smallest input, in pixels."""

    @property
    def fixed(self) -> bool:
        """Whether all inputs have one size, whatever the pictures'."""
        return True

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
            RGB (rows * part_side, columns * part_side, 3), an array of its own, of the picture's type.
        """
        step = self.part_side
        rows, columns = self.grid_of(whole.shape[0], whole.shape[1])
        out = np.empty((rows * step, columns * step, 3), whole.dtype)
        for part, (top, left) in enumerate(self.corners(whole.shape[0], whole.shape[1], places)):
            row, column = (step * place for place in divmod(part, columns))
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

    def grid_of(self, height: int, width: int) -> tuple[int, int]:
        """One part alone."""
        del height, width
        return 1, 1

    @property
    def most_parts(self) -> int:
        """One."""
        return 1

    @property
    def part_side(self) -> int:
        """The crop's."""
        return self.crop

    @property
    def side(self) -> int:
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

    def grid_of(self, height: int, width: int) -> tuple[int, int]:
        """The same for every picture."""
        del height, width
        return self.grid, self.grid

    @property
    def most_parts(self) -> int:
        """All of the grid."""
        return self.grid**2

    @property
    def part_side(self) -> int:
        """The patch's."""
        return self.patch

    @property
    def side(self) -> int:
        """That of all patches side by side."""
        return self.grid * self.patch

    def size(self, height: int, width: int) -> tuple[int, int]:
        """The picture's own, but no side shorter than a patch."""
        return max(height, self.patch), max(width, self.patch)

    def corners(self, height: int, width: int, places: Sequence[Place] | None = None) -> list[tuple[int, int]]:
        """One in each cell, row by row."""
        return _in_cells((self.grid, self.grid), self.patch, (height, width), places)


class Tiles(Preprocessing):
    """Parts at full resolution, the more of them the larger the picture is.

    A side of n pixels gets n / tile parts, rounded, but at least one and at most `most`, evenly from border to border.
    So a picture of ordinary size is seen nearly whole, and a large one in samples from all over it. Parts begin on
    multiples of 8 pixels, where JPEG's blocks do, but for those at the right and lower border of a picture whose sides
    aren't such multiples. A picture smaller than a tile is enlarged.

    Attributes:
        tile: side of a part, in pixels; a multiple of 8.
        most: parts in a row, and rows, at most.
    """

    tile: int = Field(ge=_BLOCK, multiple_of=_BLOCK)
    most: int = Field(ge=1)

    def __str__(self) -> str:
        return f"RGB; up to {self.most}x{self.most} parts of {self.tile}x{self.tile} at full resolution, by size"

    def grid_of(self, height: int, width: int) -> tuple[int, int]:
        """As many as fit, rounded."""
        rows, columns = (min(max(int(side / self.tile + 0.5), 1), self.most) for side in (height, width))
        return rows, columns

    @property
    def most_parts(self) -> int:
        """Those of a large picture."""
        return self.most**2

    @property
    def part_side(self) -> int:
        """The tile's."""
        return self.tile

    @property
    def side(self) -> int:
        """One tile's."""
        return self.tile

    @property
    def fixed(self) -> bool:
        """No: large pictures make large inputs."""
        return False

    def size(self, height: int, width: int) -> tuple[int, int]:
        """The picture's own, but no side shorter than a tile."""
        return max(height, self.tile), max(width, self.tile)

    def corners(self, height: int, width: int, places: Sequence[Place] | None = None) -> list[tuple[int, int]]:
        """Row by row, evenly from border to border; or one in each cell, where training draws it."""
        grid = self.grid_of(height, width)
        if places is not None:
            return _in_cells(grid, self.tile, (height, width), places)
        rows, columns = (
            [
                min(_BLOCK * round(share * (side - self.tile) / _BLOCK), side - self.tile)
                for share in (np.linspace(0, 1, count) if count > 1 else [0.5])
            ]
            for side, count in zip((height, width), grid, strict=True)
        )
        return [(top, left) for top in rows for left in columns]


def _in_cells(
    grid: tuple[int, int], part: int, size: tuple[int, int], places: Sequence[Place] | None
) -> list[tuple[int, int]]:
    """Top and left of a part in each cell of a grid over the picture, on multiples of 8 pixels."""
    cells = [divmod(cell, grid[1]) for cell in range(grid[0] * grid[1])]
    found = []
    for cell, place in zip(cells, places or [(0.5, 0.5)] * len(cells), strict=False):
        shares = [(number + share) / of for number, share, of in zip(cell, place, grid, strict=True)]
        top, left = (_pixel(share, (side - part) // _BLOCK) * _BLOCK for share, side in zip(shares, size, strict=True))
        found.append((top, left))
    return found


AnyPreprocessing: TypeAlias = Resized | Fragments | Tiles


def _pixel(share: float, room: int) -> int:
    """One of room + 1 pixels, all equally likely for a share drawn from [0, 1)."""
    return min(int(share * (room + 1)), room)
