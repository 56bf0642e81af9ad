"""Log-Gabor filters in the frequency domain: three scales, four orientations."""

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import scipy.fft
from jaxtyping import Complex128, Float64

SCALES, ORIENTATIONS = 3, 4
# The paper leaves these to its program: the factor between wavelengths, the ratio that sets the bandwidth, and the
# distance of neighbouring orientations over the angular deviation.
_FACTOR, _BANDWIDTH, _OVERLAP = 1.31, 0.55, 1.10

Plane: TypeAlias = Float64[np.ndarray, "h w"]


def log_gabor_responses(plane: Plane, wavelength: float) -> Iterator[Complex128[np.ndarray, "h w"]]:
    """What a plane answers to each filter; the picture wraps round.

    exp(-ln(f / f_s)^2 / (2 ln(.55)^2)) exp(-d^2 / (2 t^2)) over the frequencies, f their distance from 0, f_s = 1 / (L
    1.31^s), d the angle to pi o / 4, t = pi / 4 / 1.10; 0 at f = 0.

    Args:
        plane: any unit.
        wavelength: L, of the finest scale, in pixels.

    Yields:
        Twelve, in the plane's unit: the orientations o of the finest scale, then those of the next. The real part is
        the response to the even filter, the imaginary part that to the odd one.

    Reference: Zhang, Zhang, Bovik (2015), eq. 15; P. Kovesi, "Image features from phase congruency", Videre 1999.
    """
    spectrum = scipy.fft.fft2(plane)
    for gain in _gains(*plane.shape, wavelength):
        yield scipy.fft.ifft2(gain * spectrum, overwrite_x=True)


@lru_cache(maxsize=4)
def _gains(height: int, width: int, wavelength: float) -> list[Plane]:
    across, down = np.meshgrid(scipy.fft.fftfreq(width), scipy.fft.fftfreq(height))
    distance, angle = np.hypot(across, down), np.arctan2(-down, across)
    distance[0, 0] = 1  # ln 0; set to 0 below
    spreads = []
    for orientation in range(ORIENTATIONS):
        off = angle - orientation * math.pi / ORIENTATIONS
        off = np.arctan2(np.sin(off), np.cos(off))  # back into -pi to pi
        spreads.append(np.exp(-np.square(off) / (2 * (math.pi / ORIENTATIONS / _OVERLAP) ** 2)))
    gains = []
    for scale in range(SCALES):
        radial = np.exp(-np.square(np.log(distance * wavelength * _FACTOR**scale)) / (2 * math.log(_BANDWIDTH) ** 2))
        radial[0, 0] = 0
        gains += [radial * spread for spread in spreads]
    return gains
