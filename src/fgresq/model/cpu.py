"""Faster linear layers on x86 processors.

PyTorch's float32 linear layer calls MKL, which on some processors (AMD's, for one) uses half of what the core can do,
and its bfloat16 one reorders the weights at every call. oneDNN, which PyTorch brings too, takes weights that were
reordered once. The arithmetic stays the same: float32 products, float32 sums.

Where oneDNN can't do that, PyTorch's own layers stay: they run on every processor and give the same, but for rounding.
"""

import platform
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Rows for which the layout is chosen; other numbers of rows give the same values.
_TYPICAL_ROWS = 1576


class PackedLinear(nn.Linear):
    """A linear layer that keeps a second copy of its weights in oneDNN's layout, made at the first use.

    A processor without bfloat16 multiplies bfloat16 numbers as float32, which holds them all; PyTorch's own layer
    takes several times as long there. With gradients enabled it is an ordinary linear layer.
    """

    _packed: tuple[Tensor, Tensor | None] | None = None

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - nn.Linear's own name
        """`nn.Linear.forward`."""
        if torch.is_grad_enabled() or input.device.type != "cpu" or input.dtype != self.weight.dtype:
            return F.linear(input, self.weight, self.bias)
        if self._packed is None:
            self._packed = self._pack()
        weight, bias = self._packed
        output: Tensor = torch.ops.mkldnn._linear_pointwise(input.to(weight.dtype), weight, bias, "none", [], "")
        return output.to(input.dtype)

    def _pack(self) -> tuple[Tensor, Tensor | None]:
        kind = self.weight.dtype if can_pack(self.weight.dtype) else torch.float32
        weight = torch.ops.mkldnn._reorder_linear_weight(self.weight.detach().to(kind), _TYPICAL_ROWS)
        return weight, None if self.bias is None else self.bias.detach().to(kind)

    def __getstate__(self) -> dict[str, Any]:
        """A copy packs for itself: that layout can be neither copied nor written."""
        return {name: value for name, value in self.__dict__.items() if name != "_packed"}


def can_pack(dtype: torch.dtype) -> bool:
    """Whether this PyTorch, on this processor, multiplies by packed weights of a type.

    float32 on x86; bfloat16 where there is AVX-512 (BW, VL, DQ) or AVX-NE-CONVERT besides, which most desktop
    processors lack.
    """
    if platform.machine() not in ("x86_64", "AMD64") or not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    operations = torch.ops.mkldnn
    if not (hasattr(operations, "_linear_pointwise") and hasattr(operations, "_reorder_linear_weight")):
        return False
    if dtype != torch.bfloat16:
        return dtype == torch.float32
    return hasattr(operations, "_is_mkldnn_bf16_supported") and bool(operations._is_mkldnn_bf16_supported())


def pack_linear_layers(module: nn.Module) -> None:
    """Turn every float32 or bfloat16 `nn.Linear` below `module` into a `PackedLinear`, where layers can be packed.

    Call it when the weights are final: a later change of them isn't seen.
    """
    if not can_pack(torch.float32):
        return
    for layer in module.modules():
        if type(layer) is nn.Linear and layer.weight.dtype in (torch.float32, torch.bfloat16):
            layer.__class__ = PackedLinear
