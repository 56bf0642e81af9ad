"""Rankings of real photographs, for tests of the page."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter, ImageOps
from skimage import data

from fgresq.results import AlgorithmStanding, Candidate, ContentRanking, ImageScore, Provenance, Ranking

HOSTILE = "</script><img src=x onerror=alert(1)>"

PROVENANCE = Provenance(
    version="0.1.0",
    weights="compact",
    weights_sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    weights_note="untrained: these scores mean nothing yet",
    preprocessing="short side 256, centre 224",
    precision="fp32",
    device="cpu",
)


def photograph(name: str) -> Image.Image:
    """A 180 x 120 piece of a photograph that ships in scikit-image's wheel."""
    pixels = {"astronaut": data.astronaut, "coffee": data.coffee}[name]()
    return Image.fromarray(np.ascontiguousarray(pixels[60:180, 160:340]))


def _jpeg(image: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=8)
    return Image.open(buffer).convert("RGB")


RESTORATIONS: Mapping[str, Callable[[Image.Image], Image.Image]] = {
    "sharp": lambda image: image,
    "negative": ImageOps.invert,
    HOSTILE: lambda image: image.filter(ImageFilter.GaussianBlur(2)),
    "half\nsize": lambda image: image.resize((90, 60)),
    "müde 写真": _jpeg,
}


def make_ranking(folder: Path, contents: Sequence[str] = ("astronaut", "coffee")) -> Ranking:
    """Ranking of five restorations of each content, the earlier in RESTORATIONS always better.

    Names of contents that aren't photographs repeat the first photograph.
    """
    entries = []
    for number, content in enumerate(contents):
        source = photograph(content if content in ("astronaut", "coffee") else "astronaut")
        candidates = []
        for place, (algorithm, restore) in enumerate(RESTORATIONS.items()):
            path = folder / f"{number}-{place}.png"
            restore(source).save(path)
            candidates.append(Candidate(algorithm, str(path), 0.8 - 0.1 * place, 4 - place, 0, place))
        entries.append(ContentRanking(content, tuple(candidates), ("sharp",)))
    several = len(contents) > 1
    standings = tuple(
        AlgorithmStanding(
            place=place + 1,
            algorithm=algorithm,
            strength=2.0 - place,
            low=1.4 - place if several else None,
            high=2.6 - place if several else None,
            win_rate=1 - place / 4,
            wins=(4 - place) * len(contents),
            ties=0,
            losses=place * len(contents),
            mean_score=0.8 - 0.1 * place,
            contents=len(contents),
            not_separated_from=tuple(list(RESTORATIONS)[p] for p in (place - 1, place + 1) if several and 0 <= p < 5),
        )
        for place, algorithm in enumerate(RESTORATIONS)
    )
    matrix = tuple(tuple(None if a == b else float(a < b) for b in range(5)) for a in range(5))
    return Ranking(standings, matrix, tuple(entries), (), (), 0.95, 1000, 0, PROVENANCE)


def with_failures(ranking: Ranking) -> Ranking:
    """The same ranking with one image that failed and one that was missing."""
    failed = ImageScore("sharp/night.png", None, "is empty (0 bytes)")
    return replace(ranking, failures=(failed,), missing=((HOSTILE, "night"),))
