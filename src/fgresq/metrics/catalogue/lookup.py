"""Cards by name."""

import re
from collections.abc import Iterable, Mapping
from functools import cache

from fgresq.errors import UserError
from fgresq.metrics.base import MetricCard
from fgresq.metrics.catalogue import composites, fgresq, full_reference, language_models, networks, vision_language
from fgresq.metrics.native import NATIVE
from fgresq.names import nearest

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

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


def card_of(name: str) -> MetricCard:
    """The card of a metric.

    Raises:
        UserError: there is none of that name; the nearest names are listed.
    """
    known = _by_name()
    if name not in known:
        raise UserError(f"no metric is called {name!r}; {nearest(name.lower(), known)}")
    return known[name]


def cards() -> tuple[MetricCard, ...]:
    """All cards: native ones first, then by what runs them."""
    return tuple(_by_name().values())


@cache
def _by_name() -> Mapping[str, MetricCard]:
    return table(
        (
            *NATIVE.values(),
            *fgresq.CARDS,
            *full_reference.CARDS,
            *networks.CARDS,
            *vision_language.CARDS,
            *language_models.CARDS,
            *composites.CARDS,
        )
    )


def table(of: Iterable[MetricCard]) -> Mapping[str, MetricCard]:
    """A table of cards.

    Raises:
        ValueError: a card lacks what all in the catalogue have, two have one name, or two of one engine stand for the
            same thing.
    """
    found: dict[str, MetricCard] = {}
    runs: dict[tuple[str, str], str] = {}
    for card in of:
        if not _NAME.fullmatch(card.name) or not card.citation:
            raise ValueError(f"{card.name}: a metric of the catalogue has a name like ms-ssim, and a citation")
        if (card.engine == "native") != (card.engine_name == ""):
            raise ValueError(f"{card.name}: an engine that isn't native has a name for it, and only such a one")
        if card.name in found:
            raise ValueError(f"two metrics are called {card.name}")
        found[card.name] = card
        if card.engine_name and runs.setdefault((card.engine, card.engine_name), card.name) != card.name:
            other = runs[card.engine, card.engine_name]
            raise ValueError(f"{other} and {card.name} are both {card.engine_name} of the engine {card.engine}")
    return found
