import pytest
import torch

from fgresq.losses.total import total


def test_the_paper_weights():
    assert total(torch.tensor(0.2), torch.tensor(0.7)).item() == pytest.approx(5 * 0.2 + 1 * 0.7)


def test_other_weights():
    result = total(torch.tensor(0.2), torch.tensor(0.7), scene_weight=0.0, rank_weight=3.0)
    assert result.item() == pytest.approx(2.1)
