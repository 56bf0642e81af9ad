"""Many images to features, each encoded once: threads decode while the network works on the batch before."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from fgresq.errors import ImageError
from fgresq.images.arrays import RgbArray
from fgresq.images.preprocessing import Crop, Preprocessing
from fgresq.images.unit import to_unit
from fgresq.model.fgresq import FGResQ
from fgresq.scoring.exactness import without_autocast
from fgresq.scoring.inputs import ImageInput, name_of, read_crop

Progress = Callable[[int], None]

_BATCHES_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Encoded:
    """Features of the images that could be read.

    Attributes:
        names: of all images, in their order.
        features: F_q (readable images, q), float32 on the CPU, in order.
        rows: rows[i] is the row of image i in `features`, or None.
        errors: index of each unreadable image to what is wrong with it.
    """

    names: tuple[str, ...]
    features: Float[Tensor, "n q"]
    rows: tuple[int | None, ...]
    errors: dict[int, ImageError]


@dataclass(frozen=True, slots=True)
class ImageEncoder:
    """A model on a device, with all that is needed to feed it images.

    Attributes:
        model: in evaluation mode, on `device`.
        preprocessing: that the model was trained with.
        device: where it runs.
        batch_size: images a forward pass; it shows in the last bits of the results only.
        workers: threads that decode.
    """

    model: FGResQ
    preprocessing: Preprocessing
    device: torch.device
    batch_size: int
    workers: int

    def encode(
        self,
        images: Sequence[ImageInput],
        progress: Progress | None = None,
        first: int = 0,
        look: Callable[[int, RgbArray], None] | None = None,
    ) -> Encoded:
        """Encode every image once.

        Args:
            images: of any sizes.
            progress: called with the number of images dealt with since the last call.
            first: number of the first image, for the names of those without one.
            look: called in any thread with the index and the pixels of each image that could be read.
        """
        names = tuple(name_of(image, index) for index, image in enumerate(images, start=first))
        rows: list[int | None] = [None] * len(images)
        errors: dict[int, ImageError] = {}
        features: list[Tensor] = []
        batch: list[Crop] = []
        encoded = 0
        for index, crop in enumerate(self._crops(images, names, look)):
            if isinstance(crop, ImageError):
                errors[index] = crop
            else:
                # Inputs of several sizes can't be stacked; those of one size mostly come one after the other.
                if len(batch) == self.batch_size or (batch and batch[0].shape != crop.shape):
                    features.append(self._forward(batch))
                    encoded += len(batch)
                    batch.clear()
                rows[index] = encoded + len(batch)
                batch.append(crop)
            if progress is not None:
                progress(1)
        features.append(self._forward(batch))
        return Encoded(names, torch.cat(features), tuple(rows), errors)

    def _crops(
        self,
        images: Sequence[ImageInput],
        names: Sequence[str],
        look: Callable[[int, RgbArray], None] | None,
    ) -> Iterator[Crop | ImageError]:
        """Crops in order; only a few batches are read ahead, so memory doesn't grow with the number of images."""
        waiting: deque[Future[Crop | ImageError]] = deque()
        todo = iter(enumerate(zip(images, names, strict=True)))
        with ThreadPoolExecutor(self.workers, thread_name_prefix="fgresq-decode") as pool:
            try:
                while True:
                    for index, (image, name) in islice(todo, _BATCHES_AHEAD * self.batch_size - len(waiting)):
                        waiting.append(
                            pool.submit(self._read, image, name, partial(look, index) if look is not None else None)
                        )
                    if not waiting:
                        return
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def _read(self, image: ImageInput, name: str, look: Callable[[RgbArray], None] | None) -> Crop | ImageError:
        try:
            return read_crop(image, name, self.preprocessing, look)
        except ImageError as error:
            return error

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """What every answer is computed in: without gradients, and whatever autocast the caller is in."""
        with torch.inference_mode(), without_autocast(self.device):
            yield

    def _forward(self, batch: Sequence[Crop]) -> Float[Tensor, "n q"]:
        with self.at_work():
            if not batch:
                return torch.empty(0, self.model.regression.linear.in_features, dtype=torch.float32)
            return self.model.features(self._to_device(batch)).float().cpu()

    def _to_device(self, batch: Sequence[Crop]) -> Float[Tensor, "n 3 h w"]:
        if any(crop.dtype != np.uint8 for crop in batch):
            pixels = torch.from_numpy(np.stack([to_unit(crop) for crop in batch]))
        else:
            pixels = torch.from_numpy(np.stack(batch))
        if self.device.type == "cuda":  # pinned memory lets the copy run beside the kernels before it
            pixels = pixels.pin_memory().to(self.device, non_blocking=True)
        images = pixels.to(self.device).permute(0, 3, 1, 2)
        return images.to(torch.float32) / 255 if images.dtype == torch.uint8 else images
