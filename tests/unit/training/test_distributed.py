"""Two processes are one training: the same numbers, and one end."""

import json
import math
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
import yaml
from tests.forked import forked
from tests.unit.training.study import losses_of
from tests.unit.training.test_resume import COMMAND, stop_after, training
from tests.unit.training.test_update import plain
from tests.waiting import LONGEST

from fgresq.errors import TrainingStoppedError
from fgresq.manifest import Manifest
from fgresq.training import checkpoint
from fgresq.training.config import BaselineConfig, DegradationConfig, QualityConfig, RunConfig
from fgresq.training.log import read_log
from fgresq.training.run import run

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone")


SETTINGS = {"encoder": "compact-tiny", "batch_size": 9, "epochs": 2, "rate": 1e-3, "test_share": 0.25, "device": "cpu"}
STAGES: Mapping[str, RunConfig] = {
    "quality": QualityConfig(**SETTINGS, without_degradation=True, micro_batch=3),
    "degradation": DegradationConfig(**SETTINGS, ema=0.9),
}
BASELINE = BaselineConfig(epochs=1, batch_size=8, rate=1e-3, test_share=0.25)


class Together(NamedTuple):
    """Where two processes left what they did, and what they printed."""

    folder: Path
    stdout: str


def command(kind: str, study: Manifest, out: Path, *settings: str) -> list[str]:
    changes = [part for setting in ("test_share=0.25", "device=cpu", *settings) for part in ("--set", setting)]
    return [str(COMMAND), "train", kind, str(study.root), "--out", str(out), *changes]


def two(arguments: Sequence[object], **options: Any) -> list[subprocess.CompletedProcess[str]]:
    """What `torchrun --nproc-per-node 2` starts, with the environment that it gives, but without its imports."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    group = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    members = [os.environ | group | {"RANK": str(number), "LOCAL_RANK": str(number)} for number in range(2)]
    with ThreadPoolExecutor(2) as both:
        return list(both.map(lambda member: forked(arguments, env=member, **options), members))


@pytest.fixture(scope="module")
def together(study: Manifest, tmp_path_factory: pytest.TempPathFactory) -> Together:
    """What two processes did one after the other in `together.py`: starting them costs more than their work."""
    out = tmp_path_factory.mktemp("together")
    with pytest.raises(TrainingStoppedError):
        run(study, BASELINE, out / "folder of 0", stop_after(3))
    for kind, config in STAGES.items():
        (out / f"{kind}.yaml").write_text(yaml.safe_dump(config.model_dump(mode="json")))
    both = two([study.root, out], cwd=ROOT, module="tests.unit.training.together")
    assert [done.returncode for done in both] == [0, 0], "".join(done.stderr for done in both)
    return Together(out, "".join(done.stdout for done in both))


@pytest.mark.parametrize("kind", STAGES)
def test_two_processes_train_what_one_trains(study: Manifest, tmp_path: Path, together: Together, kind: str) -> None:
    one, two = tmp_path, together.folder / kind
    run(study, STAGES[kind], one)
    expected, found = losses_of(one), losses_of(two)
    assert len(expected) >= 8
    assert found == pytest.approx(expected, abs=1e-5)
    assert found != expected, "they added up in another order"
    scores = [[e for e in read_log(out / "log.jsonl") if e["event"] == "evaluation"] for out in (one, two)]
    for first, second in zip(*scores, strict=True):
        assert first.keys() == second.keys()
    assert {path.name for path in one.iterdir()} == {path.name for path in two.iterdir()}


def test_one_process_speaks_for_all(together: Together) -> None:
    assert together.stdout.count("kept, epoch") == 2, "once a stage"


def test_two_processes_give_the_update_of_one(together: Together) -> None:
    found = torch.load(together.folder / "update.pt", weights_only=True)
    expected, expected_gradients = plain()
    assert set(found) == {"whole", "in pieces", "in more pieces here than there"}
    for value, found_gradients in found.values():
        assert math.isclose(value, expected, abs_tol=1e-5)
        for a, b in zip(found_gradients, expected_gradients, strict=True):
            torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-5)


def test_what_happens_in_one_is_known_to_all(together: Together) -> None:
    out = together.folder
    first, second = (json.loads((out / f"found-{rank}.json").read_text()) for rank in (0, 1))
    for name in ("result of the first", "anyone", "gathered", "not a number"):
        assert first[name] == second[name], name
    assert first["result of the first"] == "from 0"
    assert first["anyone"] == [False, True, True, True]
    assert first["gathered"] == ["0a", "0b", "1a", "1b", "1c"]
    for name in ("error of the first", "evaluation fails", "saving fails"):
        assert first[name] == "OutputError: the disk is full", name
        assert second[name] == "TrainingError: the first process failed: the disk is full", name
    assert "the loss isn't a number at update 2" in first["not a number"]
    named = json.loads((out / "nan" / "nan-batch.json").read_text())["samples"]
    assert len(named) == len(set(named)) >= 2, "of both processes"
    for found in (first, second):
        assert "isn't the same folder for all processes" in found["folders that aren't shared"]


def test_sigterm_stops_all_after_the_same_update(study: Manifest, tmp_path: Path) -> None:
    settings = ("encoder=compact-tiny", "without_degradation=true", "batch_size=8", "epochs=5000", "save_every=3")
    arguments = [*TORCHRUN, "--no-python", *command("quality", study, tmp_path, *settings)]
    with training(arguments, tmp_path, 5) as process:
        workers = [int(pid) for pid in children(process.pid)]
        os.kill(workers[1], signal.SIGTERM)  # one of them is told, and tells the other
        _, errors = process.communicate(timeout=LONGEST)
    assert process.returncode == 1
    assert errors.count("stopped after update") == 2, errors
    assert checkpoint.read(tmp_path / "last.pt")["progress"]["step"] == len(losses_of(tmp_path))


def children(parent: int) -> list[str]:
    return Path(f"/proc/{parent}/task/{parent}/children").read_text().split()


def test_a_mistake_is_said_by_all(study: Manifest, tmp_path: Path) -> None:
    for done in two(command("quality", study, tmp_path / "out")[1:]):
        assert done.returncode in (1, 2), done.stderr
        assert "fgresq: stage 2 needs the encoder of stage 1" in done.stderr
    assert not (tmp_path / "out").exists()
