import numpy as np
import pytest
import skimage.data
import torch
import torch.nn.functional as F

from fgresq.backbones.lite0 import Lite0, load_lite0
from fgresq.errors import UserError
from fgresq.metrics.lite import strips as strips_module
from fgresq.metrics.lite.distances import check_pictures, distances
from fgresq.metrics.lite.strips import early_maps, strips
from fgresq.metrics.native import metric

LAYERS = ("stem", "d0", "d2", "d4", "d7", "d10", "d14", "d15")
EARLY = ("stem", "d0", "d2", "b2")


@pytest.fixture(scope="module")
def network() -> Lite0:
    return load_lite0().requires_grad_(False)


@pytest.fixture(scope="module")
def photograph() -> torch.Tensor:
    """101x75 pixels: odd at every size that the network makes of it."""
    return torch.from_numpy(skimage.data.astronaut()[40:141, 190:265].copy()).permute(2, 0, 1).float() / 255


def noisy(picture: torch.Tensor, deviation: float) -> torch.Tensor:
    noise = torch.randn(picture.shape, generator=torch.Generator().manual_seed(0))
    return (picture + deviation * noise).clamp(0, 1)


def by_the_book(network: Lite0, x: torch.Tensor, y: torch.Tensor) -> tuple[float, float]:
    """DISTS's l and s and LPIPS's difference of directions, written out, in float64."""
    similarities, directions = [], []
    for factor in (1, 2):
        pair = [network(F.avg_pool2d(each[None], factor), LAYERS) for each in (x, y)]
        for a, b in zip(*([maps[0].double().flatten(1) for maps in one] for one in pair), strict=True):
            covariance = ((a - a.mean(1, keepdim=True)) * (b - b.mean(1, keepdim=True))).mean(1)
            means = (2 * a.mean(1) * b.mean(1) + 1e-6) / (a.mean(1) ** 2 + b.mean(1) ** 2 + 1e-6)
            structure = (2 * covariance + 1e-6) / (a.var(1, correction=0) + b.var(1, correction=0) + 1e-6)
            similarities.append(1 - float((means + structure).mean()) / 2)
            directions.append(float((F.normalize(a, dim=0) - F.normalize(b, dim=0)).square().sum(0).mean()))
    return float(np.mean(similarities)), float(np.mean(directions))


@pytest.mark.parametrize("deviation", [0.003, 0.1])
def test_they_are_what_the_formulas_say(network: Lite0, photograph: torch.Tensor, deviation: float) -> None:
    restored = noisy(photograph, deviation)
    expected = by_the_book(network, photograph, restored)
    assert [float(each) for each in distances(photograph, restored)] == pytest.approx(expected, rel=2e-4)


def test_equal_pictures_are_at_no_distance(photograph: torch.Tensor) -> None:
    assert distances(photograph, photograph) == (0, 0)
    assert distances(photograph, noisy(photograph, 1e-4)).lite_dists > 0


def test_more_of_a_fault_is_further_away(photograph: torch.Tensor) -> None:
    noise = torch.stack([noisy(photograph, deviation) for deviation in (0.005, 0.01, 0.02, 0.04, 0.08, 0.16)])
    for each in distances(photograph, noise):
        assert (each.diff() > 0).all()
    small = [F.interpolate(photograph[None], scale_factor=1 / n, mode="area") for n in (1.25, 1.6, 2, 3, 4)]
    blurred = torch.cat([F.interpolate(each, photograph.shape[1:], mode="bilinear") for each in small])
    for each in distances(photograph, blurred):
        assert (each.diff() > 0).all()


def test_one_reference_for_many_or_one_for_each_in_groups_or_alone(photograph: torch.Tensor) -> None:
    restored = torch.stack([noisy(photograph, deviation) for deviation in (0.01, 0.02, 0.03)]).repeat(14, 1, 1, 1)
    assert restored.numel() / 3 > 2**18  # more than one group
    many = distances(photograph, restored)
    each = distances(photograph.expand_as(restored), restored)
    alone = distances(photograph, restored[1])
    turned = distances(restored, photograph.expand_as(restored))
    for index, values in enumerate(many):
        torch.testing.assert_close(values, each[index], rtol=1e-4, atol=1e-7)
        torch.testing.assert_close(values, turned[index], rtol=1e-4, atol=1e-7)
        torch.testing.assert_close(values[1], alone[index], rtol=1e-4, atol=1e-7)
    assert distances(photograph, restored[:0]).lite_dists.shape == (0,)


@pytest.mark.parametrize("height", [388, 389, 390, 391, 579])
def test_strips_give_the_maps_of_the_whole(network: Lite0, monkeypatch: pytest.MonkeyPatch, height: int) -> None:
    monkeypatch.setattr(strips_module, "_PIXELS", 1)
    picture = torch.rand(1, 3, height, 33)
    with torch.inference_mode():
        whole = network(picture, EARLY)
        cut = [early_maps(network, picture, strip) for strip in strips(height, 33)]
    assert len(cut) > 1
    for name, maps, parts in zip(EARLY, whole, zip(*cut, strict=True), strict=True):
        torch.testing.assert_close(torch.cat(parts, dim=2), maps, rtol=1e-5, atol=1e-4, msg=name)


def test_strips_change_no_distance(monkeypatch: pytest.MonkeyPatch, photograph: torch.Tensor) -> None:
    reference = photograph.repeat(1, 5, 1)[:, :483]
    restored = noisy(reference, 0.05)
    whole = distances(reference, restored)
    monkeypatch.setattr(strips_module, "_PIXELS", 1)
    assert len(list(strips(483, 75))) > 3
    torch.testing.assert_close(distances(reference, restored), whole, rtol=1e-5, atol=1e-7)


def test_descending_the_gradient_brings_a_picture_nearer(photograph: torch.Tensor) -> None:
    restored = noisy(photograph, 0.1).requires_grad_()
    before = distances(photograph, restored)
    for each in before:
        (gradient,) = torch.autograd.grad(each, restored, retain_graph=True)
        assert torch.isfinite(gradient).all()
        step = 0.02 * gradient / gradient.abs().max()
        after = distances(photograph, (restored - step).clamp(0, 1).detach())
        assert after[before.index(each)] < each
    flat = torch.full_like(photograph, 0.5).requires_grad_()
    (gradient,) = torch.autograd.grad(distances(flat.detach(), flat).lite_dists, flat)
    assert torch.isfinite(gradient).all()


def test_autocast_around_it_changes_nothing(photograph: torch.Tensor) -> None:
    restored = noisy(photograph, 0.05)
    with torch.autocast("cpu", torch.bfloat16):
        inside = distances(photograph, restored)
    assert inside == distances(photograph, restored)


WRONG = {
    "channels last": (torch.zeros(40, 40, 3), r"shape \(40, 40, 3\)"),
    "bytes": (torch.zeros(3, 40, 40, dtype=torch.uint8), "divide by the largest value"),
    "levels": (torch.full((3, 40, 40), 200.0), r"must lie in \[0, 1\]"),
    "nan": (torch.full((3, 40, 40), torch.nan), "holds NaN"),
    "small": (torch.zeros(3, 40, 31), "31x40 pixels are too small"),
    "another size": (torch.zeros(3, 40, 48), "must be of one size"),
    "three": (torch.zeros(3, 3, 40, 40), "one or b to b"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_picture_is_refused(wrong: str) -> None:
    images, message = WRONG[wrong]
    with pytest.raises(UserError, match=message):
        distances(images, torch.zeros(2, 3, 40, 40))


def test_an_array_is_refused() -> None:
    with pytest.raises(UserError, match="restored: is of type ndarray; a tensor"):
        check_pictures("restored", np.zeros((3, 40, 40), dtype=np.float32))


def test_the_metric_is_the_same_number(photograph: torch.Tensor) -> None:
    restored = noisy(photograph, 0.05)
    judge = metric("lite-dists")
    arrays = [each.permute(1, 2, 0).numpy().astype(np.float64) for each in (restored, photograph)]
    assert judge(*arrays) == pytest.approx(float(distances(photograph, restored).lite_dists), rel=1e-6)
    assert judge(arrays[1], arrays[1]) == 0
    assert not judge.card.higher_is_better
