"""`lite-dists` in torchmetrics: the mean of what `distances` says, however the images are batched."""

import pytest
import torch
from torch import Tensor

from fgresq.errors import UserError
from fgresq.metrics.lite.distances import distances
from fgresq.plugs.torchmetrics import LiteDists


@pytest.fixture(scope="module")
def pairs() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    references = torch.rand(3, 3, 40, 48, generator=generator)
    noise = torch.randn(references.shape, generator=generator)
    return (references + torch.tensor([0.01, 0.05, 0.2]).view(3, 1, 1, 1) * noise).clamp(0, 1), references


def test_the_mean_over_batches_is_that_of_distances(pairs: tuple[Tensor, Tensor]) -> None:
    images, references = pairs
    single = [distances(y, x).lite_dists.item() for x, y in zip(images, references, strict=True)]
    metric = LiteDists()
    metric.update(images[:2], references[:2])
    metric.update(images[:0], references[:0])
    metric.update(images[2:], references[2:])
    assert metric.compute().item() == pytest.approx(sum(single) / 3, rel=1e-4)
    metric.reset()
    metric.update(references, references)
    assert metric.compute() == 0


def test_it_is_a_loss(pairs: tuple[Tensor, Tensor]) -> None:
    images, references = pairs
    images = images.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(LiteDists()(images, references), images)
    assert torch.isfinite(gradient).all()
    assert gradient.abs().sum() > 0
    assert not LiteDists.higher_is_better


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, y: (x[:2], y), "2 images and 3 references"),
        (lambda x, y: (x[..., :32], y), "must be of one size"),
        (lambda x, y: (x[0], y[0]), "isn't a batch"),
        (lambda x, y: (x, 255 * y), r"(scale|clamp|\[0, 1\])"),
        (lambda x, y: (x[..., :20], y[..., :20]), "too small"),
    ],
)
def test_what_cannot_be_compared(change, message: str, pairs: tuple[Tensor, Tensor]) -> None:
    metric = LiteDists()
    with pytest.raises(UserError, match=message):
        metric.update(*change(*pairs))
    assert metric.image_count == 0
