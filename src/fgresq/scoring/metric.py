"""FGResQ with any weights, as a metric that scores and compares; `fgresq.metrics.registry` names it."""

import multiprocessing
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import fgresq
from fgresq.errors import UserError, WeightsError
from fgresq.metrics.base import Item, MetricCard, PairScore, Score
from fgresq.metrics.catalogue import card_of
from fgresq.metrics.runners import MetricSettings, Missing, Runner
from fgresq.model.store import locate, sha256_of
from fgresq.seen import Seen

if TYPE_CHECKING:
    from fgresq.model.fgresq import Order
    from fgresq.scoring.scorer import Scorer

_AT_ONCE = 64
# Raised when the same weights come to give other scores: another preprocessing, another head.
_VERSION = 1


@dataclass(frozen=True, slots=True)
class ModelMetric:
    """A scorer as a metric."""

    card: MetricCard
    scorer: "Scorer"
    order: "Order"

    def score(self, items: Sequence[Item]) -> list[Score]:
        """As `Metric`."""
        found, _ = self.scorer.judge([Path(image) for image, _ in items])
        return [Score(score.score, score.error) for score in found]

    def compare(self, pairs: Sequence[tuple[str, str]]) -> list[PairScore]:
        """As `PairMetric`; an image is encoded once, however many of the pairs it is in."""
        number = {path: n for n, path in enumerate(dict.fromkeys(path for pair in pairs for path in pair))}
        found, comparisons = self.scorer.judge(
            [Path(path) for path in number], [(number[a], number[b]) for a, b in pairs], order=self.order
        )
        scores = [Score(score.score, score.error) for score in found]
        return [
            PairScore(
                None if answer is None else answer.preference,
                None if answer is None else answer.p_a_better,
                None if answer is None else answer.p_b_better,
                None if answer is None else answer.p_equal,
                (scores[number[a]], scores[number[b]]),
            )
            for (a, b), answer in zip(pairs, comparisons, strict=True)
        ]


def describe(name: str) -> MetricCard:
    """The card of `fgresq:FILE`: FGResQ with weights of one's own, or with some that have a name."""
    weights = name.partition(":")[2]
    if not weights:
        raise UserError(f"{name}: names no weights; write fgresq:FILE")
    card = card_of("fgresq")
    title = card.title if weights == card.engine_name else f"FGResQ ({Path(weights).name})"
    return card.model_copy(update={"name": name, "metric": "fgresq", "title": title, "engine_name": weights})


def _missing(card: MetricCard, settings: MetricSettings) -> Missing | None:
    try:
        locate(card.engine_name)
    except WeightsError as error:
        return Missing(str(error))
    return None


def _identify(card: MetricCard, settings: MetricSettings) -> MetricCard:
    """By the weights' hash. The device isn't part of it: scores agree between devices to about 1e-5."""
    located = locate(card.engine_name)
    more = {"compares": True, "note": f"weights {card.engine_name}", "seen": _seen(located.path), "at_once": _AT_ONCE}
    return card.model_copy(update=more).identified(
        version=f"{_VERSION}.{card.revision}",
        parameters=sha256_of(located.path),
        settings=f"{settings.precision}, comparisons in the {settings.order} order",
    )


def _seen(path: Path) -> Seen | None:
    """What weights say that they have seen; the authors' don't say it."""
    from fgresq.model.checkpoints import is_ours, read_header  # noqa: PLC0415 - brings torch

    return read_header(path)[1].seen if is_ours(path) else None


def _open(card: MetricCard, settings: MetricSettings) -> ModelMetric:
    if multiprocessing.parent_process() is not None:
        import torch  # noqa: PLC0415 - processes that judge by other metrics do without it

        torch.set_num_threads(1)  # one of several processes that share the cores
    scorer = fgresq.load(
        card.engine_name, device=settings.device, precision=settings.precision, batch_size=settings.batch_size
    )
    # Processes that share one GPU would each fill its memory.
    spreads = scorer.provenance.device == "cpu"
    return ModelMetric(card.model_copy(update={"spreads": spreads}), scorer, cast("Order", settings.order))


RUNNER = Runner(_missing, _identify, _open, describe)
