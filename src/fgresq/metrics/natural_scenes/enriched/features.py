"""The 468 features of a block of 84x84 pixels, 234 at each of two scales.

The paper names them; their order, their constants and these ways are the authors' program's: colours of eight bits,
opponent colours with two decimals, gradients that aren't normalised, log-Gabor responses of a picture that wraps round,
and half the size by every second pixel of a smoothed picture.
"""

from collections.abc import Sequence
from typing import TypeAlias

import cv2
import numpy as np
from jaxtyping import Float64

from fgresq.metrics.natural_scenes.contrast import cut, gaussian_window, normalised_contrast
from fgresq.metrics.natural_scenes.distributions import Moments, asymmetric_fit, moments, value_moments
from fgresq.metrics.natural_scenes.enriched.gradients import Gradient, gradient
from fgresq.metrics.natural_scenes.enriched.log_gabor import log_gabor_responses
from fgresq.metrics.natural_scenes.enriched.weibull import weibull_fit

BLOCK = 84
FEATURES = 468
SCALES = 2

Plane: TypeAlias = Float64[np.ndarray, "h w"]
Columns: TypeAlias = list[Float64[np.ndarray, " b"]]

# Opponent colours O1, O2, O3 in hundredths of a level, so that they are whole numbers where the levels are.
_OPPONENT = np.array([[30.0, 4.0, -35.0], [34.0, -60.0, 17.0], [6.0, 63.0, 27.0]])
_UNIT = 100.0
# Squares of O3 have 30 bits; with 22 more their weighted sums are still exact.
_CONTRAST_WINDOW = gaussian_window(5, 5 / 6, bits=22)
_HALVING_WINDOW = gaussian_window(6, 0.9)
_LEAST_LIGHT = 1e-5
_SIGMA, _SIGMA_SHRINKS = 1.66, 0.28
_WAVELENGTH, _WAVELENGTH_SHRINKS = 2.4, 0.87


def enriched_features(levels: Float64[np.ndarray, "h w 3"]) -> Float64[np.ndarray, "b 468"]:
    """The features of a picture's blocks, row by row; NaN where a block is flat.

    At each scale: shape and scale of the AGGD of the contrast, and shape, mean and scales of that of each neighbour
    product; scale and shape of the Weibull distribution of the gradient's length in each opponent colour; mean and
    variance of log-light, blue against yellow and red against green; shape and scale of the AGGD of the gradients in
    each opponent colour, of the log-Gabor responses and of their gradients; scale and shape of the Weibull distribution
    of the length of these.

    Args:
        levels: RGB, 0 to 255; both sides multiples of 84.

    Reference: Zhang, Zhang, Bovik (2015), section III.
    """
    colours = [np.ascontiguousarray(levels[:, :, colour]) for colour in range(3)]
    columns = _scale_features(colours, 1)
    for scale in range(2, SCALES + 1):
        colours = [_halved(colour) for colour in colours]
        columns += _scale_features(colours, scale)
    return np.stack(columns, axis=1)


def _scale_features(colours: Sequence[Plane], scale: int) -> Columns:
    side = BLOCK // scale
    sigma = _SIGMA / scale**_SIGMA_SHRINKS
    opponents = [sum((w * c for w, c in zip(row, colours, strict=True)), np.zeros(())) for row in _OPPONENT]
    slopes = [Gradient(*(each / _UNIT for each in gradient(plane, sigma))) for plane in opponents]
    contrast = normalised_contrast(opponents[2], "repeated", _CONTRAST_WINDOW, _UNIT).normalised
    signed = [value_moments(cut(each, side)) for slope in slopes for each in slope]
    of_responses, of_response_slopes, response_lengths = [], [], []
    for response in log_gabor_responses(opponents[2] / _UNIT, _WAVELENGTH / scale**_WAVELENGTH_SHRINKS):
        for part in (response.real, response.imag):
            plane = np.ascontiguousarray(part)
            slope = gradient(plane, sigma)
            of_responses.append(value_moments(cut(plane, side)))
            of_response_slopes += [value_moments(cut(each, side)) for each in slope]
            response_lengths += _lengths(slope, side)
    return [
        *_structure(contrast, side),
        *(column for slope in slopes for column in _lengths(slope, side)),
        *_colours(colours, side),
        *_asymmetry([*signed, *of_responses, *of_response_slopes]),
        *response_lengths,
    ]


def _structure(contrast: Plane, side: int) -> Columns:
    of_values, *of_products = moments(cut(contrast, side))
    fit = asymmetric_fit(of_values)
    columns = [fit.shape, np.mean(fit.scales(), axis=0)]
    for of_product in of_products:
        fit = asymmetric_fit(of_product)
        columns += [fit.shape, fit.mean(), *fit.scales()]
    return columns


def _lengths(slope: Gradient, side: int) -> Columns:
    return [*weibull_fit(cut(slope.magnitude(), side).reshape(-1, side * side))]


def _colours(colours: Sequence[Plane], side: int) -> Columns:
    red, green, blue = (logs - logs.mean() for logs in (np.log(colour + _LEAST_LIGHT) for colour in colours))
    planes = ((red + green + blue) / np.sqrt(3), (red + green - 2 * blue) / np.sqrt(6), (red - green) / np.sqrt(2))
    blocks = [cut(plane, side) for plane in planes]
    return [column for each in blocks for column in (each.mean(axis=(1, 2)), each.var(axis=(1, 2), ddof=1))]


def _asymmetry(found: Sequence[Moments]) -> Columns:
    sums = (np.stack([getattr(each, field) for each in found]).ravel() for field in Moments._fields[1:])
    fit = asymmetric_fit(Moments(found[0].size, *sums))
    shapes, scales = (each.reshape(len(found), -1) for each in (fit.shape, np.mean(fit.scales(), axis=0)))
    return [column for pair in zip(shapes, scales, strict=True) for column in pair]


def _halved(plane: Plane) -> Float64[np.ndarray, "h2 w2"]:
    smooth = cv2.sepFilter2D(
        plane, cv2.CV_64F, _HALVING_WINDOW, _HALVING_WINDOW, anchor=(2, 2), borderType=cv2.BORDER_REPLICATE
    )
    return np.ascontiguousarray(smooth[::2, ::2])
