"""The authors' procedure, written anew from the description of it, as the peer to be compared with.

One image at a time; for a pair both images are encoded anew; transformers' own forward pass with eager attention;
float32; nothing decodes while something else is encoded.
"""

from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from fgresq.model.checkpoints import load_checkpoint
from fgresq.model.encoders import CLIP_MEAN, CLIP_STD


class AuthorsProcedure:
    """Scores and compares as the released inference code does."""

    def __init__(self, weights: Path) -> None:
        self.model = load_checkpoint(weights).model
        for encoder in self.model.encoders():
            encoder.tower.config._attn_implementation = "eager"

    def score(self, path: Path) -> float:
        """Score one image."""
        with torch.no_grad():
            return self.model.regression(self._features(path)).item()

    def compare(self, a: Path, b: Path) -> list[float]:
        """P(A better), P(B better), P(equal), A first."""
        with torch.no_grad():
            return self.model.comparison(self._features(a), self._features(b))[0].tolist()

    def _features(self, path: Path) -> Tensor:
        pixels = self._read(path)
        general = self.model.encoder.tower(pixel_values=pixels).pooler_output
        prompted = self.model.degradation.prompt(
            self.model.degradation.encoder.tower(pixel_values=pixels).pooler_output
        )
        return torch.cat([general, prompted, general + prompted], dim=-1)

    def _read(self, path: Path) -> Tensor:
        image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        crop = cv2.resize(image, (256, 256))[16:240, 16:240]
        scaled = (crop.astype(np.float32) / 255 - np.float32(CLIP_MEAN)) / np.float32(CLIP_STD)
        return torch.from_numpy(scaled).permute(2, 0, 1)[None]
