"""The callback of Lightning, on a stand-in for its trainer and, where Lightning is here, in a real training."""

import importlib
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tests.unit.plugs.packages import installed
from torch import Tensor

import fgresq
from fgresq.errors import UserError

PLUG = "fgresq.plugs.lightning"
STAND_IN: Mapping[str, dict[str, object]] = {"lightning": {}, "lightning.pytorch": {"Callback": object}}


class Board:
    """TensorBoard's logger, as far as pictures go."""

    def __init__(self) -> None:
        self.experiment, self.shown = self, []

    def add_image(self, tag: str, picture: Tensor, step: int) -> None:
        self.shown.append((tag, tuple(picture.shape), picture.dtype, step))


class Wandb:
    """That of Weights & Biases."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, int, int]] = []

    def log_image(self, key: str, images: list[Any], step: int | None = None) -> None:
        self.shown.append((key, len(images), step or 0))


class Module:
    """A LightningModule that remembers what was logged."""

    device = torch.device("cpu")

    def __init__(self) -> None:
        self.logged: dict[str, float] = {}

    def log(self, name: str, value: float, **options: object) -> None:
        assert options == {"rank_zero_only": True}
        self.logged[name] = value


@pytest.fixture(scope="module")
def pictures(photographs: Mapping[str, Path]) -> dict[str, Tensor]:
    """Three photographs as they are, and blurred."""
    made: dict[str, Tensor] = {}
    for name, side in (("sharp", 128), ("soft", 24)):
        images = [
            Image.open(path).convert("RGB").resize((side, side)).resize((128, 128)) for path in photographs.values()
        ]
        made[name] = torch.stack([torch.from_numpy(np.array(each)).permute(2, 0, 1) / 255 for each in images])
    return made


def trainer(**changes: object) -> SimpleNamespace:
    state = {"sanity_checking": False, "is_global_zero": True, "loggers": [], "current_epoch": 0, "global_step": 10}
    return SimpleNamespace(**{**state, **changes})


def epoch(callback: Any, pictures: Tensor, of: SimpleNamespace) -> dict[str, float]:
    """One validation in batches of two."""
    module = Module()
    callback.on_validation_epoch_start(of, module)
    for number, batch in enumerate(pictures.split(2)):
        callback.on_validation_batch_end(of, module, {"restored": batch}, None, number)
    callback.on_validation_epoch_end(of, module)
    return module.logged


def made(module: ModuleType, **options: object) -> Any:
    return module.CompareWithBest(lambda outputs, batch: outputs["restored"], **options)


def test_each_epoch_is_compared_with_the_best(pictures: dict[str, Tensor]) -> None:
    scorer = fgresq.load(device="cpu")
    with installed(PLUG, STAND_IN):
        callback = made(importlib.import_module(PLUG))
        board, wandb = Board(), Wandb()
        first = epoch(callback, pictures["soft"], trainer(loggers=[board, wandb]))
        assert first == {
            "fgresq/score": pytest.approx(np.mean([s.score for s in scorer.score(pictures["soft"])]), abs=1e-3)
        }
        better = epoch(callback, pictures["sharp"] + 0.5 * (pictures["sharp"] > 2), trainer(current_epoch=1))
        assert better["fgresq/better_than_best"] > 0.9
        assert callback.best_epoch == 1
        worse = epoch(callback, pictures["soft"], trainer(current_epoch=2))
        assert worse["fgresq/better_than_best"] == pytest.approx(1 - better["fgresq/better_than_best"], abs=1e-6)
        assert callback.best_epoch == 1
        same = epoch(callback, pictures["sharp"], trainer(current_epoch=3))
        assert same["fgresq/better_than_best"] == pytest.approx(0.5, abs=1e-6)
        kinds = ("now", "best")
        assert board.shown == [(f"fgresq/{k}/{n}", (3, 128, 128), torch.uint8, 10) for k in kinds for n in range(3)]
        assert wandb.shown == [(f"fgresq/{k}", 3, 10) for k in kinds]

        other = made(importlib.import_module(PLUG))
        other.load_state_dict(callback.state_dict())
        assert epoch(other, pictures["soft"], trainer(current_epoch=9)) == worse
        assert other.best_epoch == 1


def test_what_is_left_out(pictures: dict[str, Tensor]) -> None:
    with installed(PLUG, STAND_IN):
        module = importlib.import_module(PLUG)
        for state in ({"sanity_checking": True}, {"is_global_zero": False}):
            assert epoch(made(module), pictures["sharp"], trainer(**state)) == {}
        callback = made(module, limit=2, name="val")
        assert set(epoch(callback, pictures["sharp"], trainer())) == {"val/score"}
        assert len(callback.best) == 2
        epoch(callback, pictures["sharp"] * 3 - 1, trainer())  # what overshoots is clipped


def test_mistakes(pictures: dict[str, Tensor]) -> None:
    with installed(PLUG, STAND_IN):
        module = importlib.import_module(PLUG)
        with pytest.raises(UserError, match="leaves nothing to compare"):
            made(module, limit=0)
        for wrong, said in (
            ("picture", "str"),
            (torch.zeros(3, 8, 8), r"\(3, 8, 8\)"),
            (torch.zeros(1, 3, 8, 8).int(), "int32"),
        ):
            callback = module.CompareWithBest(lambda outputs, batch, wrong=wrong: wrong)
            with pytest.raises(UserError, match=said):
                callback.on_validation_batch_end(trainer(), Module(), None, None, 0)
        callback = made(module)
        epoch(callback, pictures["sharp"], trainer())
        with pytest.raises(UserError, match="don't shuffle validation data"):
            epoch(callback, pictures["sharp"][..., :64], trainer())


@pytest.mark.skipif(
    importlib.util.find_spec("lightning") is not None or importlib.util.find_spec("pytorch_lightning") is not None,
    reason="Lightning is here",
)
def test_without_lightning() -> None:
    with pytest.raises(UserError, match="pip install lightning"):
        importlib.import_module(PLUG)


@pytest.mark.filterwarnings("ignore")
def test_in_a_real_training(pictures: dict[str, Tensor], tmp_path: Path) -> None:
    lightning = pytest.importorskip("pytorch_lightning", reason="pytorch-lightning isn't installed")
    module = importlib.import_module(PLUG)

    class Restorer(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.gain = torch.nn.Parameter(torch.tensor(0.5))

        def training_step(self, batch: Tensor) -> Tensor:
            return (self.gain * batch - batch).square().mean()

        def validation_step(self, batch: Tensor) -> dict[str, Tensor]:
            return {"restored": self.gain * batch}

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), lr=0.5)

    loader = torch.utils.data.DataLoader(pictures["sharp"], batch_size=2)
    callback = made(module)
    run = lightning.Trainer(
        max_epochs=3,
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        default_root_dir=tmp_path,
        callbacks=[callback],
    )
    run.fit(Restorer(), loader, loader)
    assert 0 < run.callback_metrics["fgresq/score"] < 1
    assert 0 <= run.callback_metrics["fgresq/better_than_best"] <= 1
    assert callback.best_epoch is not None
    saved = torch.load(run.checkpoint_callback.best_model_path, weights_only=False)
    assert any(state.get("best_epoch") == callback.best_epoch for state in saved["callbacks"].values())
