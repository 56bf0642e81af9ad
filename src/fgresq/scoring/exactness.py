"""Answers that don't depend on the `torch.autocast` that the caller happens to be in.

A training loop scores and takes its loss inside autocast. There PyTorch would compute half of the network in 8 or 11
bits of precision, and results would differ from those that the provenance speaks of.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.autograd.graph import Node


@contextmanager
def without_autocast(device: torch.device) -> Iterator[None]:
    """Compute in the types that the numbers have."""
    with torch.autocast(device.type, enabled=False):
        yield


def keep_backward_exact(outputs: Tensor, inputs: Tensor) -> None:
    """Do the same for the way back, which may be taken inside autocast although the way there wasn't.

    Every step of the backward pass from `outputs` to `inputs`, but not beyond, switches autocast off for itself; the
    engine of autograd sets the caller's state anew before each step.

    Args:
        outputs: computed from `inputs`.
        inputs: the last that the caller's own graph has no part in, so a result of some operation.
    """
    kind = outputs.device.type

    def switch_off(_: object) -> None:
        torch.set_autocast_enabled(kind, False)

    todo = [outputs.grad_fn]
    seen: set[Node] = set()
    while todo:
        step = todo.pop()
        if step is None or step in seen:
            continue
        seen.add(step)
        step.register_prehook(switch_off)
        if step is not inputs.grad_fn:
            todo += [before for before, _ in step.next_functions]
