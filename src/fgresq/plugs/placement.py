"""A scorer that is where the images are, since other libraries move their modules about."""

import os
from typing import Any

import torch

from fgresq.model.store import locate
from fgresq.scoring.load import load_scorer
from fgresq.scoring.scorer import Scorer


class PlacedScorer:
    """Weights by name; loaded at the first use, and anew when the device has changed.

    A copy shares the network, whose weights never change. A pickle holds the name of the weights, not the network.

    Args:
        weights: as of `fgresq.load`.
        precision: as of `fgresq.load`.

    Raises:
        WeightsError: no such weights, or they aren't on this machine yet; said at once and not at the first batch.
    """

    def __init__(self, weights: str | os.PathLike[str], precision: str) -> None:
        locate(weights)
        self._weights = weights
        self._precision = precision
        self._loaded: tuple[torch.device, Scorer] | None = None

    def on(self, device: torch.device) -> Scorer:
        """The scorer, with its network on that device."""
        if self._loaded is None or self._loaded[0] != device:
            scorer = load_scorer(self._weights, device=str(device), precision=self._precision)
            self._loaded = (device, scorer)
        return self._loaded[1]

    def __deepcopy__(self, memo: dict[int, Any]) -> "PlacedScorer":
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_loaded": None}
