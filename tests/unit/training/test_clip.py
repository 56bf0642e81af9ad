"""Stage 1 as the paper has it: CLIP's frozen text tower says what the tasks are."""

import json
import shutil
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
import transformers
from tests.unit.training.study import TINY, losses_of
from tests.unit.training.tiny_clip import VIT_B16, VOCABULARY, change_config, write_clip, write_tokenizer

from fgresq.data.datasets import TASKS
from fgresq.errors import WeightsError
from fgresq.manifest import Manifest
from fgresq.training import checkpoint
from fgresq.training.config import PHRASES, DegradationConfig, QualityConfig
from fgresq.training.run import run
from fgresq.training.stages.clip import clip_encoder, clip_text_features
from fgresq.training.stages.degradation import DegradationStage
from fgresq.training.stages.quality import QualityStage, model_config
from fgresq.training.stages.samples import prepare
from fgresq.training.update import backward


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("tiny") / "clip")


@pytest.fixture
def clip(tiny: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(tiny, tmp_path / "clip"))


def one_by_one(folder: Path, sentences: list[str]) -> torch.Tensor:
    """The mean feature, sentence by sentence, without padding, as written in CLIP's own examples."""
    model = transformers.CLIPTextModelWithProjection.from_pretrained(folder).eval()
    tokenizer = transformers.CLIPTokenizer.from_pretrained(folder)
    with torch.no_grad():
        features = [model(**tokenizer(sentence, return_tensors="pt")).text_embeds[0] for sentence in sentences]
    return F.normalize(sum(F.normalize(feature, dim=0) for feature in features), dim=0)


def test_the_features_of_all_prompts_are_averaged(tiny: Path) -> None:
    prompts = [["a photo", "the result of rain removal"], ["noise"], ["a photo", "a photo"]]
    features = clip_text_features(str(tiny), prompts)
    assert features.shape == (3, 24)
    for row, sentences in zip(features, prompts, strict=True):
        torch.testing.assert_close(row, one_by_one(tiny, sentences), atol=1e-6, rtol=0)
    torch.testing.assert_close(features[2], clip_text_features(str(tiny), [["a photo"]])[0])
    assert (features[0] - features[1]).abs().max() > 1e-3


def test_the_tasks_are_said_by_their_phrases_and_the_tower_stays_frozen(
    study: Manifest, tiny: Path, tmp_path: Path
) -> None:
    config = DegradationConfig(**TINY, epochs=2, text=str(tiny), prompts=["{task}!", "after {task}"])
    run(study, config, tmp_path)
    network = checkpoint.read(tmp_path / "last.pt")["network"]
    for task, row in zip(TASKS, network["tasks"], strict=True):
        expected = one_by_one(tiny, [f"{PHRASES[task]}!", f"after {PHRASES[task]}"])
        torch.testing.assert_close(row, expected, atol=1e-6, rtol=0)
    assert network["projection.weight"].shape[0] == 24, "the projection goes to the text's space"
    losses = losses_of(tmp_path)
    assert losses[-1] < losses[0]


def test_without_text_a_table_is_learned(study: Manifest, tmp_path: Path) -> None:
    config = DegradationConfig(**TINY, epochs=1, embedding_dim=16)
    stage = DegradationStage(prepare(study, config), config)
    assert stage.network.tasks.requires_grad
    assert stage.network.tasks.shape == (len(TASKS), 16)
    before = stage.network.tasks.detach().clone()
    run(study, config, tmp_path)
    after = checkpoint.read(tmp_path / "last.pt")["network"]["tasks"]
    assert (after - before).abs().max() > 1e-4


@pytest.fixture(scope="module")
def full_size(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole ViT-B/16 beside the tiny text tower: the vision tower can't be smaller here."""
    return write_clip(tmp_path_factory.mktemp("full") / "clip", **VIT_B16)


@pytest.mark.slow
def test_a_vit_b16_is_taken_over_whole(full_size: Path) -> None:
    encoder, projection = clip_encoder(str(full_size))
    images = torch.rand(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    peer = transformers.CLIPVisionModelWithProjection.from_pretrained(full_size).eval()
    with torch.no_grad():
        expected = peer(pixel_values=encoder.normalise(images)).image_embeds
        found = projection(encoder(images))
    torch.testing.assert_close(found, expected, atol=2e-4, rtol=1e-3)


@pytest.mark.slow
def test_both_stages_start_from_one_clip(study: Manifest, full_size: Path) -> None:
    """One update of stage 1 and the start of stage 2; more would take a minute on a CPU."""
    clip, settings = str(full_size), {**TINY, "encoder": "clip-vit-b16", "batch_size": 2, "batches": "diagonal"}
    config = DegradationConfig(**settings, initial=clip, text=clip)
    stage = DegradationStage(prepare(study, config), config)
    network = stage.network
    batch = next(stage.batches(0, 0)).to(torch.device("cpu"))
    loss, _ = backward(network, batch, stage.loss, None)
    assert loss.isfinite()
    assert network.tasks.grad is None
    assert network.encoder.tower.embeddings.patch_embedding.weight.grad.abs().max() > 0
    del settings["batches"]
    ablation = QualityConfig(**settings, initial=clip, without_degradation=True)
    model = QualityStage(prepare(study, ablation), ablation, model_config(ablation)).network.model
    for mine, theirs in zip(model.encoder.parameters(), network.encoder.parameters(), strict=True):
        assert torch.equal(mine, theirs)


@pytest.mark.parametrize(
    ("what", "changed"),
    [("num_attention_heads", 8), ("hidden_act", "gelu"), ("hidden_size", 32), ("patch_size", 32)],
)
def test_what_is_no_vit_b16(clip: Path, what: str, changed: int | str) -> None:
    if what in {"num_attention_heads", "hidden_act"}:
        change_config(clip, "vision_config", **{what: changed})
    with pytest.raises(WeightsError, match=rf"clip: isn't a CLIP ViT-B/16: .*{what} is {changed} instead of"):
        clip_encoder(str(clip))


def refuse(clip: Path, message: str, prompts: list[list[str]] | None = None) -> None:
    with pytest.raises(WeightsError, match=message) as caught:
        clip_text_features(str(clip), prompts or [["a photo"]])
    assert "\n" not in str(caught.value)


def test_a_tokenizer_of_another_tower(clip: Path) -> None:
    write_tokenizer(clip, [*VOCABULARY[:-2], "more</w>", *VOCABULARY[-2:]])
    refuse(clip, f"the tokenizer has {len(VOCABULARY) + 1} tokens, the text tower {len(VOCABULARY)}; they don't belong")


def test_a_tokenizer_without_its_vocabulary(clip: Path) -> None:
    (clip / "vocab.json").unlink()
    (clip / "merges.txt").unlink()
    refuse(clip, "the tokenizer (has 2 tokens|can't be loaded)|CLIP's tokenizer can't be loaded")


def test_a_tokenizer_whose_prompts_end_otherwise(clip: Path) -> None:
    write_tokenizer(clip, [*VOCABULARY[:-2], *reversed(VOCABULARY[-2:])])
    last = len(VOCABULARY) - 1
    refuse(clip, f"ends a prompt with token {last - 1}, the text tower looks for {last}")


def test_the_end_token_of_clips_first_years(clip: Path, tiny: Path) -> None:
    change_config(clip, "text_config", eos_token_id=2)
    torch.testing.assert_close(
        clip_text_features(str(clip), [["a photo"]]), clip_text_features(str(tiny), [["a photo"]])
    )


def test_a_prompt_that_is_too_long(clip: Path) -> None:
    refuse(clip, "takes prompts of 77 tokens, and one has 92: x{90}$", [["x" * 90, "a photo"]])


def test_towers_that_are_missing_are_not_made_up(tiny: Path, clip: Path) -> None:
    only_vision = transformers.CLIPVisionModelWithProjection.from_pretrained(tiny)
    (clip / "model.safetensors").unlink()
    only_vision.save_pretrained(clip)
    write_tokenizer(clip)
    refuse(clip, "holds no CLIP text tower; these weights are missing: text_")
    only_text = transformers.CLIPTextModelWithProjection.from_pretrained(tiny)
    only_text.save_pretrained(clip)
    with pytest.raises(WeightsError, match="holds no CLIP vision tower; these weights are missing: vis"):
        clip_encoder(str(clip))


@pytest.mark.parametrize("damage", ["no folder", "empty folder", "no weights", "damaged weights", "damaged config"])
def test_what_cannot_be_loaded(clip: Path, damage: str) -> None:
    if damage in {"no folder", "empty folder"}:
        shutil.rmtree(clip)
    if damage == "empty folder":
        clip.mkdir()
    if damage == "no weights":
        (clip / "model.safetensors").unlink()
    if damage == "damaged weights":
        (clip / "model.safetensors").write_bytes(b"nothing of the kind")
    if damage == "damaged config":
        (clip / "config.json").write_text("{")
    refuse(clip, "clip: CLIP's text tower can't be loaded ")
    with pytest.raises(WeightsError, match="clip: CLIP's vision tower can't be loaded "):
        clip_encoder(str(clip))


def test_text_and_image_features_of_two_clips_do_not_meet(
    study: Manifest, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vision tower stands in here, since only its projection matters."""
    encoder = torch.nn.Identity()
    monkeypatch.setattr(
        "fgresq.training.stages.degradation.clip_encoder", lambda _name: (encoder, torch.nn.Linear(768, 512))
    )
    config = DegradationConfig(**{**TINY, "encoder": "clip-vit-b16"}, initial="other", text=str(tiny))
    with pytest.raises(WeightsError, match="its text features have 24 numbers, the image features of other 512"):
        DegradationStage(prepare(study, config), config)


def test_nothing_is_printed(tiny: Path, capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    clip_text_features(str(tiny), [["a photo"]])
    with pytest.raises(WeightsError):
        clip_encoder(str(tiny))
    assert capfd.readouterr() == ("", "")


def test_the_tiny_tokenizer_is_a_real_one(tiny: Path) -> None:
    tokens = transformers.CLIPTokenizer.from_pretrained(tiny)("a photo")["input_ids"]
    numbers = json.loads((tiny / "vocab.json").read_text())
    assert tokens == [numbers[token] for token in ("<|startoftext|>", "a</w>", "photo</w>", "<|endoftext|>")]
