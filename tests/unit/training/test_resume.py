"""Interrupted, a training goes on to the same numbers; with anything else it refuses to."""

import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tests.end_to_end.command import inside
from tests.end_to_end.killed import killed_before
from tests.unit.training.study import TINY, losses_of
from tests.waiting import LONGEST, started, wait_until

from fgresq.errors import CheckpointError, TrainingStoppedError, UserError
from fgresq.manifest import Manifest
from fgresq.training import checkpoint, loop
from fgresq.training.config import BaselineConfig, QualityConfig
from fgresq.training.log import read_log
from fgresq.training.run import run
from fgresq.training.signals import stop_signals

COMMAND = Path(sys.executable).with_name("fgresq")


def quality_command(study: Manifest, out: Path, *settings: str) -> list[str]:
    ours = ("encoder=compact-tiny", "batch_size=4", "test_share=0.25", "save_every=5", "rate=1e-3", "ema=0.9")
    changes = [part for setting in (*ours, *settings) for part in ("--set", setting)]
    return [str(COMMAND), "train", "quality", str(study.root), "--out", str(out), "--without-degradation", *changes]


@contextmanager
def training(arguments: Sequence[str], out: Path, steps: int) -> Iterator[subprocess.Popen[str]]:
    """A training that has done some steps and saved some of them."""
    with started(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        files = (out / "log.jsonl", out / "last.pt")
        wait_until(
            lambda: all(path.is_file() for path in files) and len(losses_of(out)) >= steps,
            f"the training makes {steps} steps",
            LONGEST,
            process=process,
        )
        yield process


@pytest.mark.slow
def test_killed_in_the_middle_it_goes_on_to_the_same_numbers(study: Manifest, tmp_path: Path) -> None:
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    inside(*quality_command(study, straight, "epochs=3")[1:])
    expected = losses_of(straight)
    assert len(expected) >= 20
    killed_before(r"/last\.pt$", 3, *quality_command(study, broken, "epochs=3")[1:])
    assert checkpoint.read(broken / "last.pt")["progress"]["step"] < len(expected)
    with (broken / "log.jsonl").open("a") as file:
        file.write('{"event": "step", "step": 11, "lo')  # killed while it wrote this
    done = inside(*quality_command(study, broken, "epochs=3")[1:])
    assert losses_of(broken) == expected, "every loss, to the bit"
    assert (broken / "log.jsonl").read_text() == (straight / "log.jsonl").read_text(), "and every score"
    first, second = (checkpoint.read(out / "last.pt") for out in (straight, broken))
    for part in ("network", "average"):
        assert all(torch.equal(first[part][key], second[part][key]) for key in first[part])
    assert (straight / "model.safetensors").read_bytes() == (broken / "model.safetensors").read_bytes()

    again = inside(*quality_command(study, broken, "epochs=3")[1:])
    assert again.stdout == done.stdout, "a finished training says what it said then"
    assert "acc/Denoising" in again.stdout
    assert losses_of(broken) == expected


@pytest.mark.slow
def test_sigterm_saves_and_exits(study: Manifest, tmp_path: Path) -> None:
    with training(quality_command(study, tmp_path, "epochs=5000"), tmp_path, 7) as process:
        process.terminate()
        _, errors = process.communicate(timeout=LONGEST)
    assert process.returncode == 1
    assert "goes on" in errors
    assert errors.count("\n") == 1
    done = checkpoint.read(tmp_path / "last.pt")["progress"]["step"]
    assert done == len(losses_of(tmp_path)), "not one update is lost"


def stop_after(steps: int) -> loop.Watch:
    """What a signal does, at an update of our choice."""

    def watch(done: int, of: int, loss: float) -> None:
        del of, loss
        if done == steps:
            signal.raise_signal(signal.SIGTERM)

    return watch


@pytest.mark.parametrize("steps", [3, 5])
def test_buffers_and_random_numbers_go_on_too(study: Manifest, tmp_path: Path, steps: int) -> None:
    model = "tests.unit.training.networks:WithDropout"
    config = BaselineConfig(model=model, epochs=2, batch_size=8, rate=1e-3, ema=0.8, test_share=0.25, evaluate_every=2)
    run(study, config, tmp_path / "straight")
    with pytest.raises(TrainingStoppedError, match=f"stopped after update {steps} of 10"):
        run(study, config, tmp_path / "broken", stop_after(steps))
    assert len(losses_of(tmp_path / "broken")) == steps
    run(study, config, tmp_path / "broken")
    assert losses_of(tmp_path / "broken") == losses_of(tmp_path / "straight")
    first, second = (checkpoint.read(tmp_path / name / "last.pt") for name in ("straight", "broken"))
    for part in ("network", "average"):
        assert all(torch.equal(first[part][key], second[part][key]) for key in first[part])
    assert first["progress"] == second["progress"]
    running = "module.layers.1.running_mean"
    assert torch.equal(first["average"][running], first["network"][running])
    assert first["network"][running].abs().max() > 0


@pytest.fixture(scope="module")
def begun(study: Manifest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training that was stopped after its first evaluation."""
    out = tmp_path_factory.mktemp("begun")
    with pytest.raises(TrainingStoppedError):
        run(study, CONFIG, out, stop_after(5))
    return out


CONFIG = BaselineConfig(epochs=3, batch_size=16, rate=1e-3, test_share=0.25)


@pytest.fixture
def out(begun: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(begun, tmp_path / "out"))


@pytest.mark.slow
def test_going_on_with_other_settings_is_refused(study: Manifest, out: Path) -> None:
    with pytest.raises(UserError, match=r"last\.pt: was begun with other settings \(epochs, rate\)"):
        run(study, CONFIG.model_copy(update={"epochs": 4, "rate": 2e-3}), out)
    run(study, CONFIG.model_copy(update={"save_every": 1, "cache": False, "device": "cpu"}), out)


def test_going_on_with_another_manifest_is_refused(study: Manifest, out: Path) -> None:
    image = replace(study.images[0], mos=0.5)
    with pytest.raises(UserError, match=r"last\.pt: was begun with another manifest"):
        run(replace(study, images=(image, *study.images[1:])), CONFIG, out)


def test_going_on_with_another_kind_is_refused(study: Manifest, out: Path) -> None:
    with pytest.raises(CheckpointError, match=r"is of a baseline training; one of a quality training is needed"):
        run(study, QualityConfig(**TINY, without_degradation=True), out)


def test_a_best_checkpoint_that_is_gone_is_named(study: Manifest, out: Path) -> None:
    (out / "best.pt").unlink()
    with pytest.raises(UserError, match=r"best\.pt: is gone, and last\.pt says that it was the best so far \(after"):
        run(study, CONFIG, out)


def test_a_checkpoint_of_another_network_is_refused(study: Manifest, out: Path) -> None:
    content = checkpoint.read(out / "last.pt")
    content["network"]["module.head.weight"] = torch.zeros(1, 3)
    torch.save(content, out / "last.pt")
    with pytest.raises(CheckpointError, match=r"last\.pt: doesn't fit .*module\.head\.weight"):
        run(study, CONFIG, out)


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "zeros", "weights", "folder"])
def test_a_damaged_checkpoint_is_refused_and_left_alone(study: Manifest, out: Path, damage: str) -> None:
    path = out / "last.pt"
    content = path.read_bytes()
    path.unlink()
    if damage == "folder":
        path.mkdir()
        with pytest.raises(CheckpointError, match=r"last\.pt: can't be read \(Is a directory\)"):
            checkpoint.read(path)
        return
    if damage == "weights":
        torch.save({"weight": torch.zeros(3)}, path)
    else:
        damaged = {"cut": content[: len(content) // 2], "empty": b"", "text": b"hello\n", "zeros": bytes(5000)}
        path.write_bytes(damaged[damage])
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match=r"last\.pt: isn't a (readable )?checkpoint of a training"):
        run(study, CONFIG, out)
    assert path.read_bytes() == before


def test_a_log_without_a_checkpoint_is_begun_anew(study: Manifest, tmp_path: Path) -> None:
    config = CONFIG.model_copy(update={"epochs": 1})
    run(study, config, tmp_path / "clean")
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / "log.jsonl").write_text('{"event": "start"}\n{"event": "step", "step": 1, "loss": 0.5}\n{"ev')
    run(study, config, tmp_path / "again")
    assert read_log(tmp_path / "again" / "log.jsonl") == read_log(tmp_path / "clean" / "log.jsonl")


def test_outside_the_main_thread_signals_are_left_alone() -> None:
    found = []

    def work() -> None:
        with stop_signals() as stopped:
            found.append(stopped())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [False]


def test_the_loop_can_be_read_at_a_glance() -> None:
    assert Path(loop.__file__).read_text(encoding="utf-8").count("\n") <= 150
