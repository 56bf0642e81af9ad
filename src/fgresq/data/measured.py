"""What an encoder measures of pictures, once a view, kept in memory and on disk.

Where an encoder sees nothing but measurements that no training changes, a picture needs to go through it once a view,
not once an epoch. Training then draws from a fixed number of views of each content.
"""

import hashlib
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Float
from safetensors.numpy import load_file, save_file
from torch import Tensor

from fgresq.data.pictures import Pictures
from fgresq.data.transforms import Augmentation, View
from fgresq.errors import OutputError, UserError
from fgresq.files import written_whole

Measure: TypeAlias = Callable[[Float[Tensor, "b 3 h w"]], Float[Tensor, "b k"]]

# Views are a stream of draws of their own; see `Augmentation.view`.
_STREAM = 2


@dataclass(frozen=True, slots=True)
class Views:
    """Which views of a picture are measured.

    Attributes:
        augmentation: draws them.
        count: how many there are besides the middle one; evaluation sees that one, training all of them.
    """

    augmentation: Augmentation
    count: int

    def of(self, pictures: Pictures, content: str) -> list[View]:
        """The middle one, then those drawn for a content, the same for all of its pictures."""
        number = zlib.crc32(content.encode())
        drawn = [
            self.augmentation.view(pictures.preprocessing, _STREAM, view, number) for view in range(1, self.count + 1)
        ]
        return [View(pictures.preprocessing), *drawn]

    def drawn(self, stream: int, epoch: int, index: int) -> int:
        """The number of the view of one sample in one epoch, the same whenever it is asked for."""
        generator = np.random.default_rng((self.augmentation.seed, stream, epoch, index))
        return int(generator.integers(0, self.count + 1))


class Measured:
    """Measurements by identity and view.

    Args:
        pictures: that are measured.
        contents: content of each picture, by identity.
        measure: batches of inputs to measurements.
        views: which are measured.
        about: says what else the measurements depend on (the network's hash); others are never mixed with them.
        folder: where they are kept, a file a content; None keeps them in memory alone.
    """

    def __init__(
        self,
        pictures: Pictures,
        contents: Mapping[str, str],
        measure: Measure,
        views: Views,
        about: str,
        folder: Path | None = None,
    ) -> None:
        self.views = views
        self._pictures = pictures
        self._contents = contents
        self._measure = measure
        said = f"{about}; {pictures.preprocessing!r}; {views!r}"
        self._folder = None if folder is None else folder / hashlib.sha256(said.encode()).hexdigest()[:16]
        self._kept: dict[str, Float[np.ndarray, "v k"]] = {}

    def __getitem__(self, key: tuple[str, int]) -> Float[Tensor, " k"]:
        """Measurements of a picture in one view; 0 is the middle one.

        Raises:
            UserError: its file can't be read.
        """
        identity, view = key
        if identity not in self._kept:
            self._kept[identity] = self._measured(identity)
        return torch.from_numpy(self._kept[identity][view])

    def preload(self, image_ids: Iterable[str], progress: Callable[[int], None] = lambda done: None) -> None:
        """Measure what isn't known yet, content by content.

        Args:
            image_ids: of the pictures.
            progress: called with the number of pictures dealt with since the last call.

        Raises:
            UserError: a picture can't be read.
            OutputError: the measurements can't be kept.
        """
        by_content: dict[str, list[str]] = {}
        for identity in image_ids:
            by_content.setdefault(self._contents[identity], []).append(identity)
        for content, members in by_content.items():
            self._kept |= self._stored(content, members)
            new = [identity for identity in members if identity not in self._kept]
            for identity in new:
                self._kept[identity] = self._measured(identity)
            if new:
                self._store(content, members)
            progress(len(members))

    def _measured(self, identity: str) -> Float[np.ndarray, "v k"]:
        picture = self._pictures[identity]
        views = self.views.of(self._pictures, self._contents[identity])
        # Views may differ in the number of their parts, so each goes alone.
        with torch.inference_mode():
            return np.concatenate([self._measure(_unit(view, picture)).float().cpu().numpy() for view in views])

    def _file(self, content: str) -> Path | None:
        if self._folder is None:
            return None
        return self._folder / f"{hashlib.sha256(content.encode()).hexdigest()[:24]}.safetensors"

    def _stored(self, content: str, members: Sequence[str]) -> dict[str, Float[np.ndarray, "v k"]]:
        path = self._file(content)
        if path is None or not path.is_file():
            return {}
        try:
            known = load_file(path)
        except Exception as error:  # safetensors raises its own type for any damage
            raise UserError(f"{path}: these measurements can't be read ({error}); delete the file") from error
        return {identity: known[identity] for identity in members if identity in known}

    def _store(self, content: str, members: Sequence[str]) -> None:
        path = self._file(content)
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{path.parent}: can't be made ({error.strerror})") from error
        with written_whole(path) as temporary:
            save_file({identity: self._kept[identity] for identity in members}, temporary)


def _unit(view: View, picture: np.ndarray) -> Float[Tensor, "1 3 h w"]:
    cut = torch.from_numpy(np.ascontiguousarray(view.of(picture).transpose(2, 0, 1)))[None]
    return cut / 255 if cut.dtype == torch.uint8 else cut
