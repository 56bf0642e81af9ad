import base64
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from tests.unit.report.rankings import photograph

from fgresq.errors import ImageError
from fgresq.report.embedding import image_data_uri, thumbnail_data_uri

ORIENTATION = 0x0112


def content(uri: str, mime: str) -> bytes:
    assert uri.startswith(f"data:{mime};base64,")
    return base64.b64decode(uri.partition(",")[2], validate=True)


def opened(uri: str, mime: str) -> Image.Image:
    return Image.open(io.BytesIO(content(uri, mime)))


@pytest.fixture
def image() -> Image.Image:
    return photograph("astronaut")


@pytest.mark.parametrize(
    ("suffix", "mime"),
    [
        ("png", "image/png"),
        ("jpg", "image/jpeg"),
        ("webp", "image/webp"),
        ("avif", "image/avif"),
        ("gif", "image/gif"),
        ("bmp", "image/bmp"),
    ],
)
def test_formats_that_browsers_show_keep_their_bytes(
    tmp_path: Path, image: Image.Image, suffix: str, mime: str
) -> None:
    path = tmp_path / f"image.{suffix}"
    image.save(path)
    assert content(image_data_uri(path), mime) == path.read_bytes()


def test_a_wrong_suffix_doesn_t_matter(tmp_path: Path, image: Image.Image) -> None:
    path = tmp_path / "image.png"
    image.save(path, "JPEG")
    assert content(image_data_uri(path), "image/jpeg") == path.read_bytes()


def test_tiff_becomes_the_same_pixels_as_png(tmp_path: Path, image: Image.Image) -> None:
    path = tmp_path / "image.tiff"
    image.save(path)
    shown = opened(image_data_uri(path), "image/png")
    assert np.array_equal(np.asarray(shown), np.asarray(image))


def test_16_bit_grey_png_becomes_8_bit_rgb(tmp_path: Path, image: Image.Image) -> None:
    grey = np.asarray(image.convert("L")).astype(np.uint16)
    path = tmp_path / "image.png"
    Image.fromarray(grey * 257).save(path)
    data = content(image_data_uri(path), "image/png")
    assert data[24] == 8
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data)))[..., 0], grey)


def test_16_bit_colour_tiff_is_rounded_not_cut(tmp_path: Path, image: Image.Image) -> None:
    pixels = np.asarray(image).astype(np.uint32)
    path = tmp_path / "image.tiff"
    tifffile.imwrite(path, np.minimum(pixels * 257 + 100, 65535).astype(np.uint16), photometric="rgb")
    shown = opened(image_data_uri(path), "image/png")
    assert shown.mode == "RGB"
    assert np.array_equal(np.asarray(shown), pixels)


def test_floating_point_tiff_becomes_8_bit(tmp_path: Path, image: Image.Image) -> None:
    grey = np.asarray(image.convert("L"))
    path = tmp_path / "image.tiff"
    tifffile.imwrite(path, (grey / 255).astype(np.float32))
    shown = opened(image_data_uri(path), "image/png")
    assert np.array_equal(np.asarray(shown)[..., 2], grey)


def test_cmyk_jpeg_becomes_rgb(tmp_path: Path, image: Image.Image) -> None:
    path = tmp_path / "image.jpg"
    image.convert("CMYK").save(path, quality=95)
    shown = np.asarray(opened(image_data_uri(path), "image/png")).astype(int)
    assert np.mean((shown - np.asarray(image)) ** 2) < 60


def test_rotated_jpeg_is_left_to_the_browser_and_its_thumbnail_stands_upright(
    tmp_path: Path, image: Image.Image
) -> None:
    path = tmp_path / "image.jpg"
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    image.save(path, exif=exif)
    assert content(image_data_uri(path), "image/jpeg") == path.read_bytes()
    thumbnail = opened(thumbnail_data_uri(path), "image/jpeg")
    assert thumbnail.size == (image.height, image.width)


def test_rotated_png_is_turned_upright(tmp_path: Path, image: Image.Image) -> None:
    path = tmp_path / "image.png"
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    image.save(path, exif=exif)
    shown = opened(image_data_uri(path), "image/png")
    assert np.array_equal(np.asarray(shown), np.rot90(np.asarray(image), -1))
    assert ORIENTATION not in shown.getexif()


def test_transparency_is_shown_as_it_is_judged_not_at_all(tmp_path: Path, image: Image.Image) -> None:
    opaque, half = tmp_path / "opaque.png", tmp_path / "half.png"
    picture = image.convert("RGBA")
    picture.save(opaque)
    picture.putalpha(128)
    picture.save(half)
    assert content(image_data_uri(opaque), "image/png") == opaque.read_bytes()
    shown = opened(image_data_uri(half), "image/png")
    assert shown.mode == "RGB"
    assert np.array_equal(np.asarray(shown), np.asarray(image))


def test_beyond_pillow_s_own_limit_an_image_is_still_shown(
    tmp_path: Path, image: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "image.png"
    image.save(path)
    for limit in (image.width * image.height - 1, 1000):  # Pillow warns above the limit and refuses above twice of it
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        uri = image_data_uri(path)
        monkeypatch.undo()
        assert np.array_equal(np.asarray(opened(uri, "image/png")), np.asarray(image))


def test_thumbnails_are_small_jpegs(tmp_path: Path, image: Image.Image) -> None:
    large, small = tmp_path / "large.png", tmp_path / "small.png"
    image.resize((900, 600)).save(large)
    image.resize((60, 40)).save(small)
    assert opened(thumbnail_data_uri(large), "image/jpeg").size == (200, 133)
    assert opened(thumbnail_data_uri(small), "image/jpeg").size == (60, 40)
    assert len(thumbnail_data_uri(large)) < 20_000


@pytest.mark.parametrize("show", [image_data_uri, thumbnail_data_uri])
@pytest.mark.parametrize("data", [None, b"", b"not an image"])
def test_what_isn_t_an_image_is_an_error_that_names_it(
    tmp_path: Path, show: Callable[[Path], str], data: bytes | None
) -> None:
    path = tmp_path / "image.png"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ImageError, match=r"image\.png"):
        show(path)
