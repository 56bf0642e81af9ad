"""Speed against the authors' procedure, as ratios measured in one run: `python benchmarks/speed.py [ROUNDS]`.

Every round times both sides, one after the other, so that a machine whose speed drifts slows both. Weights are random
(time doesn't depend on them), images are photographs from scikit-image's wheel. The ratio of a round is peer / ours;
the table shows the median of the rounds, the lowest and the highest.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import skimage.data
import torch
from PIL import Image

import fgresq
from authors_procedure import AuthorsProcedure
from fgresq.model.build import build, variant
from fgresq.model.checkpoints import Training, save_checkpoint
from fgresq.scoring.scorer import Scorer

IMAGES = 64
CANDIDATES = 40
PAIRS_TIMED = 6
PAIRS = CANDIDATES * (CANDIDATES - 1) // 2


def photographs(folder: Path) -> list[Path]:
    """Sixty-four different PNG files of about 512x512."""
    sources = [getattr(skimage.data, name)() for name in ("astronaut", "coffee", "chelsea", "rocket")]
    paths = []
    for index in range(IMAGES):
        source = Image.fromarray(sources[index % len(sources)]).convert("RGB")
        shift = index // len(sources)
        path = folder / f"{index:02d}.png"
        source.crop((shift, shift, source.width - 16 + shift, source.height - 16 + shift)).resize((512, 512)).save(path)
        paths.append(path)
    return paths


def weights_file(folder: Path) -> Path:
    """Random weights of the released model's size."""
    torch.manual_seed(0)
    config = variant("released")
    model = build(config)
    torch.nn.init.normal_(model.degradation.prompt.prompt_mlp.weight, std=0.05)
    path = folder / "released-size.safetensors"
    save_checkpoint(path, model, config, Training(note="random, for timing", trained=False))
    return path


def seconds(work: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def report(name: str, rounds: list[tuple[float, float]], goal: float) -> None:
    """One row: the ratio and the seconds behind it."""
    ratios = [peer / ours for peer, ours in rounds]
    print(
        f"| {name} | {median(ratios):.2f} | {min(ratios):.2f} to {max(ratios):.2f} | {goal:g} "
        f"| {median(peer for peer, _ in rounds):.1f} | {median(ours for _, ours in rounds):.2f} |"
    )


def accuracy(peer: AuthorsProcedure, scorer: Scorer, paths: list[Path]) -> float:
    """Largest difference of a score from the peer's."""
    return max(abs(peer.score(path) - result.score) for path, result in zip(paths, scorer.score(paths), strict=True))


def main(rounds: int) -> None:
    """Measure and print a Markdown table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths, weights = photographs(folder), weights_file(folder)
        peer = AuthorsProcedure(weights)
        exact = fgresq.load(weights, device="cpu")
        rough = fgresq.load(weights, device="cpu", precision="bf16")
        print(f"{torch.get_num_threads()} threads, {rounds} rounds; PyTorch {torch.__version__}")
        print(f"largest difference in score: fp32 {accuracy(peer, exact, paths[:8]):.1e}", end="")
        print(f", bf16 {accuracy(peer, rough, paths[:8]):.1e}\n")
        candidates = {path.stem: {"content": path} for path in paths[:CANDIDATES]}
        score, score_rough, rank = [], [], []
        for _ in range(rounds):
            one_by_one = seconds(lambda: [peer.score(path) for path in paths])
            score.append((one_by_one, seconds(lambda: exact.score(paths))))
            score_rough.append((one_by_one, seconds(lambda: rough.score(paths))))
            some_pairs = seconds(lambda: [peer.compare(paths[i], paths[i + 1]) for i in range(PAIRS_TIMED)])
            rank.append((some_pairs * PAIRS / PAIRS_TIMED, seconds(lambda: exact.rank(candidates))))
        print("| what | ratio, median | lowest to highest | goal | peer, s | ours, s |\n|---|---|---|---|---|---|")
        report(f"score {IMAGES} images, fp32", score, 2)
        report(f"score {IMAGES} images, bf16", score_rough, 3.5)
        report(f"rank {CANDIDATES} images of one content ({PAIRS} pairs; peer from {PAIRS_TIMED} pairs)", rank, 50)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
