"""The Python API: what may be passed, and that the answer doesn't depend on how it is passed."""

import itertools
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

import fgresq
from fgresq.errors import ImageError, UserError
from fgresq.scoring.scorer import Scorer


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return fgresq.load(device="cpu")


def test_every_kind_of_image_gives_the_same_score(scorer: Scorer, photographs: Mapping[str, Path]) -> None:
    path = photographs["chelsea"]
    pixels = np.asarray(Image.open(path))
    expected = scorer.score(path).score
    assert scorer.score(str(path)).score == expected
    assert scorer.score(Image.open(path)).score == expected
    assert scorer.score(pixels).score == expected
    # Without rounding to 8 bits after the resize, the last digits differ; the bound is what half a grey level can do.
    for other in (pixels.astype(np.uint16) * 257, pixels / 255, (pixels / 255).astype(np.float32)):
        assert scorer.score(other).score == pytest.approx(expected, abs=1e-3)
    tensor = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None] / 255
    (score,) = scorer.score(tensor)
    assert score.score == pytest.approx(expected, abs=1e-3)


def test_names(scorer: Scorer, photographs: Mapping[str, Path]) -> None:
    pixels = np.zeros((32, 32, 3), np.uint8)
    names = [result.path for result in scorer.score([photographs["coffee"], pixels, Image.open(photographs["coffee"])])]
    assert names == [str(photographs["coffee"]), "image 1", str(photographs["coffee"])]


@pytest.mark.slow
@pytest.mark.parametrize("batch_size", [1, 2, 3, 64])
def test_a_batch_gives_what_single_images_give(batch_size: int, photographs: Mapping[str, Path]) -> None:
    scorer = fgresq.load(device="cpu", batch_size=batch_size)
    images = [cv2.imread(str(path))[::step, ::step] for path in photographs.values() for step in (1, 2, 3)]
    together = [result.score for result in scorer.score(images)]
    alone = [scorer.score(image).score for image in images]
    assert together == pytest.approx(alone, abs=1e-5)
    torch.testing.assert_close(
        scorer.features(images), torch.cat([scorer.features(image) for image in images]), atol=1e-5, rtol=1e-5
    )


def test_a_bad_image_in_a_list_is_reported_in_its_place(scorer: Scorer, photographs: Mapping[str, Path]) -> None:
    good = photographs["coffee"]
    results = scorer.score([good, "no/such.png", np.full((32, 32, 3), np.nan), good])
    assert [result.error for result in results] == [None, "no such file", "holds NaN or infinite values", None]
    assert results[1].score is None
    assert results[0].score == results[3].score


def test_a_single_bad_image_is_an_error(scorer: Scorer) -> None:
    with pytest.raises(ImageError, match="no such file"):
        scorer.score("no/such.png")
    with pytest.raises(ImageError, match="no such file"):
        scorer.features(["no/such.png"])
    with pytest.raises(ImageError, match="no such file"):
        scorer.compare("no/such.png", "no/such.png")
    with pytest.raises(UserError, match="isn't a batch"):
        scorer.score(torch.rand(3, 32, 32))


def test_nothing_to_score_is_an_empty_list(scorer: Scorer) -> None:
    assert scorer.score([]) == []
    assert scorer.features([]).shape == (0, 128)


def test_progress_counts_every_image(scorer: Scorer) -> None:
    steps: list[int] = []
    scorer.score([np.zeros((16, 16, 3), np.uint8)] * 5 + ["no/such.png"], progress=steps.append)
    assert sum(steps) == 6


@pytest.mark.slow
def test_compare_agrees_in_both_orders(scorer: Scorer, photographs: Mapping[str, Path]) -> None:
    for a, b in itertools.permutations(photographs.values(), 2):
        forward, backward = scorer.compare(a, b), scorer.compare(b, a)
        assert (forward.p_a_better, forward.p_b_better, forward.p_equal) == (
            backward.p_b_better,
            backward.p_a_better,
            backward.p_equal,
        )
        assert (forward.score_a, forward.score_b) == (backward.score_b, backward.score_a)
        assert forward.p_a_better + forward.p_b_better + forward.p_equal == pytest.approx(1, abs=1e-6)


def test_compare_lists_and_orders(scorer: Scorer, photographs: Mapping[str, Path]) -> None:
    a, b, c = photographs.values()
    both = scorer.compare([a, b], [b, c])
    assert [(entry.path_a, entry.path_b) for entry in both] == [(str(a), str(b)), (str(b), str(c))]
    single = scorer.compare(a, b)
    assert both[0].p_a_better == pytest.approx(single.p_a_better, abs=1e-6)
    released, swapped = scorer.compare(a, b, order="released"), scorer.compare(b, a, order="released")
    assert (released.p_a_better + swapped.p_b_better) / 2 == pytest.approx(single.p_a_better, abs=1e-6)
    with pytest.raises(UserError, match="need the same number"):
        scorer.compare([a, b], [c])


def test_forward_is_a_loss(scorer: Scorer, photographs: Mapping[str, Path]) -> None:
    pixels = torch.from_numpy(cv2.imread(str(photographs["coffee"]))[..., ::-1].copy()).permute(2, 0, 1)[None] / 255
    image = pixels.clone().requires_grad_()
    score = scorer(image)
    (1 - score).sum().backward()
    assert score.item() == pytest.approx(scorer.score(photographs["coffee"]).score, abs=1e-3)
    assert image.grad.shape == image.shape
    assert image.grad.abs().max() > 0
    # A step against the gradient raises the score: the gradient has the right sign and reaches the pixels.
    with torch.no_grad():
        better = (pixels - 0.05 * image.grad / image.grad.abs().max()).clamp(0, 1)
        assert scorer(better).item() > score.item()
    assert all(parameter.grad is None for parameter in scorer.model.parameters())


def test_provenance(scorer: Scorer) -> None:
    provenance = scorer.provenance
    assert provenance.weights == "compact"
    assert len(provenance.weights_sha256) == 64
    assert "not by people" in provenance.weights_note
    assert provenance.version == fgresq.__version__


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"precision": "fp8"}, "precision 'fp8' isn't known"),
        ({"precision": "fp16", "device": "cpu"}, "fp16 needs a GPU"),
        ({"batch_size": 0}, "a batch of 0 images"),
        ({"device": "toaster"}, "device 'toaster' can't be used here"),
        ({"weights": "compct"}, "did you mean compact"),
        ({"weights": "released"}, "fgresq weights fetch released"),
    ],
)
def test_what_cannot_be_loaded(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        fgresq.load(**arguments)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 1e-4), ("bf16", 1e-2), ("fp16", 1e-2)])
def test_a_gpu_gives_what_the_cpu_gives(
    scorer: Scorer, photographs: Mapping[str, Path], precision: str, tolerance: float
) -> None:
    on_gpu = fgresq.load(device="cuda", precision=precision)
    for path in photographs.values():
        assert on_gpu.score(path).score == pytest.approx(scorer.score(path).score, abs=tolerance)


@pytest.mark.slow
def test_judge_scores_and_compares_what_score_and_compare_do(scorer: Scorer, photographs: Mapping[str, Path]) -> None:
    images = [*photographs.values(), "no/such.png"]
    pairs = [(0, 1), (1, 0), (2, 3), (1, 2), (0, 0)]
    scores, comparisons = scorer.judge(images, pairs)
    expected = scorer.score(images)
    assert [score.error for score in scores] == [None, None, None, "no such file"]
    assert [score.score for score in scores[:3]] == pytest.approx([score.score for score in expected[:3]], abs=1e-5)
    assert comparisons[2] is None
    for (a, b), found in zip(pairs, comparisons, strict=True):
        if found is None:
            continue
        alone = scorer.compare(images[a], images[b])
        assert (found.path_a, found.path_b, found.preference) == (alone.path_a, alone.path_b, alone.preference)
        assert found.p_a_better == pytest.approx(alone.p_a_better, abs=1e-5)
        assert found.score_b == pytest.approx(alone.score_b, abs=1e-5)
    assert comparisons[0].p_a_better == comparisons[1].p_b_better
    released = scorer.judge(images[:2], [(0, 1)], order="released")[1][0]
    assert released.p_equal == pytest.approx(scorer.compare(images[0], images[1], order="released").p_equal, abs=1e-5)
    assert scorer.judge(images[:1], []) == (expected[:1], [])
