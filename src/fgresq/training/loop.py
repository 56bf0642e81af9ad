"""The training loop, top to bottom: rate, forward, loss, backward, clip, step, log, evaluate, save."""

import copy
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from fgresq.errors import TrainingError, TrainingStoppedError
from fgresq.files import written_whole
from fgresq.training import checkpoint, distributed
from fgresq.training.checkpoint import TrainingState
from fgresq.training.config import RunConfig
from fgresq.training.log import Log
from fgresq.training.schedule import cosine_share
from fgresq.training.signals import stop_signals
from fgresq.training.stages.base import Batch, Scores, Stage, autocast
from fgresq.training.update import backward

LAST, BEST = "last.pt", "best.pt"

Watch = Callable[[int, int, float], None]


def train(stage: Stage, config: RunConfig, kind: str, out: Path, watch: Watch | None = None) -> Scores:
    """Train a stage, or go on from `out/last.pt`; the best network by the stage's criterion is `out/best.pt`.

    Args:
        stage: what is trained.
        config: how; written into every checkpoint. Going on with another one is an error.
        kind: name of the kind of training, for the checkpoints.
        out: folder for checkpoints and log.
        watch: called after every update with (updates made, updates in all, loss).

    Returns:
        Scores of the last evaluation.

    Raises:
        TrainingError: the loss isn't a number any more; the batch's names are in `out/nan-batch.json`.
        TrainingStoppedError: SIGTERM or SIGINT came; the state is saved.
        OutputError: a checkpoint can't be written; the last good one is still there.
    """
    device = distributed.device(config.device)
    state = _start(stage, config, device)
    if (out / LAST).is_file():
        _go_on(state, config, checkpoint.read(out / LAST, kind), out)
    progress = state.progress
    main = distributed.is_main()
    log = Log(out / "log.jsonl" if main else None, keep=progress.step)
    if progress.step == 0:
        log.write("start", kind=kind, config=config.model_dump(mode="json"))
    network = DistributedDataParallel(state.network) if distributed.world_size() > 1 else state.network
    steps = sum(stage.steps(epoch) for epoch in range(config.epochs))
    parameters = [p for group in state.optimiser.param_groups for p in group["params"]]
    scores: Scores = {}

    def save(name: str) -> None:
        if main:
            checkpoint.save(out / name, state, config.model_dump(mode="json"), kind, stage.export(state.evaluated))

    with stop_signals() as stopped:
        while progress.epoch < config.epochs:
            for batch in stage.batches(progress.epoch, progress.done):
                share = cosine_share(progress.step, steps, config.warmup, config.final_rate)
                for group in state.optimiser.param_groups:
                    group["lr"] = share * group["peak"]
                with autocast(device, config.precision):
                    loss, parts = backward(
                        network, batch.to(device), stage.loss, config.micro_batch, state.scaler.get_scale()
                    )
                if not math.isfinite(loss.item()):
                    raise _not_a_number(batch, progress.step, out)
                state.scaler.unscale_(state.optimiser)
                norm = nn.utils.clip_grad_norm_(parameters, config.clip_norm).item()
                state.scaler.step(state.optimiser)
                state.scaler.update()
                state.optimiser.zero_grad(set_to_none=True)
                _average(state, config.ema)
                progress.step += 1
                progress.done += 1
                log.write("step", step=progress.step, loss=loss.item(), rate=share, norm=norm, **parts)
                if watch is not None:
                    watch(progress.step, steps, loss.item())
                if progress.step % config.save_every == 0 or stopped():
                    save(LAST)
                if stopped():
                    raise TrainingStoppedError(f"stopped after update {progress.step} of {steps}; {out / LAST} goes on")
            progress.epoch, progress.done = progress.epoch + 1, 0
            if progress.epoch % config.evaluate_every == 0 or progress.epoch == config.epochs:
                scores = distributed.on_main(lambda: stage.evaluate(state.evaluated))
                log.write("evaluation", step=progress.step, epoch=progress.epoch, **scores)
                value = scores.get(stage.criterion)
                if value is not None and (progress.best is None or value > progress.best):
                    progress.best, progress.best_epoch = value, progress.epoch
                    save(BEST)
            save(LAST)
    return scores


def _start(stage: Stage, config: RunConfig, device: torch.device) -> TrainingState:
    network = stage.network.to(device)
    optimiser = torch.optim.Adam(stage.parameter_groups(), lr=0.0)
    scaler = torch.amp.GradScaler(device.type, enabled=config.precision == "fp16")
    average = None if config.ema is None else copy.deepcopy(network).requires_grad_(False)
    return TrainingState(network, optimiser, scaler, average)


def _go_on(state: TrainingState, config: RunConfig, content: Mapping[str, Any], out: Path) -> None:
    now, before = config.model_dump(mode="json"), content["config"]
    changed = [name for name in now if now[name] != before.get(name)]
    if changed:
        raise TrainingError(
            f"{out / LAST}: was begun with other settings ({', '.join(changed)}); use the same, or another folder"
        )
    checkpoint.restore(state, content)


@torch.no_grad()
def _average(state: TrainingState, decay: float | None) -> None:
    if state.average is None or decay is None:
        return
    for mean, value in zip(state.average.parameters(), state.network.parameters(), strict=True):
        mean.lerp_(value, 1 - decay)


def _not_a_number(batch: Batch, step: int, out: Path) -> TrainingError:
    path = out / "nan-batch.json"
    with written_whole(path) as temporary:
        temporary.write_text(json.dumps({"step": step, "samples": list(batch.names)}, indent=2), encoding="utf-8")
    return TrainingError(f"the loss isn't a number at update {step + 1}; the batch's images are named in {path}")
