"""What part of a picture the network sees: parts at random places in training, in the middle in evaluation.

Each draw has a generator of its own, made from (seed, stream, epoch, index). So what is drawn for a sample doesn't
depend on the other samples, on the number of processes that load them, or on where a training was interrupted.
"""

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from fgresq.images.preprocessing import Crop, Fragments, Place, Preprocessing, Tiles


@dataclass(frozen=True, slots=True)
class View:
    """What is cut out of a resized picture.

    Attributes:
        preprocessing: that cuts.
        places: of the parts, as shares, so that both pictures of a pair are cut alike; None is the middle.
        mirrored: left and right are swapped.
        scale: the picture is resized by it before it is cut.
    """

    preprocessing: Preprocessing
    places: tuple[Place, ...] | None = None
    mirrored: bool = False
    scale: float = 1.0

    def of(self, resized: Crop) -> Crop:
        """The view of a picture (H, W, 3), as an array of its own."""
        part = self.preprocessing.cut(self._scaled(resized), self.places)
        return cast("Crop", np.ascontiguousarray(part[:, ::-1])) if self.mirrored else part

    def _scaled(self, resized: Crop) -> Crop:
        if self.scale == 1.0:
            return resized
        height, width = (max(round(self.scale * side), 1) for side in resized.shape[:2])
        height, width = self.preprocessing.size(height, width)
        interpolation = cv2.INTER_AREA if self.scale < 1 else cv2.INTER_LINEAR
        return cast("Crop", cv2.resize(resized, (width, height), interpolation=interpolation))


class Augmentation(BaseModel):
    """Random places and a mirroring, the paper's and the usual one.

    Attributes:
        seed: of all draws.
        mirror: probability of swapping left and right.
        largest_scale: where the model sees fragments, pictures are resized by a factor between 1 / largest_scale and
            this, all equally likely on a logarithmic scale; the same for both pictures of a pair.
        grid: fragments in a row while training, where the model sees fragments; None is as many as it sees in scoring.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(default=0, ge=0)
    mirror: float = Field(default=0.5, ge=0, le=1)
    grid: int | None = Field(default=None, ge=1)
    largest_scale: float = Field(default=1.0, ge=1)

    def view(self, preprocessing: Preprocessing, stream: int, epoch: int, index: int) -> View:
        """The view of one sample in one epoch, the same whenever it is asked for.

        Args:
            preprocessing: says how many parts are cut.
            stream: tells data sets apart, so that sample 5 of one isn't cut like sample 5 of the other.
            epoch, index: of the sample.
        """
        whole_resolution = isinstance(preprocessing, Fragments | Tiles)
        if self.grid is not None and isinstance(preprocessing, Fragments):
            preprocessing = preprocessing.model_copy(update={"grid": self.grid})
        generator = np.random.default_rng((self.seed, stream, epoch, index))
        places = tuple((down, right) for down, right in generator.random((preprocessing.most_parts, 2)).tolist())
        mirrored = bool(generator.random() < self.mirror)
        scale = self.largest_scale ** float(generator.uniform(-1, 1)) if whole_resolution else 1.0
        return View(preprocessing, places, mirrored, scale)
