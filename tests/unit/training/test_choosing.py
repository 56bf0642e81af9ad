"""Which epoch is kept: chosen by a validation side, never by the test side, which is looked at once."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from tests.unit.training.study import TINY

import fgresq
from fgresq.errors import CheckpointError, UserError
from fgresq.manifest import Manifest
from fgresq.records import Split
from fgresq.training import checkpoint
from fgresq.training.config import BaselineConfig, DegradationConfig, QualityConfig, RunConfig, read_config
from fgresq.training.log import read_log
from fgresq.training.run import run
from fgresq.training.stages.base import Scores
from fgresq.training.stages.degradation import DegradationStage
from fgresq.training.stages.networks import ScoreNetwork
from fgresq.training.stages.quality import BaselineStage, QualityStage, model_config
from fgresq.training.stages.samples import prepare

SMALL = {"resize": 72, "crop": 64}
BASELINE = BaselineConfig(epochs=3, batch_size=16, rate=1e-3, test_share=0.25, preprocessing=SMALL)


def looked_at(monkeypatch: pytest.MonkeyPatch, accuracies: Sequence[float | None]) -> list[Split]:
    """The sides that a baseline is evaluated on, in order; on the validation side it has these accuracies."""
    sides: list[Split] = []
    left = iter(accuracies)

    def evaluate(self: BaselineStage, network: torch.nn.Module, side: Split) -> Scores:
        sides.append(side)
        # What the test side says would make another epoch the best one.
        return {"acc": next(left) if side is Split.VALIDATION else 1.0 - len(sides) / 10}

    monkeypatch.setattr(BaselineStage, "evaluate", evaluate)
    return sides


def test_the_test_side_is_looked_at_once_at_the_end(
    study: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sides = looked_at(monkeypatch, [0.5, 0.8, 0.7])
    progress = run(study, BASELINE, tmp_path)
    assert sides == [Split.VALIDATION] * 3 + [Split.TEST]
    assert (progress.best, progress.best_epoch, progress.kept_epoch) == (0.8, 2, 2)
    assert progress.scores == {"acc": 0.7}
    assert progress.test_scores == {"acc": 0.6}
    assert checkpoint.read(tmp_path / "best.pt")["progress"]["epoch"] == 2
    log = [entry for entry in read_log(tmp_path / "log.jsonl") if "acc" in entry]
    told = [(entry["event"], entry["epoch"], entry["acc"]) for entry in log]
    assert told == [("evaluation", 1, 0.5), ("evaluation", 2, 0.8), ("evaluation", 3, 0.7), ("test", 2, 0.6)]
    assert run(study, BASELINE, tmp_path) == progress, "a finished training isn't tested again"
    assert len(sides) == 4


def test_what_is_tested_is_what_is_kept(study: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[torch.Tensor] = []
    honest = BaselineStage.evaluate

    def evaluate(self: BaselineStage, network: torch.nn.Module, side: Split) -> Scores:
        assert isinstance(network, ScoreNetwork)
        judged.append(network.module.head.weight.detach().clone())
        return {**honest(self, network, side), "acc": -len(judged)}

    monkeypatch.setattr(BaselineStage, "evaluate", evaluate)
    run(study, BASELINE.model_copy(update={"ema": 0.9}), tmp_path)
    best = checkpoint.read(tmp_path / "best.pt")
    assert best["progress"]["epoch"] == 1, "each epoch is worse than the one before"
    assert torch.equal(judged[-1], best["export"]["weights"]["head.weight"])
    assert torch.equal(judged[-1], judged[0])
    assert not torch.equal(judged[-1], judged[-2])


def test_the_last_epoch_can_be_kept(study: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sides = looked_at(monkeypatch, [0.8, 0.7, 0.6])
    progress = run(study, BASELINE.model_copy(update={"keep": "last"}), tmp_path / "validated")
    assert sides == [Split.VALIDATION] * 3 + [Split.TEST]
    assert (progress.best, progress.kept_epoch) == (None, 3)
    assert not (tmp_path / "validated" / "best.pt").exists()
    sides.clear()
    alone = run(study, BASELINE.model_copy(update={"keep": "last", "validation_share": 0.0}), tmp_path / "alone")
    assert sides == [Split.TEST]
    assert (alone.scores, alone.kept_epoch) == ({}, 3)


def test_without_any_score_of_the_criterion_the_last_is_kept(
    study: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at(monkeypatch, [None, None, None])
    progress = run(study, BASELINE, tmp_path)
    assert (progress.best, progress.kept_epoch) == (None, 3)
    assert not (tmp_path / "best.pt").exists()


def test_the_weights_of_the_last_epoch(study: Manifest, tmp_path: Path) -> None:
    settings = {**TINY, "keep": "last", "validation_share": 0, "preprocessing": SMALL}
    config = QualityConfig(**settings, epochs=2, without_degradation=True)
    run(study, config, tmp_path)
    last = checkpoint.read(tmp_path / "last.pt")["export"]["model"]
    weights = fgresq.load(tmp_path / "model.safetensors", device="cpu").model.state_dict()
    assert all(torch.equal(value, weights[key]) for key, value in last.items())


@pytest.mark.parametrize("split", ["content", "pair"])
def test_nothing_is_trained_on_that_validates_or_tests(study: Manifest, split: str) -> None:
    first = DegradationConfig(**TINY, split=split)
    second = QualityConfig(**TINY, split=split, without_degradation=True)
    sides = prepare(study, second)
    stages = (DegradationStage(prepare(study, first), first), QualityStage(sides, second, model_config(second)))
    images, pairs = ({name for batch in stage.batches(0, 0) for name in batch.names} for stage in stages)
    for side in (Split.VALIDATION, Split.TEST):
        held_out = {f"{pair.image_a} | {pair.image_b}" for pair in (study.pairs[i] for i in sides.split.pairs(side))}
        assert held_out
        assert not held_out & pairs
        if split == "content":
            assert not images & set(sides.split.images(side))
    assert len(pairs) == len(sides.split.train_pairs)


def test_a_training_killed_between_its_test_and_its_checkpoint_says_it_once(study: Manifest, tmp_path: Path) -> None:
    progress = run(study, BASELINE, tmp_path)
    log = (tmp_path / "log.jsonl").read_text()
    content = checkpoint.read(tmp_path / "last.pt")
    content["progress"]["test_scores"] = {}
    torch.save(content, tmp_path / "last.pt")
    assert run(study, BASELINE, tmp_path) == progress
    assert (tmp_path / "log.jsonl").read_text() == log
    assert checkpoint.read(tmp_path / "last.pt")["progress"]["test_scores"] == progress.test_scores


def test_what_an_earlier_version_chose_by_the_test_side_is_refused(study: Manifest, tmp_path: Path) -> None:
    config = BASELINE.model_copy(update={"epochs": 1})
    run(study, config, tmp_path)
    content = checkpoint.read(tmp_path / "last.pt")
    for earlier in (1, 2):
        torch.save({**content, "format": f"fgresq-training-{earlier}"}, tmp_path / "last.pt")
        before = (tmp_path / "last.pt").read_bytes()
        with pytest.raises(CheckpointError, match=r"last\.pt: was written by an earlier version of .*; train anew"):
            run(study, config, tmp_path)
        assert (tmp_path / "last.pt").read_bytes() == before


@pytest.mark.parametrize("kind", [DegradationConfig, QualityConfig, BaselineConfig])
def test_the_best_needs_something_to_be_chosen_by(kind: type[RunConfig]) -> None:
    with pytest.raises(UserError, match="keep=best chooses the epoch by a validation side, and validation_share is 0"):
        read_config(kind, None, {"validation_share": 0})
    with pytest.raises(UserError, match="validation_share: input should be less than 1"):
        read_config(kind, None, {"validation_share": 1})
    assert read_config(kind, None, {"validation_share": 0, "keep": "last"}).validation_share == 0
    assert (kind().validation_share, kind().keep) == (0.1, "best")
