"""Visual information fidelity, in the wavelet domain: how much of what an eye sees of the reference is left.

The filters are those of the steerable pyramid of matlabPyrTools, `sp5Filters`, as its Python version pyrtools has them
(MIT License; see NOTICE). Two of its six orientations are looked at, as in the authors' program `vifvec`.
"""

from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from jaxtyping import Float64

from fgresq.errors import UserError
from fgresq.metrics.base import MetricCard, Picture, Reference, check_picture, check_same_size
from fgresq.metrics.luma import Plane
from fgresq.metrics.natural_scenes.planes import grey_levels

CARD = MetricCard(
    name="vif",
    title="VIF",
    full_reference=True,
    higher_is_better=True,
    lowest=0.0,
    highest=None,
    least_side=65,
    licence="Apache-2.0; filters of pyrtools: MIT",
    notes=("In the wavelet domain; the simpler version in the pixel domain (VIFp) gives other numbers.",),
    citation="H. R. Sheikh, A. C. Bovik, 'Image information and visual quality', IEEE Transactions on Image "
    "Processing 2006",
)

_Band: TypeAlias = Float64[np.ndarray, "_ _"]  # of any size: each level halves it

_LEVELS = 4
_BLOCK = 3  # a vector is 3x3 coefficients of a band
_PLACES = [(row, column) for column in range(_BLOCK) for row in range(_BLOCK)]
_ROWS = 64
_NOISE = 0.4  # variance of the eye's, on levels of 0 to 255
_TINY = 1e-15


def _symmetric(quarter: list[list[float]], sign: int = 1) -> Float64[np.ndarray, "k k"]:
    """The whole of a filter from its upper left quarter; `sign` is that of its right half."""
    half = np.array(quarter)
    upper = np.concatenate([half, sign * half[:, -2::-1]], axis=1)
    return np.concatenate([upper, upper[-2::-1]], axis=0)


_FIRST_LOW = _symmetric(
    [
        [0.00341614, -0.01551246, -0.03848215],
        [-0.01551246, 0.05586982, 0.1592557],
        [-0.03848215, 0.1592557, 0.40304148],
    ]
)
_LOW = _symmetric(
    [
        [0.00170808, -0.00489834, -0.00775624, -0.01888864, -0.01924108],
        [-0.00489834, -0.01046562, -0.01322234, 0.008212, 0.02005976],
        [-0.00775624, -0.01322234, 0.02793492, 0.06554076, 0.07962786],
        [-0.01888864, 0.008212, 0.06554076, 0.12852666, 0.16339236],
        [-0.01924108, 0.02005976, 0.07962786, 0.16339236, 0.2019308],
    ]
)
_BAND = _symmetric(
    [
        [0.00277643, -0.00986904, -0.01021852, 0.0],
        [0.00496194, -0.00893064, -0.03075356, 0.0],
        [0.01026699, 0.01189859, -0.08226445, 0.0],
        [0.01455399, 0.02755155, -0.11732297, 0.0],
    ],
    sign=-1,
)


class _Channel(NamedTuple):
    """What happened to the blocks of a band on the way to the picture: y = gain x + noise, as far as one can tell."""

    gain: Float64[np.ndarray, "bh bw"]
    noise: Float64[np.ndarray, "bh bw"]


def vif(image: Picture, reference: Reference) -> float:
    """Information about the reference in the picture, as a share of that in the reference itself.

    VIF = sum log2(1 + g^2 s l / (v + n)) / sum log2(1 + s l / n), over bands, blocks and eigenvalues: l those of the
    covariance of 3x3 coefficients of the reference's band, s the block's strength, g gain and v residual variance of
    the picture's band regressed on the reference's around the block, n = 0.4 the eye's noise. Seen are whole grey
    levels of 0 to 255.

    Args:
        image, reference: RGB or grey in [0, 1], of one size, at least 65x65. It isn't symmetric.

    Returns:
        At least 0, 1 for equal pictures up to rounding, more than 1 where contrast was added to the reference.

    Raises:
        UserError: no pictures (`check_picture`), too small, two sizes, or a reference without any detail.

    Reference: Sheikh, Bovik (2006), eq. 3 to 14; the authors' `vifvec`.
    """
    check_picture(image, CARD.least_side)
    check_picture(reference, CARD.least_side)
    check_same_size(image, reference)
    kept = whole = 0.0
    for level, pairs in enumerate(zip(_bands(grey_levels(reference)), _bands(grey_levels(image)), strict=True)):
        window = 2 ** (_LEVELS - level) + 1
        edge = -(-(window // 2) // _BLOCK)  # blocks whose window reaches beyond the border
        for x, y in zip(*pairs, strict=True):
            strength, eigenvalues = _field(x)
            inner = (slice(edge, -edge), slice(edge, -edge))
            gain, noise = (each[inner] for each in _channel(x, y, window))
            sent = strength[inner] / _NOISE
            received = gain * gain * strength[inner] / (noise + _NOISE)
            for eigenvalue in eigenvalues:
                kept += float(np.log1p(eigenvalue * received).sum())
                whole += float(np.log1p(eigenvalue * sent).sum())
    if whole == 0:
        raise UserError("the reference has no detail, so there is no information of which VIF could be the share")
    return kept / whole


def _bands(levels: Plane) -> list[tuple[_Band, _Band]]:
    """Vertical and horizontal edges at four sizes, cut to whole blocks."""
    found = []
    low = _filtered(levels, _FIRST_LOW)
    for _ in range(_LEVELS):
        height, width = (side // _BLOCK * _BLOCK for side in low.shape)
        bands = [_filtered(low, each)[:height, :width] for each in (_BAND, _BAND.T)]
        found.append((np.ascontiguousarray(bands[0]), np.ascontiguousarray(bands[1])))
        low = np.ascontiguousarray(_filtered(low, _LOW)[::2, ::2])
    return found


def _filtered(plane: Plane, kernel: Float64[np.ndarray, "k k"]) -> Float64[np.ndarray, "h w"]:
    return np.asarray(cv2.filter2D(plane, cv2.CV_64F, kernel, borderType=cv2.BORDER_REFLECT_101))


def _channel(x: Plane, y: Plane, window: int) -> _Channel:
    """Regression of y on x in the window around the middle of each block."""

    def sums(plane: Plane) -> Float64[np.ndarray, "bh bw"]:
        full = cv2.boxFilter(plane, cv2.CV_64F, (window, window), normalize=False, borderType=cv2.BORDER_REFLECT_101)
        return np.asarray(full[_BLOCK // 2 :: _BLOCK, _BLOCK // 2 :: _BLOCK])

    count = window * window
    mean_x, mean_y = sums(x) / count, sums(y) / count
    covariance = sums(x * y) - count * mean_x * mean_y
    spread_x = np.maximum(sums(x * x) - count * mean_x * mean_x, 0)
    spread_y = np.maximum(sums(y * y) - count * mean_y * mean_y, 0)
    gain = covariance / (spread_x + _TINY)
    noise = (spread_y - gain * covariance) / count
    nothing_sent, nothing_came = spread_x < _TINY, spread_y < _TINY
    gain[nothing_sent | nothing_came] = 0
    noise[nothing_sent] = spread_y[nothing_sent]
    noise[nothing_came] = 0
    against = gain < 0
    noise[against] = spread_y[against]
    return _Channel(np.maximum(gain, 0), np.maximum(noise, _TINY))


def _field(band: Plane) -> tuple[Float64[np.ndarray, "bh bw"], Float64[np.ndarray, " k"]]:
    """Strength of each block and eigenvalues of the covariance of all blocks, overlapping ones too.

    s = t^T C^-1 t / 9 of a block's coefficients t. Directions without any variance (a picture of stripes has such)
    carry no information and are left out.
    """
    height, width = band.shape
    eigenvalues, directions = np.linalg.eigh(_covariance(band))
    there = eigenvalues > max(float(eigenvalues[-1]) * 1e-12, _TINY)
    blocks = np.stack([band[r::_BLOCK, c::_BLOCK].ravel() for r, c in _PLACES])
    projected = directions[:, there].T @ blocks
    strength = (projected * projected / eigenvalues[there, np.newaxis]).sum(axis=0) / len(_PLACES)
    return strength.reshape(height // _BLOCK, width // _BLOCK), eigenvalues[there]


def _covariance(band: Plane) -> Float64[np.ndarray, "k k"]:
    """Of all blocks of a band, summed over a few rows at a time: together they hold nine times the band."""
    height, width = (side - _BLOCK + 1 for side in band.shape)
    products, sums = np.zeros((len(_PLACES),) * 2), np.zeros(len(_PLACES))
    for top in range(0, height, _ROWS):
        bottom = min(top + _ROWS, height)
        blocks = np.stack([band[top + r : bottom + r, c : c + width].ravel() for r, c in _PLACES])
        products += blocks @ blocks.T
        sums += blocks.sum(axis=1)
    mean = sums / (height * width)
    return np.asarray(products / (height * width) - np.outer(mean, mean))
