"""How strongly, and how unevenly, the channels of a pretrained network answer to small pieces of the picture.

The network, EfficientNet-Lite0 with its ImageNet weights, isn't trained any further and isn't part of our weights: it
ships once and serves both branches, and metrics besides. What is trained is a small mixture of its channels' means and
deviations over parts at full resolution; the whole picture resized, which would show more at once, generalises worse to
pictures of other sizes (docs/compact.md).
"""

from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fgresq.backbones.lite0 import STAGES, STEM_CHANNELS, Lite0, load_lite0
from fgresq.model.encoders.base import Encoder, needed
from fgresq.model.encoders.standardised import Standardised

LAYERS = ("stem", "b0", "b2", "b4", "b7", "b10", "b14", "b15")
CHANNELS = STEM_CHANNELS + sum(stage.channels for stage in STAGES)
COUNT = 2 * CHANNELS
"""Numbers measured of an image: a mean and a deviation a channel."""

# Pixels at a time: the maps of so many fit in a processor's cache, those of a batch don't.
_TOGETHER = 4 * 224 * 224
# Below this variance a channel says nothing of the picture; the constant keeps logarithm and gradient finite.
_FLAT = 1e-4


class LiteEncoder(Encoder):
    """Channel statistics of Lite0, standardised and mixed.

    Args:
        part: side of the parts that the input is put together from, in pixels; each goes through the network alone, so
            that no seam is seen.
        feature_dim: length of the feature.
        hidden: width of a layer between; None mixes linearly.
    """

    only_measures = True

    def __init__(self, part: int, feature_dim: int, hidden: int | None = None) -> None:
        super().__init__()
        self.part = part
        self.standardised = Standardised(COUNT)
        self.dropout = AlikeDropout(0.0)  # training may set its share
        layers = (
            [nn.Linear(COUNT, feature_dim)]
            if hidden is None
            else [nn.Linear(COUNT, hidden), nn.GELU(), nn.Linear(hidden, feature_dim)]
        )
        self.mix = nn.Sequential(*layers)
        self.feature_dim = feature_dim

    @property
    def stages(self) -> list[nn.Module]:
        """Everything that is trained."""
        return [self.mix]

    def calibrate(self, measured: Float[Tensor, "n k"]) -> None:
        """Standardise by the mean and the deviation of some images' measurements; done once, before training."""
        self.standardised.calibrate(measured)

    def measure(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b k"]:
        """Signed roots of the channels' means, then logarithms of their deviations, over all parts, in float32."""
        parts = _parts(images, self.part)
        with torch.autocast(images.device.type, enabled=False):
            network = _network(images.device, images.dtype if images.dtype == torch.float64 else torch.float32)
            together = max(1, _TOGETHER // self.part**2) if images.device.type == "cpu" else len(parts)
            pieces = [_moments(network(few, LAYERS)) for few in torch.split(parts.float(), together)]
            means, squares = (torch.cat(of) for of in zip(*pieces, strict=True))
            count = len(parts) // len(images)
            mean, square = (of.reshape(len(images), count, CHANNELS).mean(dim=1) for of in (means, squares))
            variance = (square - mean * mean).clamp_min(0)
            return torch.cat([mean.sign() * (mean.abs() + 1e-12).sqrt(), (variance + _FLAT).log() / 2], dim=1)

    def forward(
        self, images: Float[Tensor, "b 3 h w"] | None, measured: Float[Tensor, "b k"] | None = None
    ) -> Float[Tensor, "b d"]:
        """Encode RGB images in [0, 1]; what is measured already needs no images."""
        if measured is None:
            measured = self.measure(needed(images))
        features: Tensor = self.mix(self.dropout(self.standardised(measured)).to(self.mix[0].weight.dtype))
        return features


class AlikeDropout(nn.Dropout):
    """Dropout that leaves out the same numbers of every image of a batch.

    Both images of a pair must lose the same, or two equal pictures would differ in training.
    """

    def forward(self, input: Float[Tensor, "b k"]) -> Float[Tensor, "b k"]:  # noqa: A002 - nn.Dropout's own name
        """`nn.Dropout.forward`, one mask for all rows."""
        return input * super().forward(torch.ones_like(input[:1]))


def _parts(images: Float[Tensor, "b 3 h w"], part: int) -> Float[Tensor, "n 3 p p"]:
    """Image by image, row by row."""
    batch, colours, height, width = images.shape
    rows = images.reshape(batch, colours, height // part, part, width // part, part)
    return rows.permute(0, 2, 4, 1, 3, 5).reshape(-1, colours, part, part)


def _moments(maps: list[Tensor]) -> tuple[Float[Tensor, "n c"], Float[Tensor, "n c"]]:
    """Mean and mean square of each channel over a part."""
    means = torch.cat([each.mean(dim=(2, 3)) for each in maps], dim=1)
    return means, torch.cat([each.square().mean(dim=(2, 3)) for each in maps], dim=1)


@lru_cache(maxsize=4)
def _network(device: torch.device, dtype: torch.dtype) -> Lite0:
    """One network a device, for all encoders."""
    # Tensors made in inference mode, which the first call may be in, could never take part in a gradient.
    with torch.inference_mode(False):
        return load_lite0().to(device, dtype).requires_grad_(False)
