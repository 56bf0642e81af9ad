"""The state of a training, whole: from a file alone it goes on, to the same numbers."""

import copy
import pickle
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from fgresq.errors import CheckpointError, OutputError
from fgresq.files import written_whole
from fgresq.training.stages.base import Scores

_FORMAT = "fgresq-training-3"
# Without a validation side (1), and without what the network has seen (1 and 2).
_EARLIER = ("fgresq-training-1", "fgresq-training-2")


@dataclass(slots=True)
class Progress:
    """How far a training has come, and how good its network was.

    Attributes:
        epoch: that is being trained, from 0; when the training is finished, the number of epochs.
        done: batches of it that are done.
        step: updates made in all.
        scores: of the last evaluation on the validation side; empty before the first.
        best: best value of the criterion so far; None before the first evaluation, and where the last epoch is kept.
        best_epoch: the epoch after which it was measured.
        best_scores: all scores of that evaluation.
        test_scores: of the kept network on the test side; empty until the training is finished.
    """

    epoch: int = 0
    done: int = 0
    step: int = 0
    scores: Scores = field(default_factory=dict)
    best: float | None = None
    best_epoch: int | None = None
    best_scores: Scores = field(default_factory=dict)
    test_scores: Scores = field(default_factory=dict)

    @property
    def kept_epoch(self) -> int:
        """The epoch whose network is kept: the best so far if one was chosen, else the last one that is done."""
        return self.epoch if self.best_epoch is None else self.best_epoch

    def is_best(self, criterion: str) -> bool:
        """Whether the last evaluation is better than all before it; it's remembered then."""
        value = self.scores[criterion]
        if value is None or (self.best is not None and value <= self.best):
            return False
        self.best, self.best_epoch, self.best_scores = value, self.epoch, self.scores
        return True


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

    def set_rates(self, share: float) -> dict[str, float]:
        """Let every learning rate be a share of its peak; returns them by the names of their settings."""
        groups = self.optimiser.param_groups
        for group in groups:
            group["lr"] = share * group["peak"]
        # In the order of `Stage.parameter_groups`; where there is one group, all is trained at the first rate.
        return {name: group["lr"] for name, group in zip(("rate", "head_rate"), groups, strict=False)}

    @torch.no_grad()
    def follow(self, decay: float | None) -> None:
        """Let the moving average follow the network: mean = decay mean + (1 - decay) value, for every weight.

        Buffers, such as the statistics of batch normalisation, are averages already or constants; they are copied.
        """
        if self.average is None or decay is None:
            return
        for mean, value in zip(self.average.parameters(), self.network.parameters(), strict=True):
            mean.lerp_(value, 1 - decay)
        for kept, now in zip(self.average.buffers(), self.network.buffers(), strict=True):
            kept.copy_(now)


def save(path: Path, state: TrainingState, about: Mapping[str, Any], export: Mapping[str, Any]) -> None:
    """Write a checkpoint, whole or not at all.

    Args:
        path: of the file.
        state: of the training.
        about: what must be the same when it goes on: "kind", "config", "data"; and "trained_on".
        export: for those who use the result.

    Raises:
        OutputError: it can't be written there; the file that stood there is untouched.
    """
    cuda = torch.cuda.get_rng_state() if torch.cuda.is_available() else None
    content = {
        "format": _FORMAT,
        **about,
        "network": state.network.state_dict(),
        "optimiser": state.optimiser.state_dict(),
        "scaler": state.scaler.state_dict(),
        "average": None if state.average is None else state.average.state_dict(),
        "progress": asdict(state.progress),
        "random": torch.get_rng_state(),
        "random_cuda": cuda,
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
    except OSError as error:
        raise CheckpointError(f"{path}: can't be read ({error.strerror})") from error
    except (RuntimeError, EOFError, LookupError, TypeError, ValueError, pickle.UnpicklingError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise CheckpointError(f"{path}: isn't a readable checkpoint of a training ({reason})") from error
    if isinstance(content, dict) and content.get("format") in _EARLIER:
        raise CheckpointError(
            f"{path}: was written by an earlier version of fgresq, which didn't say what it was trained on and chose "
            "the best epoch by the test side; train anew, in another folder"
        )
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise CheckpointError(f"{path}: isn't a checkpoint of a training by this version of fgresq")
    if kind is not None and content["kind"] != kind:
        raise CheckpointError(f"{path}: is of a {content['kind']} training; one of a {kind} training is needed")
    return content


def trained_network(path: Path, like: nn.Module) -> nn.Module:
    """A copy of a network with the weights that a checkpoint would be judged by: the moving average, if it has one.

    Raises:
        CheckpointError: as `read`.
    """
    content = read(path)
    network = copy.deepcopy(like)
    network.load_state_dict(content["network"] if content["average"] is None else content["average"])
    return network


def restore(state: TrainingState, content: Mapping[str, Any], path: Path) -> None:
    """Put a checkpoint's content into a freshly made state.

    Raises:
        CheckpointError: it doesn't fit; `path` is where it comes from.
    """
    try:
        state.network.load_state_dict(content["network"])
        state.optimiser.load_state_dict(content["optimiser"])
        state.scaler.load_state_dict(content["scaler"])
        if state.average is not None:
            state.average.load_state_dict(content["average"])
    except (RuntimeError, ValueError) as error:
        raise CheckpointError(f"{path}: doesn't fit what is trained here ({' '.join(str(error).split())})") from error
    state.progress = Progress(**content["progress"])
    torch.set_rng_state(content["random"])
    if content.get("random_cuda") is not None and torch.cuda.is_available():
        torch.cuda.set_rng_state(content["random_cuda"])
