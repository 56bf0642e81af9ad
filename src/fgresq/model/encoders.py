"""Image encoders: RGB in [0, 1] to one feature vector an image.

Whatever encodes an image here takes unnormalised RGB and normalises it itself, so that the rest of the program knows
one kind of image.
"""

from abc import ABC, abstractmethod
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

# CLIP's statistics of its training images, in RGB (Radford et al. 2021).
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


class Encoder(nn.Module, ABC):
    """What the model needs of an encoder.

    Attributes:
        feature_dim: length of the vector.
    """

    feature_dim: int

    @abstractmethod
    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b d"]:
        """Encode RGB images in [0, 1]."""


class Normalise(nn.Module):
    """Subtract CLIP's mean and divide by its deviation, channel by channel."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        # Constants, not weights: they stay out of the checkpoints, and hold their values in a model built on "meta".
        self.register_buffer("mean", torch.tensor(CLIP_MEAN, device="cpu").view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(CLIP_STD, device="cpu").view(1, 3, 1, 1), persistent=False)

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
        """Normalise RGB in [0, 1]."""
        return (images - self.mean) / self.std


class ClipEncoder(Encoder):
    """CLIP's vision transformer from transformers, built from numbers alone: nothing is downloaded.

    The feature is the pooler output: the class token of the last layer after layer normalisation. The modules are
    transformers'; the walk through them is written out here, because it can stop at the class token.

    Args:
        width: of a token.
        layers: transformer layers.
        heads: attention heads a layer.
        patch: side of a patch, in pixels.
        image_size: side of the square input, in pixels.

    Reference: Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision".
    """

    def __init__(self, width: int, layers: int, heads: int, patch: int, image_size: int) -> None:
        super().__init__()
        from transformers import CLIPVisionConfig, CLIPVisionModel  # noqa: PLC0415 - takes seconds; compact needs none

        config = CLIPVisionConfig(
            hidden_size=width,
            intermediate_size=4 * width,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            patch_size=patch,
            image_size=image_size,
        )
        model = CLIPVisionModel(config)
        # Up to transformers 5.5 the tower sat one level deeper. From here on the keys are the same for both.
        self.tower = getattr(model, "vision_model", model)
        embeddings = self.tower.embeddings
        embeddings.position_ids = torch.arange(embeddings.num_positions, device="cpu").expand(1, -1)
        self.normalise = Normalise()
        self.heads = heads
        self.feature_dim = width

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b d"]:
        """Encode RGB images in [0, 1] of side `image_size`."""
        tower = self.tower
        tokens = tower.embeddings(self.normalise(images).to(tower.post_layernorm.weight.dtype))
        tokens = tower.pre_layrnorm(tokens)
        *layers, last = tower.encoder.layers
        for layer in layers:
            tokens = self._layer(layer, tokens, tokens)
        # Only the class token is read, so the last layer computes it alone: a twelfth of the work, nearly, saved.
        class_token = self._layer(last, tokens[:, :1], tokens)
        features: Tensor = tower.post_layernorm(class_token[:, 0])
        return features

    def _layer(
        self, layer: Any, queries: Float[Tensor, "b m d"], tokens: Float[Tensor, "b n d"]
    ) -> Float[Tensor, "b m d"]:
        """One transformer layer for some of the tokens, which attend to all."""
        attention = layer.self_attn
        normed = layer.layer_norm1(tokens)
        q = attention.q_proj(normed if queries is tokens else layer.layer_norm1(queries))
        q, k, v = (self._split_heads(x) for x in (q, attention.k_proj(normed), attention.v_proj(normed)))
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        queries = queries + attention.out_proj(mixed)
        hidden = _quick_gelu(layer.mlp.fc1(layer.layer_norm2(queries)))
        output: Tensor = queries + layer.mlp.fc2(hidden)
        return output

    def _split_heads(self, x: Float[Tensor, "b n d"]) -> Float[Tensor, "b h n e"]:
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)


def _quick_gelu(x: Float[Tensor, "b n d"]) -> Float[Tensor, "b n d"]:
    """CLIP's activation, x sigmoid(1.702 x); overwrites x when no gradient is asked for.

    The three temporaries of the formula, of 19 MB each for a batch of 8, would take a third of the encoder's time: the
    system hands out and takes back such blocks page by page.
    """
    if torch.is_grad_enabled():
        return x * torch.sigmoid(1.702 * x)
    return F.silu(x.mul_(1.702), inplace=True).div_(1.702)


class CompactEncoder(Encoder):
    """A small convolutional network: four stages of depthwise-separable residual blocks, then statistics over space.

    The feature is the mean and the deviation of each channel: noise, blur and blocking show in how much a response
    varies over the picture at least as much as in its mean.

    Args:
        widths: channels of each stage; the feature is twice as long as the last.
        depths: blocks in each stage.

    Reference: the block is ConvNeXt's (Liu et al. 2022, "A ConvNet for the 2020s") with group normalisation.
    """

    def __init__(self, widths: tuple[int, ...], depths: tuple[int, ...]) -> None:
        super().__init__()
        stages: list[nn.Module] = []
        channels = 3
        for stage, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            stride = 4 if stage == 0 else 2
            stages.append(nn.Conv2d(channels, width, kernel_size=stride, stride=stride))
            stages.append(nn.GroupNorm(1, width))
            stages.extend(_Block(width) for _ in range(depth))
            channels = width
        self.normalise = Normalise()
        self.stages = nn.Sequential(*stages)
        self.feature_dim = 2 * channels
        self.norm = nn.LayerNorm(self.feature_dim)

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b d"]:
        """Encode RGB images in [0, 1] of any size from 32x32."""
        images = self.normalise(images).to(self.norm.weight.dtype)
        responses = self.stages(images)
        mean = responses.mean(dim=(2, 3))
        # The root of a variance that may be zero has no gradient; a constant keeps it finite.
        deviation = (responses.var(dim=(2, 3), correction=0) + 1e-6).sqrt()
        features: Tensor = self.norm(torch.cat([mean, deviation], dim=-1))
        return features


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
