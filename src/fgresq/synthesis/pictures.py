"""What every stage of synthesis works on: pictures, degraded pictures, and the filters that several stages use."""

from dataclasses import dataclass
from typing import TypeAlias, cast

import cv2
import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image as PillowImage

Picture: TypeAlias = Float32[np.ndarray, "h w 3"]
Plane: TypeAlias = Float32[np.ndarray, "h w"]
Low: TypeAlias = Float32[np.ndarray, "lh lw 3"]
Kernel: TypeAlias = Float32[np.ndarray, "kh kw"]

RESAMPLING = {
    "nearest": PillowImage.Resampling.NEAREST,
    "box": PillowImage.Resampling.BOX,
    "bilinear": PillowImage.Resampling.BILINEAR,
    "bicubic": PillowImage.Resampling.BICUBIC,
    "lanczos": PillowImage.Resampling.LANCZOS,
}
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Degraded:
    """A degraded picture, and what a restorer may know of how it came about.

    Attributes:
        image: RGB in [0, 1] at the pristine picture's size; a low resolution is shown by repeated pixels.
        psf: the blur that was applied, of odd sides, sum 1; None when there was none. Deconvolution is non-blind.
        low: RGB in [0, 1] of low resolution; None when the resolution wasn't reduced.
    """

    image: Picture
    psf: Kernel | None = None
    low: Low | None = None


def clip(image: Float32[np.ndarray, "h w *c"]) -> Float32[np.ndarray, "h w *c"]:
    """Values outside [0, 1] to its ends."""
    return np.asarray(np.clip(image, 0.0, 1.0), dtype=np.float32)


def to_bytes(image: Picture) -> UInt8[np.ndarray, "h w 3"]:
    """RGB in [0, 1] to 8 bits, rounded."""
    return np.asarray(np.rint(clip(image) * 255), dtype=np.uint8)


def from_bytes(pixels: UInt8[np.ndarray, "h w *c"]) -> Float32[np.ndarray, "h w *c"]:
    """8 bits to [0, 1]."""
    return pixels.astype(np.float32) / np.float32(255)


def rounded(image: Picture) -> Picture:
    """The picture as an 8-bit file holds it."""
    return from_bytes(to_bytes(image))


def luma(image: Picture) -> Plane:
    """Y of ITU-R BT.601, full range: .299 R + .587 G + .114 B."""
    return cv2.transform(image, _LUMA[np.newaxis]).reshape(image.shape[:2])


def with_luma(image: Picture, new: Plane) -> Picture:
    """The picture with its luma replaced, colour differences kept."""
    return clip(image + (new - luma(image))[..., np.newaxis])


def gaussian(image: Float32[np.ndarray, "h w *c"], sigma: float) -> Float32[np.ndarray, "h w *c"]:
    """Gaussian filter, the picture mirrored at its borders."""
    return cast("Picture", cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REFLECT))


def box(image: Float32[np.ndarray, "h w *c"], radius: int) -> Float32[np.ndarray, "h w *c"]:
    """Mean over a square of side 2 radius + 1."""
    side = 2 * radius + 1
    return cast("Picture", cv2.blur(image, (side, side), borderType=cv2.BORDER_REFLECT))


def convolve(image: Float32[np.ndarray, "h w *c"], psf: Kernel) -> Float32[np.ndarray, "h w *c"]:
    """Convolution with a kernel of odd sides, the picture mirrored at its borders."""
    return cast("Picture", cv2.filter2D(image, -1, np.flip(psf), borderType=cv2.BORDER_REFLECT))


def guided(
    image: Float32[np.ndarray, "h w *c"], guide: Plane, radius: int, epsilon: float
) -> Float32[np.ndarray, "h w *c"]:
    """Guided filter with a grey guide: locally, the output is an affine function of the guide.

    Reference: He, Sun, Tang, "Guided image filtering", ECCV 2010, eq. 5 to 8.
    """
    plane = guide if image.ndim == 2 else guide[..., np.newaxis]
    mean_guide, mean_image = box(guide, radius), box(image, radius)
    variance = box(guide * guide, radius) - mean_guide * mean_guide
    mean, spread = (mean_guide, variance) if image.ndim == 2 else (mean_guide[..., None], variance[..., None])
    slope = (box(plane * image, radius) - mean * mean_image) / (spread + np.float32(epsilon))
    offset = mean_image - slope * mean
    return np.asarray(box(slope, radius) * plane + box(offset, radius), dtype=np.float32)


def resize(image: Picture, size: tuple[int, int], filter_name: str) -> Float32[np.ndarray, "h2 w2 3"]:
    """Resample to (height, width) with a filter of `RESAMPLING`, widened for smaller pictures (antialiasing)."""
    method, (height, width) = RESAMPLING[filter_name], size
    planes = [
        np.asarray(PillowImage.fromarray(np.ascontiguousarray(image[..., c])).resize((width, height), method))
        for c in range(3)
    ]
    return np.stack(planes, axis=-1)


def jpeg(image: Picture, quality: int) -> Picture:
    """Encode as JPEG (4:2:0) and decode."""
    _, code = cv2.imencode(".jpg", to_bytes(image)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), dtype=np.uint8)
    return from_bytes(np.ascontiguousarray(decoded[..., ::-1]))


def noise_level(image: Picture) -> float:
    """Standard deviation of white noise in the luma, estimated.

    Median absolute value of the diagonal Haar coefficients / 0.6745, which edges hardly move.

    Reference: Donoho, Johnstone, "Ideal spatial adaptation by wavelet shrinkage", Biometrika 1994.
    """
    y = luma(image)
    y = y[: y.shape[0] // 2 * 2, : y.shape[1] // 2 * 2]
    diagonal = (y[::2, ::2] - y[1::2, ::2] - y[::2, 1::2] + y[1::2, 1::2]) / 2
    return float(np.median(np.abs(diagonal)) / 0.6745)


def smooth_noise(shape: tuple[int, int], cells: int, generator: np.random.Generator) -> Plane:
    """A smooth random map in [0, 1]: `cells` + 3 random values a side, cubic between them."""
    grid = generator.random((cells + 3, cells + 3), dtype=np.float32)
    height, width = shape
    full = cv2.resize(
        grid, (width * (cells + 3) // cells, height * (cells + 3) // cells), interpolation=cv2.INTER_CUBIC
    )
    top, left = (full.shape[0] - height) // 2, (full.shape[1] - width) // 2
    return clip(full[top : top + height, left : left + width])
