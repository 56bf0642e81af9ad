"""What a training run is told: one frozen object, from YAML, written into every checkpoint."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from fgresq.errors import UserError
from fgresq.images.preprocessing import AnyPreprocessing, Resized
from fgresq.model.build import EncoderName
from fgresq.model.heads import ComparisonClasses, ComparisonInput, Equality
from fgresq.names import nearest
from fgresq.records import RestorationTask

Precision = Literal["fp32", "bf16", "fp16"]

# Encoders of which nothing is seen but measurements that training doesn't change.
_ONLY_MEASURE: tuple[EncoderName, ...] = ("lite0",)

RANDOM = "random"
"""As `initial`: start from random weights, and mean it."""

PHRASES: Mapping[RestorationTask, str] = {
    RestorationTask.SUPER_RESOLUTION: "super-resolution",
    RestorationTask.DEBLURRING: "deblurring",
    RestorationTask.DENOISING: "denoising",
    RestorationTask.DERAINING: "rain removal",
    RestorationTask.DEHAZING: "haze removal",
    RestorationTask.MIXTURE: "restoration of mixed degradations",
}


def _device(name: str) -> str:
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", name):
        raise ValueError(f"{name!r} isn't a device; use auto, cpu, cuda or cuda:N")
    return name


def _prompt(template: str) -> str:
    if "{task}" not in template:
        raise ValueError(f"the prompt {template!r} would be the same for every task; {{task}} is needed in it")
    return template


class RunConfig(BaseModel):
    """What every kind of training needs.

    Attributes:
        seed: of initialisation, order and augmentation.
        split: "content" keeps contents apart; "pair" is the paper's 8:2 by pairs, which shares images between sides.
        test_share: of the contents, or of the pairs, held out. The kept network is measured on them once, at the end.
        validation_share: of the rest, held out in the same way to choose the best epoch by; 0 trains on all of it.
        keep: the network of which epoch is kept: the "best" on the validation side, or the "last".
        epochs: passes over the training samples.
        batch_size: samples of one update, over all processes; pairs in stage 2 and for baselines, images in stage 1.
        micro_batch: samples of one forward pass; None is the whole batch. The update is the same.
        rate: learning rate of the encoders (paper: 5e-6 for CLIP).
        head_rate: learning rate of everything that isn't an encoder.
        warmup: share of all steps in which the rate rises from zero.
        final_rate: share of the peak rate at which the cosine ends.
        clip_norm: gradients with a larger norm are scaled down to it.
        ema: decay of an exponential moving average of the weights, which is then what is evaluated; None for none.
        precision: of the forward pass; the weights stay float32.
        device: "auto", "cpu", "cuda", or "cuda:N" for the graphics card of that number.
        workers: processes that read images; 0 reads in the main process.
        cache: keep all resized images in memory (3 bytes a pixel, 196 kB at 256x256).
        preprocessing: `resize` and `crop` (the paper's 256 and 224), or `grid` and `patch` for fragments at full
            resolution; both stages must have the same.
        training_grid: fragments in a row while training, where `preprocessing` makes fragments: fewer cost less, and
            are drawn anew in every epoch. None trains on as many as are evaluated.
        training_scale: fragments are cut from pictures resized by a random factor between 1 / this and this, so that
            fineness of detail alone doesn't tell quality; 1 leaves them as they are.
        weight_decay: share of the rate by which weights shrink at every update (AdamW); 0 is Adam, the paper's.
        save_every: steps between checkpoints.
        evaluate_every: epochs between evaluations on the validation side; the last epoch always ends with one.
        tensorboard: write event files for TensorBoard beside the log (needs the extra "tensorboard").
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(default=0, ge=0, lt=2**63)
    split: Literal["content", "pair"] = "content"
    test_share: float = Field(default=0.2, gt=0, lt=1)
    validation_share: float = Field(default=0.1, ge=0, lt=1)
    keep: Literal["best", "last"] = "best"
    epochs: int = Field(default=10, ge=1)
    batch_size: int = Field(default=64, ge=1)
    micro_batch: int | None = Field(default=None, ge=1)
    rate: float = Field(default=5e-6, gt=0)
    head_rate: float = Field(default=1e-4, gt=0)
    warmup: float = Field(default=0.0, ge=0, lt=1)
    final_rate: float = Field(default=0.0, ge=0, le=1)
    clip_norm: float = Field(default=1.0, gt=0)
    ema: float | None = Field(default=None, gt=0, lt=1)
    precision: Precision = "fp32"
    device: Annotated[str, AfterValidator(_device)] = "auto"
    workers: int = Field(default=0, ge=0)
    cache: bool = True
    preprocessing: AnyPreprocessing = Resized()
    training_grid: int | None = Field(default=None, ge=2)
    training_scale: float = Field(default=1.0, ge=1, le=4)
    weight_decay: float = Field(default=0.0, ge=0, le=100)
    save_every: int = Field(default=200, ge=1)
    evaluate_every: int = Field(default=1, ge=1)
    tensorboard: bool = False

    @model_validator(mode="after")
    def _the_best_epoch_is_chosen_by_something(self) -> "RunConfig":
        if self.keep == "best" and self.validation_share == 0:
            raise ValueError(
                "keep=best chooses the epoch by a validation side, and validation_share is 0; use keep=last, or a share"
            )
        return self

    def evaluates_after(self, epoch: int) -> bool:
        """Whether the validation side is looked at after an epoch, counted from 1."""
        return self.validation_share > 0 and (epoch % self.evaluate_every == 0 or epoch == self.epochs)


class EncoderConfig(RunConfig):
    """What both stages need besides: an encoder.

    Attributes:
        encoder: which one is trained; in stage 2, of both branches.
        initial: required for CLIP encoders: the folder or hub name of the CLIP to start from, or "random".
        views: for encoders that only measure (lite0): how many views of each content are drawn besides the middle one;
            each is measured once, before training, instead of anew in every epoch. None measures anew.
        measured: folder where the measurements are kept, for both stages and for trainings to come.
        dropout: share of the measurements that is left out at random in training.
    """

    encoder: EncoderName = "compact"
    initial: str | None = None
    views: int | None = Field(default=None, ge=0)
    measured: str | None = None
    dropout: float = Field(default=0.0, ge=0, lt=1)

    @model_validator(mode="after")
    def _initial_suits_the_encoder(self) -> "EncoderConfig":
        _require_initial_where_it_matters(self.encoder, self.initial)
        return self

    @model_validator(mode="after")
    def _views_suit_the_encoder(self) -> "EncoderConfig":
        if self.encoder not in _ONLY_MEASURE and (self.views is not None or self.dropout > 0):
            names = ", ".join(_ONLY_MEASURE)
            raise ValueError(f"views and dropout are for encoders that only measure ({names}), not {self.encoder}")
        if self.measured is not None and self.views is None:
            raise ValueError("measured keeps what is measured of views; say how many views")
        if self.views is None and not self.preprocessing.fixed:
            raise ValueError("tiles make inputs of several sizes, which can't be stacked; set views (1, say)")
        return self


class DegradationConfig(EncoderConfig):
    """Stage 1: the degradation encoder learns to tell the tasks apart (eq. 4).

    Attributes:
        batches: "diagonal" holds one image a task in each batch, so that eq. 4's labels are true as they stand;
            "multi-positive" takes any batch and spreads the target over the images of a task.
        text: where CLIP's text tower and tokenizer are: a folder, or a name on the hub. None learns a table of task
            embeddings instead, which is what the compact encoders use.
        prompts: templates; {task} is replaced by the task's phrase, and the features of all templates are averaged.
        phrases: how each task is said in a prompt; tasks that aren't named keep `PHRASES`.
        embedding_dim: of the table of task embeddings; with `text` or `initial`, CLIP's own is taken.
    """

    batches: Literal["diagonal", "multi-positive"] = "multi-positive"
    text: str | None = None
    prompts: Annotated[tuple[Annotated[str, AfterValidator(_prompt)], ...], Field(min_length=1)] = (
        "a photo restored by {task}",
        "a photo after {task}",
        "the result of {task}",
    )
    phrases: Mapping[RestorationTask, str] = PHRASES
    embedding_dim: int = Field(default=128, ge=2)

    @field_validator("phrases")
    @classmethod
    def _all_tasks_are_said(cls, phrases: Mapping[RestorationTask, str]) -> Mapping[RestorationTask, str]:
        return {**PHRASES, **phrases}


class QualityConfig(EncoderConfig):
    """Stage 2: score and comparison (eq. 6 to 9).

    Attributes:
        comparison_input, comparison_classes, equality: as in `fgresq.model.build.ModelConfig`.
        degradation: checkpoint of stage 1 (its best.pt), whose encoder is frozen here.
        without_degradation: the ablation "w/o DFL" (Table S1); `degradation` is left out then.
        trainable_degradation_layers: how many of the degradation encoder's last layers are trained after all.
        scenes: within what eq. 6 compares MOS: a "source", as in the paper, or each "pair" alone, for MOS that mean
            something within a content only.
        scene_weight, rank_weight: lambda 1 and 2 of eq. 9.
        probability: of the fidelity loss: "logit-difference" takes scores before the sigmoid, "paper" after it.
        label_smoothing: of the ranking loss.
        calibrate: at the end, divide the comparison's logits by the temperature at which the validation side's labels
            are likeliest, so that its probabilities mean what they say, and spread the scores: its median image gets
            1/2, and an image one deviation above it 0.73. The answers and the order of the scores stay.
    """

    comparison_input: ComparisonInput = "pair"
    comparison_classes: ComparisonClasses = "three-class"
    equality: Equality = "linear"
    degradation: str | None = None
    without_degradation: bool = False
    trainable_degradation_layers: int = Field(default=0, ge=0)
    scenes: Literal["source", "pair"] = "source"
    scene_weight: float = Field(default=5.0, ge=0)
    rank_weight: float = Field(default=1.0, ge=0)
    probability: Literal["logit-difference", "paper"] = "logit-difference"
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    calibrate: bool = False

    @model_validator(mode="after")
    def _calibration_has_pairs(self) -> "QualityConfig":
        if self.calibrate and (self.validation_share == 0 or self.comparison_classes == "binary"):
            raise ValueError("calibrate needs a validation side (validation_share above 0) and three classes")
        return self


class BaselineConfig(RunConfig):
    """Any module that maps images to a score, under the scene-aware loss alone, as the paper retrains its peers.

    Attributes:
        model: "small-cnn", or "package.module:callable" that returns a torch module (N, 3, 224, 224) -> (N,) or (N, 1);
            modules in the working directory are found.
        probability: as in `QualityConfig`; the module's output counts as the score before a sigmoid.
    """

    model: str = "small-cnn"
    probability: Literal["logit-difference", "paper"] = "logit-difference"


Config = TypeVar("Config", bound=RunConfig)


def _require_initial_where_it_matters(encoder: EncoderName, initial: str | None) -> None:
    """A CLIP encoder that starts from random weights by oversight wastes days: its rate is made for pretrained ones."""
    if encoder.startswith("clip") and initial is None:
        raise ValueError(
            f"initial is needed for {encoder}: the folder or hub name of the CLIP to start from, such as "
            "openai/clip-vit-base-patch16; or initial=random, if training from nothing is what you want"
        )
    if not encoder.startswith("clip") and initial not in (None, RANDOM):
        raise ValueError(f"initial is a CLIP to start from, and {encoder} isn't one; leave it out")


def read_config(kind: type[Config], path: Path | None, changes: Mapping[str, Any]) -> Config:
    """Read a YAML file, change what the command line says, and check it.

    Args:
        kind: which configuration.
        path: of the file; None starts from the defaults.
        changes: name to value, over the file's.

    Raises:
        UserError: an unknown name (the nearest are listed) or a value that can't be.
    """
    values: Any = {}
    if path is not None:
        try:
            values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise UserError(f"{path}: can't be read as YAML ({str(error).splitlines()[0]})") from error
        if not isinstance(values, Mapping):
            raise UserError(f"{path}: holds a {type(values).__name__}; lines of `name: value` are needed")
    try:
        return kind.model_validate({**values, **changes})
    except ValidationError as error:
        raise UserError(f"{path or 'configuration'}: {_said(error, kind)}") from error


def _said(error: ValidationError, kind: type[RunConfig]) -> str:
    problems = []
    for problem in error.errors():
        name = ".".join(map(str, problem["loc"]))
        if problem["type"] == "extra_forbidden":
            problems.append(f"there is no setting {name!r}; {nearest(name, kind.model_fields)}")
        else:
            message = problem["msg"].removeprefix("Value error, ")
            problems.append(": ".join(part for part in (name, message[:1].lower() + message[1:]) if part))
    return "; ".join(problems)
