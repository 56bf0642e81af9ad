"""The state of a training, whole: from a file alone it goes on, to the same numbers."""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from fgresq.errors import CheckpointError, OutputError
from fgresq.files import written_whole

_FORMAT = "fgresq-training-1"


@dataclass(slots=True)
class Progress:
    """How far a training has come.

    Attributes:
        epoch: that is being trained, from 0.
        done: batches of it that are done.
        step: updates made in all.
        best: best value of the criterion so far; None before the first evaluation.
        best_epoch: the epoch after which it was measured.
    """

    epoch: int = 0
    done: int = 0
    step: int = 0
    best: float | None = None
    best_epoch: int | None = None


@dataclass(slots=True)
class TrainingState:
    """Everything that changes while training."""

    network: nn.Module
    optimiser: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    average: nn.Module | None
    progress: Progress = field(default_factory=Progress)

    @property
    def evaluated(self) -> nn.Module:
        """The network whose quality counts: the moving average, if there is one."""
        return self.average if self.average is not None else self.network


def save(path: Path, state: TrainingState, config: Mapping[str, Any], kind: str, export: Mapping[str, Any]) -> None:
    """Write a checkpoint, whole or not at all.

    Raises:
        OutputError: it can't be written there; the file that stood there is untouched.
    """
    content = {
        "format": _FORMAT,
        "kind": kind,
        "config": dict(config),
        "network": state.network.state_dict(),
        "optimiser": state.optimiser.state_dict(),
        "scaler": state.scaler.state_dict(),
        "average": None if state.average is None else state.average.state_dict(),
        "progress": {name: getattr(state.progress, name) for name in Progress.__slots__},
        "random": torch.get_rng_state(),
        "export": dict(export),
    }
    try:
        with written_whole(path) as temporary, temporary.open("wb") as file:
            torch.save(content, file)
    except RuntimeError as error:  # PyTorch's writer may report a full disk so
        raise OutputError(f"{path}: can't be written ({str(error).splitlines()[0]})") from error


def read(path: Path, kind: str | None = None) -> dict[str, Any]:
    """Read a checkpoint of training.

    Raises:
        CheckpointError: it isn't one, is damaged, or is of another kind of training.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise CheckpointError(f"{path}: isn't a readable checkpoint of a training ({reason})") from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise CheckpointError(f"{path}: isn't a checkpoint of a training by this version of fgresq")
    if kind is not None and content["kind"] != kind:
        raise CheckpointError(f"{path}: is of a {content['kind']} training; one of a {kind} training is needed")
    return content


def restore(state: TrainingState, content: Mapping[str, Any]) -> None:
    """Put a checkpoint's content into a freshly made state."""
    state.network.load_state_dict(content["network"])
    state.optimiser.load_state_dict(content["optimiser"])
    state.scaler.load_state_dict(content["scaler"])
    if state.average is not None and content["average"] is not None:
        state.average.load_state_dict(content["average"])
    state.progress = Progress(**content["progress"])
    torch.set_rng_state(content["random"])
