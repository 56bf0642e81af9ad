"""The released model's preprocessing: resize, ignoring the aspect ratio, then crop the centre."""

from typing import TypeAlias, cast

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from fgresq.images.arrays import RgbArray

Crop: TypeAlias = NDArray[np.uint8] | NDArray[np.float32]


class Preprocessing(BaseModel):
    """How a picture of any size becomes the network's square input.

    OpenCV's INTER_LINEAR at the picture's own depth (8-bit stays 8-bit, as in the authors' code), then the centre.
    Scaling to [0, 1] and the encoder's mean and deviation come later, on the device.

    Attributes:
        resize: side of the resized picture, in pixels.
        crop: side of the central crop, in pixels.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    resize: int = Field(default=256, ge=8)
    crop: int = Field(default=224, ge=8)

    @model_validator(mode="after")
    def _crop_fits(self) -> "Preprocessing":
        if self.crop > self.resize:
            raise ValueError(f"crop {self.crop} is larger than resize {self.resize}")
        return self

    def __str__(self) -> str:
        return f"RGB; resize {self.resize}x{self.resize} (bilinear, aspect ignored); centre crop {self.crop}"

    @property
    def margin(self) -> int:
        """Pixels cut off at the top and at the left."""
        return (self.resize - self.crop) // 2

    def __call__(self, image: RgbArray) -> Crop:
        """Resize and crop.

        Args:
            image: RGB (H, W, 3), uint8, uint16 or float32 in [0, 1].

        Returns:
            RGB (crop, crop, 3): uint8 in [0, 255] for uint8, else float32 in [0, 1].
        """
        pixels = image / np.float32(65535) if image.dtype == np.uint16 else image
        resized = cv2.resize(pixels, (self.resize, self.resize), interpolation=cv2.INTER_LINEAR)
        kept = slice(self.margin, self.margin + self.crop)
        return cast("Crop", np.ascontiguousarray(resized[kept, kept]))
