import hashlib
from importlib.resources import files
from pathlib import Path

import pytest
import torch

from fgresq.backbones import lite0
from fgresq.backbones.lite0 import LAYERS, load_lite0
from fgresq.errors import WeightsError


def test_maps_have_the_sizes_that_tensorflow_gives() -> None:
    wanted = ["stem", "b0", "b2", "b4", "b7", "b10", "b14", "b15"]
    with torch.inference_mode():
        maps = load_lite0()(torch.rand(2, 3, 65, 90), wanted)
    shapes = [(32, 33, 45), (16, 33, 45), (24, 17, 23), (40, 9, 12), (80, 5, 6), (112, 5, 6), (192, 3, 3), (320, 3, 3)]
    assert [tuple(each.shape) for each in maps] == [(2, *shape) for shape in shapes]


def test_what_is_asked_for_does_not_change_a_map() -> None:
    images, network = torch.rand(1, 3, 40, 40), load_lite0()
    with torch.inference_mode():
        everything = dict(zip(LAYERS, network(images, LAYERS), strict=True))
        late, early = network(images, ["b4", "d2"])
        assert torch.equal(network(images, ["stem"])[0], everything["stem"])
    assert torch.equal(late, everything["b4"])
    assert torch.equal(early, everything["d2"])


def test_a_gradient_reaches_the_pixels() -> None:
    images = torch.rand(1, 3, 32, 32, requires_grad=True)
    (maps,) = load_lite0()(images, ["b15"])
    maps.square().sum().backward()
    assert images.grad is not None
    assert torch.isfinite(images.grad).all()
    assert (images.grad != 0).float().mean() > 0.9


@pytest.mark.parametrize(("wanted", "message"), [(["b16"], "no maps b16"), ([], "no map")])
def test_maps_that_are_not_there(wanted: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load_lite0()(torch.rand(1, 3, 32, 32), wanted)


def test_two_loads_share_nothing() -> None:
    first, second = load_lite0(), load_lite0()
    with torch.no_grad():
        first.stem.weight.zero_()
    assert second.stem.weight.abs().sum() > 0


def test_damaged_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lite0, "SHA256", hashlib.sha256(b"another file").hexdigest())
    with pytest.raises(WeightsError, match="install fgresq again"):
        load_lite0()


def test_the_licence_travels_with_the_weights() -> None:
    assert files("fgresq.backbones").joinpath("data", "efficientnet-lite0.safetensors").is_file()
    notice = (Path(__file__).parents[3] / "NOTICE").read_text()
    assert "Copyright (c) 2020, ML Illustrated" in notice
