import math

import pytest
import torch
from tests.unit.losses import by_hand

from fgresq.losses.ranking import binary_ranking, three_class_ranking

PREFERENCES = [0, 1, 2, 2, 1, 0, 0]


def logits(*shape):
    return 3 * torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
def test_binary_agrees_with_the_loops(smoothing):
    values = logits(7)
    found = binary_ranking(values, torch.tensor(PREFERENCES), label_smoothing=smoothing)
    assert found.item() == pytest.approx(by_hand.binary_ranking(values.tolist(), PREFERENCES, smoothing), abs=1e-12)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
def test_three_classes_agree_with_the_loops(smoothing):
    values = logits(7, 3)
    found = three_class_ranking(values, torch.tensor(PREFERENCES), label_smoothing=smoothing)
    expected = by_hand.three_class_ranking(values.tolist(), PREFERENCES, smoothing)
    assert found.item() == pytest.approx(expected, abs=1e-12)


def test_a_positive_logit_says_that_a_is_better():
    sure = torch.tensor([40.0])
    assert binary_ranking(sure, torch.tensor([1])).item() == pytest.approx(0, abs=1e-6)
    assert binary_ranking(sure, torch.tensor([0])).item() == pytest.approx(40)
    assert binary_ranking(torch.tensor([0.0]), torch.tensor([2])).item() == pytest.approx(math.log(2))


def test_classes_are_in_the_released_order():
    b_better = torch.tensor([[40.0, 0.0, 0.0]])
    assert three_class_ranking(b_better, torch.tensor([0])).item() == pytest.approx(0, abs=1e-6)
    assert three_class_ranking(b_better, torch.tensor([1])).item() == pytest.approx(40)
    assert three_class_ranking(b_better, torch.tensor([2])).item() == pytest.approx(40)


def test_huge_logits_have_finite_losses_and_gradients():
    single = torch.tensor([1e4, -1e4, 1e4], requires_grad=True)
    triple = torch.tensor([[1e4, -1e4, 0.0]], requires_grad=True)
    binary_ranking(single, torch.tensor([0, 0, 2])).backward()
    three_class_ranking(triple, torch.tensor([1])).backward()
    assert torch.isfinite(single.grad).all()
    torch.testing.assert_close(triple.grad, torch.tensor([[1.0, -1.0, 0.0]]))


def test_gradients_in_float64():
    preferences = torch.tensor(PREFERENCES)
    single, triple = logits(7).requires_grad_(), logits(7, 3).requires_grad_()
    assert torch.autograd.gradcheck(lambda v: binary_ranking(v, preferences, label_smoothing=0.1), (single,))
    assert torch.autograd.gradcheck(lambda v: three_class_ranking(v, preferences, label_smoothing=0.1), (triple,))


def test_without_pairs_the_loss_is_zero_with_a_graph():
    nothing = torch.empty(0, dtype=torch.long)
    for loss, values in ((binary_ranking, torch.empty(0)), (three_class_ranking, torch.empty(0, 3))):
        values.requires_grad_()
        result = loss(values, nothing)
        result.backward()
        assert result.item() == 0
        assert values.grad.shape == values.shape


@pytest.mark.parametrize("wrong", [-1, 3, -100])
def test_unjudged_pairs_are_refused(wrong):
    preferences = torch.tensor([0, wrong])
    with pytest.raises(ValueError, match=f"1 of 2 pairs have preference {wrong}"):
        three_class_ranking(torch.zeros(2, 3), preferences)
    with pytest.raises(ValueError, match=f"1 of 2 pairs have preference {wrong}"):
        binary_ranking(torch.zeros(2), preferences)


def test_half_precision_logits_give_a_float32_loss():
    values = torch.tensor([0.5, -2.0], dtype=torch.bfloat16)
    loss = binary_ranking(values, torch.tensor([1, 2]))
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(by_hand.binary_ranking([0.5, -2.0], [1, 2]), rel=1e-6)
