"""Judges without training, on a training's held-out pairs: `python benchmarks/held_out_pairs.py MANIFEST WEIGHTS`.

The split is that of `configs/compact-*.yaml` (by content, seed 0, a tenth held out). ACC leaves out pairs labelled
equal; equal scores count one half; macro average over the tasks. For the weights it also says how much the degradation
branch's output F_p varies from image to image, as a share of its root mean square: 0 for a branch that is a constant.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import fgresq
from fgresq.criteria.agreement import accuracy_without_ties, macro_average, preferences_from_scores
from fgresq.data.splits import split_by_content
from fgresq.images.decode import decode
from fgresq.images.unit import to_unit
from fgresq.manifest import read_manifest
from fgresq.metrics.native import metric

METRICS = ("sharpness", "piqe", "niqe-fgresq-bsds500")
TEST_SHARE, SEED = 0.1, 0


def judge(name: str) -> Callable[[Path], float]:
    """A no-reference metric, higher is better."""
    measure = metric(name)
    return lambda path: measure.card.oriented(measure(to_unit(decode(path))))


def varies(weights: str, paths: list[Path]) -> float:
    """Standard deviation over images of F_p's numbers, by its root mean square."""
    features = fgresq.load(weights, device="cpu").features(paths)
    prompted = features.chunk(3, dim=-1)[1]
    return float(prompted.std(dim=0).square().mean().sqrt() / prompted.square().mean().sqrt())


def main(folder: Path, weights: str) -> None:
    """Print one row a judge."""
    manifest = read_manifest(folder)
    split = split_by_content(manifest, TEST_SHARE, SEED)
    images = {image.image_id: image for image in manifest.images}
    held_out = sorted(split.test_images)
    pairs = [manifest.pairs[index] for index in split.test_pairs]
    paths = {name: manifest.path_of(images[name]) for name in held_out}
    scorer = fgresq.load(weights, device="cpu")
    found: dict[str, dict[str, float]] = {
        name: {image: one(path) for image, path in paths.items()} for name, one in ((m, judge(m)) for m in METRICS)
    }
    scored = scorer.score(list(paths.values()))
    if failed := [f"{one.path}: {one.error}" for one in scored if one.score is None]:
        sys.exit("\n".join(failed))
    found[Path(weights).name] = {name: float(one.score) for name, one in zip(paths, scored, strict=True)}
    print(f"{len(held_out)} images, {len(pairs)} pairs")
    for name, scores in found.items():
        per_task = []
        for task in sorted({image.task for image in images.values()}):
            own = [pair for pair in pairs if images[pair.image_a].task is task]
            a, b = (_values(scores, [getattr(pair, side) for pair in own]) for side in ("image_a", "image_b"))
            per_task.append(accuracy_without_ties([p.preference for p in own], preferences_from_scores(a, b)).accuracy)
        print(f"| {name} | {macro_average(per_task):.3f} |")
    if scorer.model.degradation is not None:
        print(f"F_p varies by {varies(weights, list(paths.values())[::4]):.2f} of its root mean square")


def _values(scores: dict[str, float], names: list[str]) -> NDArray[np.float64]:
    return np.array([scores[name] for name in names], dtype=np.float64)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
