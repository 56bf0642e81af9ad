"""Weights of engines on disk: found where their libraries keep them, and only when they are all there."""

import json
from pathlib import Path

import pytest

from fgresq.metrics.base import MetricCard
from fgresq.metrics.catalogue import card_of, cards
from fgresq.metrics.engines.caches import NOT_ON_DISK, missing_weights, needs_fetching
from fgresq.metrics.engines.declarations import ENGINES


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for variable in ("XDG_CACHE_HOME", "TORCH_HOME", "HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.delenv(variable, raising=False)


def put(path: Path, content: str = "weights") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def of(*places: str) -> MetricCard:
    return card_of("liqe").model_copy(update={"weights_in": places})


@pytest.mark.parametrize(
    ("variable", "value", "folder"),
    [
        ("", "", ".cache/torch/hub"),
        ("TORCH_HOME", "elsewhere", "elsewhere/hub"),
        ("TORCH_HOME", "~/mine", "mine/hub"),
        ("XDG_CACHE_HOME", "xdg", "xdg/torch/hub"),
    ],
)
def test_files_of_torch_s_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, folder: str
) -> None:
    if variable:
        monkeypatch.setenv(variable, value if value.startswith("~") else str(tmp_path / value))
    path = tmp_path / folder / "clip" / "RN50.pt"
    assert missing_weights(card_of("clipiqa")) == (path,)
    put(path)
    assert missing_weights(card_of("clipiqa")) == ()


def test_files_in_the_user_s_folder(tmp_path: Path) -> None:
    assert missing_weights(of("home:.cache/clip/x.pt")) == (tmp_path / ".cache" / "clip" / "x.pt",)
    put(tmp_path / ".cache" / "clip" / "x.pt")
    assert missing_weights(of("home:.cache/clip/x.pt")) == ()


@pytest.mark.parametrize(
    ("variable", "value", "folder"),
    [
        ("", "", ".cache/huggingface/hub"),
        ("HF_HOME", "home", "home/hub"),
        ("HF_HUB_CACHE", "cache", "cache"),
        ("HUGGINGFACE_HUB_CACHE", "old", "old"),
        ("XDG_CACHE_HOME", "xdg", "xdg/huggingface/hub"),
    ],
)
def test_repositories_of_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, folder: str
) -> None:
    if variable:
        monkeypatch.setenv(variable, str(tmp_path / value))
    repository = tmp_path / folder / "models--owner--name"
    spec = of("hub:owner/name")
    assert missing_weights(spec) == (repository,)
    put(repository / "snapshots" / "abc" / "config.json", "{}")
    assert missing_weights(spec) == (repository,)  # nothing but a configuration
    put(repository / "snapshots" / "abc" / "model.safetensors")
    assert missing_weights(spec) == ()


def test_a_repository_of_which_a_part_is_missing(tmp_path: Path) -> None:
    snapshot = tmp_path / ".cache" / "huggingface" / "hub" / "models--owner--name" / "snapshots" / "abc"
    spec, index = of("hub:owner/name"), snapshot / "model.safetensors.index.json"
    put(index, json.dumps({"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}))
    put(snapshot / "model-1.safetensors")
    assert len(missing_weights(spec)) == 1
    (snapshot / "model-2.safetensors").symlink_to(snapshot / "being-fetched")
    assert len(missing_weights(spec)) == 1
    put(snapshot / "being-fetched")
    assert missing_weights(spec) == ()
    for damaged in ("", "[]", "{}", '{"weight_map": {}}', '{"weight_map": 3}'):
        index.write_text(damaged)
        assert len(missing_weights(spec)) == 1


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    spec = card_of("liqe")
    assert len(missing_weights(spec)) == 2
    said = needs_fetching(spec)
    assert said is not None
    assert said.startswith(f"{NOT_ON_DISK}: {tmp_path}")
    assert "liqe_koniq.pt" in said
    assert "clip/ViT-B-32.pt" in said
    assert needs_fetching(card_of("psnr")) is None


@pytest.mark.parametrize("spec", [spec for spec in cards() if spec.engine in ENGINES], ids=lambda spec: spec.name)
def test_every_metric_of_an_engine_with_weights_says_where_they_are_kept(spec: MetricCard) -> None:
    assert bool(spec.weights_in) == bool(spec.licence_of_parameters)
    assert len(missing_weights(spec)) == len(spec.weights_in)
    for repository in (place.removeprefix("hub:") for place in spec.weights_in if place.startswith("hub:")):
        assert repository in spec.parameters_from  # what is fetched is named to people as well
    if any("clip/" in place for place in spec.weights_in):
        assert "CLIP" in spec.parameters_from
    for backbone in ("vgg16", "alexnet"):
        assert any(backbone in place for place in spec.weights_in) == (backbone in spec.parameters_from.lower())
