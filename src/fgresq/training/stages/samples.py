"""From a manifest to the sides of a training, checked before the first step."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from fgresq.backbones.lite0 import SHA256
from fgresq.data.batches import as_unit_range, collate_images
from fgresq.data.datasets import ScoredImages
from fgresq.data.measured import Measured, Views
from fgresq.data.pictures import Pictures, require_files
from fgresq.data.samplers import BatchPlan
from fgresq.data.split_file import RecordedSplit, record_split, seen_of
from fgresq.data.splits import DataSplit, require_no_leak, split_by_content, split_by_pair
from fgresq.data.transforms import Augmentation
from fgresq.errors import UserError
from fgresq.manifest import Manifest
from fgresq.model.build import build_encoder
from fgresq.model.encoders import Encoder
from fgresq.names import first_few
from fgresq.records import Split
from fgresq.training.config import EncoderConfig, RunConfig
from fgresq.training.trained_on import TrainedOn

_MISSING_SHOWN = 200
_CALIBRATION_IMAGES = 512
_MEASURED_AT_ONCE = 16
_IMAGES = 4  # axes of a batch of images; one of measurements has two


@dataclass(frozen=True, slots=True)
class Sides:
    """A manifest, how it is split, and its pictures.

    Attributes:
        manifest: the data set.
        split: its sides; by content nothing leaks, by pair as the paper does.
        pictures: read once if the configuration says so.
        recorded: the split as it is written beside the weights.
        measured: what an encoder measures of them, where that is all it sees and views are fixed; None elsewhere.
    """

    manifest: Manifest
    split: DataSplit
    pictures: Pictures
    recorded: RecordedSplit
    measured: Measured | None = None

    @property
    def inputs(self) -> Pictures | Measured:
        """What the network is fed."""
        return self.measured or self.pictures

    @property
    def held_out(self) -> tuple[Split, ...]:
        """The sides that aren't trained on."""
        return tuple(side for side in self.split.sides if side is not Split.TRAIN)


def prepare(manifest: Manifest, config: RunConfig, progress: Callable[[int], None] = lambda done: None) -> Sides:
    """Split, look for leaks and missing files, and read or measure the pictures.

    Args:
        manifest: the data set.
        config: of the training.
        progress: called with the number of pictures measured since the last call.

    Raises:
        UserError: an empty manifest, missing files (all of them, unless it's hundreds), a split that leaks.
    """
    if not manifest.images:
        raise UserError(f"{manifest.root}: the manifest is empty; there is nothing to train on")
    by = split_by_pair if config.split == "pair" else split_by_content
    split = by(manifest, config.test_share, config.seed, config.validation_share)
    require_no_leak(split, manifest, allow_paper=config.split == "pair")
    require_files(manifest, shown=_MISSING_SHOWN)
    pictures = Pictures(manifest, config.preprocessing)
    recorded = record_split(split, manifest)
    if isinstance(config, EncoderConfig) and config.views is not None:
        measured = _measured(manifest, pictures, config, config.views, progress)
        return Sides(manifest, split, pictures, recorded, measured)
    if config.cache:
        pictures.preload(image.image_id for image in manifest.images)
    return Sides(manifest, split, pictures, recorded)


def _measured(
    manifest: Manifest, pictures: Pictures, config: EncoderConfig, views: int, progress: Callable[[int], None]
) -> Measured:
    """Every picture goes through the encoder's network once a view."""
    encoder = build_encoder(config.encoder, config.preprocessing.part_side)

    def measure(images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b k"]:
        found = encoder.measure(images)
        assert found is not None  # noqa: S101 - the configuration is refused otherwise
        return found

    measured = Measured(
        pictures,
        {image.image_id: image.content for image in manifest.images},
        measure,
        Views(augmentation(config), views),
        about=f"{config.encoder} {SHA256}",
        folder=None if config.measured is None else Path(config.measured),
    )
    measured.preload((image.image_id for image in manifest.images), progress)
    return measured


def require_judged_pairs(sides: Sides) -> None:
    """Look for what can't be learnt from or measured: a side, or a task, without any judged pair.

    Raises:
        UserError: there is one.
    """
    manifest, split = sides.manifest, sides.split
    judged = [pair.preference is not None for pair in manifest.pairs]
    if not any(judged):
        raise UserError(f"{manifest.root}: none of {len(judged)} pairs is judged; there is nothing to train on")
    task = {image.image_id: str(image.task) for image in manifest.images}
    present = {task[pair.image_a] for pair, is_judged in zip(manifest.pairs, judged, strict=True) if is_judged}
    images = Counter(task.values())
    lacking = [f"{name} ({count} images)" for name, count in images.items() if name not in present]
    if lacking:
        raise UserError(
            f"{manifest.root}: tasks with images but without a judged pair: {first_few(lacking)}; judge some pairs of "
            "them, or leave their images out"
        )
    for side in split.sides:
        if not any(judged[index] for index in split.pairs(side)):
            without = "; validation_share=0 with keep=last does without" if side is Split.VALIDATION else ""
            raise UserError(
                f"{manifest.root}: no judged pair falls on the {side} side of the split by {split.method}; another "
                f"test_share, validation_share or seed may help{without}"
            )


def trained_on(
    sides: Sides,
    config: RunConfig,
    unit: Literal["pairs", "images"],
    counts: Mapping[Split, int],
    sources: Iterable[str],
) -> TrainedOn:
    """What the weights of this training will say that they were trained on.

    Args:
        sides: of the training.
        config: of it.
        unit: what its samples are.
        counts: samples that are used of each side.
        sources: of those that it is trained on.
    """
    return TrainedOn(
        unit=unit,
        trained=counts[Split.TRAIN],
        chosen_by=counts.get(Split.VALIDATION, 0) if config.keep == "best" else 0,
        tested=counts[Split.TEST],
        sources=tuple(sorted(set(sources))),
        labels=str(sides.manifest.about.get("labels", "the manifest doesn't say where they are from")),
        protocol=(
            f"split by {config.split}, test_share {config.test_share:g}, validation_share {config.validation_share:g}, "
            f"seed {config.seed}; the {config.keep} epoch"
        ),
        seen=seen_of(sides.recorded, sides.manifest),
    )


def augmentation(config: RunConfig) -> Augmentation:
    """How the pictures of the training side are cut."""
    return Augmentation(seed=config.seed, grid=config.training_grid, largest_scale=config.training_scale)


@torch.no_grad()
def calibrate(encoder: Encoder, sides: Sides) -> None:
    """Let an encoder that measures standardise that by some of the training side's pictures, as evaluation sees them.

    Every k-th picture is taken, at most 512.
    """
    identities = sides.split.train_images
    some = identities[:: max(1, len(identities) // _CALIBRATION_IMAGES)][:_CALIBRATION_IMAGES]
    data = ScoredImages(sides.manifest, sides.inputs, some, unscored=True)
    found = []
    for _, images in evaluation_batches(data, collate_images, _MEASURED_AT_ONCE, torch.device("cpu")):
        measured = encoder.measure(images) if images.ndim == _IMAGES else images
        if measured is None:
            return
        found.append(measured)
    encoder.calibrate(torch.cat(found))


def drop(encoder: Encoder, share: float) -> None:
    """Let an encoder leave out a share of what it measures, at random, while it is trained."""
    for module in encoder.modules():
        if isinstance(module, nn.Dropout):
            module.p = share


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
