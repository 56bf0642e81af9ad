"""Both stages and the ablation, on a small data set, with the smallest encoder; and what needs finished stages."""

from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
import torch
from tests.unit.training.study import TINY, losses_of

import fgresq
from fgresq.data.datasets import PREFERENCE_CLASS
from fgresq.errors import CheckpointError, UserError
from fgresq.manifest import Manifest
from fgresq.model.build import build_encoder
from fgresq.records import Preference, Split
from fgresq.training import checkpoint
from fgresq.training.config import BaselineConfig, DegradationConfig, QualityConfig
from fgresq.training.log import read_log
from fgresq.training.run import export_weights, run
from fgresq.training.stages import samples
from fgresq.training.stages.degradation import DegradationStage
from fgresq.training.stages.quality import BaselineStage, QualityStage, model_config
from fgresq.training.stages.samples import prepare


def test_stage_one_tells_the_tasks_apart_on_held_out_contents(stage_one: Path) -> None:
    scores = checkpoint.read(stage_one / "best.pt")["progress"]["best_scores"]
    assert scores["task_accuracy"] > scores["most_frequent_task"], "blur and noise can be told apart"
    per_task = [scores["task_accuracy/Deblurring"], scores["task_accuracy/Denoising"]]
    assert scores["task_accuracy"] == pytest.approx(sum(per_task) / 2), "the tasks have equally many images"
    assert len([name for name in scores if "/" in name]) == 2, "tasks without images have no accuracy"


def test_accuracies_of_the_tasks_are_counted_right(study: Manifest) -> None:
    config = DegradationConfig(**TINY)
    stage = DegradationStage(prepare(study, config), config)

    class AlwaysDenoising(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(()))

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return torch.eye(6)[2].expand(len(images), 6)

    network = AlwaysDenoising()
    for side in (Split.VALIDATION, Split.TEST):
        scores = stage.evaluate(network, side)
        assert network.training, "left as it was"
        assert (scores["task_accuracy/Denoising"], scores["task_accuracy/Deblurring"]) == (1.0, 0.0)
        assert scores["task_accuracy"] == scores["most_frequent_task"] == 0.5


def test_stage_two_learns_and_its_weights_can_be_used(study: Manifest, stage_two: Path) -> None:
    losses = losses_of(stage_two)
    assert sum(losses[-5:]) < sum(losses[:5])
    evaluations = [entry for entry in read_log(stage_two / "log.jsonl") if entry["event"] == "evaluation"]
    assert max(entry["acc"] for entry in evaluations) > 0.5
    assert {"srcc", "plcc", "acc", "acc_three", "acc_score", "acc/Denoising", "srcc/Deblurring"} <= set(evaluations[0])
    scorer = fgresq.load(stage_two / "model.safetensors", device="cpu")
    assert "strength of the degradation" in scorer.provenance.weights_note
    assert 0 < scorer.score(study.path_of(study.images[0])).score < 1


def test_the_best_epoch_is_what_is_kept(stage_two: Path) -> None:
    evaluations = [entry for entry in read_log(stage_two / "log.jsonl") if entry["event"] == "evaluation"]
    best, last = (checkpoint.read(stage_two / name) for name in ("best.pt", "last.pt"))
    accuracies = [entry["acc"] for entry in evaluations]
    assert last["progress"]["best"] == max(accuracies)
    assert last["progress"]["best_epoch"] == 1 + accuracies.index(max(accuracies)) == best["progress"]["epoch"]
    weights = fgresq.load(stage_two / "model.safetensors", device="cpu").model.state_dict()
    for key, value in best["export"]["model"].items():
        assert torch.equal(value, weights[key]), key


def test_the_degradation_branch_depends_on_the_image(stage_two: Path) -> None:
    model = fgresq.load(stage_two / "model.safetensors", device="cpu").model
    with torch.no_grad():
        prompted = model.degradation(torch.rand(4, 3, 224, 224, generator=torch.Generator().manual_seed(0)))
    assert prompted.std(dim=0).max() > 1e-6


def test_the_frozen_encoder_stays_as_stage_one_left_it(stage_one: Path, stage_two: Path) -> None:
    before = checkpoint.read(stage_one / "best.pt")["export"]["weights"]
    after = checkpoint.read(stage_two / "last.pt")["export"]["model"]
    for key, value in before.items():
        assert torch.equal(value, after[f"degradation.encoder.{key}"]), key


def test_last_layers_can_be_trained(study: Manifest, stage_one: Path, tmp_path: Path) -> None:
    path = stage_one / "best.pt"
    config = QualityConfig(**TINY, epochs=1, degradation=str(path), trainable_degradation_layers=1)
    run(study, config, tmp_path)
    before = checkpoint.read(path)["export"]["weights"]
    after = checkpoint.read(tmp_path / "last.pt")["export"]["model"]
    changed = {key for key, value in before.items() if not torch.equal(value, after[f"degradation.encoder.{key}"])}
    encoder = build_encoder("compact-tiny")
    last = {id(weight) for layer in (encoder.stages[-1], encoder.norm) for weight in layer.parameters()}
    assert changed == {name for name, weight in encoder.named_parameters() if id(weight) in last}
    assert len(changed) < len(before)


def test_the_ablation_and_variants_train(study: Manifest, tmp_path: Path) -> None:
    config = QualityConfig(
        **TINY,
        epochs=1,
        without_degradation=True,
        comparison_input="pair-and-difference",
        comparison_classes="binary",
        probability="paper",
        micro_batch=3,
        label_smoothing=0.1,
        split="pair",
    )
    progress = run(study, config, tmp_path)
    assert 0 <= progress.scores["acc"] <= 1
    assert fgresq.load(tmp_path / "model.safetensors", device="cpu").model.degradation is None


def test_an_epoch_visits_every_pair_of_the_training_side_once_source_by_source(study: Manifest) -> None:
    config = QualityConfig(**TINY, without_degradation=True)
    sides = prepare(study, config)
    stage = QualityStage(sides, config, model_config(config))
    batches = list(stage.batches(0, 0))
    assert len(batches) == stage.steps(0)
    wanted = [study.pairs[index] for index in sides.split.train_pairs]
    assert sorted(chain.from_iterable(batch.names for batch in batches)) == sorted(
        f"{pair.image_a} | {pair.image_b}" for pair in wanted
    )
    classes = {f"{pair.image_a} | {pair.image_b}": PREFERENCE_CLASS[pair.preference] for pair in wanted}
    mos = {image.image_id: image.mos for image in study.images}
    for batch in batches:
        preferences, mos_a, _, sources = batch.labels
        assert len(sources.unique()) == 1
        assert preferences.tolist() == [classes[name] for name in batch.names]
        assert mos_a.tolist() == [mos[name.split(" | ")[0]] for name in batch.names]
    assert [batch.names for batch in stage.batches(0, 3)] == [batch.names for batch in batches[3:]]
    assert [batch.names for batch in stage.batches(1, 0)] != [batch.names for batch in batches]


def test_sources_with_unequal_pairs_an_image_weigh_the_same_over_an_epoch(study: Manifest) -> None:
    """Eq. 7 balances what the loss adds up: batches. Both sources have 24 images, but one has three times the pairs."""
    source = {image.image_id: image.source for image in study.images}
    of_second = [pair for pair in study.pairs if source[pair.image_a] == "second"]
    pairs = tuple(pair for pair in study.pairs if pair not in of_second or of_second.index(pair) % 3 == 0)
    config = BaselineConfig(batch_size=2, test_share=0.25, validation_share=0, keep="last")
    stage = BaselineStage(prepare(replace(study, pairs=pairs), config), config)
    counted = {
        name: len([pair for pair in stage.train.pairs if source[pair.image_a] == name]) for name in ("first", "second")
    }
    assert counted["first"] == 3 * counted["second"] > 0
    for epoch in range(3):
        added = {0: 0.0, 1: 0.0}
        batches = list(stage.batches(epoch, 0))
        for batch in batches:
            added[int(batch.labels[3][0])] += float(stage.source_weights[batch.labels[3][0]])
        assert added[0] == pytest.approx(added[1])
        assert sum(added.values()) == pytest.approx(len(batches)), "a batch has weight 1 on average"


def test_batches_without_opinions_have_no_weight(study: Manifest) -> None:
    """Images without MOS are no samples of the loss, so a source is balanced by the batches that have some."""
    images = tuple(
        replace(image, mos=None) if image.source == "second" and image.content != "c04" else image
        for image in study.images
    )
    config = BaselineConfig(batch_size=1, test_share=0.25, validation_share=0, keep="last")
    stage = BaselineStage(prepare(replace(study, images=images), config), config)
    added, counted = {0: 0.0, 1: 0.0}, {0: 0, 1: 0}
    for batch in stage.batches(0, 0):
        if not torch.isnan(torch.cat([*batch.labels[1:3]])).any():
            added[int(batch.labels[3][0])] += float(stage.source_weights[batch.labels[3][0]])
            counted[int(batch.labels[3][0])] += 1
    assert counted[0] > counted[1] > 0
    assert added[0] == pytest.approx(added[1])


def test_each_batch_of_the_diagonal_form_has_one_image_a_task(study: Manifest, tmp_path: Path) -> None:
    config = DegradationConfig(**TINY, batches="diagonal", epochs=1)
    stage = DegradationStage(prepare(study, config), config)
    for batch in stage.batches(0, 0):
        assert sorted(batch.labels[0].tolist()) == [1, 2]
    run(study, config, tmp_path)


# From Python 3.12 on, a loader's processes are warned of when the parent has threads, as PyTorch's always has.
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_who_reads_the_pictures_and_when_changes_nothing(study: Manifest, tmp_path: Path) -> None:
    config = QualityConfig(**TINY, epochs=1, without_degradation=True)
    run(study, config, tmp_path / "here")
    run(study, config.model_copy(update={"workers": 1, "cache": False}), tmp_path / "there")
    assert losses_of(tmp_path / "here") == losses_of(tmp_path / "there")


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_learns_as_much(study: Manifest, tmp_path: Path, precision: str) -> None:
    losses = {}
    for name in ("fp32", precision):
        run(study, QualityConfig(**TINY, epochs=1, without_degradation=True, precision=name), tmp_path / name)
        losses[name] = losses_of(tmp_path / name)
    assert losses[precision] == pytest.approx(losses["fp32"], rel=0.02)
    assert losses[precision] != losses["fp32"]
    assert losses[precision][-1] != losses[precision][0]


def test_stage_one_keeps_its_logits_exact_in_half_precision(study: Manifest) -> None:
    config = DegradationConfig(**TINY)
    stage = DegradationStage(prepare(study, config), config)
    images = next(stage.batches(0, 0)).to(torch.device("cpu")).inputs[0]
    network = stage.network
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        features = network.projection(network.encoder(images)).double()
        logits = network(images)
    cosines = torch.nn.functional.cosine_similarity(features[:, None], network.tasks.detach().double()[None], dim=-1)
    expected = cosines * network.log_scale.detach().double().exp()
    torch.testing.assert_close(logits.double(), expected, atol=1e-4, rtol=0)


def test_the_moving_average_follows_and_is_what_is_judged_and_kept(study: Manifest, tmp_path: Path) -> None:
    config = QualityConfig(**TINY, epochs=1, without_degradation=True, ema=0.9, save_every=1)
    kept: list[dict[str, torch.Tensor]] = []

    def watch(done: int, of: int, loss: float) -> None:
        del of, loss
        if done > 1:  # of the update before; the file of this one is written afterwards
            kept.append(checkpoint.read(tmp_path / "last.pt"))

    run(study, config, tmp_path, watch)
    last = checkpoint.read(tmp_path / "last.pt")
    name = next(key for key in last["network"] if key.endswith("regression.linear.weight"))
    mean = kept[0]["average"][name]
    for content in [*kept[1:], last]:
        mean = 0.9 * mean + 0.1 * content["network"][name]
        torch.testing.assert_close(content["average"][name], mean)
    assert not torch.equal(last["average"][name], last["network"][name])
    exported = last["export"]["model"]
    assert all(torch.equal(value, last["average"][f"model.{key}"]) for key, value in exported.items())
    weights = fgresq.load(tmp_path / "model.safetensors", device="cpu").model.state_dict()
    assert all(torch.equal(value, weights[key]) for key, value in exported.items())


def test_a_leaking_split_is_refused(study: Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = samples.split_by_content

    def leaking(*arguments: object) -> object:
        split = honest(*arguments)
        return replace(split, train_images=(*split.train_images, split.test_images[0]))

    prepare(study, QualityConfig(**TINY))
    monkeypatch.setattr(samples, "split_by_content", leaking)
    with pytest.raises(UserError, match=r"1 contents and 1 images stand on two sides of the split by content"):
        prepare(study, QualityConfig(**TINY))
    prepare(study, QualityConfig(**TINY, split="pair"))


def test_stage_one_must_not_have_seen_what_stage_two_holds_out(study: Manifest, stage_one: Path) -> None:
    path = str(stage_one / "best.pt")
    other = QualityConfig(**{**TINY, "test_share": 0.5}, degradation=path)
    with pytest.raises(UserError, match=r"best\.pt: was trained on 2 contents that are held out here \(c0"):
        QualityStage(prepare(study, other), other, model_config(other))
    paper = QualityConfig(**TINY, degradation=path, split="pair")
    QualityStage(prepare(study, paper), paper, model_config(paper))


def test_ties_are_labels_too(study: Manifest) -> None:
    config = QualityConfig(**TINY, without_degradation=True)
    stage = QualityStage(prepare(study, config), config, model_config(config))
    ties = [pair for pair in stage.train.pairs if pair.preference is Preference.EQUAL]
    seen = sum(int((batch.labels[0] == 2).sum()) for batch in stage.batches(0, 0))
    assert seen == len(ties) > 0


def test_what_stage_two_needs_of_stage_one(study: Manifest, stage_one: Path, stage_two: Path, tmp_path: Path) -> None:
    def refuse(path: Path, message: str, error: type[Exception] = UserError, **other: object) -> None:
        config = QualityConfig(**{**TINY, **other}, degradation=str(path))
        with pytest.raises(error, match=message):
            run(study, config, tmp_path / "out")
        assert not (tmp_path / "out").exists()

    with pytest.raises(UserError, match="stage 2 needs the encoder of stage 1"):
        run(study, QualityConfig(**TINY), tmp_path / "out")
    best = stage_one / "best.pt"
    refuse(best, "trained the encoder compact-tiny, but compact was asked for", encoder="compact")
    refuse(best, "99 trainable layers were asked for; the encoder has", trainable_degradation_layers=99)
    refuse(stage_two / "best.pt", "is of a quality training; one of a degradation training is needed", CheckpointError)
    refuse(tmp_path / "absent.pt", r"absent\.pt: can't be read \(No such file", CheckpointError)
    (tmp_path / "damaged.pt").write_bytes(b"PK nothing")
    refuse(tmp_path / "damaged.pt", r"damaged\.pt: isn't a readable checkpoint", CheckpointError)
    content = checkpoint.read(best)
    content["export"]["weights"]["norm.weight"] = torch.zeros(3)
    torch.save(content, tmp_path / "other.pt")
    refuse(tmp_path / "other.pt", r"other\.pt: its encoder isn't the one that was asked for .*norm\.weight")


def test_an_export_needs_a_checkpoint_of_stage_two(study: Manifest, stage_one: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="is of a degradation training"):
        export_weights(stage_one / "best.pt", tmp_path / "weights.safetensors")


def test_without_the_setting_there_are_no_event_files(stage_two: Path) -> None:
    assert {path.name for path in stage_two.iterdir()} == {
        "best.pt",
        "last.pt",
        "log.jsonl",
        "model.safetensors",
        "split.json",
    }
