"""One process or many, started by torchrun."""

import os
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import torch
import torch.distributed as dist

from fgresq.errors import TrainingError, UserError

Value = TypeVar("Value")

_LAST_EXCHANGE_S = 0.25


@contextmanager
def process_group(device_name: str) -> Iterator[None]:
    """Join the other processes if torchrun started this one; NCCL on GPUs, gloo on CPUs.

    A group that is there already is used, and left.

    Args:
        device_name: as in `RunConfig.device`.

    Raises:
        UserError: the device isn't here.
    """
    if _started_together() == 1 or dist.is_initialized():
        yield
        return
    here = device(device_name)
    if here.type == "cuda":
        torch.cuda.set_device(here)  # objects are gathered through the current one, which is the first for everybody
    dist.init_process_group("nccl" if here.type == "cuda" else "gloo")
    try:
        yield
    except BaseException as error:
        # The frames of what failed hold on to DistributedDataParallel, which may hang if it outlives the group.
        traceback.clear_frames(error.__traceback__)
        raise
    finally:
        # gloo's threads drop the tensors of the last exchange a moment after it is over, and need Python's lock for
        # it. Ending meanwhile would abort the process, or let both wait for each other; sleeping lends them the lock.
        time.sleep(_LAST_EXCHANGE_S)
        dist.destroy_process_group()


def world_size() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """Which of them this is, from 0."""
    if dist.is_initialized():
        return dist.get_rank()
    return int(os.environ["RANK"]) if _started_together() > 1 else 0


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
        name = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
    chosen = torch.device(name)
    if chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count():
        raise UserError(f"device {name!r} can't be used here: PyTorch finds {torch.cuda.device_count()} GPUs")
    return chosen


def on_main(work: Callable[[], Value]) -> Value:
    """Do something in the first process and give its result to all.

    Raises:
        TrainingError: in the other processes, when it failed in the first, which raises the error itself. They would
            wait for it otherwise.
    """
    if not dist.is_initialized():
        return work()
    answer: list[Any] = [None, None]  # the result, or what went wrong
    if is_main():
        try:
            answer[0] = work()
        except BaseException as error:
            dist.broadcast_object_list([None, str(error) or type(error).__name__], src=0)
            raise
    dist.broadcast_object_list(answer, src=0)
    if answer[1] is not None:
        raise TrainingError(f"the first process failed: {answer[1]}")
    return cast("Value", answer[0])


def anyone(mine: bool, where: torch.device) -> bool:
    """Whether it is so in any of the processes; `where` is the device that they speak through."""
    if not dist.is_initialized():
        return mine
    votes = torch.tensor(float(mine), device=where)
    dist.all_reduce(votes, op=dist.ReduceOp.MAX)
    return bool(votes.item())


def gathered(mine: Sequence[Value]) -> list[Value]:
    """What all processes have, in the order of their ranks."""
    if not dist.is_initialized():
        return list(mine)
    everyone: list[Any] = [None] * world_size()
    dist.all_gather_object(everyone, list(mine))
    return [value for part in everyone for value in part]


def _started_together() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))
