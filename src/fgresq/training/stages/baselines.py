"""Baselines: any torch module that maps images to a score."""

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fgresq.errors import UserError
from fgresq.model.encoders import Normalise
from fgresq.names import first_few
from fgresq.training import distributed
from fgresq.training.config import BaselineConfig
from fgresq.training.stages.networks import ScoreNetwork


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


def baseline(name: str, side: int) -> nn.Module:
    """The module that a baseline's name or "package.module:callable" stands for.

    Modules are looked for where Python looks, and in the working directory.

    Args:
        name: as in `BaselineConfig.model`.
        side: of the images that it will get, in pixels; two are shown to it, to find out now what it can't do.

    Raises:
        UserError: it can't be imported, isn't a torch module with weights, or doesn't give one score an image.
    """
    module = SmallCnn() if name == "small-cnn" else _of_the_user(name)
    if not any(parameter.requires_grad for parameter in module.parameters()):
        raise UserError(f"baseline {name!r} has no weights to train")
    was_training = module.training
    try:
        with torch.no_grad():
            ScoreNetwork(module.eval()).scores(torch.full((2, 3, side, side), 0.5))
    except UserError as error:
        raise UserError(f"baseline {name!r}: {error}") from error
    except Exception as error:
        raise UserError(f"baseline {name!r} can't score images of {side} pixels ({_said(error)})") from error
    return module.train(was_training)


def require_sample_by_sample(module: nn.Module, config: BaselineConfig) -> None:
    """Refuse batch normalisation where a batch is cut or spread: its output depends on the whole batch.

    Raises:
        UserError: there is some, and a `micro_batch` or several processes.
    """
    names = [name for name, part in module.named_modules() if isinstance(part, nn.modules.batchnorm._BatchNorm)]
    if names and (config.micro_batch is not None or distributed.world_size() > 1):
        raise UserError(
            f"baseline {config.model!r} normalises over the batch ({first_few(names)}), so pieces of a batch would "
            "give another update than the whole; train it in one process without micro_batch, or normalise otherwise"
        )


def _of_the_user(name: str) -> nn.Module:
    where, colon, what = name.partition(":")
    if not colon:
        raise UserError(f"baseline {name!r} isn't known; use small-cnn, or package.module:callable")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    try:
        module = getattr(importlib.import_module(where), what)()
    except Exception as error:
        raise UserError(f"baseline {name!r} can't be made ({_said(error)})") from error
    if not isinstance(module, nn.Module):
        raise UserError(f"baseline {name!r} gives {type(module).__name__}; a torch module is needed")
    return module


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
