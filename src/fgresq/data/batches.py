"""Samples stacked, for `DataLoader(collate_fn=...)`."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int, Num
from torch import Tensor

from fgresq.data.datasets import ImageSample, Input, PairSample


@dataclass(frozen=True, slots=True)
class ImageBatch:
    """Images, first axis as in `image_ids`.

    Attributes:
        images: RGB (b, 3, h, w), uint8 in [0, 255] or float32 in [0, 1], see `as_unit_range`; or (b, k), measured.
        mos: float64, since scores such as 1520.0648 would be rounded into ties; NaN where unknown.
        sources, tasks: numbers.
        image_ids: identities.
    """

    images: Num[Tensor, "b ..."]
    mos: Float[Tensor, " b"]
    sources: Int[Tensor, " b"]
    tasks: Int[Tensor, " b"]
    image_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PairBatch:
    """Pairs, first axis as in `image_ids`.

    Attributes:
        a, b: as `ImageBatch.images`, of one type.
        preferences: classes, 0 = B better, 1 = A better, 2 = equal.
        mos_a, mos_b: as `ImageBatch.mos`.
        sources, tasks: numbers.
        image_ids: identities of A and B.
    """

    a: Num[Tensor, "b ..."]
    b: Num[Tensor, "b ..."]
    preferences: Int[Tensor, " b"]
    mos_a: Float[Tensor, " b"]
    mos_b: Float[Tensor, " b"]
    sources: Int[Tensor, " b"]
    tasks: Int[Tensor, " b"]
    image_ids: tuple[tuple[str, str], ...]


def collate_images(samples: Sequence[ImageSample]) -> ImageBatch:
    """Stack single images."""
    return ImageBatch(
        torch.stack(_alike([sample.image for sample in samples])),
        torch.tensor([sample.mos for sample in samples], dtype=torch.float64),
        torch.tensor([sample.source for sample in samples]),
        torch.tensor([sample.task for sample in samples]),
        tuple(sample.image_id for sample in samples),
    )


def collate_pairs(samples: Sequence[PairSample]) -> PairBatch:
    """Stack pairs."""
    images = _alike([sample.a for sample in samples] + [sample.b for sample in samples])
    return PairBatch(
        torch.stack(images[: len(samples)]),
        torch.stack(images[len(samples) :]),
        torch.tensor([sample.preference for sample in samples]),
        torch.tensor([sample.mos_a for sample in samples], dtype=torch.float64),
        torch.tensor([sample.mos_b for sample in samples], dtype=torch.float64),
        torch.tensor([sample.source for sample in samples]),
        torch.tensor([sample.task for sample in samples]),
        tuple((sample.image_a, sample.image_b) for sample in samples),
    )


def as_unit_range(images: Num[Tensor, "*s"]) -> Float[Tensor, "*s"]:
    """Images as the model takes them, in [0, 1]; after the copy to the device, which uint8 makes four times shorter."""
    return images / 255 if images.dtype == torch.uint8 else images


def _alike(images: Sequence[Input]) -> list[Input]:
    """uint8 if all are; else all in [0, 1], since stacking both kinds would put 0 to 255 beside 0 to 1."""
    eight_bits = all(image.dtype == torch.uint8 for image in images)
    return list(images) if eight_bits else [as_unit_range(image) for image in images]
