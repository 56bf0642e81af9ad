"""Speed of SSIM, the JND map and the JND filter, as ratios in one run: `python benchmarks/curation.py [ROUNDS]`.

Needs the extra `bench` (pytorch-msssim). One thread on every side. A round times the peers and then ours; the table
shows the median of the rounds' ratios, the lowest and the highest. One-core rows count processor time, so that others
on the machine don't matter. 2 processes against 1 counts the clock, and means something on an idle machine only
(`--no-processes` leaves it out); the row below it says what the clock would show if both cores were free: processor
time of one process over that of the busier worker and the parent together, as if nothing of these overlapped.
"""

import argparse
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

os.environ["OMP_NUM_THREADS"] = "1"

import cv2
import numpy as np
import polars as pl
import pytorch_msssim
import skimage.data
import torch
from skimage.metrics import structural_similarity

from fgresq.curation.jnd.filtering import filter_unnoticeable
from fgresq.curation.jnd.model import jnd_map
from fgresq.curation.jnd.noise import JndNoise
from fgresq.curation.jnd.threshold import JndThreshold
from fgresq.metrics.ssim import grey_plane, ssim_of_pairs
from fgresq.workers import processes

IMAGES, SIDE = 116, 288
PEER_PAIRS, PEER_BATCH = 160, 16
CONTENTS = 12
PHOTOGRAPHS = ("astronaut", "coffee", "chelsea", "rocket")
THRESHOLD = JndThreshold(
    ssim=0.98, interval=None, confidence=0.95, resamples=2000, seed=0, noise=JndNoise(), matlab_downsampling=False,
    wanted=1, images=(), made_by="benchmark",
)  # fmt: skip


def content(photograph: str, side: int, count: int) -> list[np.ndarray]:
    """One photograph, noisy, blurred and brightened in many strengths: RGB, 8 bits."""
    whole = getattr(skimage.data, photograph)()[:400, :400]
    pixels = cv2.resize(whole, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32)
    generator = np.random.default_rng(0)
    made = []
    for number in range(count):
        strength = 1 + number // 3
        noisy = pixels + generator.normal(0, strength, pixels.shape)
        changed = (noisy, cv2.GaussianBlur(pixels, (0, 0), 0.3 + 0.05 * strength), pixels * (1 + 0.01 * strength))
        made.append(np.clip(np.rint(changed[number % 3]), 0, 255).astype(np.uint8))
    return made


def seconds(work: Callable[[], object], clock: Callable[[], float] = time.process_time) -> float:
    """Time of one call."""
    start = clock()
    work()
    return clock() - start


def row(name: str, ratios: list[float], goal: str, details: str) -> None:
    """One row of the table."""
    print(
        f"| {name} | {median(ratios):.2f} | {min(ratios):.2f} to {max(ratios):.2f} | {goal} | {details} |", flush=True
    )


def processor_seconds(pid: int) -> float:
    """What a process has used so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peer_ssim(x: np.ndarray, y: np.ndarray) -> float:
    """scikit-image's form of the same SSIM."""
    return structural_similarity(
        x,
        y,
        data_range=255 if x.dtype == np.uint8 else 1,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )


def time_pairs(rounds: int) -> None:
    """All pairs of a content, a pair; the peers on a sample of them."""
    planes = [grey_plane(image / np.float32(255)) for image in content("astronaut", SIDE, IMAGES)]
    pairs = np.array([(a, b) for a in range(IMAGES) for b in range(a)])
    sample = pairs[:: len(pairs) // PEER_PAIRS][:PEER_PAIRS]
    tensors = torch.from_numpy(np.stack(planes))[:, None]

    def msssim(batch: int) -> list[float]:
        values = []
        for part in np.split(sample, len(sample) // batch):
            answer = pytorch_msssim.ssim(tensors[part[:, 0]], tensors[part[:, 1]], data_range=1, size_average=False)
            values += answer.tolist()
        return values

    def ours() -> np.ndarray:
        return ssim_of_pairs(planes, pairs)

    def skimage_ssim() -> list[float]:
        return [peer_ssim(planes[a], planes[b]) for a, b in sample]

    known = dict(zip(map(tuple, pairs.tolist()), ours(), strict=True))
    for name, values in (("pytorch-msssim", msssim(1)), ("scikit-image", skimage_ssim())):
        gap = max(abs(value - known[pair]) for pair, value in zip(map(tuple, sample.tolist()), values, strict=True))
        print(f"largest difference from {name}: {gap:.1e}")
    print("\n| what | ratio, median | lowest to highest | goal | medians |\n|---|---|---|---|---|")
    times = []
    for _ in range(rounds):
        peers = [seconds(lambda: msssim(1)), seconds(lambda: msssim(PEER_BATCH)), seconds(skimage_ssim)]
        times.append([1000 * t / len(sample) for t in peers] + [1000 * seconds(ours) / len(pairs)])
    one, many, scikit, mine = np.array(times).T
    text = f"{{:.2f}} ms a pair, ours {np.median(mine):.3f}"
    name = f"SSIM, {len(pairs)} pairs of {IMAGES} images {SIDE}x{SIDE}, against"
    row(f"{name} pytorch-msssim, pair by pair", list(one / mine), "4", text.format(np.median(one)))
    row(f"{name} the same in batches of {PEER_BATCH}", list(many / mine), "-", text.format(np.median(many)))
    row(f"{name} scikit-image (float32)", list(scikit / mine), "6", text.format(np.median(scikit)))


def time_map(rounds: int) -> None:
    """A JND map against one SSIM, a call."""
    image = skimage.data.astronaut()
    unit = image / np.float32(255)
    eight_bits = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    blurred = cv2.GaussianBlur(eight_bits, (0, 0), 1)
    single = [(plane / 255).astype(np.float32) for plane in (eight_bits, blurred)]
    calls = 10
    times = []
    for _ in range(rounds):
        double = seconds(lambda: [peer_ssim(eight_bits, blurred) for _ in range(calls)])
        half = seconds(lambda: [peer_ssim(*single) for _ in range(calls)])
        times.append([1000 * t / calls for t in (double, half, seconds(lambda: [jnd_map(unit) for _ in range(calls)]))])
    double, half, mine = np.array(times).T
    for kind, peer in (("8-bit planes", double), ("float32 planes", half)):
        details = f"map {np.median(mine):.1f} ms, SSIM {np.median(peer):.1f} ms"
        row(f"JND map of 512x512 RGB over one scikit-image SSIM, {kind}", list(mine / peer), "under 3", details)


def time_filter(rounds: int, folder: Path) -> None:
    """The whole filter, files and tables included, on 2 processes against 1; the processes stand ready."""
    images, pairs = [], []
    for number in range(CONTENTS):
        names = []
        for place, pixels in enumerate(content(PHOTOGRAPHS[number % len(PHOTOGRAPHS)], SIDE, 48)):
            names.append(f"{number:02}/{place:03}")
            path = folder / f"{number:02}-{place:03}.png"
            cv2.imwrite(str(path), pixels[..., ::-1])
            images.append((names[-1], str(path)))
        pairs += [(f"{number:02}", a, b) for place, b in enumerate(names) for a in names[:place]]
    image_table = pl.DataFrame(images, schema=["image_id", "path"], orient="row")
    pair_table = pl.DataFrame(pairs, schema=["content", "image_a", "image_b"], orient="row")
    halves = [pair_table.filter(pl.col("content").cast(pl.Int64) % 2 == rest) for rest in (0, 1)]
    half = partial(filter_unnoticeable, images=image_table, threshold=THRESHOLD)
    ratios, alone, together, bounds, apart = [], [], [], [], []
    with processes(2) as spread:
        few = pair_table.filter(pl.col("content").is_in(["00", "01", "02", "03"]))
        filter_unnoticeable(few, image_table, THRESHOLD, map=spread)
        workers = [child.pid for child in multiprocessing.active_children() if child.pid]
        for _ in range(rounds):
            start = time.process_time()
            alone.append(seconds(lambda: filter_unnoticeable(pair_table, image_table, THRESHOLD), time.perf_counter))
            of_one, before = time.process_time() - start, [processor_seconds(pid) for pid in workers]
            work = lambda: filter_unnoticeable(pair_table, image_table, THRESHOLD, map=spread)  # noqa: E731
            start = time.process_time()
            together.append(seconds(work, time.perf_counter))
            of_parent = time.process_time() - start
            of_workers = [processor_seconds(pid) - earlier for pid, earlier in zip(workers, before, strict=True)]
            apart.append(seconds(lambda: list(spread(half, halves)), time.perf_counter))
            ratios.append(alone[-1] / together[-1])
            bounds.append(of_one / (max(of_workers) + of_parent))
    name = f"JND filter, {len(pairs)} pairs of {len(images)} PNG files {SIDE}x{SIDE}: 1 process over 2"
    row(name, ratios, "1.8", f"{median(alone):.2f} s and {median(together):.2f} s; load {os.getloadavg()[0]:.1f}")
    row("the same by processor time", bounds, "1.8", f"{len(workers)} workers")
    control = [side / ours for side, ours in zip(apart, together, strict=True)]
    row("two filters of one process side by side, half each, over ours on 2", control, "0.9", f"{median(apart):.2f} s")


def main() -> None:
    """Measure and print a Markdown table."""
    options = argparse.ArgumentParser()
    options.add_argument("rounds", type=int, nargs="?", default=5)
    options.add_argument("--no-processes", action="store_true")
    options.add_argument("--only-processes", action="store_true")
    chosen = options.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    if not chosen.only_processes:
        time_pairs(chosen.rounds)
        time_map(chosen.rounds)
    if not chosen.no_processes:
        with tempfile.TemporaryDirectory() as folder:
            time_filter(chosen.rounds, Path(folder))


if __name__ == "__main__":
    main()
