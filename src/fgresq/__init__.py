"""Fine-grained quality assessment of restored images: score an image, compare two, rank algorithms.

What stands in `__all__` here is the public API; docs/python.md shows it.

>>> import fgresq
>>> scorer = fgresq.load()
>>> scorer.score("restored.png").score  # doctest: +SKIP
0.71

Importing this package imports neither torch nor weights; `load` does.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING

from fgresq import errors
from fgresq.errors import FgresqError, ImageError, UserError
from fgresq.records import Preference
from fgresq.version import __version__

if TYPE_CHECKING:
    from fgresq.manifest import read_manifest
    from fgresq.metrics.base import Metric, MetricCard, Score
    from fgresq.metrics.registry import metric
    from fgresq.results import Comparison, ImageScore, ImageScores, Provenance, Ranking
    from fgresq.scoring.ranking import RankingSettings
    from fgresq.scoring.scorer import Scorer

__all__ = [
    "Comparison",
    "FgresqError",
    "ImageError",
    "ImageScore",
    "ImageScores",
    "Metric",
    "MetricCard",
    "Preference",
    "Provenance",
    "Ranking",
    "RankingSettings",
    "Score",
    "Scorer",
    "UserError",
    "__version__",
    "errors",
    "load",
    "metric",
    "read_manifest",
]

# Where the names are that bring NumPy, Polars or torch; each is imported when it is first asked for.
_LATER = {
    "metric": "fgresq.metrics.registry",
    "Metric": "fgresq.metrics.base",
    "MetricCard": "fgresq.metrics.base",
    "Score": "fgresq.metrics.base",
    "read_manifest": "fgresq.manifest",
    "Comparison": "fgresq.results",
    "ImageScore": "fgresq.results",
    "ImageScores": "fgresq.results",
    "Provenance": "fgresq.results",
    "Ranking": "fgresq.results",
    "RankingSettings": "fgresq.scoring.ranking",
    "Scorer": "fgresq.scoring.scorer",
}


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(_LATER[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})


def load(
    weights: "str | os.PathLike[str]" = "compact",
    *,
    device: str = "auto",
    precision: str = "fp32",
    batch_size: int | None = None,
) -> "Scorer":
    """Load weights and return a `Scorer`.

    Args:
        weights: "compact" (ships with the package), "released" (the authors', after `fgresq weights fetch released`),
            or the path of a weights file: the authors' `.pth` or one of ours.
        device: "auto" (CUDA if there is one, else the CPU), "cpu", "cuda", "cuda:1", "mps".
        precision: of the encoders: "fp32", "bf16" (on any processor; scores within 0.01), or on a GPU "fp16".
        batch_size: images a forward pass; shows in the last digits of results only (about 1e-7). Default: 8 on a CPU,
            128 elsewhere.

    Raises:
        fgresq.errors.WeightsError: no such weights, or they aren't on this machine yet.
        fgresq.errors.CheckpointError: a file that doesn't hold exactly this model's tensors.
        fgresq.errors.UserError: an unknown precision, or a device that isn't here.
    """
    from fgresq.scoring.load import load_scorer  # noqa: PLC0415 - torch takes a second to import

    return load_scorer(weights, device=device, precision=precision, batch_size=batch_size)
