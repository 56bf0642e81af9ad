"""SSIM, with what depends on one image alone computed once, however many images it is compared with.

A pair then costs one filtering, that of the product. Images are worked through in bands of rows, so that memory and
processor caches hold the moments of all images of a content.

float64 is the reference. Where a picture is flat and bright the variance is a small difference of large numbers, and
float32 shows it: in 2,400 comparisons of photographs and crops it differed by 1e-7 in the median, 1e-5 in one of a
hundred and 9e-5 at most; on wholly flat pictures it differs by up to 3e-4 (`tests/reference/test_ssim.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, Float64, Int
from numpy.typing import DTypeLike

from fgresq.errors import UserError
from fgresq.metrics.base import Picture, Reference, check_picture, check_same_size
from fgresq.metrics.luma import grey, studio_luma

WINDOW, SIGMA = 11, 1.5
_C1, _C2 = 0.01**2, 0.03**2
_BORDER = WINDOW // 2
_MATLAB_SIDE = 256
# A band of about 32,768 pixels of every plane stays in the second-level cache; at 64 rows the 10 that bands share cost
# a seventh.
_BAND_PIXELS, _BAND_ROWS = 2**15, 64


@dataclass(frozen=True, slots=True)
class _Moments:
    """What SSIM needs of one image, over the windows that lie inside it.

    Attributes:
        plane: the luma x, (H, W) in [0, 1].
        mean: E[x] over each window, (H - 10, W - 10).
        luminance: E[x]^2 + C1 / 2.
        contrast: E[x^2] - E[x]^2 + C2 / 2.
    """

    plane: Float[np.ndarray, "h w"]
    mean: Float[np.ndarray, "vh vw"]
    luminance: Float[np.ndarray, "vh vw"]
    contrast: Float[np.ndarray, "vh vw"]


def ssim(image: Picture, reference: Reference, *, matlab_downsampling: bool = False) -> float:
    """Structural similarity of two images, in float64.

    SSIM(x, y) = mean (2 E[x] E[y] + C1) (2 cov(x, y) + C2) / ((E[x]^2 + E[y]^2 + C1) (var x + var y + C2)) over the
    luma, under an 11x11 Gaussian window of sigma 1.5 wherever it lies inside; C1 = .01^2, C2 = .03^2 on [0, 1].

    Args:
        image, reference: RGB or grey in [0, 1], of one size, at least 11x11. It is symmetric, exactly.
        matlab_downsampling: shrink both first by max(1, round(min(H, W) / 256)), as the authors' later `ssim.m` does.

    Returns:
        At most 1, which two equal images reach exactly; below 0 where structures are opposed.

    Raises:
        UserError: the sizes differ, an image is too small or no picture (`check_picture`).

    Reference: Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error visibility to structural
    similarity", IEEE TIP 2004, eq. 13 to 17.
    """
    planes = [grey_plane(image, np.float64), grey_plane(reference, np.float64)]
    if matlab_downsampling:
        planes = [matlab_downsampled(plane) for plane in planes]
    return float(ssim_of_pairs(planes, np.array([[0, 1]]))[0])


def ssim_y(image: Picture, reference: Reference) -> float:
    """SSIM of the Y of MATLAB's `rgb2ycbcr`, rounded to bytes, as super-resolution papers report it.

    As `ssim`, on Y of `studio_luma`. Papers cut a border of as many pixels as the scale off first.

    Args:
        image, reference: RGB or grey in [0, 1], of one size, at least 11x11.

    Returns:
        At most 1.

    Raises:
        UserError: the sizes differ, an image is too small or no picture (`check_picture`).

    Reference: Wang et al., IEEE TIP 2004; ITU-R BT.601-7 (2011), section 2.5.
    """
    for each in (image, reference):
        check_picture(each, WINDOW)
    check_same_size(image, reference)
    planes = [studio_luma(image), studio_luma(reference)]
    return float(ssim_of_pairs(planes, np.array([[0, 1]]))[0])


def grey_plane(image: Picture, dtype: DTypeLike = np.float32) -> Float[np.ndarray, "h w"]:
    """The plane that SSIM looks at: the luma.

    Args:
        image: RGB or grey in [0, 1].
        dtype: float32 or float64, the precision of all that follows.

    Returns:
        (H, W) in [0, 1].

    Raises:
        UserError: the image is under 11x11 or no picture (`check_picture`).
    """
    return np.ascontiguousarray(grey(image, WINDOW), dtype=dtype)


def matlab_downsampled(plane: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "h3 w3"]:
    """Shrink a plane as the authors' later `ssim.m` does.

    Every f-th pixel of the f x f mean, f = max(1, round(min(H, W) / 256)), halves rounded up. The window of an even f
    reaches one pixel further down and to the right; the plane is mirrored at its border.

    Args:
        plane: (H, W), any unit.

    Returns:
        About (H / f, W / f), in the same precision.

    Reference: Wang, `ssim.m`, revision of 2011.
    """
    factor = max(1, int(min(plane.shape) / _MATLAB_SIDE + 0.5))
    if factor == 1:
        return plane
    anchor = ((factor - 1) // 2,) * 2
    mean = cv2.blur(plane, (factor, factor), anchor=anchor, borderType=cv2.BORDER_REFLECT)
    return np.ascontiguousarray(mean[::factor, ::factor])


def ssim_of_pairs(
    planes: Sequence[Float[np.ndarray, "..."]], pairs: Int[np.ndarray, "n 2"]
) -> Float64[np.ndarray, " n"]:
    """SSIM of many pairs among images of one size; fastest when pairs are in order of their first image.

    Args:
        planes: of one size and precision, as `grey_plane` makes them.
        pairs: places in `planes`.

    Returns:
        One SSIM a pair, the same as alone.

    Raises:
        UserError: the sizes of two planes differ.
    """
    sums = np.zeros(len(pairs))
    if not len(pairs):
        return sums
    for plane in planes[1:]:
        _check_sizes(planes[0], plane)
    height, width = planes[0].shape
    rows = max(_BAND_ROWS, _BAND_PIXELS // width)
    places = pairs.tolist()
    for top in range(0, height - 2 * _BORDER, rows):
        band = [_moments(plane[top : top + rows + 2 * _BORDER]) for plane in planes]
        sums += [_sum(band[first], band[second]) for first, second in places]
    return np.asarray(sums / ((height - 2 * _BORDER) * (width - 2 * _BORDER)))


def _moments(plane: Float[np.ndarray, "h w"]) -> _Moments:
    kind = plane.dtype.type
    mean = _filtered(plane)
    square = mean * mean
    return _Moments(plane, mean, square + kind(_C1 / 2), _filtered(plane * plane) - square + kind(_C2 / 2))


def _sum(x: _Moments, y: _Moments) -> float:
    """The sum of the local similarities; in place, since at these sizes time goes into moving planes."""
    kind = x.mean.dtype.type
    means = x.mean * y.mean
    similarity = _filtered(x.plane * y.plane) - means
    similarity += similarity
    similarity += kind(_C2)
    means += means
    means += kind(_C1)
    similarity *= means
    spread = np.add(x.luminance, y.luminance, out=means)
    spread *= x.contrast + y.contrast
    similarity /= spread
    return float(similarity.sum(dtype=np.float64))


def _filtered(plane: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "vh vw"]:
    """Gaussian window, where it lies inside."""
    window = cv2.getGaussianKernel(WINDOW, SIGMA, cv2.CV_64F)
    filtered = cv2.sepFilter2D(plane, -1, window, window)
    return np.asarray(filtered[_BORDER:-_BORDER, _BORDER:-_BORDER])


def _check_sizes(x: Float[np.ndarray, "h w"], y: Float[np.ndarray, "h2 w2"]) -> None:
    if x.shape != y.shape:
        sizes = " and ".join(f"{plane.shape[1]}x{plane.shape[0]}" for plane in (x, y))
        raise UserError(f"SSIM compares images of one size, not {sizes} pixels; crop or resize one of them")
