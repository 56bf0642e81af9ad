"""The network is loaded once a device, shared by copies, and stays out of pickles."""

import copy
import pickle

import pytest
import torch

from fgresq.plugs import placement
from fgresq.plugs.placement import PlacedScorer
from fgresq.scoring.load import load_scorer


def test_it_is_loaded_once_and_anew_on_another_device(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def load(weights: str, *, device: str, precision: str) -> object:
        asked.append((weights, device, precision))
        return load_scorer(weights, device="cpu", precision=precision)

    monkeypatch.setattr(placement, "load_scorer", load)
    placed = PlacedScorer("compact", "bf16")
    assert asked == []
    cpu, elsewhere = torch.device("cpu"), torch.device("cuda:1")
    first = placed.on(cpu)
    assert placed.on(cpu) is first
    assert copy.deepcopy(placed).on(cpu) is first
    assert placed.on(elsewhere) is not first
    assert asked == [("compact", "cpu", "bf16"), ("compact", "cuda:1", "bf16")]
    written = pickle.dumps(placed)
    assert len(written) < 1_000
    assert pickle.loads(written).on(cpu).provenance == first.provenance  # noqa: S301 - our own
