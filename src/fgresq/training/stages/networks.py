"""What is trained: modules that map the inputs of a batch to outputs, sample by sample."""

import importlib
from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from fgresq.errors import UserError, WeightsError
from fgresq.model.build import build_encoder
from fgresq.model.encoders import ClipEncoder, CompactEncoder, Encoder, Normalise
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

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b t"]:
        """Scaled cosine similarity of every image with every task."""
        features = F.normalize(self.projection(self.encoder(images)), dim=-1)
        # CLIP keeps its scale under 100 for stability.
        scale = self.log_scale.exp().clamp(max=100.0)
        logits: Tensor = scale * features @ F.normalize(self.tasks, dim=-1).T
        return logits


class PairNetwork(nn.Module):
    """Stage 2: for each pair, both scores before the sigmoid and the comparison's logits in both orders."""

    def __init__(self, model: FGResQ) -> None:
        super().__init__()
        self.model = model

    def forward(self, a: Float[Tensor, "b 3 h w"], b: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b k"]:
        """Columns: score A, score B, comparison (A, B), comparison (B, A)."""
        features_a, features_b = self.model.features(torch.cat([a, b])).chunk(2)
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

    def forward(self, a: Float[Tensor, "b 3 h w"], b: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 2"]:
        """Columns: score A, score B."""
        scores: Tensor = self.module(torch.cat([a, b])).reshape(-1)
        return torch.stack(scores.chunk(2), dim=-1)


class SmallCnn(nn.Module):
    """A plain convolutional network of 0.1 million parameters, to show how any module is trained as a baseline."""

    def __init__(self, widths: Sequence[int] = (16, 32, 64, 96)) -> None:
        super().__init__()
        layers: list[nn.Module] = [Normalise()]
        channels = 3
        for width in widths:
            layers += [nn.Conv2d(channels, width, 3, stride=2, padding=1), nn.GroupNorm(4, width), nn.ReLU()]
            channels = width
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(channels, 1)

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, " b"]:
        """RGB images in [0, 1] to a score without bounds."""
        score: Tensor = self.head(self.layers(images).mean(dim=(2, 3))).squeeze(-1)
        return score


def baseline(name: str) -> nn.Module:
    """The module that a baseline's name or "package.module:callable" stands for.

    Raises:
        UserError: it can't be imported, or isn't a torch module.
    """
    if name == "small-cnn":
        return SmallCnn()
    where, colon, what = name.partition(":")
    if not colon:
        raise UserError(f"baseline {name!r} isn't known; use small-cnn, or package.module:callable")
    try:
        module = getattr(importlib.import_module(where), what)()
    except (ImportError, AttributeError, TypeError) as error:
        raise UserError(f"baseline {name!r} can't be made ({error})") from error
    if not isinstance(module, nn.Module):
        raise UserError(f"baseline {name!r} gives a {type(module).__name__}; a torch module is needed")
    return module


def clip_encoder(name: str) -> tuple[Encoder, nn.Linear]:
    """A CLIP ViT-B/16 vision tower with its pretrained weights and projection, from a folder or the hub.

    Raises:
        WeightsError: it can't be had, or isn't a ViT-B/16.
    """
    from transformers import CLIPVisionModelWithProjection  # noqa: PLC0415 - takes seconds; compact needs none

    try:
        pretrained = CLIPVisionModelWithProjection.from_pretrained(name)
    except (OSError, ValueError) as error:
        raise WeightsError(f"{name}: CLIP can't be loaded ({str(error).splitlines()[0]})") from error
    encoder = build_encoder("clip-vit-b16")
    tower = getattr(pretrained.vision_model, "vision_model", pretrained.vision_model)
    try:
        assert isinstance(encoder, ClipEncoder)  # noqa: S101 - tells the type checker
        encoder.tower.load_state_dict(tower.state_dict(), strict=True)
    except RuntimeError as error:
        raise WeightsError(f"{name}: isn't a CLIP ViT-B/16 ({str(error).splitlines()[0]})") from error
    return encoder, pretrained.visual_projection


def clip_text_features(name: str, prompts: Sequence[Sequence[str]]) -> Float[Tensor, "t d"]:
    """Mean text feature of each task's prompts, from CLIP's frozen text tower.

    Args:
        name: a folder, or a name on the hub.
        prompts: for each task, its sentences.

    Raises:
        WeightsError: it can't be had, or the tokenizer isn't CLIP's: offline, transformers returns one of two tokens
            without an error.
    """
    from transformers import CLIPTextModelWithProjection, CLIPTokenizer  # noqa: PLC0415

    try:
        model = CLIPTextModelWithProjection.from_pretrained(name)
        tokenizer = CLIPTokenizer.from_pretrained(name)
    except (OSError, ValueError) as error:
        raise WeightsError(f"{name}: CLIP's text tower can't be loaded ({str(error).splitlines()[0]})") from error
    if len(tokenizer) != model.config.vocab_size:
        raise WeightsError(
            f"{name}: the tokenizer has {len(tokenizer)} tokens, the text tower {model.config.vocab_size}; "
            "its vocabulary file is missing"
        )
    model.train(False)
    features = []
    with torch.no_grad():
        for sentences in prompts:
            tokens = tokenizer(list(sentences), padding=True, return_tensors="pt")
            embedded = F.normalize(model(**tokens).text_embeds, dim=-1)
            features.append(F.normalize(embedded.mean(dim=0), dim=-1))
    return torch.stack(features)


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


def load_encoder(encoder: nn.Module, weights: dict[str, Tensor], path: Path) -> None:
    """Put an encoder's exported weights into it, strictly.

    Raises:
        WeightsError: they don't fit.
    """
    try:
        encoder.load_state_dict(weights, strict=True)
    except RuntimeError as error:
        raise WeightsError(f"{path}: its encoder isn't the one that was asked for ({error})") from error
