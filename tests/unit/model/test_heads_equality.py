"""What the comparison says of pictures that are the same, and of pictures that differ."""

import pytest
import torch

from fgresq.model.build import ModelConfig
from fgresq.model.heads import ComparisonHead


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
    assert equal[-1] < 0.7


def test_all_pairs_at_once_are_as_one_by_one() -> None:
    model, features = head(), torch.randn(5, 12)
    table = model.probabilities(model.all_logits(features))
    for a in range(5):
        for b in range(5):
            assert torch.allclose(table[a, b], model(features[a], features[b]), atol=1e-6)


def test_equal_needs_a_class() -> None:
    with pytest.raises(ValueError, match="never says equal"):
        ModelConfig(encoder="compact-tiny", comparison_classes="binary", equality="distance")
