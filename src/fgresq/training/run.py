"""A whole training from a manifest to the files that others use."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from fgresq.errors import OutputError, UserError
from fgresq.locks import only_writer, remove_leftovers
from fgresq.manifest import Manifest
from fgresq.model.build import ModelConfig, build
from fgresq.model.checkpoints import Training, save_checkpoint
from fgresq.training import checkpoint, distributed
from fgresq.training.checkpoint import Progress
from fgresq.training.config import BaselineConfig, DegradationConfig, QualityConfig, RunConfig
from fgresq.training.events import require_tensorboard
from fgresq.training.loop import Watch, train
from fgresq.training.resume import BEST, LAST
from fgresq.training.stages.base import Stage
from fgresq.training.stages.degradation import DegradationStage
from fgresq.training.stages.quality import BaselineStage, QualityStage, model_config
from fgresq.training.stages.samples import prepare
from fgresq.training.trained_on import TrainedOn

WEIGHTS = "model.safetensors"


def run(manifest: Manifest, config: RunConfig, out: Path, watch: Watch | None = None) -> Progress:
    """Train what the configuration describes; go on if `out` holds an unfinished training.

    `out` gets `last.pt` (goes on), `best.pt` (the best epoch by the validation side, unless the last is to be kept),
    `log.jsonl`, `split.json` (its sides), and for stage 2 `model.safetensors`, which `--weights` takes.

    Args:
        manifest: with judged pairs (stage 2, baselines).
        config: decides by its kind what is trained.
        out: made if it isn't there.
        watch: as in `train`.

    Returns:
        As `train`; of a training that was finished already, the same as then.

    Raises:
        UserError: a manifest, split, file or setting that can't be trained with; nothing has been written then. Or
            `out` holds another training, or another process trains there.
        TrainingError: as in `train`.
    """
    distributed.device(config.device)  # what isn't here is found out before the pictures are read
    if config.tensorboard:
        require_tensorboard()
    with distributed.process_group(config.device), _only_training(out):
        kind, stage = _stage(manifest, config)
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{out}: this folder can't be made ({error.strerror})") from error
        progress = train(stage, config, kind, out, watch)
        if isinstance(config, QualityConfig) and distributed.is_main():
            # Without any score of the criterion there is no best, and the last is as good as any.
            path = out / (LAST if progress.best is None else BEST)
            calibrated_by = stage if isinstance(stage, QualityStage) and config.calibrate else None
            export_weights(path, out / WEIGHTS, calibrated_by)
        return progress


@contextmanager
def _only_training(out: Path) -> Iterator[None]:
    """Only the first process writes, so it takes the folder for all that train together."""
    with ExitStack() as held:

        def take() -> None:
            held.enter_context(only_writer(out))
            remove_leftovers(out, below=False)

        distributed.on_main(take)
        yield


def export_weights(path: Path, to: Path, calibrated_by: QualityStage | None = None) -> str:
    """Turn a checkpoint of stage 2 into a weights file, whose header says what they were trained on.

    Args:
        path: the checkpoint.
        to: the file.
        calibrated_by: the stage whose validation side decides how sure the comparison is; None leaves it as trained.

    Returns:
        Its SHA-256.

    Raises:
        CheckpointError: `path` isn't a checkpoint of stage 2.
        OutputError: `to` can't be written.
    """
    content = checkpoint.read(path, "quality")
    config = ModelConfig.model_validate_json(content["export"]["config"])
    model = build(config)
    model.load_state_dict(content["export"]["model"], strict=True)
    if calibrated_by is not None:
        model.comparison.sharpen(1 / calibrated_by.temperature(model))
        logits = calibrated_by.score_logits(model)
        model.regression.standardise(float(logits.median()), float(logits.std()))
    told = TrainedOn.model_validate(content["trained_on"])
    about = {"note": told.note, "trained": True, "seen": told.seen, "protocol": told.protocol}
    return save_checkpoint(to, model, config, Training.model_validate(about))


def _stage(manifest: Manifest, config: RunConfig) -> tuple[str, Stage]:
    if isinstance(config, DegradationConfig):
        return "degradation", DegradationStage(prepare(manifest, config), config)
    if isinstance(config, QualityConfig):
        model = model_config(config)
        return "quality", QualityStage(prepare(manifest, config), config, model)
    if isinstance(config, BaselineConfig):
        return "baseline", BaselineStage(prepare(manifest, config), config)
    raise UserError(f"a {type(config).__name__} doesn't say what to train")
