"""The pictures of a manifest, resized: from their files, or from memory."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fgresq.errors import ImageError, UserError
from fgresq.images.decode import decode
from fgresq.images.preprocessing import Crop, Preprocessing
from fgresq.manifest import Manifest
from fgresq.names import first_few


def missing_files(manifest: Manifest, image_ids: Iterable[str] | None = None) -> tuple[Path, ...]:
    """The image files that aren't there, in the manifest's order; of all images, or of some."""
    wanted = None if image_ids is None else set(image_ids)
    paths = (manifest.path_of(image) for image in manifest.images if wanted is None or image.image_id in wanted)
    return tuple(path for path in paths if not path.is_file())


def require_files(manifest: Manifest, image_ids: Iterable[str] | None = None, shown: int = 10) -> None:
    """Find out about missing files before the first step, all at once.

    Raises:
        UserError: some are missing; says how many and names the first `shown`.
    """
    missing = missing_files(manifest, image_ids)
    if missing:
        raise UserError(f"{len(missing)} image files are missing: {first_few(missing, shown)}")


class Pictures:
    """Resized pictures by identity.

    `preload` keeps them in memory: 3 bytes a pixel of `Preprocessing.size`, 196 kB at 256x256, four times that for
    pictures deeper than 8 bits. Load before the loader's processes start, and they share the memory.

    Args:
        manifest: that the identities are from.
        preprocessing: the model's; the crop is left to `fgresq.data.transforms`.
    """

    def __init__(self, manifest: Manifest, preprocessing: Preprocessing) -> None:
        self.preprocessing = preprocessing
        self._paths = {image.image_id: manifest.path_of(image) for image in manifest.images}
        self._kept: dict[str, Crop] = {}

    def __getitem__(self, image_id: str) -> Crop:
        """One picture, RGB (h, w, 3), resized: uint8, or float32 in [0, 1] if the file is deeper than 8 bits.

        Raises:
            UserError: it can't be read.
        """
        if image_id in self._kept:
            return self._kept[image_id]
        try:
            return self.preprocessing.whole(decode(self._paths[image_id]))
        except ImageError as error:
            # An ImageError takes two arguments, and would lose its type on its way out of a loader's process.
            raise UserError(str(error)) from error

    def preload(self, image_ids: Iterable[str], threads: int = 2) -> None:
        """Read pictures into memory, each once.

        Args:
            image_ids: of the pictures; those in memory already aren't read again.
            threads: that decode.

        Raises:
            UserError: some can't be read; says how many and names the first, with the reasons.
        """
        wanted = [identity for identity in dict.fromkeys(image_ids) if identity not in self._kept]
        errors: list[str] = []

        def read(identity: str) -> None:
            try:
                self._kept[identity] = self[identity]
            except UserError as error:
                errors.append(str(error))

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(read, wanted))
        if errors:
            raise UserError(f"{len(errors)} of {len(wanted)} images can't be read: {first_few(sorted(errors))}")
