"""Image files: what is read, bit for bit, and what is refused, with the reason."""

import os
import struct
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePath

import numpy as np
import pytest
import tifffile
from PIL import Image
from tests.unit.images.pictures import (
    ALPHA,
    DEEP,
    ORIENTATION,
    READ,
    REFUSED,
    RGB,
    SMOOTH,
    Pixels,
    deep_png,
    exif,
    grey,
    png_chunk,
    upright,
)

import fgresq.images.decode
from fgresq.errors import ImageError
from fgresq.images.arrays import MIN_SIDE
from fgresq.images.decode import decode, decode_opened, holds_alpha, printable


def assert_same(pixels: Pixels, expected: Pixels) -> None:
    assert pixels.dtype == expected.dtype
    assert pixels.flags.c_contiguous
    np.testing.assert_array_equal(pixels, expected)


@pytest.mark.parametrize("name", READ)
def test_what_is_read(tmp_path: Path, name: str) -> None:
    expected = READ[name](tmp_path / name)
    assert_same(decode(tmp_path / name), expected)


def test_a_path_may_be_a_string(tmp_path: Path) -> None:
    name = next(iter(READ))
    expected = READ[name](tmp_path / name)
    for path in (str(tmp_path / name), PurePath(tmp_path / name)):
        assert_same(decode(path), expected)
    with pytest.raises(ImageError, match="no such file") as caught:
        decode(str(tmp_path / "gone.png"))
    assert caught.value.name == str(tmp_path / "gone.png")


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str) -> None:
    write, reason = REFUSED[name]
    write(tmp_path / name)
    with pytest.raises(ImageError, match=reason) as caught:
        decode(tmp_path / name)
    assert caught.value.name == str(tmp_path / name)
    assert "\n" not in caught.value.reason
    assert capfd.readouterr() == ("", "")  # the readers' own complaints, written by C code, included


@pytest.mark.parametrize("name", READ)
def test_which_files_have_alpha(tmp_path: Path, name: str) -> None:
    READ[name](tmp_path / name)
    assert holds_alpha(tmp_path / name) == any(word in name for word in ("alpha", "hole"))


@pytest.mark.parametrize("address", ["https://x.org/a.png", Path("https://x.org/a.png"), "s3://bucket/a.png"])
def test_an_address_is_no_file(address: str | Path) -> None:
    with pytest.raises(ImageError, match="no such file; addresses on the web aren't read: download it first"):
        decode(address)


def test_what_cannot_be_read_has_no_alpha(tmp_path: Path) -> None:
    REFUSED["text.png"][0](tmp_path / "text.png")
    assert not holds_alpha(tmp_path / "text.png")
    assert not holds_alpha(tmp_path / "gone.png")
    assert not holds_alpha(tmp_path)
    os.mkfifo(tmp_path / "pipe.png")  # which would be waited for
    assert not holds_alpha(tmp_path / "pipe.png")


def test_lossy_cmyk_and_rgb_keep_their_colours(tmp_path: Path) -> None:
    picture = Image.fromarray(SMOOTH)
    picture.save(tmp_path / "rgb.jpg", quality=95)
    picture.convert("CMYK").save(tmp_path / "cmyk.jpg", quality=95)
    picture.save(tmp_path / "lossy.webp", quality=95)
    picture.save(tmp_path / "lossy.avif", quality=95)
    for path in sorted(tmp_path.iterdir()):
        off = decode(path).astype(int) - SMOOTH
        assert np.abs(off).mean() < 4, path.name


def test_the_content_decides_not_the_suffix(tmp_path: Path) -> None:
    Image.fromarray(RGB).save(tmp_path / "a.jpg", "PNG")
    assert_same(decode(tmp_path / "a.jpg"), RGB)
    Image.fromarray(SMOOTH).save(tmp_path / "really.jpg")
    (tmp_path / "really.jpg").rename(tmp_path / "named.png")
    assert_same(decode(tmp_path / "named.png"), np.asarray(Image.open(tmp_path / "named.png").convert("RGB")))


def test_the_first_picture_of_a_phone_s_jpeg(tmp_path: Path) -> None:
    first, second = Image.fromarray(SMOOTH), Image.new("RGB", (8, 8))
    first.save(tmp_path / "alone.jpg")
    first.save(tmp_path / "phone.jpg", "MPO", save_all=True, append_images=[second])
    with Image.open(tmp_path / "phone.jpg") as opened:
        assert (opened.format, opened.n_frames) == ("MPO", 2)
    assert_same(decode(tmp_path / "phone.jpg"), decode(tmp_path / "alone.jpg"))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_once(tmp_path: Path, orientation: int) -> None:
    block, picture = exif(orientation), Image.fromarray(RGB)
    picture.save(tmp_path / "a.png", exif=block)
    picture.save(tmp_path / "a.webp", exif=block, lossless=True)
    picture.save(tmp_path / "raw.tif", exif=block)
    picture.save(tmp_path / "packed.tif", exif=block, compression="tiff_lzw")
    for path in sorted(tmp_path.iterdir()):
        assert_same(decode(path), upright(RGB, orientation))
        with Image.open(path) as opened:
            assert_same(decode_opened(opened, "opened"), upright(RGB, orientation))
    picture.save(tmp_path / "plain.jpg")
    picture.save(tmp_path / "turned.jpg", exif=block)
    assert_same(decode(tmp_path / "turned.jpg"), upright(decode(tmp_path / "plain.jpg"), orientation))
    deep = DEEP[..., :3]
    (tmp_path / "deep.png").write_bytes(deep_png(deep, 2, png_chunk(b"eXIf", block.tobytes()[6:])))
    tifffile.imwrite(
        tmp_path / "deep.tif",
        deep,
        photometric="rgb",
        metadata=None,
        extratags=[(ORIENTATION, 3, 1, orientation, True)],
    )
    assert_same(decode(tmp_path / "deep.png"), upright(deep, orientation))
    assert_same(decode(tmp_path / "deep.tif"), upright(deep, orientation))


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda block: b"Exif\0\0garbage",
        lambda block: block[:14],
        lambda block: block[:-20],
        lambda block: block[:14] + b"\xff\xff\xff\xff" + block[18:],
        lambda block: b"Exif\0\0",
    ],
)
def test_damaged_exif_does_not_damage_the_picture(
    tmp_path: Path, suffix: str, damage: Callable[[bytes], bytes]
) -> None:
    Image.fromarray(RGB).save(tmp_path / f"plain.{suffix}")
    Image.fromarray(RGB).save(tmp_path / f"damaged.{suffix}", exif=damage(exif(3).tobytes()))
    pixels = decode(tmp_path / f"damaged.{suffix}")
    plain = decode(tmp_path / f"plain.{suffix}")
    # An orientation that stands before the damage may still be read.
    assert any(np.array_equal(pixels, upright(plain, orientation)) for orientation in (1, 3))


def test_what_is_not_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "link.png").symlink_to(tmp_path / "gone.png")
    (tmp_path / "file.png").touch()
    reasons = {
        tmp_path: "is a folder; an image file is needed here",
        tmp_path / "gone.png": "no such file",
        tmp_path / "link.png": "no such file",
        tmp_path / "file.png" / "in it.png": "can't be opened (Not a directory)",
        tmp_path / ("a" * 300): "can't be opened (File name too long)",
        tmp_path / "nul\0.png": "can't be opened (embedded null byte)",
        tmp_path / "pipe.png": "is not a regular file",
        Path("/dev/zero"): "is not a regular file",
    }
    for path, reason in reasons.items():
        with pytest.raises(ImageError) as caught:
            decode(path)
        assert caught.value.reason == reason, path


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"two\nlines.png", "two\nlines.png"),
        ("Größe 大.png".encode(), "Größe 大.png"),
        (b"latin \xfcber.png", "latin \\xfcber.png"),
        (b"[a]*?{b}.png", "[a]*?{b}.png"),
        (b"-o.png", "-o.png"),
    ],
)
def test_names(tmp_path: Path, name: bytes, shown: str) -> None:
    path = tmp_path / os.fsdecode(name)
    Image.fromarray(RGB).save(path, "PNG")
    assert_same(decode(path), RGB)
    assert printable(path) == f"{tmp_path}/{shown}"
    printable(path).encode("utf-8")
    path.write_bytes(b"")
    with pytest.raises(ImageError) as caught:
        decode(path)
    assert caught.value.name == f"{tmp_path}/{shown}"


@pytest.mark.parametrize("size", [(20_000, 10), (10, 20_000), (MIN_SIDE, MIN_SIDE)])
def test_odd_sizes(tmp_path: Path, size: tuple[int, int]) -> None:
    picture = Image.linear_gradient("L").resize(size)
    picture.save(tmp_path / "a.png")
    assert_same(decode(tmp_path / "a.png"), grey(np.asarray(picture)))


def test_a_hundred_megapixels(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    Image.new("1", (10_000, 10_000), 1).save(path, compress_level=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with Image.open(path) as opened:  # not Pillow's limit, which is lower, decides
            assert opened.size[0] * opened.size[1] > Image.MAX_IMAGE_PIXELS
    pixels = decode(path)
    assert pixels.shape == (10_000, 10_000, 3)
    assert (pixels[::999, ::999] == 255).all()


def test_a_damaged_size_is_not_filled_with_black(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", RGB, photometric="rgb", metadata=None)
    content = (tmp_path / "a.tif").read_bytes()
    height = struct.pack("<HHII", 257, 4, 1, len(RGB))
    assert height in content
    (tmp_path / "a.tif").write_bytes(content.replace(height, struct.pack("<HHII", 257, 4, 1, 2 * len(RGB))))
    with pytest.raises(ImageError, match="holds a part only of its 32x48 pixels"):
        decode(tmp_path / "a.tif")


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "bmp", "gif", "tif", "ppm", "avif"])
def test_a_file_that_ends_early_never_gives_other_pixels(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(SMOOTH).save(path)
    content, expected = path.read_bytes(), decode(path)
    for length in range(1, len(content), 1 + len(content) // 150):
        path.write_bytes(content[:length])
        if length < 0.8 * len(content):
            with pytest.raises(ImageError):
                decode(path)
            continue
        try:
            pixels = decode(path)
        except ImageError:
            continue
        assert_same(pixels, expected)  # only what follows the pixels is lost


def test_threads_leave_the_process_s_settings_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)  # Pillow would refuse every picture
    paths = [tmp_path / f"{index}.png" for index in range(40)]
    for index, path in enumerate(paths):
        Image.fromarray(RGB).save(path, exif=b"Exif\0\0" + bytes(index) if index % 3 else exif(1))
    filters = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        for pixels in pool.map(decode, paths * 5):
            assert_same(pixels, RGB)
    assert Image.MAX_IMAGE_PIXELS == 100
    assert warnings.filters == filters
    with pytest.raises(Image.DecompressionBombError):
        Image.open(paths[0])


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_one_opened_picture_may_be_read_by_several_threads(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(np.tile(RGB, (20, 20, 1))).save(path)
    expected = decode(path)
    for _ in range(5):
        with Image.open(path) as opened, ThreadPoolExecutor(4) as pool:
            for pixels in pool.map(lambda _, opened=opened: decode_opened(opened, "opened"), range(4)):
                assert_same(pixels, expected)


@pytest.mark.parametrize(
    ("mode", "dtype"),
    [
        *((mode, np.uint8) for mode in ("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX")),
        *((mode, np.uint8) for mode in ("CMYK", "YCbCr", "LAB", "HSV")),
        *((mode, np.uint16) for mode in ("I", "I;16", "I;16B")),
        ("F", np.float32),
    ],
)
def test_every_kind_of_picture_made_with_pillow(mode: str, dtype: type) -> None:
    pixels = decode_opened(Image.new(mode, (16, 12)), "made")
    assert (pixels.shape, pixels.dtype) == ((12, 16, 3), dtype)


def test_an_opened_picture_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="made: is 3x4 pixels"):
        decode_opened(Image.new("RGB", (3, 4)), "made")
    Image.fromarray(ALPHA).save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as closed:
        pass
    with pytest.raises(ImageError, match="closed: can't be read as an image"):
        decode_opened(closed, "closed")
    REFUSED["cut.png"][0](tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as cut, pytest.raises(ImageError, match="truncated"):
        decode_opened(cut, "cut")


def test_too_little_memory_is_the_picture_s_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    Image.fromarray(RGB).save(tmp_path / "a.png")
    monkeypatch.setattr(fgresq.images.decode, "as_rgb", fail)
    with pytest.raises(ImageError, match="not enough memory to decode it"):
        decode(tmp_path / "a.png")
