"""Any module that scores an image trains under the scene-aware loss, if it does what a score needs."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from tests.unit.training.study import losses_of

from fgresq.errors import UserError
from fgresq.manifest import Manifest
from fgresq.training import checkpoint
from fgresq.training.config import BaselineConfig
from fgresq.training.run import run
from fgresq.training.stages.baselines import SmallCnn, baseline

MODULES = """
import torch
from torch import nn

class Linear(nn.Module):
    def __init__(self, outputs=1):
        super().__init__()
        self.layer = nn.Linear(3, outputs)

    def forward(self, images):
        assert images.shape[1:] == (3, 224, 224)
        return self.layer(images.mean(dim=(2, 3)))

class Flat(Linear):
    def forward(self, images):
        return super().forward(images).squeeze(1)

def five_outputs():
    return Linear(5)

class Many(Linear):
    def forward(self, images):
        return {"score": images}

def without_weights():
    return nn.AdaptiveAvgPool2d(1)

def number():
    return 3

def broken():
    raise RuntimeError("no weights\\nat all")

class Small(Linear):
    def forward(self, images):
        return self.layer(images.reshape(len(images), 3))

class Normalised(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 4, 32, stride=32), nn.BatchNorm2d(4))
        self.head = nn.Linear(4, 1)

    def forward(self, images):
        return self.head(self.layers(images).mean(dim=(2, 3)))
"""


@pytest.fixture(autouse=True)
def in_a_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "my_peers.py").write_text(MODULES)
    (tmp_path / "my_broken_peers.py").write_text("def (")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path not in {"", str(tmp_path)}])
    yield
    sys.modules.pop("my_peers", None)


@pytest.mark.slow
def test_the_small_cnn_learns_to_score(study: Manifest, tmp_path: Path) -> None:
    config = BaselineConfig(epochs=6, rate=3e-3, batch_size=8, test_share=0.25)
    progress = run(study, config, tmp_path / "out")
    assert "acc_score" not in progress.scores, "a baseline only scores"
    losses = losses_of(tmp_path / "out")
    assert all(0 <= value < 1 for value in losses)
    assert sum(losses[-6:]) < sum(losses[:6])
    assert progress.test_scores["acc"] > 0.5
    assert not (tmp_path / "out" / "model.safetensors").exists(), "its weights aren't FGResQ's"
    network = SmallCnn()
    network.load_state_dict(checkpoint.read(tmp_path / "out" / "best.pt")["export"]["weights"])


@pytest.mark.parametrize("what", ["Linear", "Flat", "Normalised"])
def test_a_module_in_the_working_directory_trains(study: Manifest, tmp_path: Path, what: str) -> None:
    config = BaselineConfig(model=f"my_peers:{what}", epochs=1, rate=1e-2, batch_size=16)
    torch.manual_seed(config.seed)
    before = baseline(config.model, 224).state_dict()
    run(study, config, tmp_path / "out")
    after = checkpoint.read(tmp_path / "out" / "best.pt")["export"]["weights"]
    assert before.keys() == after.keys()
    assert all(not torch.equal(before[name], after[name]) for name in before if name.endswith(".weight"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing", "isn't known; use small-cnn, or package.module:callable"),
        ("no_such_module:Net", "can't be made .ModuleNotFoundError: No module named 'no_such_module'"),
        ("my_peers:Nothing", "can't be made .AttributeError: .*Nothing"),
        ("my_peers:broken", "can't be made .RuntimeError: no weights at all"),
        ("my_broken_peers:Net", "can't be made .SyntaxError: "),
        ("my_peers:number", "gives int; a torch module is needed"),
        ("my_peers:without_weights", "has no weights to train"),
        ("my_peers:five_outputs", r"the baseline gives \(2, 5\) for 2 images; one score an image is needed"),
        ("my_peers:Many", "the baseline gives dict for 2 images"),
        ("my_peers:Small", "can't score images of 224 pixels .RuntimeError: "),
    ],
)
def test_what_is_no_baseline(study: Manifest, tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(UserError, match=f"baseline '{name}':? {message}") as caught:
        run(study, BaselineConfig(model=name), tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_batch_normalisation_goes_with_whole_batches_only(study: Manifest, tmp_path: Path) -> None:
    config = BaselineConfig(model="my_peers:Normalised", batch_size=16, micro_batch=4)
    with pytest.raises(UserError, match=r"normalises over the batch \(layers\.1\)"):
        run(study, config, tmp_path / "out")


def test_looking_at_a_module_leaves_it_as_it_was() -> None:
    module = baseline("my_peers:Normalised", 224)
    assert module.training
    assert module.layers[1].num_batches_tracked == 0
