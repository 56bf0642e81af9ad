"""A callback of Lightning that says after each epoch whether its pictures are better than the best so far.

    from fgresq.plugs.lightning import CompareWithBest

    Trainer(callbacks=[CompareWithBest(lambda outputs, batch: outputs["restored"])])

It works with `lightning` and with `pytorch_lightning`, whichever is here; where both are, with `lightning`.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import torch
from torch import Tensor

from fgresq.errors import UserError
from fgresq.plugs.placement import PlacedScorer

try:
    from lightning.pytorch import Callback
except ModuleNotFoundError as _error:
    if _error.name is None or _error.name.split(".")[0] != "lightning":
        raise
    try:
        from pytorch_lightning import Callback
    except ModuleNotFoundError as error:
        if error.name != "pytorch_lightning":
            raise
        raise UserError("this callback needs Lightning: pip install lightning") from error

_ROUNDING = 1e-5
"""Probabilities that differ by no more are the same, as in `Comparison`."""

Pictures: TypeAlias = Callable[[Any, Any], Tensor]


class CompareWithBest(Callback):  # type: ignore[misc]
    """Logs the mean score, and the probability of being better than the best epoch so far on the same pictures.

    After each validation epoch:
        NAME/score: mean score of the pictures, in (0, 1), higher is better.
        NAME/better_than_best: mean of P(now better) + P(equal) / 2 over the pictures; above one half this epoch becomes
            the best. Not logged in the first.
        pictures of this epoch and of the best, where the logger is TensorBoard's or Weights & Biases'.

    Not in the sanity check. With several processes the first one's pictures are compared. The best pictures go into the
    checkpoint, so a training that goes on compares with what it had.

    Args:
        pictures: from what `validation_step` returned and its batch to restored pictures (b, 3, h, w), RGB, floating
            point; values outside [0, 1] are clipped.
        limit: pictures that are kept, from the first batches; validation must come in the same order each time.
        shown: of these, how many go to the logger.
        weights: as of `fgresq.load`.
        name: before the slash.

    Raises:
        WeightsError: no such weights, or they aren't on this machine yet.
        UserError: no pictures to keep.
    """

    def __init__(
        self, pictures: Pictures, *, limit: int = 16, shown: int = 4, weights: str = "compact", name: str = "fgresq"
    ) -> None:
        super().__init__()
        if limit < 1:
            raise UserError(f"a limit of {limit} pictures leaves nothing to compare")
        self._pictures, self.limit, self.shown, self.name = pictures, limit, shown, name
        self._scorer = PlacedScorer(weights, "fp32")
        self._now: list[Tensor] = []
        self.best: list[Tensor] = []
        self.best_epoch: int | None = None

    def on_validation_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """Forget the pictures of the epoch before."""
        del trainer, pl_module
        self._now = []

    def on_validation_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        """Keep pictures until there are enough.

        Raises:
            UserError: `pictures` answered something else than a batch of pictures.
        """
        del pl_module, batch_idx, dataloader_idx
        if trainer.sanity_checking or not trainer.is_global_zero or len(self._now) >= self.limit:
            return
        found = self._pictures(outputs, batch)
        if not isinstance(found, Tensor) or found.ndim != 4 or found.shape[1] != 3 or not found.is_floating_point():
            said = (
                f"a tensor {tuple(found.shape)} of {found.dtype}" if isinstance(found, Tensor) else type(found).__name__
            )
            raise UserError(f"`pictures` gave {said}; a tensor (b, 3, h, w) of floating point is needed")
        bytes_ = (found.detach().float().clamp(0, 1) * 255).round().to(torch.uint8).cpu()
        self._now.extend(bytes_[: self.limit - len(self._now)])

    def on_validation_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Score, compare, log.

        Raises:
            UserError: other numbers or sizes of pictures than in the best epoch.
        """
        if not self._now:
            return
        scorer = self._scorer.on(torch.device(pl_module.device))
        now = [picture.float() / 255 for picture in self._now]
        scores = [each.score for each in scorer.score(now) if each.score is not None]
        values = {"score": sum(scores) / len(scores)}
        if self.best:
            if [each.shape for each in self.best] != [each.shape for each in self._now]:
                raise UserError("the pictures aren't of the sizes of those before; don't shuffle validation data")
            compared = scorer.compare(now, [picture.float() / 255 for picture in self.best])
            values["better_than_best"] = sum(each.p_a_better + each.p_equal / 2 for each in compared) / len(compared)
        for key, value in values.items():
            pl_module.log(f"{self.name}/{key}", value, rank_zero_only=True)
        if values.get("better_than_best", 1.0) > 0.5 + _ROUNDING:
            self.best, self.best_epoch = self._now, trainer.current_epoch
        for logger in trainer.loggers:
            self._show(logger, trainer.global_step)

    def _show(self, logger: Any, step: int) -> None:
        for kind, pictures in (("now", self._now), ("best", self.best)):
            key, shown = f"{self.name}/{kind}", pictures[: self.shown]
            if hasattr(logger, "log_image"):  # Weights & Biases
                images = [picture.permute(1, 2, 0).numpy() for picture in shown]
                logger.log_image(key=key, images=images, step=step)
            elif hasattr(getattr(logger, "experiment", None), "add_image"):  # TensorBoard
                for number, picture in enumerate(shown):
                    logger.experiment.add_image(f"{key}/{number}", picture, step)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps: the best pictures, as bytes, and their epoch."""
        return {"best": self.best, "best_epoch": self.best_epoch}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take them back."""
        self.best, self.best_epoch = list(state_dict["best"]), state_dict["best_epoch"]
