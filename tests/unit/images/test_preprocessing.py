"""The network's input: OpenCV's resize and the centre, at every depth, and in torch for gradients."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from pydantic import ValidationError

import fgresq
from fgresq.images.decode import decode
from fgresq.images.preprocessing import Fragments, Preprocessing, Resized, Tiles
from fgresq.scoring.inputs import cut_tensor
from fgresq.scoring.scorer import Scorer

SIZES = [(480, 640, 3), (600, 400, 3), (256, 256, 3), (224, 224, 3), (100, 30, 3), (8, 8, 3), (10, 2000, 3)]


def picture(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(sum(shape)).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize(("resize", "crop"), [(256, 224), (64, 64), (97, 64)])
def test_8_bits_are_opencv_s_resize_and_the_centre(shape: tuple[int, ...], resize: int, crop: int) -> None:
    image = picture(shape)
    result = Resized(resize=resize, crop=crop)(image)
    margin = (resize - crop) // 2
    expected = cv2.resize(image, (resize, resize), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_array_equal(result, expected[margin : margin + crop, margin : margin + crop])
    assert result.flags.c_contiguous


@pytest.mark.parametrize("shape", SIZES)
def test_every_depth_agrees_within_rounding(shape: tuple[int, ...]) -> None:
    image, preprocess = picture(shape), Resized()
    eight = preprocess(image).astype(np.float32) / 255
    sixteen = preprocess(image.astype(np.uint16) * 257)
    floating = preprocess(image.astype(np.float32) / 255)
    assert sixteen.dtype == floating.dtype == np.float32
    # 8-bit results are rounded to a level, and OpenCV's 8-bit weights to 1/2048 (of at most 255 levels, in two steps).
    assert np.abs(floating - eight).max() <= (0.5 + 0.25) / 255
    assert np.abs(sixteen - floating).max() <= 1e-6


def test_16_bits_keep_their_low_byte() -> None:
    image = np.full((40, 40, 3), 12_345, np.uint16)
    np.testing.assert_allclose(Resized()(image), 12_345 / 65_535, atol=1e-7)


def test_a_picture_of_the_right_size_is_only_cropped() -> None:
    image = picture((256, 256, 3))
    before = image.copy()
    result = Resized()(image)
    np.testing.assert_array_equal(result, image[16:240, 16:240])
    assert not np.shares_memory(result, image)
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("shape", SIZES)
def test_torch_s_resize_for_gradients_agrees(shape: tuple[int, ...]) -> None:
    preprocess = Resized()
    image = picture(shape).astype(np.float32) / 255
    tensor = torch.from_numpy(image).permute(2, 0, 1)[None]
    resized = torch.nn.functional.interpolate(tensor, (256, 256), mode="bilinear", align_corners=False)
    kept = slice(16, 240)
    np.testing.assert_allclose(resized[0, :, kept, kept].permute(1, 2, 0).numpy(), preprocess(image), atol=1e-5)


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return fgresq.load(device="cpu")


def test_forward_agrees_with_score(scorer: Scorer, photographs: Mapping[str, Path]) -> None:
    image = decode(photographs["chelsea"]).astype(np.float32) / 255
    tensor = torch.from_numpy(image).permute(2, 0, 1)[None]
    seen: list[torch.Tensor] = []
    hook = scorer.model.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    score = scorer(tensor).item()
    hook.remove()
    np.testing.assert_allclose(seen[0][0].permute(1, 2, 0).numpy(), scorer.preprocessing(image), atol=1e-5)
    assert score == pytest.approx(scorer.score(image).score, abs=1e-5)


def test_corner_and_words() -> None:
    assert Resized().corners(256, 256) == [(16, 16)]
    assert Resized(resize=257, crop=224).corners(257, 257) == [(16, 16)]  # the odd pixel: at the bottom and the right
    assert Resized(resize=224, crop=224).corners(224, 224) == [(0, 0)]
    assert str(Fragments(grid=4, patch=56)) == "RGB; 4x4 patches of 56x56 at full resolution"
    assert str(Resized()) == "RGB; resize 256x256 (bilinear, aspect ignored); centre crop 224"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"resize": 224, "crop": 256}, "crop 256 is larger than resize 224"),
        ({"resize": 100}, "crop 224 is larger than resize 100"),
        ({"resize": 7, "crop": 7}, "greater than or equal to 8"),
        ({"resize": 256, "crop": 0}, "greater than or equal to 8"),
        ({"side": 256}, "Extra inputs are not permitted"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, int], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Resized(**settings)


@pytest.mark.parametrize("shape", [(300, 500, 3), (224, 224, 3), (100, 61, 3), (30, 400, 3), (9, 9, 3)])
def test_fragments_are_pixels_of_the_picture_in_its_order(shape: tuple[int, ...]) -> None:
    preprocess = Fragments(grid=4, patch=56)
    image = picture(shape)
    result = preprocess(image)
    assert result.shape == (224, 224, 3)
    assert result.dtype == np.uint8
    whole = preprocess.whole(image)
    assert whole.shape[:2] == (max(shape[0], 56), max(shape[1], 56))
    corners = preprocess.corners(*whole.shape[:2])
    for part, (top, left) in enumerate(corners):
        row, column = divmod(part, 4)
        seen = result[56 * row : 56 * row + 56, 56 * column : 56 * column + 56]
        np.testing.assert_array_equal(seen, whole[top : top + 56, left : left + 56])
        assert top % 8 == left % 8 == 0
    tops = [top for top, _ in corners[::4]]
    assert tops == sorted(tops)
    if shape[0] >= 4 * 64:
        assert min(np.diff(tops)) >= 56  # none shows what another shows


@pytest.mark.parametrize("preprocess", [Resized(), Resized(resize=64, crop=48), Fragments(grid=3, patch=40)])
@pytest.mark.parametrize("shape", [(300, 200, 3), (30, 61, 3)])
def test_tensors_are_cut_like_files(preprocess: Preprocessing, shape: tuple[int, ...]) -> None:
    image = picture(shape).astype(np.float32) / 255
    tensor = torch.from_numpy(image).permute(2, 0, 1)[None].requires_grad_()
    cut = cut_tensor(tensor, preprocess)
    np.testing.assert_allclose(cut[0].permute(1, 2, 0).detach().numpy(), preprocess(image), atol=1e-5)
    cut.sum().backward()
    assert tensor.grad is not None
    assert tensor.grad.abs().sum() > 0


TILES = Tiles(tile=64, most=4)


@pytest.mark.parametrize(
    ("size", "grid"),
    [((64, 64), (1, 1)), ((95, 96), (1, 2)), ((160, 64), (3, 1)), ((200, 1000), (3, 4)), ((4000, 4000), (4, 4))],
)
def test_tiles_grow_with_the_picture(size: tuple[int, int], grid: tuple[int, int]) -> None:
    assert TILES.grid_of(*size) == grid
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    cut = TILES(picture)
    assert cut.shape == (64 * grid[0], 64 * grid[1], 3)
    corners = TILES.corners(*size)
    assert len(corners) == grid[0] * grid[1]
    for number, (top, left) in enumerate(corners):
        assert top % 8 == 0 or top == size[0] - 64
        assert left % 8 == 0 or left == size[1] - 64
        row, column = divmod(number, grid[1])
        part = cut[64 * row : 64 * (row + 1), 64 * column : 64 * (column + 1)]
        assert np.array_equal(part, picture[top : top + 64, left : left + 64])


def test_tiles_of_a_picture_that_fits_are_the_picture() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (128, 192, 3), dtype=np.uint8)
    assert np.array_equal(TILES(picture), picture)


def test_a_picture_smaller_than_a_tile_is_enlarged() -> None:
    assert TILES(np.zeros((20, 100, 3), dtype=np.uint8)).shape == (64, 128, 3)


def test_tiles_are_cut_where_training_draws_them() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    first, last = (TILES.corners(300, 300, [(share, share)] * TILES.most_parts) for share in (0.0, 0.999))
    assert first[0] == (0, 0)
    assert last[-1] == (232, 232)
    middle = TILES.corners(300, 300)
    assert (middle[0], middle[-1]) == ((0, 0), (236, 236))
    assert not np.array_equal(TILES.cut(picture, [(0.0, 0.0)] * 16), TILES.cut(picture))
    assert not TILES.fixed
