"""Inside `torch.autocast`, and with another default type, every answer is the one outside, to the bit."""

import dataclasses
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

import fgresq
from fgresq.errors import UserError
from fgresq.images.preprocessing import Resized
from fgresq.model.build import ModelConfig, build
from fgresq.model.checkpoints import Training, save_checkpoint
from fgresq.plugs.torchmetrics import FGResQScore
from fgresq.scoring.ranking import RankingSettings
from fgresq.scoring.scorer import Scorer

AUTOCASTS = [torch.bfloat16, torch.float16]


def inside(dtype: torch.dtype | None) -> AbstractContextManager[object]:
    return nullcontext() if dtype is None else torch.autocast("cpu", dtype=dtype)


@pytest.fixture(scope="module", params=["compact", "convolutions"])
def scorer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    """The weights that ship, and some with convolutions, which autocast would change."""
    if request.param == "compact":
        return fgresq.load(device="cpu")
    torch.manual_seed(5)
    config = ModelConfig(encoder="compact-tiny", preprocessing=Resized(resize=72, crop=64))
    model = build(config)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    path = tmp_path_factory.mktemp("weights") / "convolutions.safetensors"
    save_checkpoint(path, model, config, Training(note="made up for a test", trained=False))
    return fgresq.load(path, device="cpu")


@pytest.fixture(scope="module")
def pictures(photographs: Mapping[str, Path]) -> list[np.ndarray]:
    wholes = [np.array(Image.open(path).convert("RGB")) for path in photographs.values()]
    return [whole[:120, :160] for whole in wholes]


@pytest.fixture(scope="module")
def batch(pictures: list[np.ndarray]) -> Tensor:
    return torch.stack([torch.from_numpy(picture.copy()).permute(2, 0, 1) / 255 for picture in pictures])


ANSWERS: dict[str, Callable[[Scorer, list[np.ndarray], Tensor], object]] = {
    "score": lambda scorer, pictures, batch: scorer.score(pictures),
    "score of tensors": lambda scorer, pictures, batch: scorer.score(batch),
    "call": lambda scorer, pictures, batch: scorer(batch).tolist(),
    "features": lambda scorer, pictures, batch: scorer.features(pictures).tolist(),
    "compare": lambda scorer, pictures, batch: scorer.compare(pictures[:2], pictures[1:]),
    "released order": lambda scorer, pictures, batch: scorer.compare(pictures[0], pictures[1], order="released"),
    "judge": lambda scorer, pictures, batch: scorer.judge(pictures, [(0, 1), (2, 0)]),
    "rank": lambda scorer, pictures, batch: scorer.rank(
        {name: {"1": picture, "2": picture[::-1]} for name, picture in zip("abc", pictures, strict=True)},
        settings=RankingSettings(resamples=20),
    ),
}


@pytest.fixture(scope="module")
def outside(scorer: Scorer, pictures: list[np.ndarray], batch: Tensor) -> dict[str, object]:
    return {name: ask(scorer, pictures, batch) for name, ask in ANSWERS.items()}


@pytest.mark.parametrize("dtype", AUTOCASTS)
@pytest.mark.parametrize("answer", ANSWERS)
def test_autocast_changes_no_answer(
    scorer: Scorer,
    pictures: list[np.ndarray],
    batch: Tensor,
    outside: dict[str, object],
    answer: str,
    dtype: torch.dtype,
) -> None:
    with inside(dtype):
        assert ANSWERS[answer](scorer, pictures, batch) == outside[answer]
        assert torch.is_autocast_enabled("cpu")
        assert torch.get_autocast_dtype("cpu") == dtype


def test_the_call_is_float32_whatever_is_around_it_and_whatever_it_is_given(scorer: Scorer, batch: Tensor) -> None:
    expected = scorer(batch)
    assert expected.dtype == torch.float32
    assert torch.equal(scorer(batch.double()), expected)
    for dtype in AUTOCASTS:
        rounded = batch.to(dtype)
        assert torch.equal(scorer(rounded), scorer(rounded.float()))
        with inside(dtype):
            assert torch.equal(scorer(rounded), scorer(rounded.float()))


@pytest.mark.parametrize("forth", [None, *AUTOCASTS])
@pytest.mark.parametrize("back", [None, *AUTOCASTS])
def test_autocast_changes_no_gradient(
    scorer: Scorer, batch: Tensor, forth: torch.dtype | None, back: torch.dtype | None
) -> None:
    def gradient(forth: torch.dtype | None, back: torch.dtype | None) -> Tensor:
        images = batch.clone().requires_grad_()
        with inside(forth):
            loss = (1 - scorer(images)).sum()
        with inside(back):
            loss.backward()
            assert torch.is_autocast_enabled("cpu") == (back is not None)
        assert images.grad is not None
        return images.grad

    expected = gradient(None, None)
    assert expected.abs().max() > 0
    assert torch.equal(gradient(forth, back), expected)


def test_the_callers_own_part_of_the_graph_stays_in_autocast(scorer: Scorer, batch: Tensor) -> None:
    seen: list[bool] = []

    class Watched(torch.autograd.Function):
        @staticmethod
        def forward(ctx: object, images: Tensor) -> Tensor:
            return images * 1

        @staticmethod
        def backward(ctx: object, gradient: Tensor) -> Tensor:
            seen.append(torch.is_autocast_enabled("cpu"))
            return gradient

    images = batch.clone().requires_grad_()
    with inside(torch.bfloat16):
        Watched.apply(Watched.apply(scorer(Watched.apply(images))).sum()).backward()
    assert seen == [True, True, True]


def test_second_derivatives_and_functional_ones_still_work(scorer: Scorer, batch: Tensor) -> None:
    images = batch[:1].clone().requires_grad_()
    (first,) = torch.autograd.grad(scorer(images).sum(), images, create_graph=True)
    assert torch.equal(torch.func.grad(lambda given: scorer(given).sum())(batch[:1]), first.detach())
    first.square().sum().backward()
    assert images.grad is not None
    assert images.grad.isfinite().all()
    assert images.grad.abs().max() > 0


@pytest.mark.parametrize("dtype", AUTOCASTS)
def test_the_plug_answers_inside_autocast_what_it_answers_outside(batch: Tensor, dtype: torch.dtype) -> None:
    outside, within = FGResQScore(), FGResQScore()
    images, same = batch.clone().requires_grad_(), batch.clone().requires_grad_()
    expected = outside(images)
    expected.backward()
    with inside(dtype):
        found = within(same)
        found.backward()
        assert within.compute() == outside.compute()
    assert found == expected
    assert torch.equal(same.grad, images.grad)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("dtype", AUTOCASTS)
def test_autocast_changes_nothing_on_a_gpu(batch: Tensor, dtype: torch.dtype) -> None:
    scorer = fgresq.load(device="cuda")
    found = []
    for autocast in (nullcontext(), torch.autocast("cuda", dtype=dtype)):
        images = batch.cuda().requires_grad_()
        with autocast:
            scores = scorer(images)
            scores.sum().backward()
        found.append((scores.detach(), images.grad))
    torch.testing.assert_close(found[1], found[0], atol=1e-6, rtol=1e-4)  # a GPU's sums may come in any order
    with pytest.raises(UserError, match="is on cpu and the network on cuda:0"):
        scorer(batch)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_the_default_type_changes_no_answer(
    scorer: Scorer, pictures: list[np.ndarray], batch: Tensor, outside: dict[str, object], dtype: torch.dtype
) -> None:
    torch.set_default_dtype(dtype)
    try:
        for each in (scorer, fgresq.load(scorer.provenance.weights, device="cpu")):
            for name in ("score", "call", "compare", "rank"):
                assert ANSWERS[name](each, pictures, batch) == outside[name], name
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_provenance_names_the_precision_that_is_used(
    pictures: list[np.ndarray], precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scorer = fgresq.load(device="cpu", precision=precision)
    seen = []
    mix = scorer.model.encoder.mix
    mix.register_forward_hook(lambda module, given, found: seen.append(str(found.dtype)))
    table = {name: {"1": picture} for name, picture in zip("ab", pictures, strict=False)}
    for dtype in (None, *AUTOCASTS):
        with inside(dtype):
            assert dataclasses.asdict(scorer.rank(table).provenance)["precision"] == precision
    assert set(seen) == {{"fp32": "torch.float32", "bf16": "torch.bfloat16"}[precision]}
