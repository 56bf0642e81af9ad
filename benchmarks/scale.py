"""What an image and a pair cost, and what Ray costs over processes: `python benchmarks/scale.py [ROUNDS]`.

The first table counts processor time of one thread, so that other work on the machine matters little. A pair's and an
image's share of SSIM are told apart by timing few and all pairs of the same images. Bytes moved are those that are sent
to a worker and back. The second table times the same work on two processes and on two workers of a Ray on this machine,
in turn, by the clock; its ratios mean something at any load, its seconds don't. Ray lowers its workers' priority by 15:
where others are at work too, run it under `nice -n 19`, so that both sides stand alike.
"""

import argparse
import multiprocessing
import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import combinations
from math import sqrt
from pathlib import Path
from statistics import median

os.environ["OMP_NUM_THREADS"] = "1"

import cv2
import numpy as np
import polars as pl
import skimage.data

from fgresq.curation.filters import CoarseFilter
from fgresq.curation.jnd.filtering import ContentPairs, ContentSsim, SizeRule, ssim_of_content
from fgresq.curation.jnd.model import jnd_map
from fgresq.curation.jnd.noise import JndNoise, add_jnd_noise
from fgresq.curation.jnd.reading import read_picture
from fgresq.curation.pipeline.judging import GivenThreshold, judge_pairs
from fgresq.curation.pipeline.workplace import Workplace
from fgresq.curation.tables import IMAGE_TYPES
from fgresq.curation.tau import Tau
from fgresq.metrics.ssim import grey_plane, ssim_of_pairs
from fgresq.workers import Engine, Map, engine

IMAGES, CONTENTS, SMALL_ITEMS = 40, 8, 1000
SIDES = (288, 512)


def write_content(folder: Path, side: int, suffix: str, name: str = "a") -> list[Path]:
    """A photograph with more and more noise."""
    pixels = cv2.resize(skimage.data.astronaut()[..., ::-1], (side, side), interpolation=cv2.INTER_AREA)
    generator, paths = np.random.default_rng(0), []
    for number in range(IMAGES):
        noisy = np.clip(np.rint(pixels + generator.normal(0, number / 4, pixels.shape)), 0, 255).astype(np.uint8)
        paths.append(folder / f"{name}-{side}-{number:02}{suffix}")
        cv2.imwrite(str(paths[-1]), noisy, [cv2.IMWRITE_JPEG_QUALITY, 90] if suffix == ".jpg" else [])
    return paths


def milliseconds(work: Callable[[], object], per: int) -> float:
    """Processor time of one call, over a number of things."""
    start = time.process_time()
    work()
    return 1000 * (time.process_time() - start) / per


def costs(folder: Path, side: int) -> dict[str, float]:
    """Processor milliseconds and bytes."""
    png, jpeg = (write_content(folder, side, suffix) for suffix in (".png", ".jpg"))
    images = [read_picture(path) for path in png]
    planes = [grey_plane(image) for image in images]
    every = np.array(list(combinations(range(IMAGES), 2)))
    chain = np.array([(number, number + 1) for number in range(0, IMAGES, 2)])
    few, all_pairs = (milliseconds(partial(ssim_of_pairs, planes, pairs), 1) for pairs in (chain, every))
    pair = (all_pairs - few) / (len(every) - len(chain))

    def noised() -> None:
        for image in images:
            noise = add_jnd_noise(image, jnd_map(image), JndNoise(), np.random.default_rng(0))
            ssim_of_pairs([grey_plane(image), grey_plane(noise)], np.array([[0, 1]]))

    content = ContentPairs("astronaut", tuple(png), every)
    sent = len(pickle.dumps(content)) + len(pickle.dumps(ssim_of_content(content)))
    return {
        "decode PNG, ms an image": milliseconds(lambda: [read_picture(path) for path in png], IMAGES),
        "decode JPEG, ms an image": milliseconds(lambda: [read_picture(path) for path in jpeg], IMAGES),
        "luma, ms an image": milliseconds(lambda: [grey_plane(image) for image in images], IMAGES),
        "moments, ms an image": (few - len(chain) * pair) / IMAGES,
        "SSIM, ms a pair": pair,
        "JND map, noise and SSIM, ms an image": milliseconds(noised, IMAGES),
        "PNG, KB an image": sum(path.stat().st_size for path in png) / IMAGES / 1000,
        "JPEG, KB an image": sum(path.stat().st_size for path in jpeg) / IMAGES / 1000,
        f"moved, bytes a pair ({len(every)} of a content)": sent / len(every),
    }


def peak_of(paths: list[Path]) -> float:
    """MiB of a fresh process that judges all pairs of some images (Linux)."""
    code = (
        "import sys; from itertools import combinations; from pathlib import Path; import cv2, numpy as np\n"
        "from fgresq.curation.jnd.filtering import ContentPairs, ssim_of_content\n"
        "cv2.setNumThreads(1); paths = tuple(map(Path, sys.argv[1:]))\n"
        "pairs = np.array(list(combinations(range(len(paths)), 2)))\n"
        "if paths: ssim_of_content(ContentPairs('a', paths, pairs))\n"
        "print(*(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    done = subprocess.run([sys.executable, "-c", code, *paths], check=True, capture_output=True, text=True)
    return int(done.stdout) / 1024


def driver(folder: Path, contents: int = 40, images: int = 140) -> float:
    """Processor microseconds a pair of everything but the pixels: making, coarse filter, sharing out, keeping."""
    rows = [
        (f"{content}/{number}", f"/data/{content:05}/{number:03}.png", "set", "Denoising", str(content), "m", 0.0)
        for content in range(contents)
        for number in range(images)
    ]
    table = pl.DataFrame(rows, schema=list(IMAGE_TYPES)[:7], orient="row")
    nothing = pl.lit(None, pl.String)
    table = table.with_columns(reference=nothing, scale=nothing).select(
        pl.col(c).cast(t) for c, t in IMAGE_TYPES.items()
    )

    def instant(_: object, items: Iterable[ContentPairs]) -> Iterator[ContentSsim]:
        for item in items:
            yield ContentSsim(np.full(len(item.pairs), 0.5), {}, {})

    def judge() -> None:
        judge_pairs(
            table, CoarseFilter.for_images(table, {"set": Tau()}), GivenThreshold(0.9, False), Workplace(folder),
            sizes=SizeRule.SKIP, map=instant, pause=10, progress=lambda done: None,
        )  # fmt: skip

    return 1000 * milliseconds(judge, contents * images * (images - 1) // 2)


def processor_seconds(pool: set[int]) -> tuple[float, float]:
    """Of this process and Ray's, and of this process and the pool's (Linux)."""
    used, parents = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        parents[int(folder.name)] = int(fields[1])
        used[int(folder.name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    below, last = set(), {os.getpid()}
    while last:
        last = {process for process, parent in parents.items() if parent in last}
        below |= last
    own = used[os.getpid()]
    return own + sum(used[process] for process in below - pool), own + sum(used[process] for process in pool)


def clocked(spread: Map, function: Callable[[object], object], items: list[object]) -> float:
    """Seconds until all results are here."""
    start = time.perf_counter()
    for _ in spread(function, items):
        pass
    return time.perf_counter() - start


def compare_engines(folder: Path, rounds: int) -> None:
    """Ray over processes, the workers standing ready; and what starting them takes."""
    pairs = np.array(list(combinations(range(IMAGES), 2)))
    contents = []
    for number in range(CONTENTS):
        paths = write_content(folder, SIDES[0], ".png", f"content{number}")
        contents.append(ContentPairs(str(number), tuple(paths), pairs))
    works = {
        f"JND filter, {CONTENTS} contents of {IMAGES} images {SIDES[0]}x{SIDES[0]}": (ssim_of_content, contents),
        f"{SMALL_ITEMS} items that take no time": (sqrt, list(range(SMALL_ITEMS))),
    }
    started = {}
    times: dict[str, list[tuple[float, ...]]] = {name: [] for name in works}
    start = time.perf_counter()
    with engine(Engine.RAY, 2) as by_ray:
        clocked(by_ray, ssim_of_content, contents[:4])
        started["ray"] = time.perf_counter() - start
        start = time.perf_counter()
        with engine(Engine.PROCESSES, 2) as by_processes:
            clocked(by_processes, ssim_of_content, contents[:4])
            started["processes"] = time.perf_counter() - start
            pool = {child.pid for child in multiprocessing.active_children() if child.pid}
            for _ in range(rounds):
                for name, (function, items) in works.items():
                    before = processor_seconds(pool)
                    ray = clocked(by_ray, function, items)
                    between = processor_seconds(pool)
                    other = clocked(by_processes, function, items)
                    after = processor_seconds(pool)
                    times[name].append((ray, other, between[0] - before[0], after[1] - between[1]))
    print(f"\n| work | Ray over processes, median | lowest to highest | Ray, s | processes, s |\n{'|---' * 5}|")
    for name, rows in times.items():
        for kind, first in (("by the clock", 0), ("processor time of all", 2)):
            ratios = [row[first] / row[first + 1] for row in rows]
            ray, other = (median(row[column] for row in rows) for column in (first, first + 1))
            ends = f"{min(ratios):.2f} to {max(ratios):.2f}"
            print(f"| {name}, {kind} | {median(ratios):.2f} | {ends} | {ray:.2f} | {other:.2f} |")
    print(f"| start and four contents, once | | | {started['ray']:.1f} | {started['processes']:.1f} |")
    print(f"\nload {os.getloadavg()[0]:.1f}")


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser()
    options.add_argument("rounds", type=int, nargs="?", default=5)
    options.add_argument("--only-engines", action="store_true")
    chosen = options.parse_args()
    rounds = chosen.rounds
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        if chosen.only_engines:
            compare_engines(Path(folder), rounds)
            return
        tables = {side: [costs(Path(folder), side) for _ in range(rounds)] for side in SIDES}
        print(f"| |{'|'.join(f' {side}x{side} ' for side in SIDES)}|\n|---{'|---' * len(SIDES)}|")
        for name in tables[SIDES[0]][0]:
            cells = " | ".join(f"{median(found[name] for found in tables[side]):.3g}" for side in SIDES)
            print(f"| {name} | {cells} |")
        peaks = " | ".join(f"{peak_of(write_content(Path(folder), side, '.png')):.0f}" for side in SIDES)
        print(
            f"| peak of a process with a content of {IMAGES}, MiB ({peak_of([]):.0f} without) | {peaks} |", flush=True
        )
        compare_engines(Path(folder), rounds)


if __name__ == "__main__":
    main()
