"""The people's sets as the benchmark reads them: `python benchmarks/people_sets.py OUT`.

Writes OUT/ganrest, OUT/pcuid and OUT/sr4kiqa, each with `images.csv` and, where people compared pairs within a content,
`pairs.csv`. See `human_preference.py` for what they are.

- ganrest: preferences of the majority of 31 observers, `equal` where they are split evenly. Super-resolved pictures
  stand beside ones freed of JPEG's artefacts; all count as one task, since they were compared.
- pcuid: MOS alone, since its pairs are of mixed contents. Enhancement under water is none of the six tasks.
- sr4kiqa: MOS. Where a picture and its reference differ in size, both are cropped to what they share from the top left
  corner, and written to OUT.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
import polars as pl
from rich.progress import track

from fgresq.images.decode import decode
from human_preference import STUDIES, Study

TASKS = {"ganrest": "SuperResolution", "pcuid": "", "sr4kiqa": "SuperResolution"}


def cropped(image: Path, reference: Path, folder: Path) -> tuple[Path, Path]:
    """Files of the two in one size."""
    pixels = [decode(path) for path in (image, reference)]
    if pixels[0].shape == pixels[1].shape:
        return image, reference
    height, width = np.minimum(pixels[0].shape, pixels[1].shape)[:2].tolist()
    paths = folder / image.with_suffix(".png").name, folder / f"{reference.stem}-{width}x{height}.png"
    for path, array in zip(paths, pixels, strict=True):
        if not cv2.imwrite(str(path), cv2.cvtColor(array[:height, :width], cv2.COLOR_RGB2BGR)):
            raise OSError(f"{path}: can't be written")
    return paths


def write(name: str, study: Study, folder: Path) -> None:
    """One set, as two CSVs."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for identity, (path, content, reference) in track(study.images.items(), name):
        image, pristine = (path, None) if reference is None else cropped(path, reference, folder)
        rows.append(
            {
                "image_id": identity,
                "path": str(image.absolute()),
                "source": name,
                "task": TASKS[name],
                "content": content,
                "algorithm": identity.removeprefix(content).strip("_-") or "unknown",
                "mos": study.mos.get(identity),
                "reference": None if pristine is None else str(pristine.absolute()),
            }
        )
    pl.DataFrame(rows).write_csv(folder / "images.csv")
    if name == "ganrest":
        judged = [(a, b, "equal" if x == y else "A" if x > y else "B") for a, b, x, y in study.pairs]
        pl.DataFrame(judged, schema=["image_a", "image_b", "preference"], orient="row").write_csv(folder / "pairs.csv")


def main() -> None:
    """Write all three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    for name, read in STUDIES.items():
        write(name, read(), out / name)


if __name__ == "__main__":
    main()
