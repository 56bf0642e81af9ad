"""Writes the untrained `compact` weights that ship until trained ones do: `python examples/untrained_compact.py`."""

from pathlib import Path

import torch

import fgresq
from fgresq.model.build import build, variant
from fgresq.model.checkpoints import Training, save_checkpoint

torch.manual_seed(20260101)
config = variant("compact")
model = build(config)
# A fresh prompt_mlp is zero, which would hide the degradation branch; small values let it be seen at work.
torch.nn.init.normal_(model.degradation.prompt.prompt_mlp.weight, std=0.05)
path = Path(fgresq.__file__).parent / "model" / "data" / "compact.safetensors"
note = "untrained: random weights, the answers mean nothing; trained ones come in a later release"
print(save_checkpoint(path, model, config, Training(note=note, trained=False), half=True), path.stat().st_size)
