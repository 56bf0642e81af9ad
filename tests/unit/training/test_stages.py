"""Both stages, the ablation and a baseline, on a small data set, with the smallest encoder."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO

import pytest
import torch

import fgresq
from fgresq.errors import CheckpointError, OutputError, TrainingError, UserError
from fgresq.manifest import Manifest, write_manifest
from fgresq.records import RestorationTask
from fgresq.training import checkpoint, loop
from fgresq.training.config import BaselineConfig, DegradationConfig, QualityConfig
from fgresq.training.log import read_log
from fgresq.training.run import run

TINY = {"encoder": "compact-tiny", "rate": 2e-3, "head_rate": 2e-3, "batch_size": 8, "test_share": 0.25}
COMMAND = Path(sys.executable).with_name("fgresq")


@pytest.fixture(scope="module")
def stage_one(study: Manifest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("stage-one")
    scores = run(study, DegradationConfig(**TINY, epochs=15), out)
    assert scores["task_accuracy"] > scores["most_frequent_task"], "blur and noise can be told apart"
    return out / "best.pt"


@pytest.fixture(scope="module")
def stage_two(study: Manifest, stage_one: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("stage-two")
    run(study, QualityConfig(**TINY, epochs=8, degradation=str(stage_one)), out)
    return out


def test_stage_two_learns_and_its_weights_can_be_used(study: Manifest, stage_two: Path) -> None:
    log = read_log(stage_two / "log.jsonl")
    losses = [entry["loss"] for entry in log if entry["event"] == "step"]
    assert sum(losses[-5:]) < sum(losses[:5])
    evaluations = [entry for entry in log if entry["event"] == "evaluation"]
    assert max(entry["acc"] for entry in evaluations) > 0.5
    assert {"srcc", "plcc", "acc", "acc_three", "acc_score", "acc/Denoising", "srcc/Deblurring"} <= set(evaluations[0])
    scorer = fgresq.load(stage_two / "model.safetensors", device="cpu")
    assert "strength of the degradation" in scorer.provenance.weights_note
    assert 0 < scorer.score(study.path_of(study.images[0])).score < 1


def test_the_degradation_branch_depends_on_the_image(stage_two: Path) -> None:
    model = fgresq.load(stage_two / "model.safetensors", device="cpu").model
    with torch.no_grad():
        prompted = model.degradation(torch.rand(4, 3, 224, 224, generator=torch.Generator().manual_seed(0)))
    assert prompted.std(dim=0).max() > 1e-6


def test_the_frozen_encoder_stays_as_stage_one_left_it(stage_one: Path, stage_two: Path) -> None:
    before = checkpoint.read(stage_one)["export"]["weights"]
    after = checkpoint.read(stage_two / "last.pt")["export"]["model"]
    for key, value in before.items():
        assert torch.equal(value, after[f"degradation.encoder.{key}"]), key


def test_last_layers_can_be_trained(study: Manifest, stage_one: Path, tmp_path: Path) -> None:
    config = QualityConfig(**TINY, epochs=1, degradation=str(stage_one), trainable_degradation_layers=1)
    run(study, config, tmp_path)
    before = checkpoint.read(stage_one)["export"]["weights"]
    after = checkpoint.read(tmp_path / "last.pt")["export"]["model"]
    changed = {key for key, value in before.items() if not torch.equal(value, after[f"degradation.encoder.{key}"])}
    last = max(int(key.split(".")[1]) for key in before if key.startswith("stages."))
    assert changed
    assert all(key.startswith((f"stages.{last}.", "norm.")) for key in changed)


def test_the_ablation_and_variants_train(study: Manifest, tmp_path: Path) -> None:
    config = QualityConfig(
        **TINY,
        epochs=1,
        without_degradation=True,
        comparison_input="pair-and-difference",
        comparison_classes="binary",
        probability="paper",
        ema=0.9,
        micro_batch=3,
        label_smoothing=0.1,
        split="pair",
    )
    scores = run(study, config, tmp_path)
    assert 0 <= scores["acc"] <= 1
    assert fgresq.load(tmp_path / "model.safetensors", device="cpu").model.degradation is None


def test_a_baseline_trains_under_the_same_loss(study: Manifest, tmp_path: Path) -> None:
    scores = run(study, BaselineConfig(epochs=2, rate=1e-3, batch_size=8, test_share=0.25), tmp_path)
    assert "acc_score" not in scores, "a baseline only scores"
    losses = [entry["loss"] for entry in read_log(tmp_path / "log.jsonl") if entry["event"] == "step"]
    assert all(0 <= value < 1 for value in losses)
    with pytest.raises(UserError, match="baseline 'nothing' isn't known"):
        run(study, BaselineConfig(model="nothing"), tmp_path / "other")
    run(
        study,
        BaselineConfig(model="fgresq.training.stages.networks:SmallCnn", epochs=1, batch_size=16),
        tmp_path / "named",
    )


def test_bf16_trains(study: Manifest, tmp_path: Path) -> None:
    run(study, BaselineConfig(epochs=1, rate=1e-3, batch_size=16, precision="bf16"), tmp_path)


def losses_of(out: Path) -> list[float]:
    return [entry["loss"] for entry in read_log(out / "log.jsonl") if entry["event"] == "step"]


def command(study: Manifest, out: Path, epochs: int = 3) -> list[str]:
    settings = {
        "encoder": "compact-tiny",
        "batch_size": 4,
        "epochs": epochs,
        "test_share": 0.25,
        "save_every": 5,
        "without_degradation": "true",
        "rate": 1e-3,
    }
    changes = [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
    return [str(COMMAND), "train", "quality", str(study.root), "--out", str(out), *changes]


def wait_for_steps(process: subprocess.Popen[str], out: Path, steps: int) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if (out / "log.jsonl").is_file() and len(losses_of(out)) >= steps and (out / "last.pt").is_file():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    raise AssertionError("the training made no progress")


def test_killed_in_the_middle_it_goes_on_to_the_same_numbers(study: Manifest, tmp_path: Path) -> None:
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    subprocess.run(command(study, straight), check=True, capture_output=True, timeout=240)
    expected = losses_of(straight)
    assert len(expected) >= 20
    process = subprocess.Popen(command(study, broken), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for_steps(process, broken, 10)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert checkpoint.read(broken / "last.pt")["progress"]["step"] < len(expected)
    subprocess.run(command(study, broken), check=True, capture_output=True, timeout=240)
    assert losses_of(broken) == expected, "every loss, to the bit"
    weights = [checkpoint.read(out / "last.pt")["network"] for out in (straight, broken)]
    assert all(torch.equal(weights[0][key], weights[1][key]) for key in weights[0])


def test_sigterm_saves_and_exits(study: Manifest, tmp_path: Path) -> None:
    process = subprocess.Popen(
        command(study, tmp_path, epochs=200), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_for_steps(process, tmp_path, 7)
    process.terminate()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "goes on" in errors
    assert "Traceback" not in errors
    done = checkpoint.read(tmp_path / "last.pt")["progress"]["step"]
    assert done == len(losses_of(tmp_path)), "not one update is lost"


def test_a_loss_that_is_not_a_number_stops_and_names_the_images(
    study: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Exploding(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(()))

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images.mean(dim=(1, 2, 3)) * self.weight * torch.inf

    monkeypatch.setattr("fgresq.training.stages.quality.baseline", lambda _name: Exploding())
    with pytest.raises(TrainingError, match=r"isn't a number at update 1; .*nan-batch\.json"):
        run(study, BaselineConfig(batch_size=8), tmp_path)
    named = json.loads((tmp_path / "nan-batch.json").read_text())
    assert len(named["samples"]) == 8
    assert all(" | " in name for name in named["samples"])


def test_a_full_disk_keeps_the_last_good_checkpoint(
    study: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = BaselineConfig(epochs=2, batch_size=16, save_every=1, rate=1e-3)
    whole, saved = torch.save, []

    def full(content: object, file: BinaryIO) -> None:
        if len(saved) >= 2:
            file.write(b"cut")
            raise OSError(28, "No space left on device")
        whole(content, file)
        saved.append(file)

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OutputError, match=r"last\.pt: can't be written \(No space left on device\)"):
        run(study, config, tmp_path)
    assert checkpoint.read(tmp_path / "last.pt")["progress"]["step"] == 2
    assert {path.name for path in tmp_path.iterdir()} == {"last.pt", "log.jsonl"}
    monkeypatch.setattr(torch, "save", whole)
    run(study, config, tmp_path)


def test_what_cannot_be_trained_with(study: Manifest, stage_one: Path, tmp_path: Path) -> None:
    empty = Manifest(tmp_path / "empty", (), (), {})
    with pytest.raises(UserError, match="manifest is empty"):
        run(empty, QualityConfig(**TINY), tmp_path / "out")
    with pytest.raises(UserError, match=r"48 image files are missing: .*c00-Deblurring-0\.png"):
        run(Manifest(tmp_path / "moved", study.images, study.pairs, {}), QualityConfig(**TINY), tmp_path / "out")
    unjudged = Manifest(study.root, study.images, (), {})
    with pytest.raises(UserError, match="none of 0 pairs is judged"):
        run(unjudged, QualityConfig(**TINY, without_degradation=True), tmp_path / "out")
    with pytest.raises(UserError, match="stage 2 needs the encoder of stage 1"):
        run(study, QualityConfig(**TINY), tmp_path / "out")
    with pytest.raises(UserError, match="trained the encoder compact-tiny, but compact was asked for"):
        run(study, QualityConfig(**{**TINY, "encoder": "compact"}, degradation=str(stage_one)), tmp_path / "out")
    (tmp_path / "damaged.pt").write_bytes(b"PK nothing")
    with pytest.raises(CheckpointError, match="isn't a readable checkpoint"):
        run(study, QualityConfig(**TINY, degradation=str(tmp_path / "damaged.pt")), tmp_path / "out")
    assert not (tmp_path / "out").exists(), "nothing is written before the first step"


def test_going_on_with_other_settings_is_refused(study: Manifest, tmp_path: Path) -> None:
    run(study, BaselineConfig(epochs=1, batch_size=16), tmp_path)
    with pytest.raises(TrainingError, match="other settings \\(epochs\\)"):
        run(study, BaselineConfig(epochs=2, batch_size=16), tmp_path)


def test_the_loop_can_be_read_at_a_glance() -> None:
    assert Path(loop.__file__).read_text(encoding="utf-8").count("\n") <= 150


def test_one_task_only_is_said(study: Manifest, tmp_path: Path) -> None:
    images = tuple(image for image in study.images if image.task is RestorationTask.DENOISING)
    one = Manifest(tmp_path / "one", images, (), {})
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "images").symlink_to(study.root / "images")
    write_manifest(one)
    with pytest.raises(UserError, match="at least 2 tasks"):
        run(one, DegradationConfig(**TINY, batches="diagonal"), tmp_path / "out")
