"""What a network that scores, and perhaps compares, says of a side that isn't trained on."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from fgresq.criteria.agreement import (
    Judgements,
    accuracy_without_ties,
    macro_average,
    preferences_from_scores,
    three_class_accuracy,
)
from fgresq.criteria.correlation import plcc, srcc
from fgresq.data.datasets import TASKS, JudgedPairs
from fgresq.model.fgresq import FGResQ
from fgresq.records import ImageRecord
from fgresq.scoring.ranking import preferred
from fgresq.training.stages.base import Scores
from fgresq.training.stages.networks import PairNetwork, ScoreNetwork

_FEW = 3


@torch.inference_mode()
def judge(
    network: nn.Module,
    batches: Iterator[tuple[Any, Tensor]],
    pairs: JudgedPairs,
    records: Sequence[ImageRecord],
) -> Scores:
    """Score every image once, and every pair from what is known of its images.

    Args:
        network: `PairNetwork` or `ScoreNetwork`.
        batches: the images of `records`, in order.
        pairs: judged pairs of these images.
        records: the images.

    Returns:
        "srcc", "plcc" (against the MOS), "acc" (human ties dropped, a predicted tie counts one half), "acc_three"
        (three classes) and, for a network that compares, "acc_score" (from the scores instead): macro averages over
        tasks, and with "/task" behind the name those of each task. None where one is undefined.
    """
    was_training = network.training
    network.eval()
    row = {record.image_id: index for index, record in enumerate(records)}
    a = torch.tensor([row[pair.image_a] for pair in pairs.pairs])
    b = torch.tensor([row[pair.image_b] for pair in pairs.pairs])
    if isinstance(network, PairNetwork):
        features = torch.cat([network.features(images).cpu() for _, images in batches])
        logits, compared = _of_model(network.model, features, a, b)
    else:
        assert isinstance(network, ScoreNetwork)  # noqa: S101 - the stages have no other
        logits = torch.cat([network.scores(images).cpu() for _, images in batches]).double().numpy()
        compared = None
    network.train(was_training)
    by_score = preferences_from_scores(logits[a.numpy()], logits[b.numpy()])
    scores = _correlations(logits, records)
    scores |= _accuracies("acc", pairs, by_score if compared is None else compared)
    if compared is not None:
        scores |= {k: v for k, v in _accuracies("acc_score", pairs, by_score).items() if "three" not in k}
    return scores


def _of_model(model: FGResQ, features: Tensor, a: Tensor, b: Tensor) -> tuple[Float[np.ndarray, " n"], Judgements]:
    device = next(model.parameters()).device
    features = features.to(device)
    logits = model.regression.logits(features).double().cpu().numpy()
    probabilities = model.preference(features[a.to(device)], features[b.to(device)]).cpu()
    return logits, [preferred(*row) for row in probabilities.tolist()]


def _correlations(scores: Float[np.ndarray, " n"], records: Sequence[ImageRecord]) -> Scores:
    """Within each source of a task, since MOS of two sources can't be compared, then the mean over its sources."""
    found: Scores = {}
    for name, measure in (("srcc", srcc), ("plcc", plcc)):
        per_task: list[float | None] = []
        for task in TASKS:
            rows = [i for i, record in enumerate(records) if record.task is task and record.mos is not None]
            if not rows:
                continue
            values = []
            for source in sorted({records[i].source for i in rows}):
                members = [i for i in rows if records[i].source == source]
                mos = np.array([records[i].mos for i in members], dtype=np.float64)
                values.append(measure(scores[members], mos) if len(members) >= _FEW else None)
            per_task.append(macro_average(values))
            found[f"{name}/{task.value}"] = per_task[-1]
        found[name] = macro_average(per_task)
    return found


def _accuracies(name: str, pairs: JudgedPairs, predicted: Judgements) -> Scores:
    found: Scores = {}
    for suffix, measure in (("", accuracy_without_ties), ("_three", three_class_accuracy)):
        per_task: list[float | None] = []
        for task in TASKS:
            rows = [i for i, of in enumerate(pairs.tasks) if of is task]
            if not rows:
                continue
            human = [pairs.pairs[i].preference for i in rows]
            per_task.append(measure(human, [predicted[i] for i in rows]).accuracy)
            found[f"{name}{suffix}/{task.value}"] = per_task[-1]
        found[f"{name}{suffix}"] = macro_average(per_task)
    return found
