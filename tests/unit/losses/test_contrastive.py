import math

import pytest
import torch
import torch.nn.functional as F
from tests.unit.losses import by_hand

from fgresq.losses.contrastive import contrastive, contrastive_multi_positive


def features(count, seed, dim=5):
    return F.normalize(
        torch.randn(count, dim, generator=torch.Generator().manual_seed(seed), dtype=torch.float64), dim=1
    )


@pytest.mark.parametrize("count", [1, 2, 6])
def test_agrees_with_the_loops(count):
    images, texts = features(count, 0), features(count, 1)
    assert contrastive(images, texts, 7.0).item() == pytest.approx(
        by_hand.contrastive(images.tolist(), texts.tolist(), 7.0), abs=1e-12
    )


@pytest.mark.parametrize("tasks", [[0], [0, 1, 2, 3], [0, 0, 0, 3], [2, 2, 0, 1, 2, 1, 1], [3, 3, 3]])
def test_multi_positive_agrees_with_the_loops(tasks):
    images, texts = features(len(tasks), 2), features(4, 3)
    found = contrastive_multi_positive(images, texts, torch.tensor(tasks), 10.0)
    expected = by_hand.contrastive_multi_positive(images.tolist(), texts.tolist(), tasks, 10.0)
    assert found.item() == pytest.approx(expected, abs=1e-12)


def test_multi_positive_with_each_task_once_is_the_diagonal_form_in_any_order():
    images, texts = features(5, 4), features(5, 5)
    tasks = torch.tensor([3, 0, 4, 1, 2])
    torch.testing.assert_close(
        contrastive_multi_positive(images, texts, tasks, 9.0), contrastive(images, texts[tasks], 9.0)
    )


def test_a_single_image_with_a_single_text_has_nothing_to_learn():
    assert contrastive(features(1, 0), features(1, 1), 100.0).item() == 0


def test_a_perfect_match_goes_to_zero_and_indifference_to_the_logarithm():
    basis = torch.eye(4)
    assert contrastive(basis, basis, 100.0).item() == pytest.approx(0, abs=1e-6)
    assert contrastive(torch.ones(4, 3), torch.ones(4, 3), 5.0).item() == pytest.approx(math.log(4))


def test_several_images_of_a_task_leave_the_mean_logarithm_of_their_number():
    basis = torch.eye(2)
    tasks = torch.tensor([0, 0, 0, 1])
    best = contrastive_multi_positive(basis[tasks], basis, tasks, 100.0)
    assert best.item() == pytest.approx((math.log(3) + math.log(1)) / 2 / 2, abs=1e-6)


def test_gradients_in_float64():
    images, texts = features(4, 6).requires_grad_(), features(3, 7).requires_grad_()
    scale = torch.tensor(4.0, dtype=torch.float64, requires_grad=True)
    tasks = torch.tensor([2, 0, 2, 1])
    assert torch.autograd.gradcheck(lambda i, t, s: contrastive_multi_positive(i, t, tasks, s), (images, texts, scale))
    assert torch.autograd.gradcheck(lambda i, t, s: contrastive(i[:3], t, s), (images, texts, scale))


def test_half_precision_features_give_a_float32_loss():
    images, texts = features(4, 0).to(torch.bfloat16), features(4, 1).to(torch.bfloat16)
    assert contrastive(images, texts, 10.0).dtype == torch.float32


def test_autocast_does_not_round_the_logits():
    images, texts = features(4, 0).float(), features(4, 1).float()
    expected = contrastive(images, texts, 100.0)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(contrastive(images, texts, 100.0), expected)


def test_an_empty_batch_is_refused():
    with pytest.raises(ValueError, match="at least one image"):
        contrastive(torch.empty(0, 3), torch.empty(0, 3))
