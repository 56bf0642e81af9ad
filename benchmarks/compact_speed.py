"""Speed and memory of the weights that ship: `python benchmarks/compact_speed.py [ROUNDS]`.

Images a second of `score` at 512x512, decoding included, beside decoding alone (what no model can beat), and the peak
memory of a process that scores a folder of 1,000 such images. PNG and JPEG files of photographs from scikit-image's
wheel.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import fgresq
from fgresq.images.decode import decode
from speed import photographs

FOLDER_IMAGES = 1000


def as_jpeg(paths: list[Path]) -> list[Path]:
    """The same pictures as JPEG files."""
    from PIL import Image

    found = []
    for path in paths:
        found.append(path.with_suffix(".jpg"))
        with Image.open(path) as image:
            image.save(found[-1], quality=92)
    return found


def peak_memory(folder: Path) -> float:
    """Largest resident size, in MB, of `fgresq score` on a folder."""
    command = [str(Path(sys.executable).with_name("fgresq")), "score", str(folder), "--output", str(folder / "s.csv")]
    subprocess.run(command, check=True, capture_output=True)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def main(rounds: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        png = photographs(folder)
        scorer = fgresq.load("compact", device="cpu")
        for kind, paths in (("PNG", png), ("JPEG", as_jpeg(png))):
            scorer.score(paths[:8])
            rates, decodes = [], []
            for _ in range(rounds):
                start = time.perf_counter()
                scorer.score(paths)
                rates.append(len(paths) / (time.perf_counter() - start))
                start = time.perf_counter()
                for path in paths:
                    decode(path)
                decodes.append(len(paths) / (time.perf_counter() - start))
            spread = f"{min(rates):.1f} to {max(rates):.1f}"
            print(f"| {kind} | {median(rates):.1f} ({spread}) | {median(decodes):.0f} on one thread |")
        many = folder / "many"
        many.mkdir()
        for index in range(FOLDER_IMAGES):
            (many / f"{index:04d}.png").hardlink_to(png[index % len(png)])
        print(f"peak memory of `fgresq score` on {FOLDER_IMAGES} images: {peak_memory(many):.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
