"""Small data sets whose files hold nothing but their name, and stores with scores put in by hand."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from fgresq.benchmark.sets import BenchmarkSet, read_set
from fgresq.benchmark.store import Store, create_store
from fgresq.benchmark.store.folder import comparison_row, score_row
from fgresq.manifest import Manifest, write_manifest
from fgresq.metrics.base import MetricCard, PairScore, Score
from fgresq.records import ImageRecord, Pair, Preference, RestorationTask

DEBLUR, DENOISE, SR = (
    RestorationTask.DEBLURRING,
    RestorationTask.DENOISING,
    RestorationTask.SUPER_RESOLUTION,
)


def record(identity: str, **other: Any) -> ImageRecord:
    values: dict[str, Any] = {
        "path": f"{identity}.png",
        "source": "first",
        "task": DEBLUR,
        "content": "scene",
        "algorithm": identity,
        **other,
    }
    return ImageRecord(image_id=identity, **values)


def data_set(root: Path, images: Sequence[ImageRecord], pairs: Sequence[Pair] = ()) -> BenchmarkSet:
    """A set on disk whose files exist, though they are no pictures."""
    root.mkdir(parents=True, exist_ok=True)
    for image in images:
        for path in (image.path, image.reference):
            if path is not None:
                (root / path).write_text(f"{root.name}/{path}")
    write_manifest(Manifest(root, tuple(images), tuple(pairs), {}))
    return read_set(str(root))


def judge(name: str, **other: Any) -> MetricCard:
    values: dict[str, Any] = {
        "metric": name,
        "title": name.upper(),
        "full_reference": False,
        "higher_is_better": True,
        "version": "1",
        **other,
    }
    return MetricCard(name=name, **values)


def put_scores(store: Store, data: BenchmarkSet, by: MetricCard, scores: Mapping[str, float | str | None]) -> None:
    """Scores, or reasons for want of them, by image identity; an image that isn't named isn't judged."""
    store.add_metric(by)
    with store.score_writer() as writer:
        for image in data.manifest.images:
            if image.image_id not in scores:
                continue
            value = scores[image.image_id]
            verdict = Score(None, value) if isinstance(value, str) else Score(float(value))
            reference = data.files[image.reference].sha256 if by.full_reference else None
            writer.add([score_row(by.key, data.files[image.path].sha256, reference, verdict, image.path)])


def put_comparisons(
    store: Store, data: BenchmarkSet, by: MetricCard, answers: Mapping[tuple[str, str], Preference | None]
) -> None:
    """Answers for pairs, by identities of A and B."""
    hashes = {image.image_id: data.files[image.path].sha256 for image in data.manifest.images}
    with store.comparison_writer() as writer:
        for (a, b), preference in answers.items():
            verdict = PairScore(preference, None, None, None, (Score(0.0), Score(0.0)))
            writer.add([comparison_row(by.key, hashes[a], hashes[b], verdict)])


def new_store(root: Path, *sets: BenchmarkSet) -> Store:
    store = create_store(root)
    for data in sets:
        store.add_set(data)
    return store


def random_study(root: Path, seed: int = 0, contents: int = 6, each: int = 5) -> tuple[BenchmarkSet, np.ndarray]:
    """Two sources, three tasks, pairs with every preference; and random scores for it."""
    generator = np.random.default_rng(seed)
    images, pairs = [], []
    for c in range(contents):
        source = "first" if c % 2 else "second"
        for task in (DEBLUR, DENOISE) if c % 3 else (SR, DENOISE):
            group = [
                record(
                    f"{source}-{c}-{task.value}-{n}",
                    source=source,
                    task=task,
                    content=f"scene {c}",
                    mos=round(float(generator.uniform(1, 5) * (100 if source == "second" else 1)), 2),
                )
                for n in range(each)
            ]
            images += group
            for a, b in pairwise(group):
                choice = (Preference.A, Preference.B, Preference.EQUAL)[int(generator.integers(3))]
                pairs.append(Pair(a.image_id, b.image_id, choice))
    return data_set(root, images, pairs), generator.normal(size=len(images))
