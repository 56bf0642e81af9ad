"""The fast layers of x86 processors: used where they can be, missed by nobody where they can't."""

import copy
import pickle
import platform

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import fgresq
from fgresq.errors import UserError
from fgresq.model import cpu
from fgresq.model.cpu import PackedLinear, can_pack, pack_linear_layers

FLOAT, BRAIN = torch.float32, torch.bfloat16
here = pytest.mark.skipif(not can_pack(FLOAT), reason="oneDNN packs nothing on this processor")


def layer(dtype: torch.dtype = FLOAT, *, bias: bool = True) -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(48, 32, bias=bias).to(dtype)


def exact(of: nn.Linear, rows: Tensor) -> Tensor:
    return F.linear(rows.double(), of.weight.double(), None if of.bias is None else of.bias.double())


def no_brain_floats(monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor without AVX-512: oneDNN says so, and packs no bfloat16."""
    reorder = torch.ops.mkldnn._reorder_linear_weight

    def reorder_float(weight: Tensor, rows: int) -> Tensor:
        if weight.dtype != FLOAT:
            raise RuntimeError("mkldnn_reorder_linear_weight: bf16 path needs the cpu support")
        return reorder(weight, rows)

    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False, raising=False)
    monkeypatch.setattr(torch.ops.mkldnn, "_reorder_linear_weight", reorder_float)


@here
@pytest.mark.parametrize(("dtype", "tolerance"), [(FLOAT, 1e-5), (BRAIN, 2e-2)])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("supported", [True, False])
def test_a_packed_layer_gives_what_the_layer_gives(
    dtype: torch.dtype, tolerance: float, bias: bool, supported: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not supported:
        no_brain_floats(monkeypatch)
    plain = layer(dtype, bias=bias)
    packed = nn.Sequential(copy.deepcopy(plain))
    pack_linear_layers(packed)
    assert type(packed[0]) is PackedLinear
    for shape in ((1, 48), (7, 48), (2, 3, 48)):
        rows = torch.randn(shape).to(dtype)
        with torch.inference_mode():
            found = packed(rows)
        assert found.dtype == dtype
        assert found.shape == (*shape[:-1], 32)
        torch.testing.assert_close(found.double(), exact(plain, rows), atol=tolerance, rtol=0)
        tracked = rows.clone().requires_grad_()
        packed(tracked).sum().backward()
        torch.testing.assert_close(tracked.grad, plain.weight.sum(dim=0).expand(shape), atol=tolerance, rtol=tolerance)
    used, _ = packed[0]._packed
    assert used.dtype == (dtype if supported and can_pack(dtype) else FLOAT)


@here
def test_a_processor_without_bfloat16_rounds_no_more_than_one_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    no_brain_floats(monkeypatch)
    packed = layer(BRAIN)
    pack_linear_layers(packed)
    rows = torch.randn(5, 48).to(BRAIN)
    with torch.inference_mode():
        assert torch.equal(packed(rows), exact(packed, rows).to(BRAIN))  # one rounding, of the exact sum


def test_where_nothing_can_be_packed_layers_stay_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu, "can_pack", lambda dtype: False)
    for dtype in (FLOAT, BRAIN):
        module = nn.Sequential(layer(dtype))
        pack_linear_layers(module)
        assert type(module[0]) is nn.Linear


@here
def test_layers_of_other_types_stay_what_they_are() -> None:
    module = nn.Sequential(layer(torch.float64), layer(torch.float16))
    pack_linear_layers(module)
    assert [type(each) for each in module] == [nn.Linear, nn.Linear]


@here
def test_what_can_be_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not can_pack(torch.float64)
    assert not can_pack(torch.float16)
    for supported in (True, False):
        monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda says=supported: says, raising=False)
        assert can_pack(FLOAT)
        assert can_pack(BRAIN) is supported


def test_another_processor_or_another_pytorch_packs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as arm:
        arm.setattr(platform, "machine", lambda: "aarch64")
        assert not can_pack(FLOAT)
    with monkeypatch.context() as without:
        without.setattr(torch.backends.mkldnn, "is_available", lambda: False)
        assert not can_pack(FLOAT)
    with monkeypatch.context() as other:
        other.setattr(torch.ops, "mkldnn", object())
        assert not can_pack(FLOAT)
        assert not can_pack(BRAIN)


@here
@pytest.mark.parametrize("again", [copy.deepcopy, lambda module: pickle.loads(pickle.dumps(module))])  # noqa: S301
def test_a_layer_that_was_used_can_be_copied(again: object) -> None:
    module = nn.Sequential(layer())
    pack_linear_layers(module)
    rows = torch.randn(3, 48)
    with torch.inference_mode():
        expected = module(rows)
        copied = again(module)
        assert copied[0]._packed is None
        assert torch.equal(copied(rows), expected)


@pytest.mark.parametrize(
    ("packs", "works"),
    [(True, "use bf16, which is faster, or fp32$"), (False, r"use fp32 \(bf16 works too, no faster\)$")],
)
def test_fp16_without_a_gpu_says_what_works(packs: bool, works: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fgresq.scoring.load.can_pack", lambda dtype: packs)
    with pytest.raises(UserError, match=f"^fp16 needs a GPU; on this processor {works}"):
        fgresq.load(device="cpu", precision="fp16")
