"""Do probabilities mean what they say? `python benchmarks/calibration.py MANIFEST [WEIGHTS] [--picture FILE.png]`.

On the pairs of the contents that `configs/compact-quality.yaml` holds out: of the answers given with a probability of
about p, a share of p should be right. Prints the expected calibration error (ECE) of the most probable answer and of
each of the three, over ten bins of equal width, and draws the reliability diagram. Copies are among the pairs: the mean
P(equal) of those is printed apart.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import fgresq
from fgresq.data.splits import split_by_content
from fgresq.manifest import read_manifest
from fgresq.records import Preference

SHARE, SEED, BINS = 0.1, 0, 10
CLASSES = (Preference.A, Preference.B, Preference.EQUAL)

Floats = NDArray[np.float64]


def reliability(probability: Floats, right: Floats) -> tuple[list[tuple[float, float, int]], float]:
    """Mean probability, share right and count of each bin that has any; and the ECE."""
    place = np.minimum((probability * BINS).astype(int), BINS - 1)
    rows = [
        (float(probability[place == b].mean()), float(right[place == b].mean()), int((place == b).sum()))
        for b in range(BINS)
        if (place == b).any()
    ]
    return rows, sum(n * abs(p - r) for p, r, n in rows) / len(probability)


def answers(folder: Path, weights: str) -> tuple[Floats, NDArray[np.int64], Floats]:
    """Probabilities (n, 3), classes (n,), and P(equal) of copies, of the held-out pairs."""
    manifest = read_manifest(folder)
    split = split_by_content(manifest, SHARE, SEED, SHARE)
    pairs = [manifest.pairs[index] for index in split.test_pairs]
    images = {image.image_id: image for image in manifest.images}
    names = sorted({name for pair in pairs for name in (pair.image_a, pair.image_b)})
    place = {name: number for number, name in enumerate(names)}
    scorer = fgresq.load(weights, device="cpu")
    _, found = scorer.judge(
        [manifest.path_of(images[name]) for name in names],
        [(place[pair.image_a], place[pair.image_b]) for pair in pairs],
    )
    rows = np.array([[one.p_a_better, one.p_b_better, one.p_equal] for one in found if one is not None])
    if len(rows) != len(pairs):
        raise SystemExit(f"{len(pairs) - len(rows)} of {len(pairs)} pairs have an image that can't be read")
    classes = np.array([CLASSES.index(pair.preference) for pair in pairs if pair.preference is not None])
    copied = ["copy of" in images[p.image_a].algorithm + images[p.image_b].algorithm for p in pairs]
    return rows, classes, rows[np.array(copied) & (classes == CLASSES.index(Preference.EQUAL)), 2]


def draw(rows: list[tuple[float, float, int]], ece: float, path: Path) -> None:
    """The reliability diagram of the most probable answer."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(4.2, 4.0), layout="constrained")
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=1, label="as it should be")
    axes.plot([p for p, *_ in rows], [r for _, r, _ in rows], marker="o", label=f"compact (ECE {ece:.3f})")
    for p, r, n in rows:
        axes.annotate(f"{n:,}", (p, r), textcoords="offset points", xytext=(6, -10), fontsize=7, color="0.35")
    axes.set(xlabel="probability of the answer", ylabel="share of answers that are right", xlim=(0.3, 1), ylim=(0.3, 1))
    axes.legend(frameon=False, loc="upper left")
    figure.savefig(path, dpi=130)


def main() -> None:
    """Print and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("weights", nargs="?", default="compact")
    parser.add_argument("--picture", type=Path)
    arguments = parser.parse_args()
    probabilities, classes, copies = answers(arguments.manifest, arguments.weights)
    said = probabilities.argmax(axis=1)
    rows, ece = reliability(probabilities.max(axis=1), (said == classes).astype(np.float64))
    print(f"{len(classes)} pairs; the most probable answer is right in {np.mean(said == classes):.3f}; ECE {ece:.3f}")
    for p, r, n in rows:
        print(f"| {p:.3f} | {r:.3f} | {n} |")
    for number, name in enumerate(CLASSES):
        _, of_class = reliability(probabilities[:, number], (classes == number).astype(np.float64))
        mean, share = probabilities[:, number].mean(), np.mean(classes == number)
        print(f"ECE of P({name}): {of_class:.3f}; mean P {mean:.3f}, share {share:.3f}")
    print(f"P(equal) of {len(copies)} copies: mean {copies.mean():.3f}, least {copies.min():.3f}")
    if arguments.picture is not None:
        draw(rows, ece, arguments.picture)


if __name__ == "__main__":
    main()
