"""What weights have seen: the images and scenes that they were trained on, or that chose the epoch kept.

It travels in the header of the weights, so that whoever measures them can tell whether it is on something new. Each
image is known by its file's SHA-256, wherever the file lies and whatever it is called there; each scene by the names of
its source and content, and by its reference's SHA-256. Of a hash the first eight bytes are kept: 20,000 images take
213 kB, and that one of 20,000 others is taken for one of them by chance has a probability of 2e-11.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from functools import cached_property

from pydantic import BaseModel, ConfigDict, field_validator

_BYTES = 8


class Seen(BaseModel):
    """What some weights have seen.

    Attributes:
        manifest: fingerprint of the data set that they were trained on; of the last one, if there were several.
        split: SHA-256 of the split.json that the training wrote beside them.
        images: how many they have seen.
        files: hashes of these images' files, cut, sorted and in base64.
        scenes: hashes of what was depicted, in the same form.
    """

    model_config = ConfigDict(frozen=True)

    manifest: str
    split: str
    images: int
    files: str
    scenes: str

    @field_validator("files", "scenes")
    @classmethod
    def _are_hashes(cls, text: str) -> str:
        try:
            length = len(base64.b64decode(text, validate=True))
        except binascii.Error as error:
            raise ValueError(f"isn't base64 ({error})") from error
        if length % _BYTES:
            raise ValueError(f"holds {length} bytes, which aren't hashes of {_BYTES}")
        return text

    @classmethod
    def of(
        cls,
        manifest: str,
        split: str,
        files: Iterable[str],
        scenes: Iterable[tuple[str, str]],
        references: Iterable[str] = (),
    ) -> "Seen":
        """Write down what was seen.

        Args:
            manifest, split: as the attributes.
            files: SHA-256 of each image's file, in hexadecimal.
            scenes: source and content of each image.
            references: SHA-256 of the pristine images' files.
        """
        images = {_cut(file) for file in files}
        depicted = {_scene(*names) for names in scenes} | {_cut(file) for file in references}
        return cls(manifest=manifest, split=split, images=len(images), files=_packed(images), scenes=_packed(depicted))

    def with_all_of(self, other: "Seen") -> "Seen":
        """This and what another has seen, such as the encoder of stage 1."""
        images = self._images | other._images
        depicted = _packed(self._depicted | other._depicted)
        return Seen(
            manifest=self.manifest, split=self.split, images=len(images), files=_packed(images), scenes=depicted
        )

    def has_image(self, sha256: str) -> bool:
        """Whether a file was among the images."""
        return _cut(sha256) in self._images

    def has_scene(self, source: str, content: str, files: Iterable[str] = ()) -> bool:
        """Whether a scene was depicted in one of the images: by its names, or one of its files (SHA-256)."""
        return _scene(source, content) in self._depicted or any(_cut(file) in self._depicted for file in files)

    @cached_property
    def _images(self) -> frozenset[bytes]:
        return _unpacked(self.files)

    @cached_property
    def _depicted(self) -> frozenset[bytes]:
        return _unpacked(self.scenes)


def _cut(sha256: str) -> bytes:
    return bytes.fromhex(sha256)[:_BYTES]


def _scene(source: str, content: str) -> bytes:
    return hashlib.sha256(f"{source}\0{content}".encode()).digest()[:_BYTES]


def _packed(hashes: Iterable[bytes]) -> str:
    return base64.b64encode(b"".join(sorted(hashes))).decode("ascii")


def _unpacked(text: str) -> frozenset[bytes]:
    content = base64.b64decode(text)
    return frozenset(content[start : start + _BYTES] for start in range(0, len(content), _BYTES))
