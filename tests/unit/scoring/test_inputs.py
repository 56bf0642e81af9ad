"""What may be passed as an image or as several, and what is said of the rest."""

import subprocess
import sys
from collections.abc import Mapping
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
from fgresq.scoring.inputs import as_list, name_of, read_crop
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
    with pytest.raises(UserError, match=r"a tensor of shape \(.*\) isn't a batch; pass \(N, 3, height, width\)"):
        as_list(torch.zeros(shape))


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
(none, number, name) = scorer.score([None, 3, b"a.png"])
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
    assert [result.score for result in scorer.score(["gone.png", "gone too.png", np.zeros((2, 2))])] == [None] * 3


def test_a_picture_that_pillow_has_only_opened_may_be_passed_twice(scorer: Scorer, photographs: Mapping) -> None:
    expected = scorer.score(photographs["coffee"]).score
    for _ in range(3):
        with Image.open(photographs["coffee"]) as opened:
            scores = [result.score for result in scorer.score([opened] * 4)]
        assert scores == pytest.approx([expected] * 4, abs=1e-6)
