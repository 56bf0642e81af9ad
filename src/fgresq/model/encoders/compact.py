"""Small encoders of our own: what is learned beside what is measured."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fgresq.model.encoders.base import Encoder, Normalise, needed
from fgresq.model.encoders.standardised import Standardised
from fgresq.model.encoders.statistics import COUNT, scene_statistics

# Pixels measured at a time: the maps of so many fit in a processor's cache, those of a batch don't.
_TOGETHER = 224 * 224


class CompactEncoder(Encoder):
    """Learned responses and measured statistics, mixed by two linear layers.

    Args:
        widths: channels of each stage of the convolutional part; empty for none.
        depths: blocks in each stage.
        statistics: whether natural-scene statistics are measured.
        feature_dim: length of the feature.

    Raises:
        ValueError: neither part is asked for.
    """

    def __init__(self, widths: tuple[int, ...], depths: tuple[int, ...], *, statistics: bool, feature_dim: int) -> None:
        super().__init__()
        if not widths and not statistics:
            raise ValueError("an encoder needs convolutions, or statistics, or both")
        self.convolutions = Convolutions(widths, depths) if widths else None
        self.statistics = Standardised(COUNT) if statistics else None
        length = (2 * sum(widths) if widths else 0) + (COUNT if statistics else 0)
        self.mix = nn.Sequential(nn.Linear(length, feature_dim), nn.GELU(), nn.Linear(feature_dim, feature_dim))
        self.norm = nn.LayerNorm(feature_dim)
        self.feature_dim = feature_dim

    @property
    def stages(self) -> list[nn.Module]:
        """Everything that is trained, from the pixels up, but for the last normalisation."""
        return [*(self.convolutions.stages if self.convolutions is not None else ()), self.mix]

    def calibrate(self, measured: Float[Tensor, "n k"]) -> None:
        """Standardise the statistics by those of some images; done once, before training."""
        if self.statistics is not None:
            self.statistics.calibrate(measured)

    def measure(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b k"] | None:
        """Statistics that aren't standardised yet."""
        return None if self.statistics is None else measured_statistics(images)

    def forward(
        self, images: Float[Tensor, "b 3 h w"] | None, measured: Float[Tensor, "b k"] | None = None
    ) -> Float[Tensor, "b d"]:
        """Encode RGB images in [0, 1] with sides of at least 64."""
        parts = [] if self.convolutions is None else [self.convolutions(needed(images))]
        if self.statistics is not None:
            parts.append(self.statistics(measured_statistics(needed(images)) if measured is None else measured))
        features: Tensor = self.norm(self.mix(torch.cat(parts, dim=-1).to(self.norm.weight.dtype)))
        return features


class Convolutions(nn.Module):
    """A small convolutional network; after every stage, the mean and the deviation of each channel over space.

    Noise, blur and blocking show in how much a response varies over the picture at least as much as in its mean, and
    in fine responses more than in coarse ones.

    Args:
        widths: channels of each stage.
        depths: blocks in each stage.

    Reference: the block is ConvNeXt's (Liu et al. 2022, "A ConvNet for the 2020s") with group normalisation.
    """

    def __init__(self, widths: tuple[int, ...], depths: tuple[int, ...]) -> None:
        super().__init__()
        self.normalise = Normalise()
        self.stages = nn.ModuleList()
        channels = 3
        for stage, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            stride = 4 if stage == 0 else 2
            layers = [nn.Conv2d(channels, width, kernel_size=stride, stride=stride), nn.GroupNorm(1, width)]
            self.stages.append(nn.Sequential(*layers, *(_Block(width) for _ in range(depth))))
            channels = width
        self.norm = nn.LayerNorm(2 * sum(widths))

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b k"]:
        """Statistics of the responses."""
        responses = self.normalise(images).to(self.norm.weight.dtype)
        found = []
        for stage in self.stages:
            responses = stage(responses)
            # The root of a variance that may be zero has no gradient; a constant keeps it finite.
            deviation = (responses.var(dim=(2, 3), correction=0) + 1e-6).sqrt()
            found += [responses.mean(dim=(2, 3)), deviation]
        features: Tensor = self.norm(torch.cat(found, dim=-1))
        return features


def measured_statistics(images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b k"]:
    """`scene_statistics` in float32, which differences of squares need, and a few images at a time on a processor."""
    with torch.autocast(images.device.type, enabled=False):
        if images.device.type != "cpu":
            return scene_statistics(images.float())
        together = max(1, _TOGETHER // (images.shape[-1] * images.shape[-2]))
        return torch.cat([scene_statistics(few) for few in torch.split(images.float(), together)])


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, kernel_size=7, padding=3, groups=width)
        self.norm = nn.GroupNorm(1, width)
        self.expand = nn.Conv2d(width, 4 * width, kernel_size=1)
        self.contract = nn.Conv2d(4 * width, width, kernel_size=1)
        self.activation = nn.GELU()

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        hidden = self.activation(self.expand(self.norm(self.depthwise(x))))
        output: Tensor = x + self.contract(hidden)
        return output
