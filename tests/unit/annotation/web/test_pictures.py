"""What leaves the machine of an image: its pixels as `fgresq.images` reads them, and nothing besides."""

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from fgresq.annotation.store.contents import StudyImage
from fgresq.annotation.web.pictures import missing_images, shown_png
from fgresq.errors import StudyError
from fgresq.images.decode import decode

GENERATOR = np.random.default_rng(5)
COLOUR = GENERATOR.integers(0, 256, (24, 40, 3), dtype=np.uint8)


def of_study(path: Path) -> StudyImage:
    content = path.read_bytes()
    return StudyImage(0, "x", "i", "c", "a", path, hashlib.sha256(content).hexdigest(), len(content))


def shown(path: Path) -> tuple[bytes, np.ndarray]:
    png = shown_png(of_study(path))
    with Image.open(io.BytesIO(png)) as image:
        assert image.format == "PNG"
        assert not image.info.get("transparency")
        assert set(image.info) <= {"interlace"}
        return png, np.asarray(image.convert("RGB"))


def test_words_and_colours_beside_the_pixels_are_left_out(tmp_path):
    info = PngImagePlugin.PngInfo()
    info.add_text("Software", "SuperSecretGAN 3")
    info.add_itxt("Comment", "made by the best algorithm")
    path = tmp_path / "a.png"
    profile = b"a profile that would change colours" * 5
    Image.fromarray(COLOUR).save(path, pnginfo=info, dpi=(300, 300), icc_profile=profile, exif=Image.Exif())
    assert b"SuperSecretGAN" in path.read_bytes()
    png, pixels = shown(path)
    assert np.array_equal(pixels, COLOUR)
    assert b"SuperSecretGAN" not in png
    for chunk in (b"tEXt", b"iTXt", b"zTXt", b"iCCP", b"gAMA", b"pHYs", b"eXIf", b"tIME"):
        assert chunk not in png


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1", "RGBA", "LA"])
def test_every_kind_of_png_shows_what_is_judged(tmp_path, mode):
    path = tmp_path / "a.png"
    image = Image.fromarray(COLOUR)
    if "A" in mode:
        image.putalpha(Image.fromarray(GENERATOR.integers(0, 256, (24, 40), dtype=np.uint8)))
    image.convert(mode).save(path)
    assert np.array_equal(shown(path)[1], decode(path))


def test_a_transparent_palette_is_shown_without_transparency(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(COLOUR).convert("P").save(path, transparency=3)
    assert np.array_equal(shown(path)[1], decode(path))


def test_sixteen_bits_are_rounded_to_eight(tmp_path):
    path = tmp_path / "a.png"
    values = GENERATOR.integers(0, 65536, (24, 40), dtype=np.uint16)
    values[0, :4] = (0, 128, 129, 65535)
    Image.fromarray(values).save(path)
    expected = np.rint(values / 257).astype(np.uint8)
    assert np.array_equal(shown(path)[1], np.repeat(expected[..., None], 3, axis=2))


@pytest.mark.parametrize("suffix", ["jpg", "webp", "tiff", "bmp"])
def test_other_formats_are_shown_as_they_are_judged(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    exif = Image.Exif()
    exif[0x010E] = "SuperSecretGAN 3"
    extra = {} if suffix == "bmp" else {"exif": exif}
    Image.fromarray(COLOUR).save(path, **extra)
    png, pixels = shown(path)
    assert np.array_equal(pixels, decode(path))
    assert b"SuperSecretGAN" not in png


def test_a_photograph_is_shown_the_right_way_up(tmp_path):
    path = tmp_path / "a.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(COLOUR).save(path, exif=exif)
    assert shown(path)[1].shape == (40, 24, 3)


@pytest.mark.parametrize(
    "content", [b"not an image at all, but some bytes", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n" + b"\xff" * 40]
)
def test_a_file_that_is_no_image_is_named(tmp_path, content):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(StudyError, match=r"a\.png"):
        shown_png(of_study(path))


def test_a_truncated_png_is_an_error_and_not_half_a_picture(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(COLOUR).save(path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(StudyError, match=r"a\.png"):
        shown_png(of_study(path))


def test_missing_images_are_named_with_the_reason(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(COLOUR).save(path)
    images = [of_study(path)]
    assert missing_images(images) == []
    path.write_bytes(path.read_bytes() + b"x")
    assert "has" in missing_images(images)[0]
    path.unlink()
    assert missing_images(images) == [f"{path} (No such file or directory)"]
