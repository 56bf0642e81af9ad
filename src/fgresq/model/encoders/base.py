"""What every image encoder has in common: RGB in [0, 1] to one feature vector an image.

Whatever encodes an image here takes unnormalised RGB and normalises it itself, so that the rest of the program knows
one kind of image.
"""

from abc import ABC, abstractmethod

import torch
from jaxtyping import Float
from torch import Tensor, nn

# CLIP's statistics of its training images, in RGB (Radford et al. 2021).
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


class Encoder(nn.Module, ABC):
    """What the model needs of an encoder.

    Attributes:
        feature_dim: length of the vector.
        only_measures: what `measure` says is all that is seen of an image, so that it may be measured once and kept.
    """

    feature_dim: int
    only_measures: bool = False

    def measure(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b k"] | None:
        """What doesn't depend on weights, so that two encoders of one kind need it once; None if there is no such."""
        del images
        return None

    def calibrate(self, measured: Float[Tensor, "n k"]) -> None:
        """Learn the scale of what is measured from some images' measurements; called once, before training."""

    @abstractmethod
    def forward(
        self, images: Float[Tensor, "b 3 h w"] | None, measured: Float[Tensor, "b k"] | None = None
    ) -> Float[Tensor, "b d"]:
        """Encode RGB images in [0, 1]; `measured` is what `measure` says of them, where that is known already.

        Without images, what is measured must be all that the encoder sees (`only_measures`).
        """


def needed(images: Float[Tensor, "b 3 h w"] | None) -> Float[Tensor, "b 3 h w"]:
    """The images of an encoder that looks at them.

    Raises:
        ValueError: there are none.
    """
    if images is None:
        raise ValueError("this encoder needs the images, not only what is measured of them")
    return images


class Normalise(nn.Module):
    """Subtract CLIP's mean and divide by its deviation, channel by channel."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        # Constants, not weights: they stay out of the checkpoints, and hold their values in a model built on "meta".
        for name, values in (("mean", CLIP_MEAN), ("std", CLIP_STD)):
            constant = torch.tensor(values, dtype=torch.float32, device="cpu").view(1, 3, 1, 1)
            self.register_buffer(name, constant, persistent=False)

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
        """Normalise RGB in [0, 1]."""
        return (images - self.mean) / self.std
