"""The training loop, top to bottom: rate, forward, loss, backward, clip, step, log, evaluate, save."""

import copy
import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from fgresq.errors import TrainingError, TrainingStoppedError
from fgresq.files import written_whole
from fgresq.records import Split
from fgresq.training import checkpoint, distributed
from fgresq.training.checkpoint import Progress, TrainingState
from fgresq.training.config import RunConfig
from fgresq.training.log import Log
from fgresq.training.resume import BEST, LAST, go_on
from fgresq.training.schedule import cosine_share
from fgresq.training.signals import stop_signals
from fgresq.training.stages.base import Scores, Stage, autocast
from fgresq.training.update import backward

Watch = Callable[[int, int, float], None]


def train(stage: Stage, config: RunConfig, kind: str, out: Path, watch: Watch | None = None) -> Progress:
    """Train a stage, or go on from `out/last.pt`.

    The best network by the stage's criterion on the validation side is `out/best.pt`, unless the last is to be kept.
    The test side isn't looked at before the end; then the kept network is measured on it, once.

    Args:
        stage: what is trained.
        config: how; written into every checkpoint. Going on with another one is an error.
        kind: name of the kind of training, for the checkpoints.
        out: folder for checkpoints and log.
        watch: called after every update with (updates made, updates in all, loss).

    Returns:
        How far it came: to the end. With the scores of the last and of the best evaluation, and of the test.

    Raises:
        TrainingError: the loss or its gradient isn't a number any more; the batch's names are in `out/nan-batch.json`.
        TrainingStoppedError: SIGTERM or SIGINT came; the state is saved.
        OutputError: a checkpoint can't be written; the last good one is still there.
        UserError, CheckpointError: `out` holds a training that can't go on, see `go_on`.
    """
    device = distributed.device(config.device)
    state = _start(stage, config, device)
    about = {"kind": kind, "config": config.model_dump(mode="json"), "data": stage.split.sha256}
    go_on(state, config, about, out)
    distributed.on_main(lambda: stage.split.write(out))
    progress = state.progress
    log = _open_log(out, config, about, progress)
    network = DistributedDataParallel(state.network) if distributed.world_size() > 1 else state.network
    steps = sum(stage.steps(epoch) for epoch in range(config.epochs))
    parameters = [p for group in state.optimiser.param_groups for p in group["params"]]

    def save(name: str) -> None:
        told = {**about, "trained_on": stage.trained_on.model_dump()}
        distributed.on_main(lambda: checkpoint.save(out / name, state, told, stage.export(state.evaluated)))

    with stop_signals() as asked_to_stop:
        while progress.epoch < config.epochs:
            for batch in stage.batches(progress.epoch, progress.done):
                rates = state.set_rates(cosine_share(progress.step, steps, config.warmup, config.final_rate))
                scale = state.scaler.get_scale()
                with autocast(device, config.precision):
                    loss, parts = backward(network, batch.to(device), stage.loss, config.micro_batch, scale)
                if not math.isfinite(loss.item()):
                    raise _not_a_number("loss", batch.names, progress.step, out)
                state.scaler.unscale_(state.optimiser)
                norm = nn.utils.clip_grad_norm_(parameters, config.clip_norm).item()
                # In fp16 a gradient may be too large for its scale; then the step is left out and the scale halved.
                if not math.isfinite(norm) and scale <= 1:
                    raise _not_a_number("gradient", batch.names, progress.step, out)
                state.scaler.step(state.optimiser)
                state.scaler.update()
                state.optimiser.zero_grad(set_to_none=True)
                state.follow(config.ema)
                progress.step, progress.done = progress.step + 1, progress.done + 1
                log.write("step", step=progress.step, loss=loss.item(), **rates, norm=norm, **parts)
                if watch is not None:
                    watch(progress.step, steps, loss.item())
                stopped = distributed.anyone(asked_to_stop(), device)
                if stopped or progress.step % config.save_every == 0:
                    save(LAST)
                if stopped:
                    raise TrainingStoppedError(f"stopped after update {progress.step} of {steps}; {out / LAST} goes on")
            progress.epoch, progress.done = progress.epoch + 1, 0
            if config.evaluates_after(progress.epoch):
                progress.scores = distributed.on_main(lambda: stage.evaluate(state.evaluated, Split.VALIDATION))
                log.write("evaluation", step=progress.step, epoch=progress.epoch, **progress.scores)
                if config.keep == "best" and progress.is_best(stage.criterion):
                    save(BEST)
            save(LAST)
    if not progress.test_scores:
        _test(stage, state, out, log)
        save(LAST)
    return progress


def _test(stage: Stage, state: TrainingState, out: Path, log: Log) -> None:
    """Measure the kept network on the test side."""
    progress = state.progress

    def measured() -> Scores:
        chosen = progress.best is not None
        kept = checkpoint.trained_network(out / BEST, state.network) if chosen else state.evaluated
        return stage.evaluate(kept, Split.TEST)

    progress.test_scores = distributed.on_main(measured)
    log.write("test", step=progress.step, epoch=progress.kept_epoch, **progress.test_scores)


def _start(stage: Stage, config: RunConfig, device: torch.device) -> TrainingState:
    network: nn.Module = stage.network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(stage.parameter_groups(), lr=0.0, weight_decay=config.weight_decay)
    scaler = torch.amp.GradScaler(device.type, enabled=config.precision == "fp16")
    scaler.scale(torch.zeros((), device=device))  # it has no scale before it is first asked to apply it
    average = None if config.ema is None else copy.deepcopy(network).requires_grad_(False)
    return TrainingState(network, optimiser, scaler, average)


def _open_log(out: Path, config: RunConfig, about: Mapping[str, Any], progress: Progress) -> Log:
    """The log, cut back to the state that the training goes on from."""
    where = out / "log.jsonl" if distributed.is_main() else None
    log = Log(where, progress.step, progress.epoch, tested=bool(progress.test_scores), events=config.tensorboard)
    if progress.step == 0:
        log.write("start", **about)
    return log


def _not_a_number(what: str, names: Sequence[str], step: int, out: Path) -> TrainingError:
    path = out / "nan-batch.json"
    text = json.dumps({"step": step + 1, "samples": distributed.gathered(names)}, indent=2) + "\n"
    if distributed.is_main():
        with written_whole(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return TrainingError(f"the {what} isn't a number at update {step + 1}; the batch's images are named in {path}")
