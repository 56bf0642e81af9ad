"""What may be passed as an image or as several, and what is said of the rest."""

import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
import torch
from PIL import Image
from tests.unit.images.pictures import DEEP, FLOATS, RGB, deep_png
from tests.waiting import LONGEST
from torch import Tensor

import fgresq
from fgresq.errors import ImageError, UserError
from fgresq.images.preprocessing import Resized
from fgresq.plugs.torchmetrics import FGResQScore
from fgresq.scoring.inputs import ImageInput, as_list, name_of, read_crop
from fgresq.scoring.scorer import Scorer

PREPROCESS = Resized()
TENSOR = torch.from_numpy(RGB.copy()).permute(2, 0, 1) / 255


@pytest.fixture
def path(tmp_path: Path) -> Path:
    Image.fromarray(RGB).save(tmp_path / "a.png")
    return tmp_path / "a.png"


class OwnPath:
    """A path of another library's making."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __fspath__(self) -> str:
        return str(self.path)


def test_one_image_or_several(path: Path) -> None:
    picture = Image.fromarray(RGB)
    for single in (str(path), path, PurePosixPath(path), OwnPath(path), picture, RGB, RGB[..., 0]):
        items, alone = as_list(single)
        assert alone
        assert len(items) == 1
        assert items[0] is single
    several = [path, picture, RGB, TENSOR]
    assert as_list(several) == (several, False)
    assert as_list(tuple(several[:3])) == (several[:3], False)
    assert as_list([]) == ([], False)
    items, alone = as_list(torch.stack([TENSOR, 1 - TENSOR]))
    assert not alone
    assert [torch.equal(item, wanted) for item, wanted in zip(items, (TENSOR, 1 - TENSOR), strict=True)] == [True, True]
    assert as_list(torch.zeros(0, 3, 9, 9)) == ([], False)


@pytest.mark.parametrize("shape", [(), (3,), (9, 9), (3, 9, 9), (1, 1, 3, 9, 9)])
def test_a_tensor_is_a_batch(shape: tuple[int, ...]) -> None:
    with pytest.raises(UserError, match=r"a tensor of shape \(.*\) isn't a batch; pass .*\(N, 3, height, width\)"):
        as_list(torch.zeros(shape))


@pytest.mark.slow
def test_what_is_neither_one_image_nor_several() -> None:
    # In a process of its own: here every call's types are checked before our own message can be.
    code = """
import fgresq
scorer = fgresq.load(device="cpu")
for wrong in (None, 3, 0.5, b"a.png", bytearray(b"a.png"), {"a": 1}, {1}, (x for x in "ab"), object()):
    try:
        scorer.score(wrong)
    except fgresq.errors.UserError as error:
        print(error)
(none, number, name), _ = scorer.judge([None, 3, b"a.png"])
print(none.error, number.error, name.error, sep="; ")
"""
    lines = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=LONGEST
    ).stdout.splitlines()
    kinds = ("NoneType", "int", "float", "bytes", "bytearray", "dict", "set", "generator", "object")
    said = "an object of type {} isn't an image"
    assert [line.partition(";")[0] for line in lines[:-1]] == [said.format(kind) for kind in kinds]
    assert lines[-1] == "; ".join(said.format(kind) for kind in ("NoneType", "int", "bytes"))


def test_names(path: Path) -> None:
    assert name_of(path, 4) == name_of(str(path), 4) == name_of(OwnPath(path), 4) == str(path)
    with Image.open(path) as opened:
        assert name_of(opened, 4) == str(path)
        assert name_of(opened.convert("L"), 4) == "image 4"
    assert name_of(RGB, 4) == name_of(TENSOR, 4) == "image 4"
    assert name_of("caf\udce9.png", 4) == "caf\\xe9.png"


def test_every_kind_gives_the_same_crop(path: Path) -> None:
    expected = PREPROCESS(RGB)
    with Image.open(path) as opened:
        for image in (path, str(path), OwnPath(path), opened, Image.fromarray(RGB), RGB):
            np.testing.assert_array_equal(read_crop(image, "it", PREPROCESS), expected)
    floating = PREPROCESS(RGB.astype(np.float32) / 255)
    for tensor in (TENSOR, TENSOR.double(), TENSOR.clone().requires_grad_(), TENSOR.flip(-1).flip(-1)):
        np.testing.assert_allclose(read_crop(tensor, "it", PREPROCESS), floating, atol=1e-6)
    for dtype, tolerance in ((torch.float16, 1e-3), (torch.bfloat16, 1e-2)):
        np.testing.assert_allclose(read_crop(TENSOR.to(dtype), "it", PREPROCESS), floating, atol=tolerance)


def test_16_bits_and_floats_keep_their_depth(tmp_path: Path) -> None:
    (tmp_path / "deep.png").write_bytes(deep_png(DEEP[..., :3], 2))
    from_file = read_crop(tmp_path / "deep.png", "it", PREPROCESS)
    np.testing.assert_array_equal(from_file, read_crop(DEEP[..., :3], "it", PREPROCESS))
    np.testing.assert_allclose(from_file, read_crop(DEEP[..., :3] / 65535, "it", PREPROCESS), atol=1e-6)
    assert read_crop(FLOATS, "it", PREPROCESS).dtype == np.float32


def with_one(value: float) -> Tensor:
    tensor = TENSOR.clone()
    tensor[1, 2, 3] = value
    return tensor


@pytest.mark.parametrize(
    ("tensor", "reason"),
    [
        (TENSOR[0], r"has shape \(24, 32\); \(3, height, width\) is needed"),
        (TENSOR[:1], r"has shape \(1, 24, 32\)"),
        (TENSOR.permute(1, 2, 0), r"has shape \(24, 32, 3\)"),
        (TENSOR[None], r"has shape \(1, 3, 24, 32\)"),
        ((TENSOR * 255).to(torch.uint8), r"has torch\.uint8 values; a tensor must be floating point in \[0, 1\]"),
        (TENSOR > 0.5, r"has torch\.bool values"),
        (TENSOR.to(torch.complex64), r"has torch\.complex64 values"),
        (TENSOR * 255, r"must lie in \[0, 1\]; divide it by 255"),
        (TENSOR * 2 - 1, r"must lie in \[0, 1\]; scale or clamp it$"),
        (with_one(torch.nan), "holds NaN or infinite values"),
        (with_one(torch.inf), "holds NaN or infinite values"),
        (TENSOR[:, :7, :7], "is 7x7 pixels; at least 8x8"),
        (TENSOR[:, :0], "is 32x0 pixels"),
    ],
)
def test_tensors_that_are_not_pictures(tensor: Tensor, reason: str) -> None:
    with pytest.raises(ImageError, match=reason) as caught:
        read_crop(tensor, "image 2", PREPROCESS)
    assert caught.value.name == "image 2"


@pytest.mark.parametrize(
    ("batch", "reason"),
    [
        (TENSOR, r"^a tensor of shape \(3, 24, 32\) isn't a batch; pass a tensor \(N, 3, height, width\)"),
        (TENSOR[None, :1], r"^a tensor of shape \(1, 1, 24, 32\) isn't a batch"),
        (torch.cat([TENSOR, TENSOR[:1]])[None], r"^a tensor of shape \(1, 4, 24, 32\) isn't a batch"),
        (TENSOR.permute(1, 2, 0)[None], r"^a tensor of shape \(1, 24, 32, 3\) isn't a batch"),
        (TENSOR[None, None], r"^a tensor of shape \(1, 1, 3, 24, 32\) isn't a batch"),
        (
            (TENSOR * 255).to(torch.uint8)[None],
            r"has torch\.uint8 values; a tensor must be floating point in \[0, 1\]$",
        ),
        ((TENSOR > 2).to(torch.uint8)[None], r"has torch\.uint8 values"),
        ((TENSOR * 255).to(torch.int64)[None], r"has torch\.int64 values"),
        ((TENSOR > 0.5)[None], r"has torch\.bool values"),
        (TENSOR.to(torch.complex64)[None], r"has torch\.complex64 values"),
        (TENSOR[None, :, :7, :], r"is 32x7 pixels; at least 8x8 are needed to judge it$"),
        (TENSOR[None, :, :5, :5], r"is 5x5 pixels"),
        (TENSOR[None, :, :0], r"is 32x0 pixels"),
        (torch.empty(1, 3, 24, 32, device="meta"), r"is on meta and the network on cpu; move one to the other$"),
        (torch.stack([TENSOR, TENSOR * 255]), r"^image 1: has values from .* in \[0, 1\]; divide it by 255$"),
        (torch.stack([TENSOR, TENSOR * 2 - 1]), r"^image 1: has values from -.* in \[0, 1\]; scale or clamp it$"),
        (torch.stack([TENSOR, TENSOR, TENSOR - 0.0012]), r"^image [012]: has values from -0\.00"),
        (with_one(1.0011)[None], r"^image 0: has values from .* to 1\.0011; .*scale or clamp it$"),
        (with_one(torch.nan)[None], "^image 0: holds NaN or infinite values$"),
        (torch.stack([TENSOR, with_one(torch.inf)]), "^image 1: holds NaN or infinite values$"),
        (with_one(-torch.inf).double()[None], "^image 0: holds NaN or infinite values$"),
        (torch.where(TENSOR.double() > 0.5, 1e300, TENSOR.double())[None], "^image 0: holds NaN or infinite values$"),
        (with_one(torch.nan).half()[None], "^image 0: holds NaN or infinite values$"),
    ],
)
def test_batches_that_the_call_refuses(scorer: Scorer, batch: Tensor, reason: str) -> None:
    for images in (batch, batch.clone().requires_grad_() if batch.is_floating_point() else batch):
        with pytest.raises(UserError, match=reason):
            scorer(images)


def test_what_the_call_takes(scorer: Scorer) -> None:
    assert scorer(TENSOR[None, :, :8, :8]).shape == (1,)
    assert scorer(torch.zeros(0, 3, 24, 32)).shape == (0,)
    within = [torch.where(TENSOR.max() == TENSOR, 1 + overshoot, TENSOR)[None] for overshoot in (0.0, 0.0009)]
    within += [torch.where(TENSOR.min() == TENSOR, -overshoot, TENSOR)[None] for overshoot in (0.0, 0.0009)]
    found = [scorer(images).item() for images in within]
    assert found[0] == found[1]  # clipped, as `score` does
    assert found[2] == found[3]
    assert found == pytest.approx([scorer.score(images)[0].score for images in within], abs=1e-6)


@pytest.mark.slow
def test_what_is_no_tensor_is_said_by_the_call_too() -> None:
    # In a process of its own: here every call's types are checked before our own message can be.
    code = """
import numpy as np
import fgresq
scorer = fgresq.load(device="cpu")
for wrong in ("a.png", None, np.zeros((1, 3, 9, 9)), [1]):
    try:
        scorer(wrong)
    except fgresq.errors.UserError as error:
        print(error)
"""
    lines = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=600
    ).stdout.splitlines()
    needed = "isn't a batch; pass a tensor (N, 3, height, width) of floating point in [0, 1]"
    assert lines == [f"an object of type {kind} {needed}" for kind in ("str", "NoneType", "ndarray", "list")]


TENSORS = ("call", "plug")  # take nothing else
SMALL = {
    "array": RGB[:7, :7],
    "floats": RGB[:7, :9] / 255,
    "picture": Image.fromarray(RGB[:9, :7]),
    "tensor": TENSOR[None, :, :7, :7],
}
ASK: dict[str, Callable[[Scorer, ImageInput], object]] = {
    "score": lambda scorer, small: scorer.score(small),
    "features": lambda scorer, small: scorer.features(small),
    "compare": lambda scorer, small: scorer.compare(small, small),
    "judge": lambda scorer, small: scorer.judge([small], []),
    "rank": lambda scorer, small: scorer.rank({"a": {"1": small}, "b": {"1": RGB}}),
    "call": lambda scorer, small: scorer(small),
    "plug": lambda scorer, small: FGResQScore().update(small),
}


@pytest.mark.parametrize(
    ("ask", "kind"), [(ask, kind) for ask in ASK for kind in (*SMALL, "file") if kind == "tensor" or ask not in TENSORS]
)
def test_what_is_too_small_to_judge_is_refused_by_all_alike(
    scorer: Scorer, tmp_path: Path, ask: str, kind: str
) -> None:
    if kind == "file":
        SMALL["picture"].save(tmp_path / "small.png")
    small = tmp_path / "small.png" if kind == "file" else SMALL[kind]
    if ask in ("judge", "rank") and kind == "tensor":
        small = small[0]
    said = ""
    try:
        answer = ASK[ask](scorer, small)
    except UserError as error:
        said = str(error)
    else:
        # A list keeps its bad images, with the reason.
        (failed, *_) = {"score": lambda: answer, "judge": lambda: answer[0], "rank": lambda: answer.failures}[ask]()
        said = failed.error
    assert re.search(r"is \d+x\d+ pixels; at least 8x8 are needed to judge it$", said)


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return fgresq.load(device="cpu", batch_size=2)


def test_bad_ones_among_good_ones_of_every_kind(scorer: Scorer, path: Path) -> None:
    images = [with_one(torch.nan), path, RGB, np.zeros((3, 9, 9)), Image.new("L", (9, 9)), "gone.png", TENSOR]
    results = scorer.score(images)
    assert [result.error is None for result in results] == [False, True, True, False, True, False, True]
    assert [result.path for result in results] == [
        "image 0",
        str(path),
        "image 2",
        "image 3",
        "image 4",
        "gone.png",
        "image 6",
    ]
    assert results[1].score == pytest.approx(results[2].score, abs=1e-6)


def test_only_bad_ones(scorer: Scorer) -> None:
    images = ["gone.png", "gone too.png", np.zeros((2, 2))]
    with pytest.raises(ImageError, match=r"^gone\.png: no such file; nor could any other of the 3 images be scored$"):
        scorer.score(images)
    with pytest.raises(ImageError, match=r"^gone\.png: no such file$"):
        scorer.score(images[:1])
    assert scorer.score([]) == []
    scores, comparisons = scorer.judge(images, [(0, 1)])
    assert [result.score for result in scores] == [None] * 3
    assert comparisons == [None]


def test_a_picture_that_pillow_has_only_opened_may_be_passed_twice(scorer: Scorer, photographs: Mapping) -> None:
    expected = scorer.score(photographs["coffee"]).score
    for _ in range(3):
        with Image.open(photographs["coffee"]) as opened:
            scores = [result.score for result in scorer.score([opened] * 4)]
        assert scores == pytest.approx([expected] * 4, abs=1e-6)
