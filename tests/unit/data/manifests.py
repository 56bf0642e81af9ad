"""Small manifests, with and without picture files."""

from itertools import combinations
from pathlib import Path

import numpy as np
from PIL import Image

from fgresq.manifest import Manifest
from fgresq.records import ImageRecord, Pair, Preference, RestorationTask

SR, DEBLUR, DENOISE = (
    RestorationTask.SUPER_RESOLUTION,
    RestorationTask.DEBLURRING,
    RestorationTask.DENOISING,
)
PREFERENCES = (Preference.A, Preference.B, Preference.EQUAL)


def make_manifest(scenes, algorithms=3, root=Path("nowhere")):
    """A manifest from rows (source, content, tasks): every task of a content has all algorithms and all pairs."""
    images, pairs = [], []
    for source, content, tasks in scenes:
        for task in tasks:
            group = [
                ImageRecord(
                    image_id=f"{content}-{task.value}-{number}",
                    path=f"{content}-{task.value}-{number}.png",
                    source=source,
                    task=task,
                    content=content,
                    algorithm=f"algorithm {number}",
                    mos=float(len(images) + number),
                )
                for number in range(algorithms)
            ]
            images += group
            for a, b in combinations(group, 2):
                pairs.append(Pair(a.image_id, b.image_id, PREFERENCES[len(pairs) % 3]))
    return Manifest(root, tuple(images), tuple(pairs), {})


def two_sources(root=Path("nowhere")):
    """Twelve contents in two sources and three tasks."""
    scenes = [("one", f"c{n}", (SR,)) for n in range(6)] + [("two", f"d{n}", (DEBLUR, DENOISE)) for n in range(6)]
    return make_manifest(scenes, root=root)


def write_pictures(manifest, size=(40, 30)):
    """A picture of noise for every image of the manifest."""
    generator = np.random.default_rng(0)
    for image in manifest.images:
        pixels = generator.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
        Image.fromarray(pixels).save(manifest.path_of(image))
