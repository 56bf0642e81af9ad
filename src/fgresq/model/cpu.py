"""Faster linear layers on x86 processors.

PyTorch's float32 linear layer calls MKL, which on some processors (AMD's, for one) uses half of what the core can do,
and its bfloat16 one reorders the weights at every call. oneDNN, which PyTorch brings too, takes weights that were
reordered once. The arithmetic stays the same: float32 products, float32 sums.
"""

import platform

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Rows for which the layout is chosen; other numbers of rows give the same values.
_TYPICAL_ROWS = 1576


class PackedLinear(nn.Linear):
    """A linear layer that keeps a second copy of its weights in oneDNN's layout, made at the first use.

    With gradients enabled it is an ordinary linear layer.
    """

    _packed: Tensor | None = None

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - nn.Linear's own name
        """`nn.Linear.forward`."""
        if torch.is_grad_enabled() or input.device.type != "cpu" or input.dtype != self.weight.dtype:
            return F.linear(input, self.weight, self.bias)
        if self._packed is None:
            self._packed = torch.ops.mkldnn._reorder_linear_weight(self.weight.detach(), _TYPICAL_ROWS)
        output: Tensor = torch.ops.mkldnn._linear_pointwise(input, self._packed, self.bias, "none", [], "")
        return output


def pack_linear_layers(module: nn.Module) -> None:
    """Turn every `nn.Linear` below `module` into a `PackedLinear`, where this PyTorch and processor support it.

    Call it when the weights are final: a later change of them isn't seen.
    """
    if platform.machine() not in ("x86_64", "AMD64") or not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return
    if not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        return
    for layer in module.modules():
        if type(layer) is nn.Linear:
            layer.__class__ = PackedLinear
