import math

import pytest
import torch
from tests.unit.losses import by_hand

from fgresq.losses.fidelity import balanced_source_weights, fidelity, scene_fidelity


def doubles(*values):
    return torch.tensor(values, dtype=torch.float64)


@pytest.mark.parametrize("epsilon", [0.0, 1e-8, 1e-2])
@pytest.mark.parametrize("g", [0.0, 0.25, 0.5, 1.0])
def test_one_pair_agrees_with_the_formula(g, epsilon):
    for difference in (-30.0, -2.0, -1e-3, 0.0, 0.7, 5.0, 30.0):
        found = fidelity(doubles(difference), doubles(g), epsilon=epsilon).item()
        assert found == pytest.approx(by_hand.fidelity(difference, g, epsilon), abs=1e-12)


def test_known_values():
    assert fidelity(doubles(0.0), doubles(0.5)).item() == pytest.approx(0, abs=1e-30)  # not all processors round alike
    assert fidelity(doubles(0.0), doubles(1.0)).item() == pytest.approx(1 - math.sqrt(0.5))
    # Inside both roots, the paper's epsilon pushes the minimum below 0.
    assert fidelity(doubles(0.0), doubles(0.5), epsilon=1e-2).item() == pytest.approx(1 - 2 * math.sqrt(0.26))


@pytest.mark.parametrize("epsilon", [0.0, 1e-8])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_huge_differences_have_finite_gradients(dtype, epsilon):
    differences = torch.tensor([1e4, -1e4, 1e4, -1e4, 1e4, 0.0, 100.0], dtype=dtype, requires_grad=True)
    targets = torch.tensor([1.0, 0.0, 0.0, 1.0, 0.5, 1.0, 1.0], dtype=dtype)
    losses = fidelity(differences, targets, epsilon=epsilon)
    losses.sum().backward()
    expected = torch.tensor([0, 0, 1, 1, 1 - math.sqrt(0.5), 1 - math.sqrt(0.5), 0], dtype=dtype)
    torch.testing.assert_close(losses.detach(), expected, atol=1e-3 if epsilon else 1e-6, rtol=0)
    assert torch.isfinite(differences.grad).all()
    assert differences.grad[5] < 0  # a larger difference would be better


def test_without_epsilon_the_loss_is_never_negative_in_float32():
    differences = torch.linspace(-20, 20, 4001)
    for g in (0.0, 0.5, 1.0):
        assert fidelity(differences, torch.full_like(differences, g)).min() >= 0


def test_a_negative_epsilon_is_refused():
    with pytest.raises(ValueError, match="at least 0"):
        fidelity(doubles(0.0), doubles(0.5), epsilon=-1e-8)


SCENES = {
    "one source": ([0.3, -1.2, 2.0, 0.0], [3.0, 1.0, 2.0, 2.0], [0, 0, 0, 0]),
    "ties in score and opinion": ([1.0, 1.0, 0.5, 0.5], [2.0, 2.0, 2.0, 4.0], [0, 0, 0, 0]),
    "all equal": ([0.7] * 5, [3.0] * 5, [1] * 5),
    "three sources of different sizes": (
        [0.3, -1.2, 2.0, 0.0, 4.0, -4.0, 0.2, 0.1, 0.9],
        [3.0, 1.0, 2.0, 2.0, 90.0, 80.0, 0.1, 0.2, 0.3],
        [2, 2, 2, 2, 0, 0, 7, 7, 7],
    ),
    "a source of one sample beside others": ([0.3, -1.2, 2.0], [3.0, 1.0, 2.0], [0, 5, 0]),
    "unknown opinions": ([0.3, -1.2, 2.0, 1.0, 0.0], [3.0, math.nan, 2.0, 1.0, math.nan], [0, 0, 0, 1, 1]),
    "huge differences": ([1e4, -1e4, 0.0, 1e4], [1.0, 2.0, 3.0, 4.0], [0, 0, 0, 0]),
    "one pair": ([0.4, 0.1], [1.0, 2.0], [3, 3]),
}


@pytest.mark.parametrize("probability", ["logit-difference", "paper"])
@pytest.mark.parametrize("epsilon", [0.0, 1e-6])
@pytest.mark.parametrize("name", SCENES)
def test_scenes_agree_with_the_loops(name, probability, epsilon):
    logits, mos, sources = SCENES[name]
    found = scene_fidelity(
        doubles(*logits), doubles(*mos), torch.tensor(sources), probability=probability, epsilon=epsilon
    )
    expected = by_hand.scene_fidelity(logits, mos, sources, probability, epsilon)
    assert found.item() == pytest.approx(expected, abs=1e-12)


def test_given_source_weights_are_used_as_they_are():
    logits, mos, _ = SCENES["three sources of different sizes"]
    sources, weights = [0, 0, 0, 0, 1, 1, 2, 2, 2], [0.5, 2.0, 0.0]
    found = scene_fidelity(doubles(*logits), doubles(*mos), torch.tensor(sources), source_weights=doubles(*weights))
    expected = by_hand.scene_fidelity(logits, mos, sources, source_weights=weights)
    assert found.item() == pytest.approx(expected, abs=1e-12)


def test_a_batch_of_one_source_has_weight_one_whatever_its_size():
    for count in (2, 5, 40):
        logits = torch.zeros(count)
        mos = torch.arange(count, dtype=torch.float64)
        loss = scene_fidelity(logits, mos, torch.zeros(count, dtype=torch.long))
        assert loss.item() == pytest.approx(1 - math.sqrt(0.5), rel=1e-5)


def test_all_opinions_equal_ask_for_equal_scores():
    logits = doubles(0.3, 0.3, 0.3).requires_grad_()
    loss = scene_fidelity(logits, doubles(5.0, 5.0, 5.0), torch.tensor([0, 0, 0]))
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-30)
    assert torch.equal(logits.grad, torch.zeros(3, dtype=torch.float64))


@pytest.mark.parametrize(
    ("mos", "sources"),
    [([], []), ([1.0], [0]), ([1.0, 2.0, 3.0], [0, 1, 2]), ([1.0, math.nan], [0, 0]), ([math.nan, math.nan], [0, 0])],
)
def test_without_two_scored_samples_of_a_source_the_loss_is_zero_with_a_graph(mos, sources):
    logits = torch.randn(len(mos), requires_grad=True)
    loss = scene_fidelity(logits, torch.tensor(mos), torch.tensor(sources, dtype=torch.long))
    assert loss.item() == 0
    loss.backward()
    assert torch.equal(logits.grad, torch.zeros(len(mos)))


def test_the_paper_probability_cannot_reach_zero():
    sure = (torch.tensor([50.0, -50.0]), torch.tensor([2.0, 1.0]), torch.tensor([0, 0]))
    assert scene_fidelity(*sure).item() == pytest.approx(0, abs=1e-6)
    floor = 1 - math.sqrt(1 / (1 + math.exp(-1)))
    assert scene_fidelity(*sure, probability="paper").item() == pytest.approx(floor, abs=1e-6)


def test_close_opinions_in_float64_are_not_tied_by_float32_scores():
    logits = torch.zeros(2, requires_grad=True)
    scene_fidelity(logits, doubles(1520.00001, 1520.0), torch.tensor([0, 0])).backward()
    assert logits.grad[0] < 0 < logits.grad[1]


def test_half_precision_scores_are_compared_in_float32():
    logits = torch.tensor([8.0, 0.5], dtype=torch.bfloat16)
    loss = scene_fidelity(logits, torch.tensor([2.0, 1.0]), torch.tensor([0, 0]))
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(by_hand.fidelity(7.5, 1.0), rel=1e-5)


@pytest.mark.parametrize("probability", ["logit-difference", "paper"])
@pytest.mark.parametrize("epsilon", [0.0, 1e-6])
def test_gradients_in_float64(probability, epsilon):
    logits, mos, sources = SCENES["three sources of different sizes"]
    mos[3] = math.nan
    assert torch.autograd.gradcheck(
        lambda values: scene_fidelity(
            values, doubles(*mos), torch.tensor(sources), probability=probability, epsilon=epsilon
        ),
        (doubles(*logits).requires_grad_(),),
    )


def test_balanced_weights_give_each_source_the_same_total():
    counts = torch.tensor([1000, 10, 0, 300])
    weights = balanced_source_weights(counts)
    torch.testing.assert_close(weights * counts, torch.tensor([1310 / 3, 1310 / 3, 0.0, 1310 / 3]))
    assert (weights * counts).sum().item() / 1310 == pytest.approx(1)
    assert weights[2] == 0
