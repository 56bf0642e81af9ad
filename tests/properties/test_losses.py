import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.losses import by_hand

from fgresq.losses.contrastive import contrastive_multi_positive
from fgresq.losses.fidelity import fidelity, scene_fidelity
from fgresq.losses.ranking import three_class_ranking

NUMBER = st.floats(-20, 20).map(lambda value: round(value, 3))
SAMPLE = st.tuples(NUMBER, st.sampled_from([0.0, 1.0, 1.5, 2.0, math.nan]), st.integers(0, 3))
SCENE = st.lists(SAMPLE, min_size=1, max_size=12)
PROBABILITY = st.sampled_from(["logit-difference", "paper"])


def columns(scene):
    logits, mos, sources = zip(*scene, strict=True)
    return torch.tensor(logits, dtype=torch.float64), torch.tensor(mos, dtype=torch.float64), torch.tensor(sources)


@settings(max_examples=40)
@given(SCENE, PROBABILITY)
def test_scenes_agree_with_the_loops(scene, probability):
    found = scene_fidelity(*columns(scene), probability=probability)
    expected = by_hand.scene_fidelity(*zip(*scene, strict=True), probability)
    assert found.item() == pytest.approx(expected, abs=1e-12)


@settings(max_examples=40)
@given(SCENE, st.randoms(use_true_random=False), PROBABILITY)
def test_the_order_of_the_batch_does_not_matter(scene, random, probability):
    shuffled = list(scene)
    random.shuffle(shuffled)
    torch.testing.assert_close(
        scene_fidelity(*columns(scene), probability=probability),
        scene_fidelity(*columns(shuffled), probability=probability),
        atol=1e-12,
        rtol=0,
    )


@settings(max_examples=40)
@given(SCENE, NUMBER)
def test_the_loss_lies_between_zero_and_one_and_sees_differences_only(scene, shift):
    logits, mos, sources = columns(scene)
    loss = scene_fidelity(logits, mos, sources)
    assert 0 <= loss.item() <= 1
    torch.testing.assert_close(scene_fidelity(logits + shift, mos, sources), loss, atol=1e-9, rtol=0)
    torch.testing.assert_close(scene_fidelity(logits, 3 * mos + shift, sources), loss, atol=1e-12, rtol=0)


@settings(max_examples=40)
@given(st.floats(-1e4, 1e4), st.sampled_from([0.0, 0.5, 1.0]))
def test_swapping_a_pair_changes_nothing_and_gradients_are_finite(difference, g):
    there = torch.tensor([difference], dtype=torch.float64, requires_grad=True)
    back = torch.tensor([-difference], dtype=torch.float64)
    loss = fidelity(there, torch.tensor([g], dtype=torch.float64))
    loss.sum().backward()
    torch.testing.assert_close(loss.detach(), fidelity(back, torch.tensor([1 - g], dtype=torch.float64)))
    assert torch.isfinite(there.grad).all()


@settings(max_examples=25)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=10), st.integers(0, 2**31), st.randoms(use_true_random=False))
def test_contrastive_agrees_with_the_loops_in_any_order(tasks, seed, random):
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(len(tasks), 3, generator=generator, dtype=torch.float64)
    texts = torch.randn(4, 3, generator=generator, dtype=torch.float64)
    loss = contrastive_multi_positive(images, texts, torch.tensor(tasks), 2.0)
    expected = by_hand.contrastive_multi_positive(images.tolist(), texts.tolist(), tasks, 2.0)
    assert loss.item() == pytest.approx(expected, abs=1e-10)
    order = list(range(len(tasks)))
    random.shuffle(order)
    again = contrastive_multi_positive(images[order], texts, torch.tensor(tasks)[order], 2.0)
    assert again.item() == pytest.approx(expected, abs=1e-10)


@settings(max_examples=40)
@given(st.lists(st.tuples(NUMBER, NUMBER, NUMBER, st.integers(0, 2)), min_size=1, max_size=8))
def test_swapping_the_images_of_pairs_with_their_classes_changes_nothing(pairs):
    b_better, a_better, equal, classes = zip(*pairs, strict=True)
    logits = torch.tensor([b_better, a_better, equal], dtype=torch.float64).T
    preferences = torch.tensor(classes)
    swapped = torch.tensor([1, 0, 2])[preferences]
    torch.testing.assert_close(
        three_class_ranking(logits, preferences), three_class_ranking(logits[:, [1, 0, 2]], swapped)
    )
