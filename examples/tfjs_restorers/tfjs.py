"""TensorFlow.js models run by PyTorch: graph models (MAXIM) and layers models (ESRGAN), read from their model.json."""

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

_DTYPES = {"float32": np.float32, "int32": np.int32, "bool": np.bool_}
_SWAPS = [0, 3, 2, 1], [0, 1, 3, 2]
_PLANS = 4  # sizes of picture whose plans are kept
_TORCH = {"DT_FLOAT": torch.float32, "DT_INT32": torch.int64, "DT_BOOL": torch.bool}


def weights(model: dict[str, Any], folder: Path) -> dict[str, Tensor]:
    """The arrays of a model, by name; whole numbers as int64."""
    found: dict[str, Tensor] = {}
    for group in model["weightsManifest"]:
        data = b"".join((folder / path).read_bytes() for path in group["paths"])
        offset = 0
        for entry in group["weights"]:
            if "quantization" in entry or entry["dtype"] not in _DTYPES:
                raise ValueError(f"{folder}: weight {entry['name']} is quantised or of a strange type")
            dtype, count = _DTYPES[entry["dtype"]], int(np.prod(entry["shape"], dtype=np.int64))
            array = np.frombuffer(data, dtype, count, offset).reshape(entry["shape"])
            offset += array.nbytes
            found[entry["name"]] = torch.from_numpy(array.astype(np.int64) if dtype is np.int32 else array.copy())
    return found


def _conv_weight(kernel: Tensor) -> Tensor:
    """From (height, width, in, out) to (out, in, height, width), channels last in memory."""
    return kernel.permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)


def _same(size: int, kernel: int, stride: int) -> tuple[int, int]:
    total = max(0, (-(-size // stride) - 1) * stride + kernel - size)
    return total // 2, total - total // 2


def _convolve(x: Tensor, weight: Tensor, bias: Tensor | None, stride: int, same: bool) -> Tensor:
    """Of (batch, height, width, channels); TensorFlow's SAME padding, whose odd pixel is below and right."""
    kernel = weight.shape[2:]
    if tuple(kernel) == (1, 1) and stride == 1:
        return functional.linear(x, weight[:, :, 0, 0], bias)
    planes, padding = x.permute(0, 3, 1, 2), (0, 0)
    if same:
        (top, bottom), (left, right) = (_same(x.shape[axis + 1], kernel[axis], stride) for axis in (0, 1))
        if (top, left) == (bottom, right):
            padding = (top, left)
        else:
            planes = functional.pad(planes, (left, right, top, bottom))
    return functional.conv2d(planes, weight, bias, stride, padding).permute(0, 2, 3, 1)


# --- layers models -----------------------------------------------------------------------------------------------


class LayersModel:
    """A Keras functional model of convolutions, from (1, height, width, 3) to (1, s height, s width, 3)."""

    def __init__(self, path: Path) -> None:
        model = json.loads(path.read_text(encoding="utf-8"))
        config = model["modelTopology"]["model_config"]["config"]
        self._layers = config["layers"]
        self._weights = {
            name: _conv_weight(value) if value.ndim == 4 else value
            for name, value in weights(model, path.parent).items()
        }
        self._output = config["output_layers"][0][0]

    @torch.inference_mode()
    def __call__(self, x: Tensor) -> Tensor:
        """What the network makes of a picture."""
        values: dict[str, Tensor] = {}
        for layer in self._layers:
            inputs = [values[node[0]] for node in layer["inbound_nodes"][0]] if layer["inbound_nodes"] else [x]
            values[layer["name"]] = self._apply(layer["class_name"], layer["config"], inputs)
        return values[self._output]

    def _apply(self, kind: str, config: dict[str, Any], inputs: list[Tensor]) -> Tensor:
        x = inputs[0]
        if kind == "InputLayer":
            return x
        if kind == "Conv2D":
            name = config["name"]
            weight, bias = self._weights[f"{name}/kernel"], self._weights[f"{name}/bias"]
            out = _convolve(x, weight, bias, config["strides"][0], config["padding"] == "same")
            return functional.relu(out) if config["activation"] == "relu" else out
        if kind == "Activation" and config["activation"] == "relu":
            return functional.relu(x)
        if kind == "Concatenate":
            return torch.cat(inputs, dim=-1)
        if kind == "Add":
            return torch.stack(inputs).sum(0) if len(inputs) > 2 else x + inputs[1]
        if kind == "MultiplyBeta":
            return x * 0.2
        if kind == "UpSampling2D" and config["interpolation"] == "nearest":
            rows, columns = config["size"]
            return x.repeat_interleave(rows, 1).repeat_interleave(columns, 2)
        if kind.startswith("PixelShuffle"):
            return _depth_to_space(x, int(kind.removeprefix("PixelShuffle").removesuffix("x")))
        raise ValueError(f"a layer of class {kind} isn't known")


def _depth_to_space(x: Tensor, block: int) -> Tensor:
    """TensorFlow's order: the channel is (row * block + column) * channels + c."""
    batch, height, width, depth = x.shape
    split = x.reshape(batch, height, width, block, block, depth // block**2)
    return split.permute(0, 1, 3, 2, 4, 5).reshape(batch, height * block, width * block, depth // block**2)


# --- graph models ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Node:
    """A node of the graph: its operation, what it reads, and its attributes."""

    op: str
    inputs: tuple[str, ...]
    attributes: dict[str, Any]

    def text(self, name: str) -> str:
        return base64.b64decode(self.attributes[name]["s"]).decode()

    def number(self, name: str) -> int:
        return int(self.attributes.get(name, {}).get("i", 0))


def _whole(value: Tensor) -> list[int]:
    return [int(number) for number in value.reshape(-1).tolist()]


def _axes(value: Tensor) -> tuple[int, ...]:
    return tuple(_whole(value))


def _strided_slice(node: _Node, x: Tensor, begin: Tensor, end: Tensor, step: Tensor) -> Tensor:
    """Masks say, an axis a bit, which bounds don't count and which axes go; no other masks stand in these graphs."""
    start, stop, by = _whole(begin), _whole(end), _whole(step)
    parts: list[slice | int] = []
    for axis, (first, last, stride) in enumerate(zip(start, stop, by, strict=True)):
        if node.number("shrink_axis_mask") >> axis & 1:
            parts.append(first)
        else:
            parts.append(
                slice(
                    None if node.number("begin_mask") >> axis & 1 else first,
                    None if node.number("end_mask") >> axis & 1 else last,
                    stride,
                )
            )
    return x[tuple(parts)]


def _conv(node: _Node, x: Tensor, kernel: Tensor) -> Tensor:
    stride = int(node.attributes["strides"]["list"]["i"][1])
    return _convolve(x, _conv_weight(kernel), None, stride, node.text("padding") == "SAME")


def _conv_transpose(node: _Node, size: Tensor, kernel: Tensor, x: Tensor) -> Tensor:
    """Only where the stride is the kernel's side, so that nothing overlaps and no padding arises."""
    stride = int(node.attributes["strides"]["list"]["i"][1])
    if kernel.shape[0] != stride:
        raise ValueError("a transposed convolution whose windows overlap isn't known")
    out = functional.conv_transpose2d(x.permute(0, 3, 1, 2), kernel.permute(3, 2, 0, 1).contiguous(), stride=stride)
    return out.permute(0, 2, 3, 1)


def _sum(node: _Node, x: Tensor, axes: Tensor) -> Tensor:
    return x.sum(dim=_axes(axes), keepdim=bool(node.attributes.get("keep_dims", {}).get("b", False)))


_OPERATIONS: dict[str, Callable[..., Tensor]] = {
    "Shape": lambda n, x: torch.tensor(x.shape),
    "Identity": lambda n, x: x,
    "StridedSlice": _strided_slice,
    "Conv2D": _conv,
    "Conv2DBackpropInput": _conv_transpose,
    "Sum": _sum,
    "Einsum": lambda n, *xs: torch.einsum(n.text("equation"), *xs),
    "Pack": lambda n, *xs: torch.stack(xs, n.number("axis")),
    "ConcatV2": lambda n, *xs: torch.cat(xs[:-1], int(xs[-1])),
    "Reshape": lambda n, x, shape: x.reshape(_whole(shape)),
    "BroadcastTo": lambda n, x, shape: x.expand(_whole(shape)),
    "Transpose": lambda n, x, order: x.permute(_whole(order)),
    "ExpandDims": lambda n, x, axis: x.unsqueeze(int(axis)),
    "Squeeze": lambda n, x: x.squeeze(),
    "GatherV2": lambda n, x, index, axis: x.index_select(int(axis), index.reshape(-1)),
    "Range": lambda n, first, last, step: torch.arange(first.item(), last.item(), step.item()),
    "Cast": lambda n, x: x.to(_TORCH[n.attributes["DstT"]["type"]]),
    "AddV2": lambda n, a, b: a + b,
    "Sub": lambda n, a, b: a - b,
    "Mul": lambda n, a, b: a * b,
    "RealDiv": lambda n, a, b: a / b,
    "FloorDiv": lambda n, a, b: a // b,
    "FloorMod": lambda n, a, b: torch.remainder(a, b),
    "Maximum": lambda n, a, b: torch.maximum(a, b),
    "Minimum": lambda n, a, b: torch.minimum(a, b),
    "Greater": lambda n, a, b: a > b,
    "GreaterEqual": lambda n, a, b: a >= b,
    "Less": lambda n, a, b: a < b,
    "LessEqual": lambda n, a, b: a <= b,
    "NotEqual": lambda n, a, b: a != b,
    "LogicalAnd": lambda n, a, b: a & b,
    "SelectV2": lambda n, c, a, b: torch.where(c, a, b),
    "Square": lambda n, x: x.square(),
    "Rsqrt": lambda n, x: x.rsqrt(),
    "Reciprocal": lambda n, x: x.reciprocal(),
    "Tanh": lambda n, x: x.tanh(),
    "Exp": lambda n, x: x.exp(),
    "Abs": lambda n, x: x.abs(),
    "Neg": lambda n, x: -x,
    "Floor": lambda n, x: x.floor(),
    "Sign": lambda n, x: x.sign(),
}


@dataclass(frozen=True, slots=True)
class _Step:
    """One operation of a plan: a function of the values by name, and the values that nobody needs afterwards."""

    name: str
    inputs: tuple[str, ...]
    apply: Callable[..., Tensor]
    done_with: tuple[str, ...]


class GraphModel:
    """A TF.js graph model with one input and one output, (1, height, width, 3) both.

    For each size of picture a plan is made once: whatever depends on the size alone is computed, and the chains into
    which layer normalisation, GELU and linear layers were taken apart become one operation each again.
    """

    def __init__(self, path: Path) -> None:
        model = json.loads(path.read_text(encoding="utf-8"))
        self._constants = weights(model, path.parent)
        self._nodes = {
            node["name"]: _Node(
                node["op"],
                tuple(name.split(":")[0] for name in node.get("input", []) if not name.startswith("^")),
                node.get("attr", {}),
            )
            for node in model["modelTopology"]["node"]
        }
        [self._input] = [name for name, node in self._nodes.items() if node.op == "Placeholder"]
        [output] = model["signature"]["outputs"].values()
        self._output = output["name"].split(":")[0]
        self._plans: dict[tuple[int, ...], list[_Step]] = {}

    @torch.inference_mode()
    def __call__(self, x: Tensor) -> Tensor:
        """What the network makes of a picture."""
        shape = tuple(x.shape)
        if shape[0] != 1:
            raise ValueError(f"one picture at a time, not {shape[0]}")
        if shape not in self._plans:
            while len(self._plans) >= _PLANS:
                self._plans.pop(next(iter(self._plans)))
            self._plans[shape] = _Planner(self._nodes, self._constants, self._input, shape).plan(self._output)
        values = {self._input: x}
        for step in self._plans[shape]:
            values[step.name] = step.apply(*(values[name] for name in step.inputs))
            for name in step.done_with:
                del values[name]
        return values[self._output]


class _Planner:
    """Makes the plan of a graph for one size of input."""

    def __init__(
        self, nodes: dict[str, _Node], constants: dict[str, Tensor], source: str, shape: Sequence[int]
    ) -> None:
        self._nodes, self._source = nodes, source
        self._fixed = dict(constants)
        self._shape = torch.tensor(list(shape))
        self._moving = {source}
        for name in _ordered(nodes, nodes):
            self._settle(name)

    def _settle(self, name: str) -> None:
        """Compute a node that doesn't depend on the picture's values."""
        node = self._nodes[name]
        if name in self._fixed or name == self._source:
            return
        if node.op == "Shape" and node.inputs == (self._source,):
            self._fixed[name] = self._shape
        elif any(read in self._moving for read in node.inputs):
            self._moving.add(name)
        else:
            self._fixed[name] = _OPERATIONS[node.op](node, *(self._fixed[read] for read in node.inputs))

    def plan(self, output: str) -> list[_Step]:
        steps: dict[str, tuple[tuple[str, ...], Callable[..., Tensor]]] = {}
        waiting = [output]
        while waiting:
            name = waiting.pop()
            if name not in steps and name != self._source:
                steps[name] = self._joined(name) or self._plain(name)
                waiting += steps[name][0]
        reads = {name: _Node("", inputs, {}) for name, (inputs, _) in steps.items()}
        order = list(_ordered(reads, [output]))
        last = {read: name for name in order if name in reads for read in reads[name].inputs}
        return [
            _Step(name, *steps[name], tuple(read for read in dict.fromkeys(steps[name][0]) if last[read] == name))
            for name in order
            if name in steps
        ]

    def _plain(self, name: str) -> tuple[tuple[str, ...], Callable[..., Tensor]]:
        node = self._nodes[name]
        operation, fixed = _OPERATIONS[node.op], self._fixed
        slots = [fixed.get(read) for read in node.inputs]

        def apply(*moving: Tensor) -> Tensor:
            given = iter(moving)
            return operation(node, *(next(given) if slot is None else slot for slot in slots))

        return tuple(read for read in node.inputs if read not in fixed), apply

    def _joined(self, name: str) -> tuple[tuple[str, ...], Callable[..., Tensor]] | None:
        return (
            self._layer_norm(name)
            or self._gelu(name)
            or self._dense_across(name)
            or self._with_bias(name)
            or self._dense(name)
        )

    def _halves(self, name: str, op: str) -> tuple[str, Tensor] | None:
        """Of a node with one operand that moves and one that's fixed: both."""
        node = self._nodes[name]
        if node.op != op:
            return None
        moving = [read for read in node.inputs if read not in self._fixed]
        fixed = [self._fixed[read] for read in node.inputs if read in self._fixed]
        return (moving[0], fixed[0]) if len(moving) == len(fixed) == 1 else None

    def _layer_norm(self, name: str) -> tuple[tuple[str, ...], Callable[..., Tensor]] | None:
        """(x - mean) (rsqrt(variance + epsilon) gamma) + beta, over the channels."""
        outer = self._halves(name, "AddV2")
        if outer is None or self._nodes[outer[0]].op != "Mul" or len(self._nodes[outer[0]].inputs) != 2:
            return None
        centred, factor = self._nodes[outer[0]].inputs
        scaled = self._halves(factor, "Mul") if factor not in self._fixed else None
        if scaled is None or self._nodes[scaled[0]].op != "Rsqrt" or self._nodes[centred].op != "Sub":
            return None
        spread = self._halves(self._nodes[scaled[0]].inputs[0], "AddV2")
        if spread is None:
            return None
        gamma, beta, epsilon = scaled[1].reshape(-1), outer[1].reshape(-1), float(spread[1])
        return (self._nodes[centred].inputs[0],), lambda x: functional.layer_norm(x, gamma.shape, gamma, beta, epsilon)

    def _gelu(self, name: str) -> tuple[tuple[str, ...], Callable[..., Tensor]] | None:
        """0.5 x (1 + tanh(...)): the approximation of GELU."""
        node = self._nodes[name]
        if node.op != "Mul":
            return None
        first, second = node.inputs
        if first in self._fixed or second in self._fixed:
            return None
        half, one = self._halves(first, "Mul"), self._halves(second, "AddV2")
        if half is None or one is None or self._nodes[one[0]].op != "Tanh" or float(half[1]) != 0.5:
            return None
        return (half[0],), lambda x: functional.gelu(x, approximate="tanh")

    def _dense_across(self, name: str) -> tuple[tuple[str, ...], Callable[..., Tensor]] | None:
        """A linear layer over the second or third axis, which was swapped with the last one before and after."""
        node = self._nodes[name]
        if node.op != "Transpose" or (swap := _whole(self._fixed[node.inputs[1]])) not in _SWAPS:
            return None
        outer = self._halves(node.inputs[0], "AddV2")
        if outer is None or self._dense(outer[0]) is None:
            return None
        product = self._nodes[outer[0]]
        inner = self._nodes[product.inputs[0]]
        if inner.op != "Transpose" or _whole(self._fixed[inner.inputs[1]]) != swap:
            return None
        weight, bias = self._fixed[product.inputs[1]].t().contiguous(), outer[1].reshape(-1)

        def over_second(x: Tensor) -> Tensor:
            return torch.addmm(bias[:, None], weight, x.reshape(x.shape[1], -1)).reshape(x.shape)

        def over_third(x: Tensor) -> Tensor:
            return functional.conv1d(x.reshape(-1, *x.shape[2:]), weight[..., None], bias).reshape(x.shape)

        return (inner.inputs[0],), over_second if swap == _SWAPS[0] else over_third

    def _with_bias(self, name: str) -> tuple[tuple[str, ...], Callable[..., Tensor]] | None:
        outer = self._halves(name, "AddV2")
        if outer is None:
            return None
        node, bias = self._nodes[outer[0]], outer[1].reshape(-1)
        if not outer[1].ndim or outer[1].shape[-1] != len(bias):
            return None
        if node.op == "Conv2D" and node.inputs[1] in self._fixed:
            weight = _conv_weight(self._fixed[node.inputs[1]])
            stride, same = int(node.attributes["strides"]["list"]["i"][1]), node.text("padding") == "SAME"
            return (node.inputs[0],), lambda x: _convolve(x, weight, bias, stride, same)
        dense = self._dense(outer[0])
        if dense is None:
            return None
        matrix = self._fixed[node.inputs[1]].t().contiguous()
        return dense[0], lambda x: functional.linear(x, matrix, bias)

    def _dense(self, name: str) -> tuple[tuple[str, ...], Callable[..., Tensor]] | None:
        node = self._nodes[name]
        if node.op != "Einsum" or node.text("equation") != "abcg,gf->abcf" or node.inputs[1] not in self._fixed:
            return None
        matrix = self._fixed[node.inputs[1]].t().contiguous()
        return (node.inputs[0],), lambda x: functional.linear(x, matrix)


def _ordered(nodes: dict[str, _Node], wanted: Sequence[str] | dict[str, _Node]) -> Iterator[str]:
    """The nodes and all that they read, each after what it reads."""
    done: set[str] = set()
    for start in wanted:
        stack = [(start, False)]
        while stack:
            name, ready = stack.pop()
            if name in done:
                continue
            if ready or name not in nodes:
                done.add(name)
                yield name
            else:
                stack.append((name, True))
                stack += [(read, False) for read in nodes[name].inputs if read not in done]
