"""The update doesn't depend on how a batch is cut into pieces, or spread over processes."""

import pytest
import torch
from tests.unit.training.networks import Dropped
from torch import Tensor, nn

from fgresq.losses.fidelity import scene_fidelity
from fgresq.training.stages.base import Batch
from fgresq.training.update import backward


def network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1))


def batch(count: int = 12) -> Batch:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(count, 6, generator=generator)
    mos = torch.randn(count, generator=generator, dtype=torch.float64)
    return Batch((x,), (mos, torch.arange(count) % 2), [f"image {i}" for i in range(count)])


def loss(outputs: Tensor, labels: tuple[Tensor, ...]) -> tuple[Tensor, dict[str, float]]:
    """Every sample meets every other of its source, so pieces of a batch can't be added up."""
    value = scene_fidelity(outputs[:, 0], labels[0], labels[1])
    return value, {"scene": value.item()}


def gradients(module: nn.Module) -> list[Tensor]:
    return [parameter.grad.clone() for parameter in module.parameters()]


def plain() -> tuple[float, list[Tensor]]:
    module, samples = network(), batch()
    value, _ = loss(module(*samples.inputs), samples.labels)
    value.backward()
    return value.item(), gradients(module)


def test_eight_bits_become_the_unit_range_on_the_way_to_the_device() -> None:
    images = torch.tensor([0, 51, 255], dtype=torch.uint8).expand(2, 3, 1, 3)
    moved = Batch((images, images / 255), (torch.zeros(2),), ["a", "b"]).to(torch.device("cpu"))
    for found in moved.inputs:
        torch.testing.assert_close(found[0, 0, 0], torch.tensor([0.0, 0.2, 1.0]))


@pytest.mark.parametrize("micro_batch", [None, 1, 3, 5, 12, 100])
def test_accumulation_gives_the_update_of_the_large_batch(micro_batch: int | None) -> None:
    expected, expected_gradients = plain()
    module = network()
    value, parts = backward(module, batch(), loss, micro_batch)
    assert value.item() == pytest.approx(expected, abs=1e-7)
    assert parts["scene"] == pytest.approx(expected, abs=1e-7)
    for found, wanted in zip(gradients(module), expected_gradients, strict=True):
        torch.testing.assert_close(found, wanted, atol=1e-7, rtol=1e-5)


def test_adding_up_pieces_would_be_another_update() -> None:
    # Without this the test above could pass by accident.
    module, samples = network(), batch()
    for inputs, mos, source in zip(
        samples.inputs[0].split(3), samples.labels[0].split(3), samples.labels[1].split(3), strict=True
    ):
        loss(module(inputs), (mos, source))[0].backward()
    differences = [(a / 4 - b).abs().max().item() for a, b in zip(gradients(module), plain()[1], strict=True)]
    assert max(differences) > 1e-4


def test_the_scale_multiplies_the_gradient_only() -> None:
    expected, expected_gradients = plain()
    module = network()
    value, _ = backward(module, batch(), loss, 4, scale=1024.0)
    assert value.item() == pytest.approx(expected, abs=1e-7)
    torch.testing.assert_close(gradients(module)[0], 1024 * expected_gradients[0], atol=1e-3, rtol=1e-5)


@pytest.mark.parametrize("micro_batch", [None, 5])
def test_every_piece_is_dropped_out_as_it_was_the_first_time(micro_batch: int | None) -> None:
    torch.manual_seed(0)
    module, samples = Dropped(), batch()
    torch.manual_seed(1)
    pieces = samples.micro_batches(micro_batch)
    value, _ = loss(torch.cat([module(*piece) for piece in pieces]), samples.labels)
    value.backward()
    expected = gradients(module)
    module.zero_grad()
    torch.manual_seed(1)
    found, _ = backward(module, samples, loss, micro_batch)
    assert found.item() == pytest.approx(value.item(), abs=1e-7)
    for mine, wanted in zip(gradients(module), expected, strict=True):
        torch.testing.assert_close(mine, wanted, atol=1e-7, rtol=1e-5)
    module.zero_grad()
    assert backward(module, samples, loss, micro_batch)[0] != found, "and otherwise in the next update"


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_accumulation_in_half_precision_is_the_large_batch_in_half_precision(dtype: torch.dtype) -> None:
    found = []
    for micro_batch in (None, 5):
        module = network()
        with torch.autocast("cpu", dtype=dtype):
            value, _ = backward(module, batch(), loss, micro_batch)
        found.append((value, gradients(module)))
    assert found[0][0].item() == pytest.approx(found[1][0].item(), abs=1e-6)
    assert found[0][0].item() != pytest.approx(plain()[0], abs=1e-6), "autocast is on"
    for a, b in zip(found[0][1], found[1][1], strict=True):
        torch.testing.assert_close(a, b, atol=2e-3, rtol=2e-2)
        assert a.abs().max() > 0
