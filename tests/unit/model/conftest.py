"""Small models and files that the tests of loading share."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from tests.unit.model.weights_files import MINIATURE, OFFICIAL_KEYS, TINY, TRAINING
from torch import Tensor, nn

from fgresq.model import checkpoints
from fgresq.model.build import ModelConfig, build
from fgresq.model.checkpoints import save_checkpoint
from fgresq.model.encoders import ClipEncoder
from fgresq.model.fgresq import DegradationBranch, FGResQ
from fgresq.model.heads import ComparisonHead, RegressionHead
from fgresq.model.prompts import DegradationPrompt


@pytest.fixture
def miniature(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Tensor]:
    """The authors' tensors with one layer a tower and narrow; `load_checkpoint` builds the model to that size."""

    def small_build(_: ModelConfig) -> FGResQ:
        general, degradation = (ClipEncoder(width=16, layers=1, heads=2, patch=16, image_size=32) for _ in range(2))
        return FGResQ(
            general,
            DegradationBranch(degradation, DegradationPrompt(16, 16)),
            RegressionHead(48),
            ComparisonHead(48, "pair", "three-class"),
        )

    monkeypatch.setattr(checkpoints, "build", small_build)
    shapes = json.loads(OFFICIAL_KEYS.read_text())
    draw = torch.Generator().manual_seed(3)
    return {
        key: torch.randn([MINIATURE.get(size, size) for size in shape], generator=draw) / 4
        for key, shape in shapes.items()
        if not re.search(r"\.layers\.(?!0\.)", key)
    }


@pytest.fixture
def tiny() -> FGResQ:
    """A compact-tiny model whose every weight is non-zero, so that a tensor in the wrong place would show."""
    torch.manual_seed(11)
    model = build(TINY)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.2)
    return model.eval()


@pytest.fixture
def tiny_file(tiny: FGResQ, tmp_path: Path) -> Path:
    path = tmp_path / "tiny.safetensors"
    save_checkpoint(path, tiny, TINY, TRAINING)
    return path
