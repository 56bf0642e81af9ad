"""What part of a picture the network sees: parts at random places in training, in the middle in evaluation.

Each draw has a generator of its own, made from (seed, stream, epoch, index). So what is drawn for a sample doesn't
depend on the other samples, on the number of processes that load them, or on where a training was interrupted.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from fgresq.images.preprocessing import Crop, Fragments, Place, Preprocessing


@dataclass(frozen=True, slots=True)
class View:
    """What is cut out of a resized picture.

    Attributes:
        preprocessing: that cuts.
        places: of the parts, as shares, so that both pictures of a pair are cut alike; None is the middle.
        mirrored: left and right are swapped.
    """

    preprocessing: Preprocessing
    places: tuple[Place, ...] | None = None
    mirrored: bool = False

    def of(self, resized: Crop) -> Crop:
        """The view of a picture (H, W, 3), as an array of its own."""
        part = self.preprocessing.cut(resized, self.places)
        return cast("Crop", np.ascontiguousarray(part[:, ::-1])) if self.mirrored else part


class Augmentation(BaseModel):
    """Random places and a mirroring, the paper's and the usual one.

    Attributes:
        seed: of all draws.
        mirror: probability of swapping left and right.
        grid: fragments in a row while training, where the model sees fragments; None is as many as it sees in scoring.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(default=0, ge=0)
    mirror: float = Field(default=0.5, ge=0, le=1)
    grid: int | None = Field(default=None, ge=1)

    def view(self, preprocessing: Preprocessing, stream: int, epoch: int, index: int) -> View:
        """The view of one sample in one epoch, the same whenever it is asked for.

        Args:
            preprocessing: says how many parts are cut.
            stream: tells data sets apart, so that sample 5 of one isn't cut like sample 5 of the other.
            epoch, index: of the sample.
        """
        if self.grid is not None and isinstance(preprocessing, Fragments):
            preprocessing = preprocessing.model_copy(update={"grid": self.grid})
        generator = np.random.default_rng((self.seed, stream, epoch, index))
        places = tuple((down, right) for down, right in generator.random((preprocessing.parts, 2)).tolist())
        return View(preprocessing, places, bool(generator.random() < self.mirror))
