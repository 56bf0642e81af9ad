"""Full-reference metrics against people, and their cost: `python benchmarks/full_reference.py --store scores.json`.

Of `human_preference.py`'s sets the two with references: ganrest (153 pairs with a clear majority, eight contents) and
sr4kiqa (SRCC with MOS within each of the three contents whose reference is there, the mean). Pictures of two sizes are
cut to what they share from the top left corner, and with `--centre SIDE` to that part of its middle (sr4kiqa is 4K, and
a pair takes half a minute of a core). Scores are stored as they come, so an interrupted run goes on; a store is of one
`--centre`.

Intervals: 95 % percentiles of 2,000 resamples of contents; of three contents they say little.
Cost: CPU seconds of one thread for a pair of 512x512, decoded, the fastest of five in turn.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from fgresq.images.decode import decode
from fgresq.images.unit import to_unit
from fgresq.metrics.gmsd import mean_gradient_similarity
from fgresq.metrics.lite.distances import distances
from fgresq.metrics.native import metric
from human_preference import SHARED, STUDIES, Floats, evaluate, shown

Picture = NDArray[np.float32]
Judge = Callable[[Picture, Picture], Sequence[float]]

NATIVE = ("psnr", "psnr-luma", "ssim", "ms-ssim", "gmsd", "vif")
LITE, GRADIENTS = ("lite-dists", "lite-lpips"), "gradients at 1/4"
AGAINST = ("psnr", "gmsd")


def native(name: str) -> Judge:
    """A native metric so that higher is better."""
    found = metric(name)
    return lambda image, reference: [found.card.oriented(found(image, reference))]


def lite(image: Picture, reference: Picture) -> list[float]:
    """Both distances, turned so that higher is better."""
    y, x = (torch.from_numpy(np.ascontiguousarray(each.transpose(2, 0, 1))) for each in (image, reference))
    return [-float(each) for each in distances(x, y)]


JUDGES: Mapping[tuple[str, ...], Judge] = {
    **{(name,): native(name) for name in NATIVE},
    LITE: lite,
    (GRADIENTS,): lambda image, reference: [mean_gradient_similarity(image, reference)],
}


def pair(image: Path, reference: Path, centre: int | None) -> tuple[Picture, Picture]:
    """Both, in the size that they share; or the middle of that."""
    x, y = (to_unit(decode(path)) for path in (image, reference))
    height, width = np.minimum(x.shape, y.shape)[:2].tolist()
    top, left = (0, 0) if centre is None else (max(side - centre, 0) // 2 for side in (height, width))
    cut = slice(top, height - top), slice(left, width - left)
    return np.ascontiguousarray(x[cut]), np.ascontiguousarray(y[cut])


def fill(store: dict[str, dict[str, float]], path: Path, centre: int | None) -> None:
    """Score what isn't stored."""
    for key in ("ganrest", "sr4kiqa"):
        study = STUDIES[key]()
        for name, (image, _, reference) in track(study.images.items(), key, transient=True):
            todo = [names for names in JUDGES if name not in store.setdefault(f"{key}/{names[-1]}", {})]
            pictures = pair(image, reference, centre) if todo and reference is not None else None
            for names in todo:
                scores = [float("nan")] * len(names) if pictures is None else JUDGES[names](*pictures)
                for each, score in zip(names, scores, strict=True):
                    store.setdefault(f"{key}/{each}", {})[name] = score
            if todo:
                path.write_text(json.dumps(store))


def seconds() -> dict[str, float]:
    """Of each metric on two 512x512 cuts of ganrest."""
    image, reference, *_ = sorted((SHARED / "ganrest" / "images" / "Original").glob("*.png"))
    x, y = (np.ascontiguousarray(to_unit(decode(path))[:512, :512]) for path in (image, reference))
    fastest: dict[str, float] = {}
    for _ in range(5):
        for names, judge in JUDGES.items():
            start = time.process_time()
            judge(x, y)
            took = time.process_time() - start
            fastest |= {name: min(fastest.get(name, float("inf")), took) for name in names}
    return fastest


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, default=Path("full_reference.json"))
    parser.add_argument("--centre", type=int, metavar="SIDE")
    arguments = parser.parse_args()
    path = arguments.store
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    store: dict[str, dict[str, float]] = json.loads(path.read_text()) if path.is_file() else {}
    fill(store, path, arguments.centre)
    studies = {key: STUDIES[key]() for key in ("ganrest", "sr4kiqa")}
    found: dict[str, dict[str, Floats]] = {name: evaluate(name, studies, store) for names in JUDGES for name in names}
    cost = seconds()
    columns = ("ganrest acc", "ganrest votes", "sr4kiqa srcc")
    table = Table("metric", *columns, *(f"ganrest lead over {other}" for other in AGAINST), "seconds", box=None)
    for name, figures in found.items():
        leads = (shown(figures["ganrest acc"] - found[other]["ganrest acc"]) for other in AGAINST)
        table.add_row(name, *(shown(figures[column]) for column in columns), *leads, f"{cost[name]:.3f}")
    console = Console(width=200)
    console.print(table)
    console.print(f"ganrest: {int(found['psnr']['ganrest n'][0])} pairs")


if __name__ == "__main__":
    main()
