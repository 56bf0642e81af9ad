"""FGResQ with any weights, as a judge that scores and compares."""

import multiprocessing
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import fgresq
from fgresq.benchmark.judges.base import Declaration, PairVerdict, Subject, Verdict
from fgresq.metrics.base import MetricSpec
from fgresq.model.store import locate, sha256_of
from fgresq.seen import Seen

if TYPE_CHECKING:
    from fgresq.model.fgresq import Order
    from fgresq.scoring.scorer import Scorer

_AT_ONCE = 64
# Raised when the same weights come to give other scores: another preprocessing, another head.
_VERSION = 1


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """How FGResQ runs.

    Attributes:
        device, precision, batch_size: as for `fgresq.load`.
        order: of its comparisons, as for `Scorer.compare`.
    """

    device: str = "auto"
    precision: str = "fp32"
    batch_size: int | None = None
    order: str = "symmetric"


def declare_model(name: str, spec: MetricSpec, weights: str, settings: ModelSettings) -> Declaration:
    """The declaration of FGResQ with some weights.

    Args:
        name: what it was asked for by.
        spec: of the catalogue.
        weights: a name or a file, as for `fgresq.load`.
        settings: how it runs. The device isn't part of what it is: scores agree between devices to about 1e-5.

    Raises:
        WeightsError: no such weights, or they aren't on this machine.
        CheckpointError: a file of our form whose header is damaged.
    """
    located = locate(weights)
    named = weights == spec.engine_name
    return Declaration(
        name=name,
        metric=spec.name,
        title=spec.title if named else f"FGResQ ({Path(weights).name})",
        full_reference=False,
        higher_is_better=True,
        compares=True,
        engine="fgresq",
        version=f"{_VERSION}.{spec.revision}",
        parameters=sha256_of(located.path),
        settings=f"{settings.precision}, comparisons in the {settings.order} order",
        note=f"weights {weights}",
        seen=_seen(located.path),
    )


def _seen(path: Path) -> Seen | None:
    """What weights say that they have seen; the authors' don't say it."""
    from fgresq.model.checkpoints import is_ours, read_header  # noqa: PLC0415 - brings torch

    return read_header(path)[1].seen if is_ours(path) else None


@dataclass(frozen=True, slots=True)
class ModelJudge:
    """A scorer as a judge."""

    declaration: Declaration
    scorer: "Scorer"
    order: "Order"
    at_once: int = _AT_ONCE

    @property
    def spreads(self) -> bool:
        """On a CPU only: processes that share one GPU would each fill its memory."""
        return self.scorer.provenance.device == "cpu"

    def scores(self, subjects: Sequence[Subject]) -> list[Verdict]:
        """As `Judge`."""
        found, _ = self.scorer.judge([Path(subject.image) for subject in subjects])
        return [Verdict(score.score, score.error) for score in found]

    def compare(self, pairs: Sequence[tuple[str, str]]) -> list[PairVerdict]:
        """As `PairJudge`; an image is encoded once, however many of the pairs it is in."""
        number = {path: n for n, path in enumerate(dict.fromkeys(path for pair in pairs for path in pair))}
        scores, comparisons = self.scorer.judge(
            [Path(path) for path in number], [(number[a], number[b]) for a, b in pairs], order=self.order
        )
        verdicts = [Verdict(score.score, score.error) for score in scores]
        return [
            PairVerdict(
                None if found is None else found.preference,
                None if found is None else found.p_a_better,
                None if found is None else found.p_b_better,
                None if found is None else found.p_equal,
                (verdicts[number[a]], verdicts[number[b]]),
            )
            for (a, b), found in zip(pairs, comparisons, strict=True)
        ]


def open_model(declaration: Declaration, weights: str, settings: ModelSettings) -> ModelJudge:
    """FGResQ, its weights loaded.

    Raises:
        WeightsError, CheckpointError, UserError: as `fgresq.load`.
    """
    if multiprocessing.parent_process() is not None:
        import torch  # noqa: PLC0415 - processes that judge by other metrics do without it

        torch.set_num_threads(1)  # one of several processes that share the cores
    scorer = fgresq.load(weights, device=settings.device, precision=settings.precision, batch_size=settings.batch_size)
    return ModelJudge(declaration, scorer, cast("Order", settings.order))
