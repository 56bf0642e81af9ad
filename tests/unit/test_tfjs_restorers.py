"""The example that runs TF.js models by PyTorch: small models of the same operations, against PyTorch's own layers."""

import base64
import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

FOLDER = Path(__file__).parent.parent.parent / "examples" / "tfjs_restorers"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses look
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tfjs() -> ModuleType:
    return load("tfjs")


class Graph:
    """A graph model that is written node by node."""

    def __init__(self) -> None:
        self.nodes: list[dict[str, Any]] = []
        self.arrays: dict[str, np.ndarray] = {}

    def add(self, op: str, *inputs: str, **attributes: object) -> str:
        name = f"{op}_{len(self.nodes)}"
        self.nodes.append({"name": name, "op": op, "input": list(inputs), "attr": attributes})
        return name

    def const(self, value: object) -> str:
        name = self.add("Const")
        array = np.asarray(value.numpy() if isinstance(value, Tensor) else value)
        self.arrays[name] = array.astype(np.int32 if array.dtype.kind == "i" else np.float32)
        return name

    def write(self, folder: Path, output: str) -> Path:
        """Two shards, the cut in the middle of an array."""
        entries = [
            {"name": name, "shape": list(array.shape), "dtype": str(array.dtype)} for name, array in self.arrays.items()
        ]
        data = b"".join(array.tobytes() for array in self.arrays.values())
        cut = len(data) // 2 + 1
        (folder / "a.bin").write_bytes(data[:cut])
        (folder / "b.bin").write_bytes(data[cut:])
        model = {
            "modelTopology": {"node": self.nodes},
            "signature": {"outputs": {"out": {"name": f"{output}:0"}}},
            "weightsManifest": [{"paths": ["a.bin", "b.bin"], "weights": entries}],
        }
        (folder / "model.json").write_text(json.dumps(model))
        return folder / "model.json"


def text(value: str) -> dict[str, str]:
    return {"s": base64.b64encode(value.encode()).decode()}


def conv(graph: Graph, x: str, kernel: Tensor, stride: int, padding: str) -> str:
    strides = {"list": {"i": ["1", str(stride), str(stride), "1"]}}
    return graph.add("Conv2D", x, graph.const(kernel), padding=text(padding), strides=strides)


def layer_norm(graph: Graph, x: str, gamma: Tensor, beta: Tensor) -> str:
    """Taken apart, as in MAXIM's graphs, with shapes that come from the input."""
    channels, axis = len(gamma), graph.const([3])
    mean = graph.add("Mul", graph.add("Sum", x, axis), graph.const(1 / channels))
    square = graph.add("Mul", graph.add("Sum", graph.add("Square", x), axis), graph.const(1 / channels))
    variance = graph.add("Maximum", graph.const(0.0), graph.add("Sub", square, graph.add("Square", mean)))
    shape = graph.const([1, 8, 8, 1])
    spread = graph.add("AddV2", graph.add("Reshape", variance, shape), graph.const(1e-6))
    scale = graph.add("Mul", graph.add("Rsqrt", spread), graph.const(gamma.reshape(1, 1, 1, -1)))
    centred = graph.add("Sub", x, graph.add("Reshape", mean, shape))
    return graph.add("AddV2", graph.add("Mul", centred, scale), graph.const(beta.reshape(1, 1, 1, -1)))


def gelu(graph: Graph, x: str) -> str:
    cubic = graph.add("Mul", graph.add("Mul", graph.const(0.044715), x), graph.add("Square", x))
    inner = graph.add("Mul", graph.const(float(np.sqrt(2 / np.pi))), graph.add("AddV2", x, cubic))
    outer = graph.add("AddV2", graph.const(1.0), graph.add("Tanh", inner))
    return graph.add("Mul", graph.add("Mul", graph.const(0.5), x), outer)


def dense(graph: Graph, x: str, matrix: Tensor, bias: Tensor, order: list[int] | None = None) -> str:
    if order is not None:
        x = graph.add("Transpose", x, graph.const(order))
    product = graph.add("Einsum", x, graph.const(matrix), equation=text("abcg,gf->abcf"))
    out = graph.add("AddV2", product, graph.const(bias.reshape(1, 1, 1, -1)))
    return out if order is None else graph.add("Transpose", out, graph.const(order))


def test_a_graph_model(tfjs: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    kernel, bias = torch.randn(4, 4, 3, 6), torch.randn(6)
    gamma, beta, matrix, shift = torch.rand(6) + 0.5, torch.randn(6), torch.randn(6, 6), torch.randn(6)
    across, offset = torch.randn(8, 8), torch.randn(8)
    graph = Graph()
    source = graph.add("Placeholder")
    x = graph.add("AddV2", conv(graph, source, kernel, 2, "SAME"), graph.const(bias.reshape(1, 1, 1, -1)))
    x = layer_norm(graph, x, gamma, beta)
    x = gelu(graph, dense(graph, x, matrix, shift))
    x = dense(graph, x, across, offset, [0, 3, 2, 1])
    x = dense(graph, x, across, offset, [0, 1, 3, 2])
    positive = graph.add("GreaterEqual", x, graph.const(0.0))
    x = graph.add("SelectV2", positive, x, graph.add("Mul", graph.const(0.2), x))
    # The shape of the output is worked out from the input's, as everywhere in MAXIM.
    height = graph.add(
        "StridedSlice", graph.add("Shape", source), graph.const([1]), graph.const([2]), graph.const([1]),
        shrink_axis_mask={"i": "1"},
    )  # fmt: skip
    size = graph.add("Pack", graph.const(1), height, height, graph.const(3), axis={"i": "0"})
    up = torch.randn(2, 2, 3, 6)
    strides = {"list": {"i": ["1", "2", "2", "1"]}}
    x = graph.add("Conv2DBackpropInput", size, graph.const(up), x, strides=strides)
    output = graph.add("Reshape", x, size)
    path = graph.write(tmp_path, output)

    picture = torch.rand(1, 16, 16, 3)
    y = functional.conv2d(picture.permute(0, 3, 1, 2), kernel.permute(3, 2, 0, 1), bias, 2, 1).permute(0, 2, 3, 1)
    y = functional.gelu(functional.layer_norm(y, (6,), gamma, beta, 1e-6) @ matrix + shift, approximate="tanh")
    y = torch.einsum("bhwc,hg->bgwc", y, across) + offset[:, None, None]
    y = functional.leaky_relu(torch.einsum("bhwc,wg->bhgc", y, across) + offset[:, None], 0.2)
    expected = functional.conv_transpose2d(y.permute(0, 3, 1, 2), up.permute(3, 2, 0, 1), stride=2).permute(0, 2, 3, 1)

    joined = tfjs.GraphModel(path)
    assert torch.allclose(joined(picture), expected, atol=1e-4, rtol=1e-4)
    [plan] = joined._plans.values()
    with monkeypatch.context() as patch:
        patch.setattr(tfjs._Planner, "_joined", lambda *_: None)
        plain = tfjs.GraphModel(path)
        assert torch.allclose(plain(picture), expected, atol=1e-4, rtol=1e-4)
    [long_plan] = plain._plans.values()
    assert len(plan) == 11  # six of one operation each, three of the rectifier, the transposed convolution, a reshape
    assert len(long_plan) > 30
    with pytest.raises(ValueError, match="one picture at a time"):
        joined(torch.rand(2, 16, 16, 3))


def test_padding_is_tensorflows(tfjs: ModuleType) -> None:
    """The odd pixel is below and to the right: TensorFlow's 3x3 with stride 2 starts at the first pixel of 8."""
    ramp = torch.arange(8.0).reshape(1, 1, 8, 1).expand(1, 8, 8, 1).contiguous()
    middle = torch.zeros(1, 1, 3, 3)
    middle[0, 0, 1, 1] = 1
    found = tfjs._convolve(ramp, middle, None, 2, True)
    assert found[0, 0, :, 0].tolist() == [1, 3, 5, 7]


def layer(kind: str, name: str, *inputs: str, **config: object) -> dict[str, Any]:
    nodes = [[[source, 0, 0, {}] for source in inputs]] if inputs else []
    return {"class_name": kind, "name": name, "config": {"name": name, **config}, "inbound_nodes": nodes}


def layers_model(folder: Path, layers: list[dict[str, Any]], arrays: dict[str, Tensor]) -> Path:
    folder.mkdir(parents=True)
    graph = Graph()
    graph.arrays = {name: value.numpy() for name, value in arrays.items()}
    path = graph.write(folder, "none")
    model = json.loads(path.read_text())
    config = {"layers": layers, "output_layers": [[layers[-1]["name"], 0, 0]]}
    model["modelTopology"] = {"model_config": {"config": config}}
    path.write_text(json.dumps(model))
    return path


def enlarger(folder: Path, last: dict[str, Any], channels: int) -> tuple[Path, Callable[[Tensor], Tensor]]:
    """Convolution, rectifier, concatenation, convolution, a scaled sum, then what enlarges; and the same in PyTorch."""
    torch.manual_seed(1)
    arrays = {"c1/kernel": torch.randn(3, 3, 3, 5), "c1/bias": torch.randn(5)}
    arrays |= {"c2/kernel": torch.randn(3, 3, 8, channels), "c2/bias": torch.randn(channels)}
    options = {"strides": [1, 1], "padding": "same", "activation": "linear"}
    layers = [
        layer("InputLayer", "in"),
        layer("Conv2D", "c1", "in", **options),
        layer("Activation", "relu", "c1", activation="relu"),
        layer("Concatenate", "cat", "in", "relu"),
        layer("Conv2D", "c2", "cat", **options),
        layer("MultiplyBeta", "beta", "c2"),
        layer("Add", "add", "beta", "c2"),
        last,
    ]

    def reference(x: Tensor) -> Tensor:
        planes = x.permute(0, 3, 1, 2)
        first = functional.conv2d(planes, arrays["c1/kernel"].permute(3, 2, 0, 1), arrays["c1/bias"], padding=1).relu()
        both = torch.cat([planes, first], 1)
        return 1.2 * functional.conv2d(both, arrays["c2/kernel"].permute(3, 2, 0, 1), arrays["c2/bias"], padding=1)

    return layers_model(folder, layers, arrays), reference


def test_layers_models(tfjs: ModuleType, tmp_path: Path) -> None:
    picture = torch.rand(1, 5, 7, 3)
    path, reference = enlarger(
        tmp_path / "near", layer("UpSampling2D", "up", "add", size=[2, 2], interpolation="nearest"), 3
    )
    expected = functional.interpolate(reference(picture), scale_factor=2, mode="nearest").permute(0, 2, 3, 1)
    assert torch.allclose(tfjs.LayersModel(path)(picture), expected, atol=1e-4)
    path, reference = enlarger(tmp_path / "shuffle", layer("PixelShuffle2x", "up", "add"), 12)
    # PyTorch's order of channels is (c, row, column), TensorFlow's (row, column, c).
    planes = reference(picture).reshape(1, 2, 2, 3, 5, 7).permute(0, 3, 1, 2, 4, 5).reshape(1, 12, 5, 7)
    expected = functional.pixel_shuffle(planes, 2).permute(0, 2, 3, 1)
    assert torch.allclose(tfjs.LayersModel(path)(picture), expected, atol=1e-4)
    path, _ = enlarger(tmp_path / "strange", layer("Dropout", "up", "add"), 3)
    with pytest.raises(ValueError, match="a layer of class Dropout isn't known"):
        tfjs.LayersModel(path)(picture)


def test_packages_become_functions_of_a_picture(tfjs: ModuleType, tmp_path: Path) -> None:
    """Tiles and the range: slim works on [0, 255]."""
    module = load("restorers")
    identity = torch.zeros(3, 3, 3, 3)
    identity[1, 1] = torch.eye(3)
    arrays = {"c/kernel": identity, "c/bias": torch.full((3,), 25.5)}
    options = {"strides": [1, 1], "padding": "same", "activation": "linear"}
    layers = [
        layer("InputLayer", "in"),
        layer("Conv2D", "c", "in", **options),
        layer("UpSampling2D", "up", "c", size=[2, 2], interpolation="nearest"),
    ]
    layers_model(tmp_path / "esrgan-slim" / "models" / "x2", layers, arrays)
    found = module.restorers(tmp_path)
    assert list(found) == ["esrgan-slim-x2", "esrgan-slim-x3", "esrgan-slim-x4"]
    picture = np.random.default_rng(0).random((201, 20, 3)).astype(np.float32)
    scale, apply = found["esrgan-slim-x2"]
    expected = np.clip(picture + 0.1, 0, 1).repeat(2, axis=0).repeat(2, axis=1)
    assert scale == 2
    assert np.abs(apply(picture) - expected).max() < 1e-5
