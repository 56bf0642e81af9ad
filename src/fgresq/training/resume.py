"""Going on from a checkpoint, if it is of this training."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fgresq.errors import UserError
from fgresq.training import checkpoint, distributed
from fgresq.training.checkpoint import TrainingState
from fgresq.training.config import RunConfig

LAST, BEST = "last.pt", "best.pt"

# These don't change what is learned, so a training may go on with others.
_FREE = frozenset({"device", "workers", "cache", "measured", "save_every", "tensorboard"})


def go_on(state: TrainingState, config: RunConfig, about: Mapping[str, Any], out: Path) -> None:
    """Put `out/last.pt` into a freshly made state; do nothing if there is none.

    Args:
        state: of a training that hasn't begun.
        config: of the training.
        about: as in `checkpoint.save`.
        out: the training's folder.

    Raises:
        CheckpointError: the checkpoint is damaged, or of another kind of training.
        UserError: it was begun with other settings, manifest or image files, its best checkpoint is gone, or the
            processes don't all see the same folder.
    """
    path = out / LAST
    if path.is_file():
        content = checkpoint.read(path, about["kind"])
        _require_same(content, config, about, path)
        checkpoint.restore(state, content, path)
        if state.progress.best is not None and not (out / BEST).is_file():
            raise UserError(
                f"{out / BEST}: is gone, and {LAST} says that it was the best so far (after epoch "
                f"{state.progress.best_epoch}); put it back, or train anew in another folder"
            )
    if len(set(distributed.gathered([state.progress.step]))) > 1:
        raise UserError(f"{out}: isn't the same folder for all processes, so they'd go on from different states")


def _require_same(content: Mapping[str, Any], config: RunConfig, about: Mapping[str, Any], path: Path) -> None:
    # A setting that the checkpoint doesn't know is newer than it, and had its default then.
    before = {**type(config)().model_dump(mode="json"), **content["config"]}
    now = about["config"]
    changed = [name for name in now if name not in _FREE and now[name] != before[name]]
    if changed:
        raise UserError(
            f"{path}: was begun with other settings ({', '.join(changed)}); use the same, or another folder"
        )
    if content["data"] != about["data"]:
        raise UserError(
            f"{path}: was begun with another manifest or other image files; use the same, or another folder"
        )
