"""What the loop needs of whatever is trained."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from fgresq.data.batches import as_unit_range
from fgresq.data.split_file import RecordedSplit
from fgresq.records import Split
from fgresq.training.trained_on import TrainedOn

Inputs = tuple[Tensor, ...]
Scores = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Batch:
    """One process's share of the samples of one update.

    Attributes:
        inputs: images with the samples on the first axis, fed to the network; 8 bits become [0, 1] in `to`.
        labels: tensors with the samples on the first axis, fed to the loss.
        names: of the samples, for reports.
    """

    inputs: Inputs
    labels: Inputs
    names: Sequence[str]

    def to(self, device: torch.device) -> "Batch":
        """The same batch on a device."""
        inputs, labels = (tuple(tensor.to(device) for tensor in part) for part in (self.inputs, self.labels))
        return Batch(tuple(map(as_unit_range, inputs)), labels, self.names)

    def micro_batches(self, size: int | None) -> list[Inputs]:
        """The inputs in pieces of at most `size` samples; None is one piece."""
        count = len(self.names)
        pieces = [torch.split(tensor, size or max(count, 1)) for tensor in self.inputs]
        return list(zip(*pieces, strict=True))


class Stage(ABC):
    """One training: a network, its samples, its loss, its evaluation.

    The network maps inputs to outputs, sample by sample; the loss is a function of the outputs and labels of the whole
    batch. So a batch may be cut into pieces, or spread over processes, without changing the loss.

    Attributes:
        network: called with a batch's inputs; all trained parameters are below it.
        criterion: which score of the validation side decides the best checkpoint; higher is better.
        split: of its data, as it is written beside the weights; a training goes on with the same one only.
        trained_on: what the weights will say.
    """

    network: nn.Module
    criterion: str
    split: RecordedSplit
    trained_on: TrainedOn

    @abstractmethod
    def parameter_groups(self) -> list[dict[str, Any]]:
        """Groups for the optimiser, the encoders' first; each has "params" and "peak", its highest learning rate."""

    @abstractmethod
    def steps(self, epoch: int) -> int:
        """Updates in an epoch."""

    @abstractmethod
    def batches(self, epoch: int, skip: int) -> Iterator[Batch]:
        """This process's share of every batch of an epoch, from the one after `skip`."""

    @abstractmethod
    def loss(self, outputs: Tensor, labels: Inputs) -> tuple[Tensor, Mapping[str, float]]:
        """The loss of a whole batch, and its parts for the log."""

    @abstractmethod
    def evaluate(self, network: nn.Module, side: Split) -> Scores:
        """Scores on a side that isn't trained on; None where one is undefined."""

    @abstractmethod
    def export(self, network: nn.Module) -> Mapping[str, Any]:
        """What a checkpoint holds besides the state of training, for those who use the result."""


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """The arithmetic of the forward pass; weights, losses and the optimiser stay in float32."""
    dtype = torch.float16 if precision == "fp16" else torch.bfloat16
    return torch.autocast(device.type, dtype=dtype, enabled=precision != "fp32")
