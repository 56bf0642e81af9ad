"""Time of the bootstrap by content: `python benchmarks/bootstrap.py [--images 20000 --metrics 16 --contents 1000]`.

Simulated scores: MOS with ties (two decimals), every fourth metric with ties too, contents of random sizes. The peer is
the usual loop: write a resample's rows out, call SciPy for each metric. It is timed on a few resamples, in turn with
ours in one process, and scaled up; its results are compared with ours resample by resample. The machine may be shared:
read the ratios.
"""

import argparse
import math
import statistics
import time

import numpy as np
import scipy.stats

from fgresq.criteria.resampled_correlation import CRITERIA, Criterion, bootstrap_correlation
from fgresq.criteria.resampling import ContentDraw, accuracy_differences, bootstrap_accuracy, draw_contents

PEERS = {"srcc": scipy.stats.spearmanr, "plcc": scipy.stats.pearsonr, "krcc": scipy.stats.kendalltau}


def simulated(images: int, metrics: int, contents: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Scores, MOS, and the content of each image."""
    generator = np.random.default_rng(0)
    number = np.concatenate([np.arange(contents), generator.integers(0, contents, images - contents)])
    mos = (generator.normal(size=contents)[number] + generator.normal(size=images)).round(2)
    scores = mos[:, None] + generator.normal(size=(images, metrics)) * generator.uniform(0.3, 3, metrics)
    scores[:, ::4] = scores[:, ::4].round(2)
    return scores, mos, [f"content {k}" for k in number]


def peer(criterion: Criterion, scores: np.ndarray, mos: np.ndarray, weights: np.ndarray) -> list[float]:
    """One resample by the usual loop."""
    rows = np.repeat(np.arange(len(mos)), weights)
    return [PEERS[criterion](column[rows], mos[rows]).statistic for column in scores.T]


def measured(
    criterion: Criterion, scores: np.ndarray, mos: np.ndarray, draw: ContentDraw, threads: int, rounds: int
) -> None:
    """Both sides in turn; prints a row."""
    counts = next(draw.blocks())[:rounds].astype(int)
    ours, peers, apart = [], [], 0.0
    for turn in range(rounds):
        start = time.perf_counter()
        found = bootstrap_correlation(scores, mos, draw, criterion, threads)
        ours.append(time.perf_counter() - start)
        start = time.perf_counter()
        expected = peer(criterion, scores, mos, counts[turn][draw.content])
        peers.append((time.perf_counter() - start) * draw.resamples)
        apart = max(apart, float(np.abs(found.samples[turn] - expected).max()))
    ratios = [theirs / own for theirs, own in zip(peers, ours, strict=True)]
    print(
        f"| {criterion} | {draw.resamples:,} | {statistics.median(ours):.1f} | {min(ours):.1f} to {max(ours):.1f} "
        f"| {statistics.median(peers):.0f} | {statistics.median(ratios):.0f} | {min(ratios):.0f} to {max(ratios):.0f} "
        f"| {apart:.0e} |",
        flush=True,
    )


def print_coverage(trials: int = 600, images: int = 10) -> None:
    """How often 95 % intervals hold the true correlation of a model whose contents share most of what isn't MOS."""
    pearson = 2 / math.sqrt(2 * 3.04)
    true: dict[Criterion, float] = {
        "plcc": pearson,
        "srcc": 6 / math.pi * math.asin(pearson / 2),
    }  # of a bivariate normal distribution
    print("| contents | PLCC | SRCC |\n|---|---|---|")
    for contents in (4, 8, 20, 40, 100):
        generator = np.random.default_rng(contents)
        of = np.repeat(np.arange(contents), images)
        draw = draw_contents([f"content {k}" for k in of], 1000)
        held = dict.fromkeys(true, 0)
        for _ in range(trials):
            mos = generator.normal(size=contents)[of] + generator.normal(size=len(of))
            scores = mos + generator.normal(size=contents)[of] + 0.2 * generator.normal(size=len(of))
            for criterion, value in true.items():
                low, high = bootstrap_correlation(scores[:, None], mos, draw, criterion).interval()
                held[criterion] += int(low[0] <= value <= high[0])
        print(f"| {contents} | {held['plcc'] / trials:.0%} | {held['srcc'] / trials:.0%} |", flush=True)


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--metrics", type=int, default=16)
    parser.add_argument("--contents", type=int, default=1_000)
    parser.add_argument("--resamples", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--criteria", nargs="+", choices=sorted(CRITERIA), default=["srcc", "plcc"])
    parser.add_argument("--coverage", action="store_true", help="simulate how often intervals hold the true value")
    arguments = parser.parse_args()
    if arguments.coverage:
        print_coverage()
        return
    scores, mos, contents = simulated(arguments.images, arguments.metrics, arguments.contents)
    draw = draw_contents(contents, arguments.resamples)
    print(
        f"{arguments.images:,} images of {arguments.contents:,} contents, {arguments.metrics} metrics, "
        f"{arguments.threads} threads, {arguments.rounds} rounds"
    )
    print(
        "| criterion | resamples | s, median | lowest to highest | SciPy loop, s | ratio | range | largest difference |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for criterion in arguments.criteria:
        measured(criterion, scores, mos, draw, arguments.threads, arguments.rounds)
    start = time.perf_counter()
    outcomes = (scores > np.median(scores, axis=0)) == (mos > np.median(mos))[:, None]
    bootstrap_accuracy(outcomes.astype(np.float64), draw)
    accuracy_differences(outcomes.astype(np.float64), draw)
    print(f"accuracies and all their differences, {len(mos):,} pairs: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
