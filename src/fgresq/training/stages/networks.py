"""What is trained: modules that map the inputs of a batch to outputs, sample by sample."""

from collections.abc import Mapping
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from fgresq.errors import UserError, WeightsError
from fgresq.model.encoders import ClipEncoder, CompactEncoder, Encoder
from fgresq.model.fgresq import FGResQ

# CLIP's temperature at the start of its training is 1 / 0.07 (Radford et al. 2021).
_FIRST_LOGIT_SCALE = 1 / 0.07


class TaskAlignment(nn.Module):
    """Stage 1: image features against task features (eq. 4), as logits.

    Args:
        encoder: that is trained.
        projection: from its features to the space of the task features.
        tasks: task features (t, d): CLIP's text features, fixed, or a table that is learned.
        learned: whether `tasks` is learned.
    """

    def __init__(self, encoder: Encoder, projection: nn.Linear, tasks: Float[Tensor, "t d"], *, learned: bool) -> None:
        super().__init__()
        self.encoder = encoder
        self.projection = projection
        self.tasks = nn.Parameter(tasks.clone(), requires_grad=learned)
        self.log_scale = nn.Parameter(torch.tensor(_FIRST_LOGIT_SCALE).log())

    def forward(self, images: Float[Tensor, "b ..."]) -> Float[Tensor, "b t"]:
        """Scaled cosine similarity of every image, or of what was measured of it, with every task."""
        encoded = self.encoder(images) if images.ndim == 4 else self.encoder(None, images)
        projected = self.projection(encoded).float()
        # CLIP keeps its scale under 100 for stability.
        scale = self.log_scale.exp().clamp(max=100.0)
        with torch.autocast(images.device.type, enabled=False):  # in bf16 a scaled cosine of 100 would be off by 0.4
            logits: Tensor = scale * F.normalize(projected, dim=-1) @ F.normalize(self.tasks, dim=-1).T
        return logits


class PairNetwork(nn.Module):
    """Stage 2: for each pair, both scores before the sigmoid and the comparison's logits in both orders."""

    def __init__(self, model: FGResQ) -> None:
        super().__init__()
        self.model = model

    def features(self, images: Float[Tensor, "b ..."]) -> Float[Tensor, "b q"]:
        """F_q of images, or of what was measured of them."""
        return self.model.features(images) if images.ndim == 4 else self.model.features_of(images)

    def forward(self, a: Float[Tensor, "b ..."], b: Float[Tensor, "b ..."]) -> Float[Tensor, "b k"]:
        """Columns: score A, score B, comparison (A, B), comparison (B, A)."""
        features_a, features_b = self.features(torch.cat([a, b])).chunk(2)
        scores = [self.model.regression.logits(features)[:, None] for features in (features_a, features_b)]
        orders = [
            self.model.comparison.logits(features_a, features_b),
            self.model.comparison.logits(features_b, features_a),
        ]
        return torch.cat([*scores, *orders], dim=-1)


class ScoreNetwork(nn.Module):
    """A baseline: for each pair, what its module says of A and of B."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def scores(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, " n"]:
        """One score an image, without bounds.

        Raises:
            UserError: the module gives something else.
        """
        scores = self.module(images)
        if not isinstance(scores, Tensor) or scores.shape not in {(len(images),), (len(images), 1)}:
            found = tuple(scores.shape) if isinstance(scores, Tensor) else type(scores).__name__
            raise UserError(f"the baseline gives {found} for {len(images)} images; one score an image is needed")
        return scores.reshape(-1)

    def forward(self, a: Float[Tensor, "b 3 h w"], b: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 2"]:
        """Columns: score A, score B."""
        return torch.stack(self.scores(torch.cat([a, b])).chunk(2), dim=-1)


def last_layers(encoder: Encoder, count: int) -> list[nn.Module]:
    """The last `count` layers of an encoder, with the normalisation behind them.

    Raises:
        UserError: it has fewer.
    """
    if isinstance(encoder, ClipEncoder):
        layers, norm = list(encoder.tower.encoder.layers), encoder.tower.post_layernorm
    elif isinstance(encoder, CompactEncoder):
        layers, norm = list(encoder.stages), encoder.norm
    else:
        raise UserError(f"a {type(encoder).__name__} has no layers that could be trained apart")
    if count > len(layers):
        raise UserError(f"{count} trainable layers were asked for; the encoder has {len(layers)}")
    return [*layers[len(layers) - count :], norm] if count else []


def load_encoder(encoder: nn.Module, weights: Mapping[str, Tensor], path: Path) -> None:
    """Put an encoder's exported weights into it, strictly.

    Raises:
        WeightsError: they don't fit.
    """
    try:
        encoder.load_state_dict(weights, strict=True)
    except RuntimeError as error:
        said = " ".join(str(error).split())
        raise WeightsError(f"{path}: its encoder isn't the one that was asked for ({said})") from error
