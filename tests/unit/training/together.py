"""Run by `test_distributed`: all that two processes do together there, each part in a file of its own."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from tests.end_to_end.command import inside
from tests.unit.training.networks import Breaking
from tests.unit.training.test_update import batch, gradients, loss, network
from torch.nn.parallel import DistributedDataParallel

from fgresq.errors import FgresqError, OutputError
from fgresq.manifest import read_manifest
from fgresq.training import distributed
from fgresq.training.config import BaselineConfig
from fgresq.training.run import run
from fgresq.training.stages import quality
from fgresq.training.stages.base import Batch
from fgresq.training.update import backward

study, out = read_manifest(Path(sys.argv[1])), Path(sys.argv[2])
CONFIG = BaselineConfig(epochs=1, batch_size=8, rate=1e-3, test_share=0.25, device="cpu")
found: dict[str, object] = {}


def said(work: Callable[[], object]) -> str:
    """The error that this process gets."""
    try:
        return f"none: {work()}"
    except FgresqError as error:
        return f"{type(error).__name__}: {error}"


def fail() -> None:
    raise OutputError("the disk is full")


def update() -> dict[str, tuple[float, list[torch.Tensor]]]:
    """The update of a batch that is spread unevenly over both."""
    whole = batch()
    mine = slice(0, 7) if distributed.is_main() else slice(7, None)
    share = Batch(
        tuple(tensor[mine] for tensor in whole.inputs),
        tuple(tensor[mine] for tensor in whole.labels),
        whole.names[mine],
    )
    made = {}
    for name, micro_batch in (("whole", None), ("in pieces", 4), ("in more pieces here than there", 6)):
        module = DistributedDataParallel(network())
        value, _ = backward(module, share, loss, micro_batch)
        made[name] = (value.item(), gradients(module))
    return made


with distributed.process_group("cpu"):
    for kind in ("quality", "degradation"):
        said_by = inside("train", kind, study.root, "--out", out / kind, "--config", out / f"{kind}.yaml")
        sys.stdout.write(said_by.stdout)
    updates = update()
    if distributed.is_main():
        torch.save(updates, out / "update.pt")

    me, where = distributed.rank(), torch.device("cpu")
    found["result of the first"] = distributed.on_main(lambda: f"from {me}")
    found["error of the first"] = said(lambda: distributed.on_main(fail))
    found["anyone"] = [distributed.anyone(mine, where) for mine in (False, me == 0, me == 1, True)]
    found["gathered"] = distributed.gathered([f"{me}{letter}" for letter in "abc"[: 2 + me]])

    train = quality.BaselineStage.evaluate
    quality.BaselineStage.evaluate = lambda *_: fail()
    found["evaluation fails"] = said(lambda: run(study, CONFIG, out / "evaluation"))
    quality.BaselineStage.evaluate = train

    whole = torch.save
    if distributed.is_main():
        torch.save = lambda *_: fail()
    found["saving fails"] = said(lambda: run(study, CONFIG, out / "saving"))
    torch.save = whole

    quality.baseline, kept = lambda *_: Breaking(2, "loss"), quality.baseline
    found["not a number"] = said(lambda: run(study, CONFIG, out / "nan"))
    quality.baseline = kept

    # The test put a checkpoint into the first one's folder only.
    found["folders that aren't shared"] = said(lambda: run(study, CONFIG, out / f"folder of {me}"))

(out / f"found-{me}.json").write_text(json.dumps(found))
