"""Settings, and the rate's way."""

import math
from pathlib import Path

import pytest

from fgresq.errors import UserError
from fgresq.manifest import Manifest
from fgresq.model import build
from fgresq.model.encoders import ClipEncoder
from fgresq.records import RestorationTask
from fgresq.training.config import PHRASES, BaselineConfig, DegradationConfig, QualityConfig, RunConfig, read_config
from fgresq.training.schedule import cosine_share
from fgresq.training.stages import degradation, quality
from fgresq.training.stages.samples import prepare

CONFIGS = Path(__file__).parents[3] / "configs"
ABLATION = {DegradationConfig: {}, QualityConfig: {"without_degradation": True}}


def test_the_papers_settings_are_the_defaults() -> None:
    config = QualityConfig()
    assert (config.rate, config.batch_size, config.scene_weight, config.rank_weight) == (5e-6, 64, 5, 1)
    assert config.split == "content", "the paper's split leaks; it has to be asked for"


def test_the_file_and_then_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text("epochs: 3\nseed: 5\n")
    config = read_config(QualityConfig, path, {"seed": 7})
    assert (config.epochs, config.seed) == (3, 7)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epoch: 3", "run.yaml: there is no setting 'epoch'; did you mean epochs"),
        ("nonsense: 3", "there is no setting 'nonsense'; known: batch_size, batches, cache"),
        ("epochs: 0", "epochs: input should be greater than or equal to 1"),
        ("epochs: 0\nepoch: 1\nema: 1", "epochs: .*; ema: .*; there is no setting 'epoch'"),
        ("epochs:", "epochs: input should be a valid integer"),
        ("3: 4", "keys should be strings"),
        ("device: banana", "device: 'banana' isn't a device; use auto, cpu, cuda or cuda:N"),
        ("prompts: []", "prompts: tuple should have at least 1 item"),
        ("prompts: [a photo]", r"prompts\.0: the prompt 'a photo' would be the same for every task"),
        ("phrases: {Sharpening: crisp}", r"phrases\.Sharpening.*: input should be 'SuperResolution'"),
        ("initial: openai/clip", "run.yaml: initial is a CLIP to start from, and compact isn't one"),
        ("- 3", "holds a list"),
        ("a: [", "can't be read as YAML"),
    ],
)
def test_wrong_settings(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        read_config(DegradationConfig, path, {})


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"absent\.yaml: can't be read"):
        read_config(DegradationConfig, tmp_path / "absent.yaml", {})
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(UserError, match=r"bytes\.yaml: can't be read as YAML"):
        read_config(DegradationConfig, tmp_path / "bytes.yaml", {})


@pytest.mark.parametrize("kind", [DegradationConfig, QualityConfig, BaselineConfig])
def test_a_configuration_survives_the_checkpoint(kind: type[RunConfig]) -> None:
    config = kind(seed=3, device="cuda:1")
    assert kind.model_validate(config.model_dump(mode="json")) == config


@pytest.mark.parametrize("kind", [DegradationConfig, QualityConfig])
def test_clip_says_what_it_starts_from(kind: type[RunConfig]) -> None:
    """From random weights by oversight, at the paper's rate, days are lost without a word."""
    with pytest.raises(UserError, match=r"initial is needed for clip-vit-b16: .* or initial=random"):
        read_config(kind, None, {"encoder": "clip-vit-b16"})
    for start in ("openai/clip-vit-base-patch16", "random"):
        assert read_config(kind, None, {"encoder": "clip-vit-b16", "initial": start}).initial == start
    assert read_config(kind, None, {"encoder": "compact", "initial": "random"}).encoder == "compact"


@pytest.mark.parametrize("kind", [DegradationConfig, QualityConfig])
def test_clip_from_random_weights_is_not_looked_for_on_the_hub(
    kind: type[RunConfig], study: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} was looked for")

    for stage in (degradation, quality):
        monkeypatch.setattr(stage, "clip_encoder", refuse)
    small = {"width": 48, "layers": 1, "heads": 3}  # a whole ViT-B/16 takes seconds to fill with random numbers
    monkeypatch.setattr(build, "ClipEncoder", lambda **sizes: ClipEncoder(**{**sizes, **small}))
    config = kind(encoder="clip-vit-b16", initial="random", **ABLATION[kind])
    sides = prepare(study, config)
    if isinstance(config, DegradationConfig):
        degradation.DegradationStage(sides, config)
    else:
        quality.QualityStage(sides, config, quality.model_config(config))


@pytest.mark.parametrize(
    "path", sorted([*CONFIGS.glob("compact-*.yaml"), *CONFIGS.glob("statistics-*.yaml")]), ids=lambda path: path.stem
)
def test_the_configurations_that_ship_are_valid(path: Path) -> None:
    kind = DegradationConfig if "degradation" in path.stem else QualityConfig
    config = read_config(kind, path, {})
    assert config.keep == "last" or config.validation_share > 0, "never chosen by the test side"
    assert config.encoder == ("lite0" if path.stem.startswith("compact") else "compact-statistics")


def test_tasks_that_are_not_named_keep_their_phrases() -> None:
    config = DegradationConfig(phrases={"Deraining": "wiping the rain away"})
    assert config.phrases == {**PHRASES, RestorationTask.DERAINING: "wiping the rain away"}


def test_cosine() -> None:
    shares = [cosine_share(step, 100, 0.1, 0.01) for step in range(101)]
    assert shares[0] == pytest.approx(0.1)
    assert shares[9] == shares[10] == 1
    assert shares[55] == pytest.approx(0.01 + 0.99 * (1 + math.cos(math.pi / 2)) / 2)
    assert shares[100] == pytest.approx(0.01)
    assert shares[10:] == sorted(shares[10:], reverse=True)
