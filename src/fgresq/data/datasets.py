"""Samples: single images with scores, and judged pairs.

Data sets are indexed by (epoch, index), as the samplers give them: the epoch is part of the question, so no process
that loads has to be told that a new one began. Without augmentation a bare index will do.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Float, Num
from torch import Tensor
from torch.utils.data import Dataset

from fgresq.data.measured import Measured
from fgresq.data.pictures import Pictures
from fgresq.data.transforms import Augmentation, View
from fgresq.errors import UserError
from fgresq.images.preprocessing import Crop
from fgresq.manifest import Manifest
from fgresq.records import ImageRecord, Preference, RestorationTask

Key: TypeAlias = tuple[int, int]
Pixels: TypeAlias = Num[Tensor, "3 h w"]
Input: TypeAlias = Pixels | Float[Tensor, " k"]
"""What the network gets of an image: its pixels, or what was measured of them before."""

TASKS = tuple(RestorationTask)
"""Task numbers are places in this row, whatever tasks a manifest holds."""

PREFERENCE_CLASS = MappingProxyType({Preference.B: 0, Preference.A: 1, Preference.EQUAL: 2})
"""The released model's classes."""


def source_names(manifest: Manifest) -> tuple[str, ...]:
    """The sources by name; source numbers are places in this row, the same for both sides of a split."""
    return tuple(sorted({image.source for image in manifest.images}))


@dataclass(frozen=True, slots=True)
class ImageSample:
    """One image.

    Attributes:
        image: RGB, uint8 in [0, 255] or float32 in [0, 1]; or what was measured of it.
        mos: on the source's own scale; NaN where unknown.
        source, task: numbers, see `source_names` and `TASKS`.
        image_id: its identity.
    """

    image: Input
    mos: float
    source: int
    task: int
    image_id: str


@dataclass(frozen=True, slots=True)
class PairSample:
    """Two images of one content, cut and mirrored alike.

    Attributes:
        a, b: as `ImageSample.image`.
        preference: class in the released order, 0 = B better, 1 = A better, 2 = equal.
        mos_a, mos_b: as `ImageSample.mos`.
        source, task: as in `ImageSample`.
        image_a, image_b: identities.
    """

    a: Input
    b: Input
    preference: int
    mos_a: float
    mos_b: float
    source: int
    task: int
    image_a: str
    image_b: str


def _task(record: ImageRecord) -> RestorationTask:
    if record.task is None:
        raise UserError(f"{record.image_id}: has no task; only restored images can be trained on")
    return record.task


class _Samples:
    """What both data sets share: the view of a sample, the numbers of its source and task."""

    stream: int
    records: tuple[ImageRecord, ...]

    def __init__(self, manifest: Manifest, pictures: Pictures | Measured, augmentation: Augmentation | None) -> None:
        self._pictures = pictures
        self._augmentation = augmentation
        self._source_number = {name: number for number, name in enumerate(source_names(manifest))}

    def __len__(self) -> int:
        return len(self.records)

    @property
    def sources(self) -> tuple[str, ...]:
        """Source of each sample, by name."""
        return tuple(record.source for record in self.records)

    @property
    def tasks(self) -> tuple[RestorationTask, ...]:
        """Task of each sample."""
        return tuple(_task(record) for record in self.records)

    def _inputs(self, key: Key | int, *tables: Sequence[ImageRecord]) -> tuple[int, list[Input]]:
        """A sample's index, and the input of its image in each table, all seen alike."""
        index = key if isinstance(key, int) else key[1]
        records = [table[index] for table in tables]
        if self._augmentation is not None and isinstance(key, int):
            raise ValueError(
                "an augmented data set is indexed by (epoch, index); use a sampler of fgresq.data.samplers"
            )
        if isinstance(self._pictures, Measured):
            number = 0
            if self._augmentation is not None and not isinstance(key, int):
                number = self._pictures.views.drawn(self.stream, *key)
            return index, [self._pictures[record.image_id, number] for record in records]
        if self._augmentation is None or isinstance(key, int):
            view = View(self._pictures.preprocessing)
        else:
            view = self._augmentation.view(self._pictures.preprocessing, self.stream, *key)
        return index, [_as_tensor(view.of(self._pictures[record.image_id])) for record in records]

    def _numbers(self, record: ImageRecord) -> tuple[int, int]:
        return self._source_number[record.source], TASKS.index(_task(record))


class ScoredImages(_Samples, Dataset[ImageSample]):
    """Single images.

    Args:
        manifest: that they are from.
        pictures: of the same manifest, or what was measured of them.
        image_ids: which images; None is all.
        augmentation: None for evaluation.
        unscored: keep images without MOS as well (for stage 1, which needs none).

    Raises:
        UserError: no image is left.
    """

    stream = 0

    def __init__(
        self,
        manifest: Manifest,
        pictures: Pictures | Measured,
        image_ids: Sequence[str] | None = None,
        augmentation: Augmentation | None = None,
        unscored: bool = False,
    ) -> None:
        super().__init__(manifest, pictures, augmentation)
        wanted = None if image_ids is None else set(image_ids)
        among = [image for image in manifest.images if wanted is None or image.image_id in wanted]
        self.records = tuple(image for image in among if unscored or image.mos is not None)
        if not self.records:
            raise UserError(
                f"{manifest.root}: none of {len(among)} images {'' if unscored else 'has a MOS and '}is left"
            )

    def __getitem__(self, key: Key | int) -> ImageSample:
        """The sample of an index in an epoch.

        Raises:
            UserError: its file can't be read.
        """
        index, [image] = self._inputs(key, self.records)
        record = self.records[index]
        return ImageSample(image, _mos(record), *self._numbers(record), record.image_id)


class JudgedPairs(_Samples, Dataset[PairSample]):
    """Pairs with a preference; the others of the manifest are left out.

    Both images of a pair get the same crop and the same mirroring. People said which looks better of the same places
    side by side; different crops would show the network different places, and an edge against a sky would then
    carry the label of two versions of one edge.

    Args:
        manifest: that they are from.
        pictures: of the same manifest, or what was measured of them.
        pairs: indices of `manifest.pairs`; None is all.
        augmentation: None for evaluation.

    Raises:
        UserError: no judged pair is left.
    """

    stream = 1

    def __init__(
        self,
        manifest: Manifest,
        pictures: Pictures | Measured,
        pairs: Sequence[int] | None = None,
        augmentation: Augmentation | None = None,
    ) -> None:
        super().__init__(manifest, pictures, augmentation)
        among = [manifest.pairs[index] for index in (range(len(manifest.pairs)) if pairs is None else pairs)]
        self.pairs = tuple(pair for pair in among if pair.preference is not None)
        self._classes = tuple(PREFERENCE_CLASS[pair.preference] for pair in among if pair.preference is not None)
        if not self.pairs:
            raise UserError(f"{manifest.root}: none of {len(among)} pairs is judged")
        image = {image.image_id: image for image in manifest.images}
        self.records = tuple(image[pair.image_a] for pair in self.pairs)
        self._others = tuple(image[pair.image_b] for pair in self.pairs)

    @property
    def image_ids(self) -> tuple[str, ...]:
        """Identities of all images of the pairs, each once."""
        return tuple(dict.fromkeys(identity for pair in self.pairs for identity in (pair.image_a, pair.image_b)))

    @property
    def scored(self) -> tuple[int, ...]:
        """How many of each pair's two images have a MOS."""
        both = zip(self.records, self._others, strict=True)
        return tuple(sum(image.mos is not None for image in pair) for pair in both)

    def __getitem__(self, key: Key | int) -> PairSample:
        """The sample of an index in an epoch.

        Raises:
            UserError: a file can't be read.
        """
        index, [a, b] = self._inputs(key, self.records, self._others)
        first, second = self.records[index], self._others[index]
        return PairSample(
            a,
            b,
            self._classes[index],
            _mos(first),
            _mos(second),
            *self._numbers(first),
            first.image_id,
            second.image_id,
        )


def _as_tensor(crop: Crop) -> Pixels:
    return torch.from_numpy(np.ascontiguousarray(crop.transpose(2, 0, 1)))


def _mos(record: ImageRecord) -> float:
    return math.nan if record.mos is None else record.mos
