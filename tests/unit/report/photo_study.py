"""A data set of real photographs, restored and judged, on disk: for reports of a benchmark."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter
from skimage import data

from fgresq.manifest import Manifest, write_manifest
from fgresq.records import ImageRecord, Pair, Preference, RestorationTask

HOSTILE = "</script><img src=x onerror=alert(1)>"
HOSTILE_CONTENT = "chel\nsea <b>&amp;"

CONTENTS = {"astronaut": data.astronaut, "coffee": data.coffee, HOSTILE_CONTENT: data.chelsea}


def photograph(content: str) -> Image.Image:
    """A 180 x 120 piece of a photograph that ships in scikit-image's wheel."""
    return Image.fromarray(np.ascontiguousarray(CONTENTS[content]()[60:180, 160:340]))


def _noisy(image: Image.Image) -> Image.Image:
    noise = np.random.default_rng(0).normal(0, 30, (image.height, image.width, 3))
    return Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8))


# What people think of them falls in this order; sharpness puts the noisy one first.
RESTORATIONS: Mapping[str, Callable[[Image.Image], Image.Image]] = {
    "sharp": lambda image: image.filter(ImageFilter.GaussianBlur(0.4)),
    HOSTILE: lambda image: image.filter(ImageFilter.GaussianBlur(1)),
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(2)),
    "noisy": _noisy,
}


def make_photo_study(
    root: Path, contents: Sequence[str] = tuple(CONTENTS), *, mos: bool = True, pairs: bool = True, task: bool = True
) -> Path:
    """A manifest of four restorations of each content, with references; people like the earlier ones better.

    Args:
        root: of the manifest.
        contents: of CONTENTS.
        mos: whether images have MOS, from 4 down, and a little more for each further content.
        pairs: whether people judged neighbours, and the second against the last.
        task: whether images belong to one.
    """
    root.mkdir(parents=True)
    images, judged = [], []
    for number, content in enumerate(contents):
        source = photograph(content)
        source.save(root / f"{number}.png")
        names = []
        for place, (algorithm, restore) in enumerate(RESTORATIONS.items()):
            names.append(f"{number}-{place}")
            restore(source).save(root / f"{names[-1]}.png")
            images.append(
                ImageRecord(
                    image_id=names[-1],
                    path=f"{names[-1]}.png",
                    source="photographs",
                    task=RestorationTask.DENOISING if task else None,
                    content=content,
                    algorithm=algorithm,
                    mos=4 - place + 0.1 * number if mos else None,
                    reference=f"{number}.png",
                )
            )
        if pairs:
            judged += [Pair(names[a], names[b], Preference.A) for a, b in ((0, 1), (1, 2), (2, 3), (1, 3))]
    write_manifest(Manifest(root, tuple(images), tuple(judged), {}))
    return root
