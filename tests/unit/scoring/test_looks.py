"""What is said of images beside their quality."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from fgresq.scoring.looks import Look, look_at, what_to_know

RNG = np.random.default_rng(3)
SCENE = RNG.random((12, 12, 3)).repeat(8, axis=0).repeat(8, axis=1)
OTHER = RNG.random((12, 12, 3)).repeat(8, axis=0).repeat(8, axis=1)


def said(images: Mapping[tuple[str, str], NDArray[np.float64] | Path]) -> tuple[str, ...]:
    looks: dict[int, Look] = {}
    for number, image in enumerate(images.values()):
        pixels = np.asarray(Image.open(image).convert("RGB")) if isinstance(image, Path) else image
        looks[number] = look_at(pixels if pixels.dtype == np.uint8 else (255 * pixels).round().astype(np.uint8))
    names = [f"{algorithm}/{content}" for algorithm, content in images]
    return what_to_know(list(images), list(images.values()), names, looks)


def test_nothing_is_said_of_good_ones() -> None:
    noisy = np.clip(SCENE + RNG.normal(0, 0.1, SCENE.shape), 0, 1)
    assert said({("A", "x"): SCENE, ("B", "x"): noisy, ("C", "x"): SCENE * 0.2, ("A", "y"): OTHER}) == ()


def test_sizes_within_a_content() -> None:
    (sentence,) = said({("A", "x"): SCENE, ("B", "x"): SCENE[:90], ("A", "y"): SCENE[:80], ("B", "y"): SCENE[:80]})
    assert sentence.startswith("sizes differ within 1 of 2 contents (x: 96x90, 96x96)")


def test_another_scene() -> None:
    (sentence,) = said({("A", "x"): SCENE, ("B", "x"): SCENE, ("C", "x"): OTHER})
    assert sentence.startswith("1 image looks unlike all others of the content, as if of another scene: C x")


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_one_colour(value: float) -> None:
    blank = np.full_like(SCENE, value)
    assert said({("A", "x"): SCENE, ("B", "x"): blank, ("C", "x"): SCENE}) == (
        "1 image is of one colour, of which no quality can be told: B/x",
    )


def test_a_small_thing_on_a_large_picture_is_not_one_colour() -> None:
    large = np.full((2000, 2000, 3), 200, np.uint8)
    assert look_at(large).blank
    large[1001, 1001] = 0
    assert not look_at(large).blank


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_look_is_the_same_at_every_depth(dtype: type[np.generic]) -> None:
    most = 1 if dtype == np.float32 else np.iinfo(dtype).max  # type: ignore[type-var]
    look = look_at((SCENE * most).astype(dtype))
    assert (look.width, look.height, look.blank) == (96, 96, False)
    assert look.brightness == pytest.approx(look_at(SCENE.astype(np.float32)).brightness, abs=0.01)


def test_formats_and_alpha(tmp_path: Path) -> None:
    picture = Image.fromarray((255 * SCENE).astype(np.uint8))
    picture.save(tmp_path / "a.png")
    picture.save(tmp_path / "b.JPEG")
    picture.convert("RGBA").save(tmp_path / "c.png")
    formats, alpha = said(
        {("A", "x"): tmp_path / "a.png", ("B", "x"): tmp_path / "b.JPEG", ("C", "y"): tmp_path / "c.png"}
    )
    assert formats.startswith("formats differ within 1 of 1 contents (JPEG: B; PNG: A): compression is judged along")
    assert alpha == "alpha: 1 of 3 images have an alpha channel, which isn't judged: C/y"
