"""From a manifest to the two sides of a training, checked before the first step."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from fgresq.data.batches import as_unit_range
from fgresq.data.pictures import Pictures, require_files
from fgresq.data.samplers import BatchPlan
from fgresq.data.splits import DataSplit, require_no_leak, split_by_content, split_by_pair
from fgresq.errors import UserError
from fgresq.images.preprocessing import Preprocessing
from fgresq.manifest import Manifest
from fgresq.training.config import RunConfig


@dataclass(frozen=True, slots=True)
class Sides:
    """A manifest, how it is split, and its pictures.

    Attributes:
        manifest: the data set.
        split: its two sides; by content nothing leaks, by pair as the paper does.
        pictures: read once if the configuration says so.
    """

    manifest: Manifest
    split: DataSplit
    pictures: Pictures


def prepare(manifest: Manifest, config: RunConfig, preprocessing: Preprocessing) -> Sides:
    """Split, look for leaks and missing files, and read the pictures.

    Raises:
        UserError: an empty manifest, missing files (all are counted, the first named), a split that leaks.
    """
    if not manifest.images:
        raise UserError(f"{manifest.root}: the manifest is empty; there is nothing to train on")
    by = split_by_pair if config.split == "pair" else split_by_content
    split = by(manifest, config.test_share, config.seed)
    require_no_leak(split, manifest, allow_paper=config.split == "pair")
    require_files(manifest)
    pictures = Pictures(manifest, preprocessing)
    if config.cache:
        pictures.preload(image.image_id for image in manifest.images)
    return Sides(manifest, split, pictures)


def training_batches(
    dataset: Dataset[Any], plan: BatchPlan, collate: Callable[[Any], Any], workers: int, epoch: int, skip: int
) -> Iterator[Any]:
    """Collated batches of an epoch, from the one after `skip`."""
    plan.start_at(epoch, skip)
    # Without a generator of its own the loader would draw from the global one, which a resumed training has moved.
    generator = torch.Generator().manual_seed(0)
    loader = DataLoader(dataset, batch_sampler=plan, collate_fn=collate, num_workers=workers, generator=generator)
    yield from loader


def evaluation_batches(
    dataset: Dataset[Any], collate: Callable[[Any], Any], size: int, device: torch.device
) -> Iterator[tuple[Any, Tensor]]:
    """Collated batches in order; the second is ready for the network where a batch holds single images."""
    loader = DataLoader(dataset, batch_size=size, collate_fn=collate, generator=torch.Generator().manual_seed(0))
    for batch in loader:
        yield batch, as_unit_range(batch.images.to(device))
