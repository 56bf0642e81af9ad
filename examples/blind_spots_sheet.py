"""Draws what the default weights get wrong: `python examples/blind_spots_sheet.py docs/images/compact-blind-spots.png`.

A photograph of scikit-image beside the faults whose growth `benchmarks/known_truth.py` finds them to misjudge most,
each with the probability that the weights give to the photograph being better.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import skimage.data

import fgresq


def main(path: Path) -> None:
    """Compare, and draw side by side."""
    photograph = skimage.data.chelsea()
    warm = photograph * np.array([1.35, 1.0, 1 / 1.35])
    faults = {
        "black point 30": (photograph - 30.0) * 255 / 225,
        "black point 50": (photograph - 50.0) * 255 / 205,
        "warm cast 1.35": warm,
        "30 % brighter": photograph * 1.3,
    }
    scorer = fgresq.load("compact", device="cpu")
    figure, axes = plt.subplots(1, 5, figsize=(13, 2.4), layout="constrained")
    axes[0].imshow(photograph)
    axes[0].set_title("the photograph", fontsize=10)
    for axis, (name, values) in zip(axes[1:], faults.items(), strict=True):
        picture = np.rint(np.clip(values, 0, 255)).astype(np.uint8)
        better = scorer.compare(photograph, picture).p_a_better
        axis.imshow(picture)
        axis.set_title(f"{name}\nP(photograph better) {better:.2f}", fontsize=10)
    for axis in axes:
        axis.axis("off")
    figure.savefig(path, dpi=90)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
