"""Why noise of one sign is the default: the threshold of random signs would drop pairs that people tell apart.

31 people judged pairs of 8 photographs and their restorations (`../shared/data/ganrest`).
"""

import csv
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from fgresq.curation.jnd.filtering import filter_unnoticeable
from fgresq.curation.jnd.noise import JndNoise
from fgresq.curation.jnd.threshold import jnd_threshold


def judged_pairs(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Pairs whose images are here, with the share of people on the side of the majority."""
    files = {path.stem.rstrip("_"): path for path in (folder / "images").rglob("*.png")}
    pairs = []
    with (folder / "results" / "jdg.csv").open(newline="", encoding="utf-8-sig") as file:
        for _, *row in list(csv.reader(file))[1:]:
            a, b = ("_".join(filter(None, [f"{int(row[k]):05}", row[k + 1], row[k + 2]])) for k in (0, 3))
            if a in files and b in files:
                share = np.mean([int(vote) for vote in row[6:]])
                pairs.append((a[:5], a, b, max(share, 1 - share)))
    images = pl.DataFrame({"image_id": list(files), "path": list(map(str, files.values()))})
    return pl.DataFrame(pairs, schema=["content", "image_a", "image_b", "majority"], orient="row"), images


@pytest.mark.shared
def test_people_tell_apart_what_random_signs_would_drop(shared: Path) -> None:
    pairs, images = judged_pairs(shared / "data" / "ganrest")
    photographs = sorted((shared / "data" / "bsds500" / "test").glob("*.jpg"))[:40]
    as_printed = jnd_threshold(photographs)
    random = jnd_threshold(photographs, noise=JndNoise(sign="random"))
    judged = filter_unnoticeable(pairs, images, as_printed).pairs
    assert judged.height == 195
    assert judged["kept"].all()
    dropped = judged.filter(pl.col("ssim") > random.ssim)
    assert dropped.height > 30
    # By chance three quarters of 31 people agree in one pair of 300.
    assert dropped["majority"].mean() > 0.8
    assert (dropped["majority"] >= 0.75).mean() > 0.6
