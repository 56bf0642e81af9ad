"""Whatever is in a file or an array: a valid picture comes out, or an `ImageError`, and nothing else."""

import io
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray
from PIL import Image
from tests.unit.images.pictures import DEEP, deep_png, exif

import fgresq.images.decode
from fgresq.errors import ImageError
from fgresq.images.arrays import MIN_SIDE, as_rgb
from fgresq.images.decode import decode, printable
from fgresq.images.preprocessing import Resized

_DRAW = np.random.default_rng(5)
_PICTURE = Image.fromarray(_DRAW.integers(0, 256, (12, 16, 3), dtype=np.uint8))
_FORMATS: Mapping[str, Mapping[str, object]] = {
    "PNG": {"exif": exif(6)},
    "JPEG": {"exif": exif(6)},
    "WEBP": {"exif": exif(6)},
    "TIFF": {"exif": exif(6)},
    "BMP": {},
    "GIF": {},
    "PPM": {},
    "JPEG2000": {},
    "AVIF": {"exif": exif(6).tobytes()},
}


def _written(form: str) -> bytes:
    buffer = io.BytesIO()
    _PICTURE.save(buffer, form, **_FORMATS[form])
    return buffer.getvalue()


VALID = {form: _written(form) for form in _FORMATS} | {"PNG of 16 bits": deep_png(DEEP[:12, :16, :3], 2)}


@st.composite
def damaged(draw: st.DrawFn, form: str) -> bytes:
    """A valid file with some bytes changed, some put in or taken out, perhaps cut."""
    content = bytearray(VALID[form])
    # Half of the damage hits the header, where sizes and offsets are.
    places = st.integers(0, len(content) - 1) | st.integers(0, min(100, len(content) - 1))
    for place in draw(st.lists(places, max_size=4)):
        content[place] ^= draw(st.integers(1, 255))
    if draw(st.booleans()):
        place = draw(places)
        content[place : place + draw(st.integers(0, 4))] = draw(st.binary(max_size=4))
    return bytes(content[: draw(st.integers(0, len(content)))] if draw(st.booleans()) else content)


def assert_picture(pixels: NDArray[np.generic]) -> None:
    assert pixels.dtype in (np.uint8, np.uint16, np.float32)
    assert pixels.ndim == 3
    assert pixels.shape[2] == 3
    assert min(pixels.shape[:2]) >= MIN_SIDE
    if pixels.dtype == np.float32:
        assert pixels.min() >= 0
        assert pixels.max() <= 1


def decoded(path: Path) -> NDArray[np.generic] | ImageError:
    try:
        return decode(path)
    except ImageError as error:
        return error


@pytest.mark.parametrize("form", VALID)
def test_damaged_files(form: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("damaged") / "a.png"

    @settings(max_examples=150, deadline=None)
    @given(damaged(form))
    def check(content: bytes) -> None:
        path.write_bytes(content)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fgresq.images.decode, "MAX_PIXELS", 10**6)  # a damaged size may ask for gigabytes
            outcome = decoded(path)
        if isinstance(outcome, ImageError):
            assert outcome.reason.isprintable()
            assert str(outcome) == f"{path}: {outcome.reason}"
        else:
            assert outcome.flags.c_contiguous
            assert_picture(outcome)

    check()


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any bytes"
    path.write_bytes(content)
    with pytest.raises(ImageError):
        decode(path)


DTYPES = (
    npst.boolean_dtypes()
    | npst.integer_dtypes(endianness="?")
    | npst.unsigned_integer_dtypes(endianness="?")
    | npst.floating_dtypes(endianness="?")
    | npst.complex_number_dtypes(endianness="?")
)
SHAPES = npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=12) | st.tuples(
    st.integers(7, 20), st.integers(7, 20), st.sampled_from([1, 3, 4])
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_array(data: st.DataObject) -> None:
    array = data.draw(npst.arrays(data.draw(DTYPES), data.draw(SHAPES)))
    try:
        rgb = as_rgb(array, "it")
    except ImageError:
        return
    assert_picture(rgb)
    crop = Resized()(rgb)
    assert crop.shape == (224, 224, 3)
    assert np.isfinite(crop).all()


@settings(max_examples=100, deadline=None)
@given(
    npst.arrays(np.uint8, st.tuples(st.integers(8, 60), st.integers(8, 60), st.just(3))),
    st.integers(8, 64),
    st.integers(0, 40),
)
def test_a_crop_stays_within_the_picture_s_values(image: NDArray[np.uint8], crop: int, border: int) -> None:
    result = Resized(resize=crop + border, crop=crop)(image)
    assert result.shape == (crop, crop, 3)
    assert image.min() <= result.min()
    assert result.max() <= image.max()


@given(st.binary(min_size=1, max_size=50).filter(lambda name: b"\0" not in name))
def test_every_name_can_be_written_down(name: bytes) -> None:
    shown = printable(Path(os.fsdecode(name)))
    assert shown.encode("utf-8").decode("utf-8") == shown
