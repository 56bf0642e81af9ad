"""The encoder of channel statistics: what it measures, part by part, and that no batch and no seam shows."""

import pytest
import torch
from torch import Tensor

from fgresq.backbones.lite0 import load_lite0
from fgresq.images.preprocessing import Fragments
from fgresq.model.build import ModelConfig, build
from fgresq.model.encoders import LiteEncoder
from fgresq.model.encoders.lite import COUNT, LAYERS

PART = 64


@pytest.fixture(scope="module")
def images() -> Tensor:
    """Three inputs of 2x2 parts: smooth, noisy, and half black."""
    draw = torch.Generator().manual_seed(0)
    coarse = torch.nn.functional.interpolate(torch.rand(1, 3, 8, 8, generator=draw), 2 * PART, mode="bicubic")
    noisy = torch.rand(1, 3, 2 * PART, 2 * PART, generator=draw)
    half = coarse.clone()
    half[..., PART:] = 0
    return torch.cat([coarse, noisy, half]).clamp(0, 1)


@pytest.fixture(scope="module")
def encoder() -> LiteEncoder:
    torch.manual_seed(0)
    return LiteEncoder(part=PART, feature_dim=16).eval()


def test_means_and_deviations_over_all_parts(encoder: LiteEncoder, images: Tensor) -> None:
    measured = encoder.measure(images)
    assert measured.shape == (3, COUNT)
    network = load_lite0()
    with torch.inference_mode():
        for image, row in zip(images, measured, strict=True):
            parts = [image[:, y : y + PART, x : x + PART] for y in (0, PART) for x in (0, PART)]
            maps = [torch.cat(of).double() for of in zip(*(network(p[None], LAYERS) for p in parts), strict=True)]
            means = torch.cat([of.mean(dim=(0, 2, 3)) for of in maps])
            variances = torch.cat([of.var(dim=(0, 2, 3), correction=0) for of in maps])
            expected = torch.cat([means.sign() * means.abs().sqrt(), (variances + 1e-4).log() / 2])
            assert torch.allclose(row.double(), expected, atol=2e-3)
            assert (row.double() - expected).abs().median() < 1e-5


def test_a_batch_gives_what_single_images_give(encoder: LiteEncoder, images: Tensor) -> None:
    together = encoder(images)
    alone = torch.cat([encoder(images[i : i + 1]) for i in range(3)])
    assert torch.allclose(together, alone, atol=1e-4)


def test_what_is_measured_is_all_that_is_seen(encoder: LiteEncoder, images: Tensor) -> None:
    assert encoder.only_measures
    assert torch.equal(encoder(None, encoder.measure(images)), encoder(images))
    with pytest.raises(ValueError, match="needs the images"):
        encoder(None)


def test_the_order_of_parts_does_not_matter(encoder: LiteEncoder, images: Tensor) -> None:
    swapped = torch.cat([images[..., PART:], images[..., :PART]], dim=-1)
    assert torch.allclose(encoder.measure(images), encoder.measure(swapped), atol=1e-4)


def test_gradients_reach_the_pixels_also_of_a_flat_picture(encoder: LiteEncoder) -> None:
    for value in (0.0, 0.5, 1.0):
        flat = torch.full((1, 3, PART, PART), value, requires_grad=True)
        encoder(flat).square().sum().backward()
        assert flat.grad is not None
        assert torch.isfinite(flat.grad).all()
        assert flat.grad.abs().sum() > 0


def test_autocast_does_not_touch_what_is_measured(encoder: LiteEncoder, images: Tensor) -> None:
    plain = encoder.measure(images)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(encoder.measure(images), plain)


def test_both_branches_measure_once(images: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    config = ModelConfig(encoder="lite0", equality="distance", preprocessing=Fragments(grid=2, patch=PART))
    torch.manual_seed(1)
    model = build(config).eval()
    calls: list[int] = []
    real = LiteEncoder.measure
    monkeypatch.setattr(LiteEncoder, "measure", lambda self, x: calls.append(len(x)) or real(self, x))
    features = model.features(images)
    assert calls == [3]
    assert features.shape == (3, 3 * model.encoder.feature_dim)
    assert torch.equal(model.features_of(real(model.encoder, images)), features)
    assert not [key for key in model.state_dict() if "blocks" in key]
