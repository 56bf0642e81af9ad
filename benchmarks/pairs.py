"""Making pairs: seconds and memory, against the self-join that one would write first, each in a process of its own.

    python benchmarks/pairs.py [--contents 250]

The table of images is like PIPAL's: 98 + 20 + 20 images of three tasks a content, 1.28 million pairs of 250 contents.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time

import numpy as np
import polars as pl

from fgresq.curation.filters import CoarseFilter
from fgresq.curation.pairs import all_pairs, pair_batches
from fgresq.curation.tables import GROUP, IMAGE_TYPES
from fgresq.curation.tau import Tau

SIZES = {"SuperResolution": 98, "Denoising": 20, "MixtureRestoration": 20}
BATCH = 200_000
ROUNDS = 5


def table(contents: int) -> pl.DataFrame:
    """Images like PIPAL's, with scores like its."""
    generator = np.random.default_rng(0)
    rows = [
        (
            f"PIPAL/Distortion_1/A{content:05}_{task}_{number:02}.bmp",
            "/data/PIPAL",
            "PIPAL",
            task,
            f"PIPAL/A{content:05}",
        )
        for content in range(contents)
        for task, count in SIZES.items()
        for number in range(count)
    ]
    images = pl.DataFrame(rows, schema=("image_id", "path", "source", "task", "content"), orient="row")
    scores = pl.Series("mos", generator.normal(1450, 121, images.height))
    nothing = pl.lit(None, pl.String)
    return images.with_columns(scores, algorithm=pl.lit("m"), reference=nothing, scale=nothing).select(*IMAGE_TYPES)


def self_join(images: pl.DataFrame) -> int:
    """All ordered pairs of a group, of which half are thrown away."""
    part = images.select("image_id", "mos", *GROUP)
    joined = part.join(part, on=GROUP, nulls_equal=True, suffix="_b").filter(pl.col("image_id") < pl.col("image_id_b"))
    return joined.with_columns(mos_difference=(pl.col("mos") - pl.col("mos_b")).abs()).height


def in_batches(images: pl.DataFrame) -> int:
    """Pairs made and, as a build does, filtered, batch by batch."""
    coarse = CoarseFilter.for_images(images, {"PIPAL": Tau(normalised=0.1)})
    made = kept = 0
    for pairs in pair_batches(images, BATCH):
        made += pairs.height
        kept += coarse.keep(pairs).height
    assert 0 < kept < made
    return made


MODES = {"at once": lambda images: all_pairs(images).height, "in batches": in_batches, "self-join": self_join}


def measure(mode: str, contents: int) -> dict[str, float]:
    """Median seconds, and the peak of memory above that of the table of images."""
    images = table(contents)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, pairs = [], 0
    for _ in range(ROUNDS):
        start = time.perf_counter()
        pairs = MODES[mode](images)
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"pairs": pairs, "seconds": statistics.median(seconds), "peak": peak / 1024, "above": (peak - before) / 1024}


def main() -> None:
    """Measure each way in a process of its own and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contents", type=int, default=250)
    parser.add_argument("--mode", choices=MODES)
    arguments = parser.parse_args()
    if arguments.mode:
        print(json.dumps(measure(arguments.mode, arguments.contents)))
        return
    print(f"{'':12}{'pairs':>12}{'seconds':>10}{'peak RSS, MiB':>16}{'above images, MiB':>20}")
    for mode in MODES:
        command = [sys.executable, __file__, "--mode", mode, "--contents", str(arguments.contents)]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(f"{mode:12}{found['pairs']:>12,}{found['seconds']:>10.3f}{found['peak']:>16.0f}{found['above']:>20.0f}")


if __name__ == "__main__":
    main()
