"""What the comparison says of pictures that are the same, and of pictures that differ."""

import pytest
import torch

from fgresq.model.build import ModelConfig
from fgresq.model.heads import ComparisonHead, RegressionHead


def head() -> ComparisonHead:
    torch.manual_seed(0)
    return ComparisonHead(12, "pair", "three-class", "distance").eval()


def test_a_picture_is_equal_to_itself_and_less_the_farther_another_is() -> None:
    model = head()
    start = torch.randn(12)
    direction = torch.randn(12)
    steps = (0.0, 1e-3, 1e-2, 0.1, 1.0)
    equal = [model(start, start + step * direction)[2].item() for step in steps]
    assert equal == sorted(equal, reverse=True)
    assert equal[0] > 0.99
    assert equal[-1] < equal[0] - 0.1


def test_sharpening_keeps_the_answers() -> None:
    model = head()
    a, b = torch.randn(2, 40, 12)
    before, logits = model(a, b), model.logits(a, b)
    model.sharpen(2.5)
    assert torch.allclose(model.logits(a, b), 2.5 * logits, rtol=1e-4, atol=1e-4)
    assert torch.equal(model(a, b).argmax(dim=-1), before.argmax(dim=-1))


def test_all_pairs_at_once_are_as_one_by_one() -> None:
    model, features = head(), torch.randn(5, 12)
    table = model.probabilities(model.all_logits(features))
    for a in range(5):
        for b in range(5):
            assert torch.allclose(table[a, b], model(features[a], features[b]), atol=1e-6)


def test_equal_needs_a_class() -> None:
    with pytest.raises(ValueError, match="never says equal"):
        ModelConfig(encoder="compact-tiny", comparison_classes="binary", equality="distance")


def test_standardised_scores_keep_their_order() -> None:
    torch.manual_seed(1)
    regression, features = RegressionHead(12), 30 * torch.randn(50, 12)
    before = regression.logits(features).detach()
    regression.standardise(float(before.median()), float(before.std()))
    after = regression.logits(features).detach()
    assert torch.equal(after.argsort(), before.argsort())
    assert abs(float(after.median())) < 1e-4
    assert abs(float(after.std()) - 1) < 1e-4
