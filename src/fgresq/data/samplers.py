"""The order of an epoch, cut into batches; pass one to `DataLoader(batch_sampler=...)`.

A sampler yields lists of (epoch, index). What it yields is a function of the seed and the epoch alone, so to resume
in the middle of an epoch is to `start_at` that epoch and skip the batches that were trained on. The sampler doesn't
count them itself: a loader asks it for batches long before they are trained on.

With several processes every batch is one of all processes together, and each takes its part of it: parts are
consecutive, as equal as can be (the first ones have one sample more if it doesn't divide), and never empty. So all
processes see the same number of batches, no sample is repeated or dropped for the sake of dividing, and the parts in
order of rank are the batch that one process would see.
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator, Sequence

import numpy as np
from jaxtyping import Int
from torch.utils.data import Sampler

from fgresq.data.datasets import Key
from fgresq.errors import UserError

Indices = Int[np.ndarray, " _"]


class BatchPlan(Sampler[list[Key]], ABC):
    """What the samplers share.

    Args:
        seed: of the order, at least 0.
        rank, world_size: of this process among all.
    """

    def __init__(self, seed: int, rank: int, world_size: int) -> None:
        if not 0 <= rank < world_size:
            raise ValueError(f"rank {rank} isn't one of {world_size} processes")
        self._seed, self._rank, self._world_size = seed, rank, world_size
        self._epoch = self._skip = 0
        self._length = len(self.plan(0))

    @abstractmethod
    def plan(self, epoch: int) -> list[Indices]:
        """All batches of an epoch, of all processes together; as many in every epoch."""

    def start_at(self, epoch: int, skip: int = 0) -> None:
        """Choose the epoch of the next iteration, and how many of its batches to leave out at the beginning."""
        self._epoch, self._skip = epoch, skip

    def __len__(self) -> int:
        """Batches of a whole epoch, whatever is skipped."""
        return self._length

    def __iter__(self) -> Iterator[list[Key]]:
        epoch = self._epoch
        for batch in self.plan(epoch)[self._skip :]:
            part = np.array_split(batch, self._world_size)[self._rank]
            yield [(epoch, index) for index in part.tolist()]

    def _generator(self, epoch: int) -> np.random.Generator:
        return np.random.default_rng((self._seed, epoch))


class SceneBatches(BatchPlan):
    """Each batch is from one source, and each sample comes exactly once an epoch ("scene-aware sampling").

    The last batch of a source is shorter where the size doesn't divide. If it would be a single sample, which has no
    other to be ordered with, or fewer than one a process, it takes what it lacks from the batch before it.

    Args:
        sources: of each sample.
        batch_size: of all processes together; at least two a process if there are several.
        seed: of the order.
        rank, world_size: of this process among all.

    Raises:
        UserError: there are no samples, too small a batch, or a source with fewer samples than processes.

    Reference: FGResQ, "Implementation Details".
    """

    def __init__(
        self, sources: Sequence[Hashable], batch_size: int, *, seed: int = 0, rank: int = 0, world_size: int = 1
    ) -> None:
        if not sources:
            raise UserError("there are no samples to make batches of")
        smallest_size = 2 * world_size if world_size > 1 else 1
        if batch_size < smallest_size:
            raise UserError(f"{world_size} processes need batches of at least {smallest_size}, not {batch_size}")
        self._groups = _members(sources)
        for source, members in self._groups.items():
            if len(members) < world_size:
                raise UserError(f"{source}: {len(members)} samples can't be divided among {world_size} processes")
        self._batch_size = batch_size
        self._smallest = max(world_size, 2 if batch_size > 2 else 1)
        super().__init__(seed, rank, world_size)

    def plan(self, epoch: int) -> list[Indices]:
        """Each source shuffled and cut, then the batches of all sources shuffled."""
        generator = self._generator(epoch)
        batches = [batch for members in self._groups.values() for batch in self._cut(generator.permutation(members))]
        return [batches[place] for place in generator.permutation(len(batches))]

    def _cut(self, order: Indices) -> list[Indices]:
        starts = list(range(0, len(order), self._batch_size))
        if len(starts) > 1:
            starts[-1] = min(starts[-1], len(order) - self._smallest)
        return np.split(order, starts[1:])


class PlainBatches(SceneBatches):
    """All sources mixed; each sample exactly once an epoch, short last batches as in `SceneBatches`."""

    def __init__(self, samples: int, batch_size: int, *, seed: int = 0, rank: int = 0, world_size: int = 1) -> None:
        super().__init__(("samples",) * samples, batch_size, seed=seed, rank=rank, world_size=world_size)


class OnePerTaskBatches(BatchPlan):
    """Each batch has one image of every task, so that the diagonal labels of eq. 4 are true.

    An epoch lasts until the largest task is through. Smaller tasks begin again in a new order, so each image comes at
    least once, and the n images of a task equally often but for one.

    Args:
        tasks: of each sample.
        seed: of the order.
        rank, world_size: of this process among all.

    Raises:
        UserError: fewer than two tasks (then there is nothing to tell apart), or fewer than processes.
    """

    def __init__(self, tasks: Sequence[Hashable], *, seed: int = 0, rank: int = 0, world_size: int = 1) -> None:
        self._groups = _members(tasks)
        if len(self._groups) < max(2, world_size):
            raise UserError(
                f"batches of one image a task need at least 2 tasks, and one a process; the samples have "
                f"{len(self._groups)} for {world_size} processes"
            )
        super().__init__(seed, rank, world_size)

    def plan(self, epoch: int) -> list[Indices]:
        """Column t holds task t, repeated in new orders to the length of the largest."""
        generator = self._generator(epoch)
        longest = max(map(len, self._groups.values()))
        columns = []
        for members in self._groups.values():
            rounds = [generator.permutation(members) for _ in range(-(-longest // len(members)))]
            columns.append(np.concatenate(rounds)[:longest])
        return list(np.stack(columns, axis=1))


def _members(groups: Sequence[Hashable]) -> dict[Hashable, Indices]:
    """Indices of each group, in the order of their first samples."""
    members: dict[Hashable, list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(group, []).append(index)
    return {group: np.array(indices) for group, indices in members.items()}
