"""The encoder of the released model."""

from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from fgresq.model.encoders.base import Encoder, Normalise, needed


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

    def forward(
        self, images: Float[Tensor, "b 3 h w"] | None, measured: Float[Tensor, "b k"] | None = None
    ) -> Float[Tensor, "b d"]:
        """Encode RGB images in [0, 1] of side `image_size`."""
        del measured
        tower = self.tower
        tokens = tower.embeddings(self.normalise(needed(images)).to(tower.post_layernorm.weight.dtype))
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
