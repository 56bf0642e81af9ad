"""Pictures of the JND map and of the noised image, to see what the model does."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float
from PIL import Image

from fgresq.curation.jnd.model import jnd_map
from fgresq.curation.jnd.noise import JndNoise, add_jnd_noise
from fgresq.curation.jnd.reading import named, read_picture
from fgresq.errors import OutputError
from fgresq.files import written_whole
from fgresq.images.decode import printable
from fgresq.metrics.ssim import ssim

_LEVELS = 255


@dataclass(frozen=True, slots=True)
class JndPictures:
    """What was written, and what the pictures don't say.

    Attributes:
        map, noised: files.
        least, median, greatest: JND in levels of 0 to 255; the greatest is white in the map.
        ssim: between the image and the noised one, before it is rounded to 8 bits.
    """

    map: Path
    noised: Path
    least: float
    median: float
    greatest: float
    ssim: float


def write_jnd_pictures(path: Path, folder: Path, noise: JndNoise, seed: int = 0) -> JndPictures:
    """Write the JND map of an image and the image with JND noise, both as 8-bit PNG.

    Args:
        path: of the image.
        folder: made if it isn't there; the files are called as the image, with `.jnd.png` and `.noised.png`.
        noise: gain and sign.
        seed: of random signs.

    Returns:
        The files and a few numbers.

    Raises:
        ImageError: the image can't be used.
        OutputError: the files can't be written.
    """
    image = read_picture(path)
    with named(path):
        jnd = jnd_map(image)
        noised = add_jnd_noise(image, jnd, noise, np.random.default_rng(seed))
        similarity = ssim(image, noised)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{printable(folder)}: can't be made ({error.strerror})") from error
    files = [folder / f"{path.stem}.{kind}.png" for kind in ("jnd", "noised")]
    for file, picture in zip(files, (jnd / jnd.max(), noised), strict=True):
        _write_png(file, picture)
    least, median, greatest = (float(value * _LEVELS) for value in np.quantile(jnd, [0, 0.5, 1]))
    return JndPictures(files[0], files[1], least, median, greatest, similarity)


def _write_png(path: Path, picture: Float[np.ndarray, "h w *c"]) -> None:
    with written_whole(path) as temporary:
        Image.fromarray(np.rint(picture * _LEVELS).astype(np.uint8)).save(temporary, format="PNG")
