"""Stage 1: the degradation encoder learns what was restored (eq. 4)."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from fgresq.data.batches import ImageBatch, collate_images
from fgresq.data.datasets import TASKS, ScoredImages
from fgresq.data.samplers import BatchPlan, OnePerTaskBatches, PlainBatches
from fgresq.errors import WeightsError
from fgresq.losses.contrastive import contrastive_multi_positive
from fgresq.model.build import build_encoder
from fgresq.records import Split
from fgresq.training import distributed
from fgresq.training.config import RANDOM, DegradationConfig
from fgresq.training.stages.base import Batch, Inputs, Scores, Stage
from fgresq.training.stages.clip import clip_encoder, clip_text_features
from fgresq.training.stages.networks import TaskAlignment
from fgresq.training.stages.samples import (
    Sides,
    augmentation,
    calibrate,
    drop,
    evaluation_batches,
    trained_on,
    training_batches,
)


class DegradationStage(Stage):
    """Trains `TaskAlignment`; the accuracy of naming the task decides the best checkpoint."""

    criterion = "task_accuracy"

    def __init__(self, sides: Sides, config: DegradationConfig) -> None:
        torch.manual_seed(config.seed)
        self.config = config
        self.network: TaskAlignment = _network(config)
        self.split = sides.recorded
        data = (sides.manifest, sides.inputs)
        self.train = ScoredImages(*data, sides.split.train_images, augmentation(config), unscored=True)
        self.held_out = {side: ScoredImages(*data, sides.split.images(side), unscored=True) for side in sides.held_out}
        counts = {Split.TRAIN: len(self.train), **{side: len(images) for side, images in self.held_out.items()}}
        self.trained_on = trained_on(sides, config, "images", counts, self.train.sources)
        self.plan = self._plan()
        calibrate(self.network.encoder, sides)
        drop(self.network.encoder, config.dropout)

    def parameter_groups(self) -> list[dict[str, Any]]:
        """The encoder at its rate, projection, task table and scale at the heads'."""
        encoder = list(self.network.encoder.parameters())
        inside = {id(parameter) for parameter in encoder}
        rest = [p for p in self.network.parameters() if id(p) not in inside and p.requires_grad]
        return [{"params": encoder, "peak": self.config.rate}, {"params": rest, "peak": self.config.head_rate}]

    def steps(self, epoch: int) -> int:
        """Batches, the same number in every epoch."""
        del epoch
        return len(self.plan)

    def batches(self, epoch: int, skip: int) -> Iterator[Batch]:
        """Images as inputs, tasks as labels."""
        batch: ImageBatch
        for batch in training_batches(self.train, self.plan, collate_images, self.config.workers, epoch, skip):
            yield Batch((batch.images,), (batch.tasks,), batch.image_ids)

    def loss(self, outputs: Tensor, labels: Inputs) -> tuple[Tensor, Mapping[str, float]]:
        """Eq. 4 on logits; with one image a task the multi-positive form is the paper's own."""
        tasks = torch.eye(outputs.shape[1], device=outputs.device)
        return contrastive_multi_positive(outputs, tasks, labels[0]), {}

    @torch.inference_mode()
    def evaluate(self, network: nn.Module, side: Split) -> Scores:
        """Share of a side's images whose task is named right, and the share of the most frequent task.

        With "/task" behind the name, the share among the images of each task that there are.
        """
        was_training = network.training
        network.eval()
        device = next(network.parameters()).device
        samples = self.held_out[side]
        counts, right = (torch.zeros(len(TASKS), dtype=torch.int64) for _ in range(2))
        for batch, images in evaluation_batches(samples, collate_images, self.config.batch_size, device):
            named = network(images).argmax(dim=1).cpu()
            counts += torch.bincount(batch.tasks, minlength=len(TASKS))
            right += torch.bincount(batch.tasks[named == batch.tasks], minlength=len(TASKS))
        network.train(was_training)
        scores: Scores = {
            "task_accuracy": int(right.sum()) / len(samples),
            "most_frequent_task": int(counts.max()) / len(samples),
        }
        per_task = zip(TASKS, right.tolist(), counts.tolist(), strict=True)
        return scores | {f"task_accuracy/{task.value}": hits / count for task, hits, count in per_task if count}

    def export(self, network: nn.Module) -> Mapping[str, Any]:
        """The encoder for stage 2."""
        assert isinstance(network, TaskAlignment)  # noqa: S101 - tells the type checker
        encoder = network.encoder.state_dict()
        return {
            "encoder": self.config.encoder,
            "preprocessing": str(self.config.preprocessing),
            "weights": encoder,
        }

    def _plan(self) -> BatchPlan:
        config, where = self.config, {"rank": distributed.rank(), "world_size": distributed.world_size()}
        if config.batches == "diagonal":
            return OnePerTaskBatches(self.train.tasks, seed=config.seed, **where)
        return PlainBatches(len(self.train), config.batch_size, seed=config.seed, **where)


def _network(config: DegradationConfig) -> TaskAlignment:
    texts = None
    if config.text is not None:
        phrases = [config.phrases[task] for task in TASKS]
        texts = clip_text_features(
            config.text, [[p.replace("{task}", said) for p in config.prompts] for said in phrases]
        )
    if config.initial not in (None, RANDOM):
        encoder, projection = clip_encoder(config.initial)
    else:
        encoder = build_encoder(config.encoder, config.preprocessing.part_side)
        width = config.embedding_dim if texts is None else texts.shape[1]
        projection = nn.Linear(encoder.feature_dim, width, bias=False)
    if texts is None:
        return TaskAlignment(encoder, projection, torch.randn(len(TASKS), projection.out_features), learned=True)
    if texts.shape[1] != projection.out_features:
        raise WeightsError(
            f"{config.text}: its text features have {texts.shape[1]} numbers, the image features of {config.initial} "
            f"{projection.out_features}; take both from one CLIP"
        )
    return TaskAlignment(encoder, projection, texts, learned=False)
