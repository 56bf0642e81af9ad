"""Stage 2: score and comparison from judged pairs (eq. 6 to 9); and baselines under the same scene-aware loss."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from fgresq.data.batches import PairBatch, as_unit_range, collate_images, collate_pairs
from fgresq.data.datasets import JudgedPairs, ScoredImages, source_names
from fgresq.data.samplers import SceneBatches
from fgresq.errors import UserError
from fgresq.losses.fidelity import balanced_source_weights, scene_fidelity
from fgresq.losses.ranking import binary_ranking, three_class_ranking
from fgresq.losses.total import total
from fgresq.model.build import ModelConfig, build
from fgresq.model.fgresq import FGResQ
from fgresq.names import first_few
from fgresq.records import Split
from fgresq.seen import Seen
from fgresq.training import checkpoint, distributed
from fgresq.training.config import RANDOM, BaselineConfig, QualityConfig
from fgresq.training.stages.base import Batch, Inputs, Scores, Stage
from fgresq.training.stages.baselines import baseline, require_sample_by_sample
from fgresq.training.stages.clip import clip_encoder
from fgresq.training.stages.evaluation import judge
from fgresq.training.stages.networks import PairNetwork, ScoreNetwork, last_layers, load_encoder
from fgresq.training.stages.samples import (
    Sides,
    augmentation,
    calibrate,
    drop,
    evaluation_batches,
    require_judged_pairs,
    trained_on,
    training_batches,
)
from fgresq.training.trained_on import TrainedOn

# Columns of `PairNetwork`: two scores, then the comparison's logits in both orders.
_SCORES = 2
# What a preference becomes when A and B change places: B better, A better, equal.
_SWAPPED = (1, 0, 2)
_COLDEST, _HOTTEST = 0.05, 20.0


class PairStage(Stage):
    """What stage 2 and the baselines share: scene-aware batches of judged pairs, and their evaluation.

    An epoch visits every judged pair of the training side once; images are trained on as members of their pairs.
    """

    criterion = "acc"
    scenes: Literal["source", "pair"] = "source"

    def __init__(self, network: nn.Module, sides: Sides, config: QualityConfig | BaselineConfig) -> None:
        require_judged_pairs(sides)
        self.network = network
        self.config = config
        self.split = sides.recorded
        data = (sides.manifest, sides.inputs)
        self.train = JudgedPairs(*data, sides.split.train_pairs, augmentation(config))
        self.held_out = {
            side: (
                JudgedPairs(*data, sides.split.pairs(side)),
                ScoredImages(*data, sides.split.images(side), unscored=True),
            )
            for side in sides.held_out
        }
        where = {"rank": distributed.rank(), "world_size": distributed.world_size()}
        counts = {Split.TRAIN: len(self.train), **{side: len(pairs) for side, (pairs, _) in self.held_out.items()}}
        self.trained_on = trained_on(sides, config, "pairs", counts, self.train.sources)
        self.plan = SceneBatches(self.train.sources, config.batch_size, seed=config.seed, **where)
        self._source_names = source_names(sides.manifest)
        self._scored = np.array(self.train.scored)
        self.source_weights = self._balanced(0)

    def steps(self, epoch: int) -> int:
        """Batches, the same number in every epoch."""
        del epoch
        return len(self.plan)

    def batches(self, epoch: int, skip: int) -> Iterator[Batch]:
        """Both images as inputs; preference, MOS of both and source as labels."""
        self.source_weights = self._balanced(epoch)
        batch: PairBatch
        for batch in training_batches(self.train, self.plan, collate_pairs, self.config.workers, epoch, skip):
            yield Batch(
                (batch.a, batch.b),
                (batch.preferences, batch.mos_a, batch.mos_b, batch.sources),
                [f"{a} | {b}" for a, b in batch.image_ids],
            )

    def scene_loss(self, outputs: Tensor, labels: Inputs) -> Tensor:
        """Eq. 6 and 7 over all images of the batch, each once for every pair that it is in; or over each pair alone."""
        _, mos_a, mos_b, scenes = labels
        weights = self.source_weights.to(outputs.device)
        if self.scenes == "pair":
            weights = weights[scenes] / len(scenes)
            scenes = torch.arange(len(scenes), device=scenes.device)
        return scene_fidelity(
            torch.cat([outputs[:, 0], outputs[:, 1]]),
            torch.cat([mos_a, mos_b]),
            torch.cat([scenes, scenes]),
            probability=self.config.probability,
            source_weights=weights,
        )

    def _balanced(self, epoch: int) -> Tensor:
        """The weights of eq. 7, from all batches of an epoch: within one, which is of a single source, all would be 1.

        A batch counts if it has two images with MOS; others add nothing to the loss.
        """
        counted = [batch[0] for batch in self.plan.plan(epoch) if self._scored[batch].sum() > 1]
        sources = [self._source_names.index(self.train.sources[index]) for index in counted]
        counts = torch.bincount(torch.tensor(sources, dtype=torch.int64), minlength=len(self._source_names))
        return balanced_source_weights(counts)

    def evaluate(self, network: nn.Module, side: Split) -> Scores:
        """SRCC and PLCC of scores, ACC of pairs by both tie rules, per task and as macro averages."""
        device = next(network.parameters()).device
        pairs, images = self.held_out[side]
        batches = evaluation_batches(images, collate_images, self.config.batch_size, device)
        return judge(network, batches, pairs, images.records)


class QualityStage(PairStage):
    """Trains FGResQ."""

    config: QualityConfig

    def __init__(self, sides: Sides, config: QualityConfig, model_config: ModelConfig) -> None:
        torch.manual_seed(config.seed)
        self.model_config = model_config
        self.scenes = config.scenes
        stage_one = None if config.without_degradation else _stage_one(config, sides)
        super().__init__(PairNetwork(_model(config, model_config, sides, stage_one)), sides, config)
        if stage_one is not None:
            both = self.trained_on.seen.with_all_of(stage_one.seen)
            self.trained_on = self.trained_on.model_copy(update={"seen": both})

    def parameter_groups(self) -> list[dict[str, Any]]:
        """What is trained of the encoders at their rate, everything else at the heads'."""
        model = self.network.model
        assert isinstance(model, FGResQ)  # noqa: S101 - tells the type checker
        encoders = [p for encoder in model.encoders() for p in encoder.parameters()]
        inside = {id(parameter) for parameter in encoders}
        rest = [p for p in model.parameters() if id(p) not in inside and p.requires_grad]
        trained = [p for p in encoders if p.requires_grad]
        return [{"params": trained, "peak": self.config.rate}, {"params": rest, "peak": self.config.head_rate}]

    def loss(self, outputs: Tensor, labels: Inputs) -> tuple[Tensor, Mapping[str, float]]:
        """Eq. 9; the ranking loss is the mean over both orders of each pair."""
        preferences = labels[0]
        swapped = torch.tensor(_SWAPPED, device=preferences.device)[preferences]
        forward, backward = outputs[:, _SCORES:].chunk(2, dim=-1)
        scene = self.scene_loss(outputs, labels)
        rank = (self._ranking(forward, preferences) + self._ranking(backward, swapped)) / 2
        weights = {"scene_weight": self.config.scene_weight, "rank_weight": self.config.rank_weight}
        return total(scene, rank, **weights), {"scene": scene.item(), "rank": rank.item()}

    @torch.inference_mode()
    def temperature(self, model: FGResQ) -> float:
        """What the comparison's logits must be divided by so that probabilities mean what they say.

        The temperature at which the validation side's labels are likeliest, of 0.05 to 20 in steps of 1 %.

        Reference: Guo et al. 2017, "On Calibration of Modern Neural Networks".
        """
        network = PairNetwork(model).eval()
        rows, labels = [], []
        for batch in DataLoader(
            self.held_out[Split.VALIDATION][0], batch_size=self.config.batch_size, collate_fn=collate_pairs
        ):
            rows.append(network(as_unit_range(batch.a), as_unit_range(batch.b))[:, _SCORES:].double())
            labels.append(batch.preferences)
        (forward, backward), label = torch.cat(rows).chunk(2, dim=-1), torch.cat(labels)
        at = torch.logspace(math.log10(_COLDEST), math.log10(_HOTTEST), 600, dtype=torch.float64)
        likelihoods = []
        for value in at:
            both = torch.softmax(forward / value, -1) + torch.softmax(backward / value, -1)[:, list(_SWAPPED)]
            likelihoods.append((both / 2).gather(1, label[:, None]).clamp_min(1e-12).log().mean())
        return float(at[torch.stack(likelihoods).argmax()])

    @torch.inference_mode()
    def score_logits(self, model: FGResQ) -> Tensor:
        """Of the validation side's images, the scores before the sigmoid."""
        network = PairNetwork(model).eval()
        images = self.held_out[Split.VALIDATION][1]
        batches = evaluation_batches(images, collate_images, self.config.batch_size, torch.device("cpu"))
        return torch.cat([model.regression.logits(network.features(batch)) for _, batch in batches])

    def export(self, network: nn.Module) -> Mapping[str, Any]:
        """The model, for `fgresq.training.run.export_weights`."""
        return {"model": network.model.state_dict(), "config": self.model_config.model_dump_json()}  # type: ignore[union-attr]

    def _ranking(self, logits: Tensor, preferences: Tensor) -> Tensor:
        if self.config.comparison_classes == "binary":
            return binary_ranking(logits[:, 0], preferences, label_smoothing=self.config.label_smoothing)
        return three_class_ranking(logits, preferences, label_smoothing=self.config.label_smoothing)


class BaselineStage(PairStage):
    """Trains any module that maps images to a score, as the paper retrains its peers."""

    config: BaselineConfig

    def __init__(self, sides: Sides, config: BaselineConfig) -> None:
        torch.manual_seed(config.seed)
        module = baseline(config.model, sides.pictures.preprocessing.side)
        require_sample_by_sample(module, config)
        super().__init__(ScoreNetwork(module), sides, config)
        scored = {image.image_id for image in sides.manifest.images if image.mos is not None}
        if scored.isdisjoint(self.train.image_ids):
            raise UserError(
                f"{sides.manifest.root}: no image of the training pairs has a MOS; the scene-aware loss is made of them"
            )

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Everything at the encoders' rate."""
        return [{"params": [p for p in self.network.parameters() if p.requires_grad], "peak": self.config.rate}]

    def loss(self, outputs: Tensor, labels: Inputs) -> tuple[Tensor, Mapping[str, float]]:
        """The scene-aware loss alone."""
        scene = self.scene_loss(outputs, labels)
        return scene, {"scene": scene.item()}

    def export(self, network: nn.Module) -> Mapping[str, Any]:
        """The module's weights."""
        return {"baseline": self.config.model, "weights": network.module.state_dict()}  # type: ignore[union-attr]


def model_config(config: QualityConfig) -> ModelConfig:
    """What a checkpoint of this training will say of its model.

    Raises:
        UserError: it has a degradation branch, and the configuration doesn't say where stage 1 left its encoder.
    """
    if config.degradation is None and not config.without_degradation:
        raise UserError(
            "stage 2 needs the encoder of stage 1: set `degradation` to its best.pt, or train the ablation with "
            "`without_degradation`"
        )
    return ModelConfig(
        encoder=config.encoder,
        comparison_input=config.comparison_input,
        comparison_classes=config.comparison_classes,
        degradation_branch=not config.without_degradation,
        equality=config.equality,
        preprocessing=config.preprocessing,
    )


@dataclass(frozen=True, slots=True)
class _StageOne:
    """What stage 1 has left: its encoder's weights, what they have seen, and where they are from."""

    weights: Mapping[str, Tensor]
    seen: Seen
    path: Path


def _model(config: QualityConfig, model_config: ModelConfig, sides: Sides, stage_one: _StageOne | None) -> FGResQ:
    model = build(model_config)
    calibrate(model.encoder, sides)
    drop(model.encoder, config.dropout)
    if config.initial not in (None, RANDOM):
        model.encoder.load_state_dict(clip_encoder(config.initial)[0].state_dict())
    if model.degradation is not None and stage_one is not None:
        load_encoder(model.degradation.encoder, stage_one.weights, stage_one.path)
        model.degradation.encoder.requires_grad_(False)
        for layer in last_layers(model.degradation.encoder, config.trainable_degradation_layers):
            layer.requires_grad_(True)
    return model


def _stage_one(config: QualityConfig, sides: Sides) -> _StageOne:
    """Read stage 1, and refuse what doesn't fit, or has seen what is held out here."""
    path = Path(str(config.degradation))
    content = checkpoint.read(path, "degradation")
    exported, seen = content["export"], TrainedOn.model_validate(content["trained_on"]).seen
    if exported["encoder"] != config.encoder:
        raise UserError(f"{path}: trained the encoder {exported['encoder']}, but {config.encoder} was asked for")
    if exported["preprocessing"] != str(config.preprocessing):
        raise UserError(
            f"{path}: was trained on images prepared as {exported['preprocessing']}, but {config.preprocessing} was "
            "asked for; both stages need the same"
        )
    held_out = sides.recorded.sides[Split.TEST].images
    leaked = {
        image.content
        for image in sides.manifest.images
        if image.image_id in held_out
        and (seen.has_image(held_out[image.image_id]) or seen.has_scene(image.source, image.content))
    }
    if leaked and config.split != "pair":
        raise UserError(
            f"{path}: was trained on {len(leaked)} contents that are held out here ({first_few(sorted(leaked))}), so "
            "scores would be too good; train both stages with the same split, test_share and seed"
        )
    return _StageOne(exported["weights"], seen, path)
