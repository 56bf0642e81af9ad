"""A small data set whose quality can be seen: photographs, blurred more and less, noisy more and less."""

import itertools
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image, ImageFilter

from fgresq.manifest import Manifest, write_manifest
from fgresq.records import ImageRecord, Pair, Preference, RestorationTask
from fgresq.training.log import read_log

SIDE = 96
TINY = {"encoder": "compact-tiny", "rate": 2e-3, "head_rate": 2e-3, "batch_size": 8, "test_share": 0.25}
"""Settings of the quickest training."""

STRENGTHS = (0, 1, 2)


def make_study(root: Path, contents: int = 8) -> Manifest:
    """Each content has two tasks of three images each; stronger is worse. Two sources, half the contents each."""
    generator = np.random.default_rng(0)
    pictures = [skimage.data.astronaut(), skimage.data.coffee(), skimage.data.chelsea()]
    images, pairs = [], []
    (root / "images").mkdir(parents=True)
    for number in range(contents):
        picture = pictures[number % len(pictures)]
        top, left = (int(generator.integers(0, size - SIDE)) for size in picture.shape[:2])
        pristine = Image.fromarray(picture[top : top + SIDE, left : left + SIDE])
        for task in (RestorationTask.DEBLURRING, RestorationTask.DENOISING):
            made = [_image(root, pristine, number, contents, task, strength, generator) for strength in STRENGTHS]
            images += made
            for (i, a), (j, b) in itertools.combinations(enumerate(made), 2):
                swapped = bool(generator.integers(2))
                first, second = (b, a) if swapped else (a, b)
                better = Preference.B if swapped else Preference.A
                equal = (i, j) == (1, 2) and number % 4 == 0
                pairs.append(Pair(first.image_id, second.image_id, Preference.EQUAL if equal else better))
    manifest = Manifest(root, tuple(images), tuple(pairs), {"labels": "strength of the degradation"})
    write_manifest(manifest)
    return manifest


def _image(
    root: Path,
    pristine: Image.Image,
    number: int,
    contents: int,
    task: RestorationTask,
    strength: int,
    generator: np.random.Generator,
) -> ImageRecord:
    if task is RestorationTask.DEBLURRING:
        picture = pristine.filter(ImageFilter.GaussianBlur(1.5 * strength))
    else:
        noise = 20 * strength * generator.standard_normal((SIDE, SIDE, 3))
        picture = Image.fromarray(np.clip(np.asarray(pristine) + noise, 0, 255).astype(np.uint8))
    name = f"c{number:02d}-{task.value}-{strength}"
    picture.save(root / "images" / f"{name}.png")
    source = "first" if number < contents // 2 else "second"
    return ImageRecord(
        name, f"images/{name}.png", source, task, f"c{number:02d}", f"strength-{strength}", mos=float(2 - strength)
    )


def losses_of(out: Path) -> list[float]:
    """The loss of every update, from a training's log."""
    return [entry["loss"] for entry in read_log(out / "log.jsonl") if entry["event"] == "step"]
