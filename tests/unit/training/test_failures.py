"""What stops a training: numbers that aren't any more, a full disk, and what can't be trained with at all."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest
import torch
from tests.unit.test_locks import dead
from tests.unit.training.networks import Breaking
from tests.unit.training.study import TINY, losses_of
from tests.unit.writers import another_writer

from fgresq.errors import OutputError, TrainingError, UserError
from fgresq.manifest import Manifest
from fgresq.records import RestorationTask
from fgresq.training import checkpoint
from fgresq.training.config import BaselineConfig, DegradationConfig, QualityConfig
from fgresq.training.log import read_log
from fgresq.training.run import run as train

ABLATION = QualityConfig(**TINY, without_degradation=True)


@pytest.mark.parametrize("what", ["loss", "gradient"])
@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_a_number_that_is_none_stops_and_names_the_images(
    study: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, precision: str
) -> None:
    module = Breaking(3, what)
    monkeypatch.setattr("fgresq.training.stages.quality.baseline", lambda _name, _side: module)
    # In fp16 the scale is tried out first: 2^16, halved at every update that can't be made.
    updates = 3 if (what, precision) != ("gradient", "fp16") else 19
    config = BaselineConfig(batch_size=8, save_every=1, precision=precision)
    with pytest.raises(TrainingError, match=rf"the {what} isn't a number at update {updates}; .*nan-batch\.json"):
        train(study, config, tmp_path)
    named = json.loads((tmp_path / "nan-batch.json").read_text())
    assert named["step"] == updates
    sources = {image.image_id: image.source for image in study.images}
    known = {f"{pair.image_a} | {pair.image_b}": sources[pair.image_a] for pair in study.pairs}
    assert 2 <= len(named["samples"]) <= 8
    assert len({known[name] for name in named["samples"]}) == 1, "one batch is from one source"
    last = checkpoint.read(tmp_path / "last.pt")
    assert last["progress"]["step"] == updates - 1
    assert all(torch.isfinite(value).all() for value in last["network"].values()), "the last good checkpoint is kept"


def test_an_update_that_fp16_cannot_hold_is_left_out(
    study: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Steep(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(()))

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            half = images.mean(dim=(1, 2, 3)).half()
            return half * self.weight.half() * 1024  # times a scale of 65536, the gradient is beyond fp16

    monkeypatch.setattr("fgresq.training.stages.quality.baseline", lambda _name, _side: Steep())
    train(study, BaselineConfig(batch_size=8, epochs=3, rate=1e-3, precision="fp16"), tmp_path)
    steps = [entry for entry in read_log(tmp_path / "log.jsonl") if entry["event"] == "step"]
    left_out = [entry["norm"] is None for entry in steps]
    assert left_out[0]
    assert not left_out[-1], "the scale has come down"
    last = checkpoint.read(tmp_path / "last.pt")
    assert last["scaler"]["scale"] == 2.0 ** (16 - sum(left_out))
    assert last["network"]["module.weight"].isfinite()
    assert last["network"]["module.weight"] != 1


@pytest.mark.slow
def test_a_full_disk_keeps_the_last_good_checkpoint(
    study: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = BaselineConfig(epochs=2, batch_size=16, save_every=1, rate=1e-3)
    train(study, config, tmp_path / "straight")
    whole, saved = torch.save, []

    def full(content: object, file: BinaryIO) -> None:
        if len(saved) >= 2:
            file.write(b"cut")
            raise OSError(28, "No space left on device")
        whole(content, file)
        saved.append(file)

    out = tmp_path / "out"
    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OutputError, match=r"last\.pt: can't be written \(No space left on device\)"):
        train(study, config, out)
    assert checkpoint.read(out / "last.pt")["progress"]["step"] == 2
    assert {path.name for path in out.iterdir()} == {"last.pt", "log.jsonl", "split.json"}
    monkeypatch.setattr(torch, "save", whole)
    train(study, config, out)
    assert losses_of(out) == losses_of(tmp_path / "straight")


@pytest.mark.slow
def test_the_last_line_of_a_full_disk_is_cut_and_written_again(study: Manifest, tmp_path: Path) -> None:
    config = BaselineConfig(epochs=2, batch_size=16, save_every=1, rate=1e-3, test_share=0.25)
    train(study, config, tmp_path / "straight")
    out = tmp_path / "out"

    def fill(done: int, of: int, loss: float) -> None:
        del of, loss
        if done == 3:
            with (out / "log.jsonl").open("a") as file:
                file.write('{"event": "step", "st')
            raise OutputError("the log can't be written")

    with pytest.raises(OutputError):
        train(study, config, out, fill)
    train(study, config, out)
    assert (out / "log.jsonl").read_text() == (tmp_path / "straight" / "log.jsonl").read_text()


def without_pairs_of(study: Manifest, task: RestorationTask) -> Manifest:
    tasks = {image.image_id: image.task for image in study.images}
    return replace(study, pairs=tuple(pair for pair in study.pairs if tasks[pair.image_a] is not task))


@pytest.mark.parametrize("config", [ABLATION, DegradationConfig(**TINY), BaselineConfig()])
def test_an_empty_manifest_and_missing_files(study: Manifest, tmp_path: Path, config: QualityConfig) -> None:
    with pytest.raises(UserError, match="manifest is empty"):
        train(Manifest(tmp_path / "empty", (), (), {}), config, tmp_path / "out")
    with pytest.raises(UserError, match="48 image files are missing: ") as caught:
        train(replace(study, root=tmp_path / "moved"), config, tmp_path / "out")
    assert all(image.path in str(caught.value) for image in study.images), "all at once"
    assert not (tmp_path / "out").exists(), "nothing is written before the first step"


def test_pairs_that_are_missing(study: Manifest, tmp_path: Path) -> None:
    def refuse(manifest: Manifest, message: str) -> None:
        for config in (ABLATION, BaselineConfig(test_share=0.25)):
            with pytest.raises(UserError, match=message):
                train(manifest, config, tmp_path / "out")
        assert not (tmp_path / "out").exists()

    refuse(replace(study, pairs=()), "none of 0 pairs is judged; there is nothing to train on")
    unjudged = tuple(replace(pair, preference=None) for pair in study.pairs)
    refuse(replace(study, pairs=unjudged), "none of 48 pairs is judged")
    refuse(
        without_pairs_of(study, RestorationTask.DEBLURRING),
        r"tasks with images but without a judged pair: Deblurring \(24 images\)",
    )
    content = study.images[0].content
    mine = {image.image_id for image in study.images if image.content == content}
    some = tuple(pair if pair.image_a in mine else replace(pair, preference=None) for pair in study.pairs)
    refuse(replace(study, pairs=some), "no judged pair falls on the validation side .*=0 with keep=last does without")
    config = BaselineConfig(test_share=0.25, validation_share=0, keep="last")
    with pytest.raises(UserError, match="no judged pair falls on the test side of the split by content; another"):
        train(replace(study, pairs=some), config, tmp_path / "out")


def test_stage_one_needs_no_pairs(study: Manifest, tmp_path: Path) -> None:
    train(replace(study, pairs=()), DegradationConfig(**TINY, epochs=1), tmp_path)


def test_a_baseline_needs_opinions(study: Manifest, tmp_path: Path) -> None:
    unscored = replace(study, images=tuple(replace(image, mos=None) for image in study.images))
    with pytest.raises(UserError, match="no image of the training pairs has a MOS"):
        train(unscored, BaselineConfig(), tmp_path / "out")
    train(unscored, ABLATION.model_copy(update={"epochs": 1}), tmp_path / "ranking alone")


def test_one_task_only_is_said(study: Manifest, tmp_path: Path) -> None:
    images = tuple(image for image in study.images if image.task is RestorationTask.DENOISING)
    one = Manifest(study.root, images, (), {})
    with pytest.raises(UserError, match="at least 2 tasks"):
        train(one, DegradationConfig(**TINY, batches="diagonal"), tmp_path / "out")


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:7"])
def test_a_device_that_is_not_here(study: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(UserError, match=rf"device '{name}(:0)?' can't be used here: PyTorch finds 0 GPUs"):
        train(study, ABLATION.model_copy(update={"device": name}), tmp_path / "out")


def test_a_folder_that_cannot_be_made(study: Manifest, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    with pytest.raises(OutputError, match=r"file: this folder can't be made \(File exists\)"):
        train(study, ABLATION, tmp_path / "file")


def test_a_folder_that_another_process_trains_in(study: Manifest, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with another_writer(out) as process:
        with pytest.raises(OutputError, match=rf"out: process {process.pid} writes here since .* name another folder"):
            train(study, ABLATION, out)
        assert [path.name for path in out.iterdir()] == [".fgresq.lock"]
    left, kept = out / f".fgresq-{dead()}-x", out / f".fgresq-{os.getppid()}-x"
    left.write_text("half a checkpoint")
    kept.write_text("another program's")
    train(study, ABLATION.model_copy(update={"epochs": 1}), out)
    assert [path for path in out.iterdir() if path.name.startswith(".fgresq")] == [kept]


def test_a_training_that_cannot_begin_leaves_no_folder(study: Manifest, tmp_path: Path) -> None:
    with pytest.raises(UserError):
        train(study, QualityConfig(**TINY, degradation=str(tmp_path / "gone.pt")), tmp_path / "new" / "out")
    assert not (tmp_path / "new").exists()
