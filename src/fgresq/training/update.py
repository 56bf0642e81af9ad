"""The gradient of a loss over a whole batch, however the batch is cut up or spread.

The losses look at all samples of a batch together (every two images of a source, every task against every image), so
adding up the losses of its pieces would be another loss. Instead the outputs of all pieces are computed first, the
loss and its gradient with respect to the outputs once, and then each piece is run again to carry its share of that
gradient to the weights (Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup").
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from fgresq.training.distributed import world_size
from fgresq.training.stages.base import Batch, Inputs

Loss = Callable[[Tensor, Inputs], tuple[Tensor, Mapping[str, float]]]


def backward(
    network: nn.Module, batch: Batch, loss: Loss, micro_batch: int | None, scale: float = 1.0
) -> tuple[Tensor, Mapping[str, float]]:
    """Compute the loss of the batch over all processes, and add its gradient to the weights' `.grad`.

    Args:
        network: sample by sample; wrapped in DistributedDataParallel when there are several processes.
        batch: this process's share.
        loss: of all outputs and labels.
        micro_batch: samples a forward pass; None is all at once.
        scale: the gradient is multiplied by it (for fp16).

    Returns:
        The loss, the same in every process, and its parts.
    """
    pieces = batch.micro_batches(micro_batch)
    whole = len(pieces) == 1
    attached, draws = [], []
    with nullcontext() if whole else torch.no_grad():
        for piece in pieces:
            draws.append(None if whole else _random_state(piece[0].device))
            attached.append(network(*piece).float())
    outputs = torch.cat(attached).detach().requires_grad_()
    value, parts = loss(_gather(outputs, own=True), tuple(_gather(label) for label in batch.labels))
    value.backward()  # type: ignore[no-untyped-call]
    if outputs.grad is None:
        raise RuntimeError("the loss doesn't depend on the network's outputs")
    # DistributedDataParallel takes the mean over the processes where their sum is needed.
    gradients = torch.split(outputs.grad * (scale * world_size()), [len(piece[0]) for piece in pieces])
    for index, (piece, gradient) in enumerate(zip(pieces, gradients, strict=True)):
        with _synchronised_if(network, last=index == len(pieces) - 1):
            draw = draws[index]
            if draw is not None:
                _set_random_state(draw, piece[0].device)  # the same places are dropped as the first time
            output = attached[index] if draw is None else network(*piece).float()
            output.backward(gradient)
    return value.detach(), parts


def _random_state(device: torch.device) -> Tensor:
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


def _set_random_state(state: Tensor, device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.set_rng_state(state, device)
    else:
        torch.set_rng_state(state)


@contextmanager
def _synchronised_if(network: nn.Module, *, last: bool) -> Iterator[None]:
    waits = isinstance(network, DistributedDataParallel) and not last
    with network.no_sync() if waits else nullcontext():  # type: ignore[operator]
        yield


def _gather(values: Tensor, *, own: bool = False) -> Tensor:
    """Rows of all processes in rank order; `own` keeps this process's rows attached to their graph."""
    if world_size() == 1:
        return values
    counts: list[int] = [0] * world_size()
    dist.all_gather_object(counts, len(values))
    longest = max(counts)
    padded = torch.zeros(longest, *values.shape[1:], dtype=values.dtype, device=values.device)
    padded[: len(values)] = values.detach()
    everyone = [torch.empty_like(padded) for _ in counts]
    dist.all_gather(everyone, padded)
    rows = [received[:count] for received, count in zip(everyone, counts, strict=True)]
    if own:
        rows[dist.get_rank()] = values
    return torch.cat(rows)
