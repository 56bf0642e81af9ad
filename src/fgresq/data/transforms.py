"""What part of a resized picture the network sees: a random part in training, the centre in evaluation.

Each draw has a generator of its own, made from (seed, stream, epoch, index). So what is drawn for a sample doesn't
depend on the other samples, on the number of processes that load them, or on where a training was interrupted.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from fgresq.images.preprocessing import Crop, Preprocessing


@dataclass(frozen=True, slots=True)
class View:
    """A square part of a resized picture.

    Attributes:
        top, left: of its corner, in pixels.
        side: in pixels.
        mirrored: left and right are swapped.
    """

    top: int
    left: int
    side: int
    mirrored: bool = False

    def of(self, resized: Crop) -> Crop:
        """This part of a picture (H, W, 3), as an array of its own."""
        part = resized[self.top : self.top + self.side, self.left : self.left + self.side]
        return cast("Crop", np.ascontiguousarray(part[:, ::-1] if self.mirrored else part))


def centre(preprocessing: Preprocessing) -> View:
    """The view of evaluation: on a resized picture it gives what `Preprocessing` gives on the original."""
    return View(preprocessing.margin, preprocessing.margin, preprocessing.crop)


class Augmentation(BaseModel):
    """A random crop and a mirroring, the paper's and the usual one.

    Attributes:
        seed: of all draws.
        mirror: probability of swapping left and right.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(default=0, ge=0)
    mirror: float = Field(default=0.5, ge=0, le=1)

    def view(self, preprocessing: Preprocessing, stream: int, epoch: int, index: int) -> View:
        """The view of one sample in one epoch, the same whenever it is asked for.

        Args:
            preprocessing: sizes of the resized picture and of the crop.
            stream: tells data sets apart, so that sample 5 of one isn't cut like sample 5 of the other.
            epoch, index: of the sample.
        """
        generator = np.random.default_rng((self.seed, stream, epoch, index))
        room = preprocessing.resize - preprocessing.crop
        top, left = generator.integers(0, room, size=2, endpoint=True).tolist()
        return View(top, left, preprocessing.crop, bool(generator.random() < self.mirror))
