"""Files of formats that aren't read: the reason says what they are, and what to do."""

import io
import re
import tarfile
import zipfile
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from tests.unit.images.pictures import RGB

from fgresq.errors import ImageError
from fgresq.images.decode import decode

_NO_IMAGE = "isn't an image of a format that can be read"


def _packed(kind: str) -> bytes:
    out = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("a.png", b"x")
    elif kind == "tar":
        with tarfile.open(fileobj=out, mode="w") as archive:
            archive.addfile(tarfile.TarInfo("a.png"))
    else:
        np.save(out, RGB)
    return out.getvalue()


FILES = {
    "a.exr": (b"\x76\x2f\x31\x01\x02\0\0\0channels", "it is OpenEXR; its values have no white; tone-map it"),
    "a.hdr": (b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 9 +X 9\n", "it is Radiance HDR; its values have no white"),
    "a.pfm": (b"PF\n8 8\n-1.0\n" + bytes(768), "it is a colour PFM; its values have no white"),
    "a.heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "it is HEIC; convert it to PNG"),
    "a.heif": (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "it is HEIC; convert it to PNG"),
    "a.mp4": (b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41", "it is a video; save the frame to judge as PNG"),
    "a.cr3": (b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom", "it is the raw file of a camera; export it"),
    "a.jxl": (imagecodecs.jpegxl_encode(RGB), "it is JPEG XL; convert it to PNG"),
    "a.jxr": (imagecodecs.jpegxr_encode(RGB), "it is JPEG XR; convert it to PNG"),
    "a.qoi": (imagecodecs.qoi_encode(RGB), "it is QOI; convert it to PNG"),
    "a.npy": (_packed("npy"), "it is a NumPy array; save it as PNG, or pass the array in Python"),
    "a.zip": (_packed("zip"), "it is a ZIP archive"),
    "a.tar": (_packed("tar"), "it is a tar archive; unpack it and name the images"),
    "a.gz": (b"\x1f\x8b\x08\0\0\0\0\0", "it is packed by gzip; unpack it"),
    "a.psd": (b"8BPS\0\x01\0\0\0\0\0\0\0\x03", "it is a Photoshop document; export it"),
    "a.pdf": (b"%PDF-1.7\n1 0 obj\n", "it is a PDF document; export it"),
    "a.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "it is PostScript, which is a program"),
    "a.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "it is SVG; draw it as PNG"),
    "a.pam": (b"P7\nWIDTH 8\nHEIGHT 8\nDEPTH 3\nMAXVAL 255\nENDHDR\n" + bytes(192), "it is a PAM; convert it to PNG"),
    "a.dcm": (bytes(128) + b"DICM" + bytes(40), "it is DICOM; export it"),
    "page.jpg": (b"<!DOCTYPE html><html><body>404</body></html>", "it is a web page; download the image itself"),
    "pointer.png": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "it is a pointer of Git LFS; fetch"),
    "words.png": (b"not an image\n", r"\(PNG, JPEG, TIFF, WebP, BMP, GIF, PNM, AVIF and JPEG 2000 can\)"),
}


@pytest.mark.parametrize("name", FILES)
def test_what_else_a_file_is(tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str) -> None:
    content, reason = FILES[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImageError, match=reason) as caught:
        decode(tmp_path / name)
    assert caught.value.reason.startswith(_NO_IMAGE)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(40), "PNG"),
        ("a.jpg", b"\xff\xd8\xff\xe0" + bytes(40), "JPEG"),
        ("a.gif", b"GIF89a" + bytes(4), "GIF"),
        ("a.bmp", b"BM" + bytes(60), "BMP"),
        ("a.webp", b"RIFF\x20\0\0\0WEBPVP8L" + bytes(20), "WEBP"),
        ("a.avif", b"\0\0\0\x18ftypavif\0\0\0\0mif1avif", "AVIF"),
        ("a.jp2", b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(20), "JPEG2000"),
        ("a.ppm", b"P6\n8 8\n70000\n" + bytes(200), "PPM"),
        ("a.dng", b"IIRO\x08\0\0\0", None),
    ],
)
def test_a_damaged_file_is_named_by_its_format(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, content: bytes, kind: str | None
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImageError) as caught:
        decode(tmp_path / name)
    expected = (
        rf"can't be read as ({kind}|an image) \(\w.*\)" if kind else f"{_NO_IMAGE}: it is the raw file of a camera.*"
    )
    assert re.fullmatch(expected, caught.value.reason), caught.value.reason
    assert capfd.readouterr() == ("", "")
