"""Artefacts: each does what it is named after, and more of it when stronger."""

import cv2
import numpy as np
import pytest
from skimage.metrics import structural_similarity

from fgresq.synthesis import artefacts
from fgresq.synthesis.artefacts import ARTEFACTS
from fgresq.synthesis.pictures import Picture, gaussian, luma

ALL = pytest.mark.parametrize("name", ARTEFACTS)


def draw(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def psnr(pristine: Picture, image: Picture) -> float:
    return float(-10 * np.log10(np.mean(np.square(pristine - image), dtype=np.float64)))


def detail(image: Picture) -> float:
    return float(np.square(luma(image) - gaussian(luma(image), 1.5)).mean())


@ALL
def test_range_and_growth(name: str, crops: list[Picture]) -> None:
    for seed in range(3):
        for crop in crops:
            made = [ARTEFACTS[name](crop, strength, draw(seed)) for strength in (0.0, 0.3, 0.6, 1.0)]
            for picture in made:
                assert picture.shape == crop.shape
                assert picture.dtype == np.float32
                assert picture.min() >= 0
                assert picture.max() <= 1
            curve = [psnr(crop, picture) for picture in made]
            assert curve == sorted(curve, reverse=True)
            assert curve[0] > 25
            assert np.array_equal(made[1], ARTEFACTS[name](crop, 0.3, draw(seed)))


def test_over_smoothing_takes_texture_and_keeps_outlines(crops: list[Picture]) -> None:
    image = crops[1]
    smooth = artefacts.over_smoothing(image, 0.5, draw())
    assert detail(smooth) < 0.7 * detail(image)
    slope = np.abs(np.diff(luma(image), axis=1))
    after = np.abs(np.diff(luma(smooth), axis=1))
    outlines, texture = slope > np.quantile(slope, 0.98), slope < np.quantile(slope, 0.7)
    assert after[outlines].mean() / slope[outlines].mean() > 1.5 * after[texture].mean() / slope[texture].mean()


def test_ringing_echoes_beside_an_outline() -> None:
    step = np.full((96, 96, 3), 0.3, dtype=np.float32)
    step[:, 48:] = 0.7
    row = artefacts.ringing(step, 0.8, draw())[48, :, 0]
    side = row[52:62] - 0.7
    assert np.abs(side).max() > 0.02
    assert (np.diff(np.sign(side[np.abs(side) > 1e-3])) != 0).sum() >= 1
    assert row[5] == pytest.approx(0.3, abs=1e-3)


def test_hallucinated_texture_has_the_right_energy_in_the_wrong_place(crops: list[Picture]) -> None:
    image = crops[2]
    made = artefacts.hallucinated_texture(image, 0.7, draw())
    assert 0.6 < detail(made) / detail(image) < 2.5
    # Detail that stands elsewhere is far from the original pixel by pixel, although there is as much of it.
    assert detail(gaussian(image, 1.2)) < 0.5 * detail(made)
    assert structural_similarity(luma(image), luma(made), data_range=1.0) < 0.9


def test_checkerboard_is_periodic() -> None:
    grey = np.full((128, 128, 3), 0.5, dtype=np.float32)
    for seed in range(4):
        change = (artefacts.checkerboard(grey, 0.8, draw(seed)) - grey)[..., 0]
        assert change.std() > 1e-3
        assert np.allclose(change[:-8], change[8:], atol=1e-5)
        assert np.allclose(change[:, :-8], change[:, 8:], atol=1e-5)
        assert not np.allclose(change[:-1], change[1:], atol=1e-4)


def test_colour_shift_moves_colours_and_keeps_structure(crops: list[Picture]) -> None:
    for crop in crops:
        shifted = artefacts.colour_shift(crop, 0.6, draw())
        lab = [cv2.cvtColor(gaussian(picture, 2.0), cv2.COLOR_RGB2LAB) for picture in (crop, shifted)]
        assert np.linalg.norm(lab[0] - lab[1], axis=-1).mean() > 2
        assert structural_similarity(luma(crop), luma(shifted), data_range=1.0) > 0.95
