"""The formats that are read, and why a file is of none of them: what else it is, or what is wrong with it."""

import struct
from collections.abc import Callable, Mapping
from pathlib import Path

from PIL import Image

from fgresq.images import tiff

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "DIB", "GIF", "PPM", "JPEG2000", "AVIF")
"""Pillow's names of those that are read; none of them runs a program, as PostScript would."""

_UNKNOWN = "isn't an image of a format that can be read (PNG, JPEG, TIFF, WebP, BMP, GIF, PNM, AVIF and JPEG 2000 can)"
_HEAD = 512
_LEFT_OUT = "isn't an image of a format that can be read: it is "
_CONVERT = "convert it to PNG"
_EXPORT = "export it as PNG, TIFF or JPEG"
_TONE_MAP = "its values have no white; tone-map it to PNG or TIFF"

# What the first bytes of other files are, and what to do.
_FOREIGN: Mapping[bytes, tuple[str, str]] = {
    b"\x76\x2f\x31\x01": ("OpenEXR", _TONE_MAP),
    b"#?RADIANCE": ("Radiance HDR", _TONE_MAP),
    b"#?RGBE": ("Radiance HDR", _TONE_MAP),
    b"PF\n": ("a colour PFM", _TONE_MAP),
    b"\x93NUMPY": ("a NumPy array", "save it as PNG, or pass the array in Python"),
    b"PK\x03\x04": ("a ZIP archive (or NPZ, a document)", "unpack it and name the images"),
    b"\x1f\x8b": ("packed by gzip", "unpack it"),
    b"BZh": ("packed by bzip2", "unpack it"),
    b"\xfd7zXZ\0": ("packed by xz", "unpack it"),
    b"\x28\xb5\x2f\xfd": ("packed by Zstandard", "unpack it"),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", "unpack it and name the images"),
    b"Rar!": ("a RAR archive", "unpack it and name the images"),
    b"8BPS": ("a Photoshop document", _EXPORT),
    b"gimp xcf": ("a GIMP document", _EXPORT),
    b"%PDF": ("a PDF document", _EXPORT),
    b"%!PS": ("PostScript, which is a program", _EXPORT),
    b"\xff\x0a": ("JPEG XL", _CONVERT),
    b"\0\0\0\x0cJXL ": ("JPEG XL", _CONVERT),
    b"II\xbc\x01": ("JPEG XR", _CONVERT),
    b"\xff\xd8\xff\xf7": ("JPEG-LS", _CONVERT),
    b"qoif": ("QOI", _CONVERT),
    b"P7\n": ("a PAM", "convert it to PNG or PPM"),
    b"\0\0\x01\0": ("an icon (ICO)", _CONVERT),
    b"DDS ": ("a DirectDraw texture (DDS)", _CONVERT),
    b"\x01\xda": ("an SGI image", _CONVERT),
    b"BPG\xfb": ("BPG", _CONVERT),
    b"FLIF": ("FLIF", _CONVERT),
    b"AT&TFORM": ("DjVu", _CONVERT),
    b"SIMPLE  =": ("FITS", _CONVERT),
    b"\x89HDF": ("HDF5", "save its pictures as PNG"),
    b"FUJIFILMCCD-RAW": ("the raw file of a camera", _EXPORT),
    b"IIRO": ("the raw file of a camera", _EXPORT),
    b"IIRS": ("the raw file of a camera", _EXPORT),
    b"IIU\0": ("the raw file of a camera", _EXPORT),
    b"\x1aE\xdf\xa3": ("a video", "save the frame to judge as PNG"),
    b"version https://git-lfs": ("a pointer of Git LFS", "fetch the file with git lfs pull"),
    b"<svg": ("SVG", "draw it as PNG"),
    b"<?xml": ("XML or SVG", "draw it as PNG"),
    b"<!DOCTYPE": ("a web page", "download the image itself"),
    b"<!doctype": ("a web page", "download the image itself"),
    b"<html": ("a web page", "download the image itself"),
}
_BRANDS: Mapping[bytes, tuple[str, str]] = {  # of files that begin with a box `ftyp`
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"), ("HEIC", _CONVERT)),
    b"crx ": ("the raw file of a camera", _EXPORT),
}
_VIDEO = ("a video", "save the frame to judge as PNG")
# Formats that are read, by their first bytes: then the file is damaged, or of a kind that Pillow lacks.
_OWN: Mapping[bytes, str] = {
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"\0\0\0\x0cjP  ": "JPEG2000",
    b"\xff\x4f\xff\x51": "JPEG2000",
    **{b"P%d" % number: "PPM" for number in range(1, 7)},
}
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def why_unreadable(path: Path) -> str:
    """Why Pillow doesn't know a file's format, and what to do about it."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    for start, (what, advice) in _FOREIGN.items():
        if head.startswith(start):
            return f"{_LEFT_OUT}{what}; {advice}"
    if head[4:8] == b"ftyp" and head[8:12] not in (b"avif", b"avis"):
        what, advice = _BRANDS.get(head[8:12], _VIDEO)
        return f"{_LEFT_OUT}{what}; {advice}"
    if head[128:132] == b"DICM":
        return f"{_LEFT_OUT}DICOM; {_EXPORT}"
    if head[257:262] == b"ustar":
        return f"{_LEFT_OUT}a tar archive; unpack it and name the images"
    if head.startswith(_TIFF):
        return tiff.why_unreadable(path)
    own = next((name for start, name in _OWN.items() if head.startswith(start)), None)
    if own is None and head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        own = "WEBP"
    if own is None and head[4:8] == b"ftyp":
        own = "AVIF"
    return f"can't be read as {own} ({_complaint(own, path)})" if own else _UNKNOWN


def _complaint(format_name: str, path: Path) -> str:
    """What the format's own reader says, which `Image.open` keeps to itself."""
    Image.preinit()
    if format_name not in Image.OPEN:
        Image.init()
    opener: Callable[..., Image.Image] = Image.OPEN[format_name][0]
    try:
        opener(path).close()
    except (SyntaxError, OSError, ValueError, LookupError, TypeError, EOFError, struct.error) as error:
        return (str(error).splitlines() or [type(error).__name__])[0]
    return "it is damaged"
