"""Answers that the active order saves: `python benchmarks/active_order.py [CONTENTS]`.

Simulated observers judge images with known scores, in both orders, and the ranking so far is compared with the truth
after every round of as many answers as a spanning tree has pairs. The table shows, for each target of the mean SRCC,
the answers a content that each order needs, linear between rounds. The interval resamples contents.
"""

import sys
import time

import numpy as np

from fgresq.annotation.active.simulation import Curves, compare_orders
from fgresq.criteria.uncertainty import bootstrap_counts

SETTINGS = ((10, 4, 1.0), (10, 4, 2.0), (20, 3, 1.0), (20, 3, 2.0))  # images a content, passes, spread of scores
TARGETS = (0.8, 0.85, 0.9, 0.95)
RESAMPLES = 1000


def main(contents: int) -> None:
    """Simulate every setting and print a table."""
    print("| images | spread | SRCC | random | active | saved | 95 % interval |\n|---|---|---|---|---|---|---|")
    started = time.perf_counter()
    for images, passes, spread in SETTINGS:
        curves = compare_orders(images=images, contents=contents, passes=passes, spread=spread)
        for target in TARGETS:
            saving = curves.saving(target)
            if saving.share is not None:
                needed = f"{saving.random:.0f} | {saving.active:.0f} | {saving.share:.0%}"
                print(f"| {images} | {spread:g} | {target} | {needed} | {interval(curves, target)} |", flush=True)
    print(f"\n{contents} contents each, {time.perf_counter() - started:.0f} s")


def interval(curves: Curves, target: float) -> str:
    """Of the saving, over contents; where a resample doesn't reach the target, only how often that is."""
    counts = bootstrap_counts(len(curves.random), RESAMPLES, seed=0)
    shares = []
    for row in counts:
        drawn = np.repeat(np.arange(len(row)), row)
        share = Curves(curves.answers, curves.random[drawn], curves.active[drawn]).saving(target).share
        shares.append(np.nan if share is None else share)
    missing = np.isnan(shares).mean()
    if missing > 0.025:
        return f"{missing:.0%} of resamples don't get there"
    low, high = np.nanquantile(shares, [0.025, 0.975])
    return f"{low:.0%} to {high:.0%}"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 250)
