"""Small weights files that the tests of loading share."""

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from fgresq.model.build import VARIANTS
from fgresq.model.checkpoints import Training
from fgresq.model.fgresq import FGResQ

OFFICIAL_KEYS = Path(__file__).parents[2] / "reference" / "official_keys.json"
TRAINING = Training(note="made up for a test", trained=False)
TINY = VARIANTS["compact-tiny"]
# The sizes of ViT-B/16 to those of the miniature: width, MLP, F_q, a pair of F_q, tokens.
MINIATURE = {768: 16, 3072: 64, 2304: 48, 4608: 96, 197: 5}


def outputs(model: FGResQ) -> Tensor:
    """Scores and preferences of three fixed images."""
    images = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(7))
    with torch.inference_mode():
        features = model.features(images)
        return torch.cat([model(images), model.all_preferences(features, "released").flatten()])


def without_tower_prefix(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors as transformers from 5.6 on names them."""
    return {key.replace(".vision_model.", "."): value for key, value in tensors.items()}


def edit_header(path: Path, **entries: str | None) -> None:
    """Replace entries of a safetensors file's metadata; None removes one."""
    content = path.read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    for key, value in entries.items():
        header["__metadata__"].pop(key, None)
        if value is not None:
            header["__metadata__"][key] = value
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + content[end:])
