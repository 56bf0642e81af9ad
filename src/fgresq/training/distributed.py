"""One process or many, started by torchrun."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
import torch.distributed as dist

from fgresq.errors import UserError

Value = TypeVar("Value")


@contextmanager
def process_group() -> Iterator[None]:
    """Join the other processes if torchrun started this one; NCCL on GPUs, gloo on CPUs."""
    if "WORLD_SIZE" not in os.environ or int(os.environ["WORLD_SIZE"]) == 1:
        yield
        return
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield
    finally:
        dist.destroy_process_group()


def world_size() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """Which of them this is, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def is_main() -> bool:
    """Whether this process writes and evaluates."""
    return rank() == 0


def device(name: str) -> torch.device:
    """The device of this process.

    Raises:
        UserError: it isn't here.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda":
        if not torch.cuda.is_available():
            raise UserError("device 'cuda' can't be used here: PyTorch finds no GPU")
        name = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
    return torch.device(name)


def on_main(work: Callable[[], Value]) -> Value:
    """Do something in the first process and give its result to all."""
    if not dist.is_initialized():
        return work()
    result: list[Value | None] = [work() if is_main() else None]
    dist.broadcast_object_list(result, src=0)
    return result[0]  # type: ignore[return-value]
