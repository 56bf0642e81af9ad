"""Declarations by name."""

from collections.abc import Iterable, Mapping
from functools import cache

from fgresq.errors import UserError
from fgresq.metrics.base import MetricSpec
from fgresq.metrics.catalogue import fgresq, full_reference, language_models, networks, vision_language
from fgresq.metrics.native import NATIVE
from fgresq.names import nearest

# As the paper's tables list them: full-reference ones, then those without a reference.
PAPER = (
    "psnr",
    "ssim",
    "lpips",
    "dists",
    "afine",
    "niqe",
    "ilniqe",
    "brisque",
    "dbcnn",
    "hyperiqa",
    "metaiqa",
    "liqe",
    "clipiqa",
    "qalign",
    "deqa-score",
    "compare2score",
    "fgresq",
)


def declaration(name: str) -> MetricSpec:
    """The declaration of a metric.

    Raises:
        UserError: there is none of that name; the nearest names are listed.
    """
    known = _by_name()
    if name not in known:
        raise UserError(f"no metric is called {name!r}; {nearest(name.lower(), known)}")
    return known[name]


def declarations() -> tuple[MetricSpec, ...]:
    """All declarations: native ones first, then by what runs them."""
    return tuple(_by_name().values())


@cache
def _by_name() -> Mapping[str, MetricSpec]:
    return table(
        (
            *NATIVE.values(),
            *fgresq.SPECS,
            *full_reference.SPECS,
            *networks.SPECS,
            *vision_language.SPECS,
            *language_models.SPECS,
        )
    )


def table(specs: Iterable[MetricSpec]) -> Mapping[str, MetricSpec]:
    """A table of declarations.

    Raises:
        ValueError: two have one name, or two of one engine stand for the same thing.
    """
    found: dict[str, MetricSpec] = {}
    runs: dict[tuple[str, str], str] = {}
    for spec in specs:
        if spec.name in found:
            raise ValueError(f"two metrics are called {spec.name}")
        found[spec.name] = spec
        if spec.engine_name and runs.setdefault((spec.engine, spec.engine_name), spec.name) != spec.name:
            other = runs[spec.engine, spec.engine_name]
            raise ValueError(f"{other} and {spec.name} are both {spec.engine_name} of the engine {spec.engine}")
    return found
