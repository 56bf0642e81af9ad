"""FGResQ in torchmetrics: the mean of what `Scorer.score` says, however the images are batched and spread."""

import importlib
import pickle
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torchmetrics import MeanMetric, Metric, MetricCollection

import fgresq
from fgresq.errors import UserError, WeightsError
from fgresq.plugs.torchmetrics import FGResQPreference, FGResQScore, LiteDists, fgresq_score
from fgresq.scoring.scorer import Scorer

# Between Scorer.score on arrays and the tensor path: 2.4e-7 was measured.
TOLERANCE = 1e-6


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return fgresq.load(device="cpu")


@pytest.fixture(scope="module")
def arrays(photographs: Mapping[str, Path]) -> list[NDArray[np.uint8]]:
    """Five pictures, the last two of one size with the first."""
    wholes = [np.array(Image.open(path).convert("RGB")) for path in photographs.values()]
    return [*wholes, wholes[0][::-1].copy(), (wholes[0] // 32) * 32]


def batch(*pictures: NDArray[np.uint8]) -> Tensor:
    return torch.stack([torch.from_numpy(picture).permute(2, 0, 1).float() / 255 for picture in pictures])


def filled(batches: Sequence[Tensor]) -> FGResQScore:
    metric = FGResQScore()
    for images in batches:
        metric.update(images)
    return metric


@pytest.fixture(scope="module")
def wanted(scorer: Scorer, arrays: Sequence[NDArray[np.uint8]]) -> list[float]:
    scores = [result.score for result in scorer.score(list(arrays))]
    assert len({round(score, 3) for score in scores if score is not None}) == len(arrays)
    return [score for score in scores if score is not None]


def test_the_mean_over_batches_is_that_of_scores(arrays: Sequence[NDArray[np.uint8]], wanted: Sequence[float]) -> None:
    metric = filled([batch(arrays[1]), batch(arrays[0], arrays[3], arrays[4]), batch(arrays[2])])
    assert metric.compute().item() == pytest.approx(np.mean(wanted), abs=TOLERANCE)
    states = metric.metric_state
    assert {name: state.numel() for name, state in states.items()} == {"score_sum": 1, "image_count": 1}
    assert states["image_count"] == 5


def test_a_call_gives_the_mean_of_its_batch_and_adds_it(
    arrays: Sequence[NDArray[np.uint8]], wanted: Sequence[float]
) -> None:
    metric = filled([batch(arrays[1])])
    assert metric(batch(arrays[0], arrays[3])).item() == pytest.approx((wanted[0] + wanted[3]) / 2, abs=TOLERANCE)
    assert metric.compute().item() == pytest.approx((wanted[0] + wanted[1] + wanted[3]) / 3, abs=TOLERANCE)
    metric.reset()
    metric.update(batch(arrays[2]))
    assert metric.compute().item() == pytest.approx(wanted[2], abs=TOLERANCE)


def test_processes_are_summed(arrays: Sequence[NDArray[np.uint8]], wanted: Sequence[float]) -> None:
    here, there = filled([batch(arrays[0], arrays[3])]), filled([batch(arrays[1])])
    others = {id(getattr(here, name)): getattr(there, name) for name in ("score_sum", "image_count")}
    here.sync(
        dist_sync_fn=lambda state, group: [state, others[id(state)]],
        should_sync=True,
        distributed_available=lambda: True,
    )
    assert here.image_count == 3
    assert (here.score_sum / 3).item() == pytest.approx((wanted[0] + wanted[1] + wanted[3]) / 3, abs=TOLERANCE)
    here.unsync()
    assert here.image_count == 2


def test_it_is_differentiable_and_keeps_no_graph(scorer: Scorer, arrays: Sequence[NDArray[np.uint8]]) -> None:
    images, same = (batch(arrays[0], arrays[3])[..., :200, :200].requires_grad_() for _ in range(2))
    metric = FGResQScore()
    metric(images).backward()
    scorer.forward(same).mean().backward()
    assert images.grad is not None
    assert images.grad.abs().max() > 0
    torch.testing.assert_close(images.grad, same.grad)
    assert not metric.score_sum.requires_grad
    metric.update(images)
    assert not metric.score_sum.requires_grad


def test_what_it_says_of_itself() -> None:
    assert issubclass(FGResQScore, Metric)
    assert (FGResQScore.higher_is_better, FGResQScore.is_differentiable, FGResQScore.full_state_update) == (
        True,
        True,
        False,
    )
    metric = FGResQScore()
    assert all(reduce.__name__ == "dim_zero_sum" for reduce in metric._reductions.values())
    assert not list(metric.parameters())
    assert not metric.state_dict()  # a training's checkpoint doesn't grow


def test_copies_and_pickles_go_on(arrays: Sequence[NDArray[np.uint8]], wanted: Sequence[float]) -> None:
    metric = filled([batch(arrays[0])])
    written = pickle.dumps(metric)
    assert len(written) < 10_000
    for copy in (metric.clone(), pickle.loads(written)):  # noqa: S301 - our own
        copy.update(batch(arrays[1]))
        assert copy.compute().item() == pytest.approx((wanted[0] + wanted[1]) / 2, abs=TOLERANCE)
    assert metric.compute().item() == pytest.approx(wanted[0], abs=TOLERANCE)


def test_in_a_collection(arrays: Sequence[NDArray[np.uint8]], wanted: Sequence[float]) -> None:
    together = MetricCollection({"fgresq": FGResQScore(), "mean": MeanMetric()})
    together["fgresq"].update(batch(arrays[0]))
    together["mean"].update(torch.tensor(3.0))
    found = together.compute()
    assert found["fgresq"].item() == pytest.approx(wanted[0], abs=TOLERANCE)
    assert found["mean"] == 3


def test_other_floating_points_and_overshoot(arrays: Sequence[NDArray[np.uint8]]) -> None:
    images = batch(arrays[2])
    exact = filled([images]).compute().item()
    assert filled([images.double()]).compute().item() == exact
    assert filled([torch.where(images == images.max(), 1.0005, images)]).compute().item() == pytest.approx(
        filled([torch.where(images == images.max(), 1.0, images)]).compute().item(), abs=TOLERANCE
    )
    assert filled([images.half()]).compute().item() == pytest.approx(exact, abs=1e-2)


def test_without_any_image_the_mean_is_undefined(arrays: Sequence[NDArray[np.uint8]]) -> None:
    with pytest.warns(UserWarning, match="before the ``update`` method"):
        assert FGResQScore().compute().isnan()
    assert filled([torch.zeros(0, 3, 8, 8)]).compute().isnan()
    some = filled([batch(arrays[0]), torch.zeros(0, 3, 8, 8)])
    assert some.image_count == 1


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((1, 3, 8, 8)), "of type ndarray isn't a batch"),
        (torch.zeros(3, 8, 8), r"of shape \(3, 8, 8\) isn't a batch; pass a tensor \(N, 3, height, width\)"),
        (torch.zeros(1, 8, 8, 3), r"of shape \(1, 8, 8, 3\)"),
        (torch.zeros(1, 1, 8, 8), r"of shape \(1, 1, 8, 8\)"),
        (torch.zeros(1, 3, 8, 8, dtype=torch.uint8), "has torch.uint8 values; a tensor must be floating point"),
        (torch.zeros(1, 3, 8, 8, dtype=torch.bool), "has torch.bool values"),
        (torch.zeros(1, 3, 7, 8), "is 8x7 pixels; at least 8x8"),
        (torch.full((1, 3, 8, 8), 255.0), "values from 255 to 255; .*divide it by 255"),
        (torch.full((1, 3, 8, 8), -0.01), "values from -0.01 to -0.01"),
        (torch.full((1, 3, 8, 8), torch.nan), "NaN or infinite"),
        (torch.full((1, 3, 8, 8), torch.inf), "NaN or infinite"),
    ],
)
def test_what_is_not_a_batch_of_images(images: object, message: str) -> None:
    metric = FGResQScore()
    # As a user calls it: the check of types that tests switch on would catch the array first.
    update = getattr(FGResQScore.update, "__wrapped__", FGResQScore.update)
    with pytest.raises(UserError, match=message):
        update(metric, images)
    assert metric.image_count == 0


def test_weights_that_are_not_there_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"absent\.pth"):
        FGResQScore(tmp_path / "absent.pth")


def test_without_torchmetrics_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchmetrics", None)
    monkeypatch.delitem(sys.modules, "fgresq.plugs.torchmetrics")
    with pytest.raises(UserError, match=r"pip install 'fgresq\[torchmetrics\]'"):
        importlib.import_module("fgresq.plugs.torchmetrics")


def test_without_pyiqa_the_module_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyiqa", None)
    with pytest.raises(UserError, match="pip install pyiqa"):
        importlib.import_module("fgresq.plugs.pyiqa")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_the_network_follows_the_metric(arrays: Sequence[NDArray[np.uint8]], wanted: Sequence[float]) -> None:
    metric = filled([batch(arrays[0])]).to("cuda")
    metric.update(batch(arrays[1]))
    assert metric.compute().device.type == "cuda"
    assert metric.compute().item() == pytest.approx((wanted[0] + wanted[1]) / 2, abs=1e-3)


@pytest.mark.slow
def test_the_functional_form(arrays: Sequence[NDArray[np.uint8]], wanted: Sequence[float]) -> None:
    images = batch(arrays[0], arrays[3])
    expected = [wanted[0], wanted[3]]
    assert fgresq_score(images, "none").tolist() == pytest.approx(expected, abs=TOLERANCE)
    assert fgresq_score(images).item() == pytest.approx(np.mean(expected), abs=TOLERANCE)
    assert fgresq_score(images, reduction="sum").item() == pytest.approx(sum(expected), abs=TOLERANCE)
    assert fgresq_score(images[:0]).isnan()
    tracked = images.clone().requires_grad_()
    fgresq_score(tracked).backward()
    assert tracked.grad is not None
    assert tracked.grad.abs().max() > 0
    with pytest.raises(UserError, match="a tensor of shape"):
        fgresq_score(images[0])


@pytest.mark.slow
def test_preferences_are_those_of_compare(scorer: Scorer, arrays: Sequence[NDArray[np.uint8]]) -> None:
    first, second = batch(arrays[0], arrays[3]), batch(arrays[4], arrays[0])
    found = [scorer.compare(a, b) for a, b in ((arrays[0], arrays[4]), (arrays[3], arrays[0]))]
    expected = np.mean([pair.p_a_better + pair.p_equal / 2 for pair in found])
    metric, turned = FGResQPreference(), FGResQPreference()
    for n in range(2):
        metric.update(first[n : n + 1], second[n : n + 1])
    turned.update(second, first)
    assert metric.compute().item() == pytest.approx(expected, abs=TOLERANCE)
    assert turned.compute().item() == pytest.approx(1 - expected, abs=TOLERANCE)
    same = FGResQPreference()
    same.update(first, first)
    assert same.compute().item() == pytest.approx(0.5, abs=TOLERANCE)
    assert {name: state.numel() for name, state in metric.metric_state.items()} == {"probabilities": 3, "pair_count": 1}
    metric.reset()
    metric.update(first[:0], first[:0])
    assert metric.pair_count == 0
    with pytest.raises(UserError, match="2 and 1 images were given"):
        metric.update(first, second[:1])


@pytest.mark.parametrize("kind", [FGResQScore, FGResQPreference, LiteDists])
def test_every_metric_can_be_drawn(kind: type[Metric]) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib isn't installed")
    _, axes = kind().plot([torch.tensor(0.25), torch.tensor(0.5)])
    assert list(axes.lines[0].get_ydata()) == [0.25, 0.5]
    assert axes.get_ylim()[0] <= 0
