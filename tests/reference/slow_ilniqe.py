"""IL-NIQE once more, from the paper and the conventions it leaves open, block by block with two-dimensional windows.

Nothing here is shared with the package. A window that holds one value gives exactly 0, as in real arithmetic.
"""

import math
from fractions import Fraction

import numpy as np
from scipy.ndimage import correlate, maximum_filter, minimum_filter
from scipy.optimize import brentq
from tests.reference import slow_natural_scenes as slow

OPPONENT = ((0.3, 0.04, -0.35), (0.34, -0.6, 0.17), (0.06, 0.63, 0.27))


def resized_line(line, side):
    """Whole levels of a line of whole levels, in rational numbers; a value between two levels is an error."""
    scale, out = Fraction(side, len(line)), []
    stretch = min(scale, Fraction(1))
    for i in range(side):
        centre = (i + Fraction(1, 2)) / scale - Fraction(1, 2)
        reach = math.ceil(2 / stretch) + 1
        near = range(math.floor(centre) - reach, math.floor(centre) + reach + 1)
        weights = [slow.keys((centre - j) * stretch) for j in near]
        value = sum(w * int(line[slow.mirrored(j, len(line))]) for w, j in zip(weights, near, strict=True)) / sum(
            weights
        )
        assert (value + Fraction(1, 2)).denominator > 1, "a value lies between two levels; use another picture"
        out.append(min(max(math.floor(value + Fraction(1, 2)), 0), 255))
    return out


def resized(plane, side):
    """The longer side first."""
    plane = [list(row) for row in plane]
    turned = [list(column) for column in zip(*plane, strict=True)]
    if len(turned) > len(plane):
        rows = [resized_line(row, side) for row in plane]
        return np.array([resized_line(column, side) for column in zip(*rows, strict=True)]).T
    columns = [resized_line(column, side) for column in turned]
    return np.array([resized_line(row, side) for row in zip(*columns, strict=True)])


def flat(plane, side, **border):
    return maximum_filter(plane, side, **border) == minimum_filter(plane, side, **border)


def gaussian(side, sigma):
    places = np.arange(side) - (side - 1) / 2
    window = np.exp(-(places[:, None] ** 2 + places**2) / (2 * sigma**2))
    return window / window.sum()


def contrast(plane):
    window = gaussian(5, 5 / 6)
    mean = correlate(plane, window, mode="nearest")
    deviation = np.sqrt(np.abs(correlate(plane**2, window, mode="nearest") - mean**2))
    return np.where(flat(plane, 5, mode="nearest"), 0, (plane - mean) / (deviation + 1))


def slopes(plane, sigma):
    """To the right and downwards; differences are taken before they are weighed, so equal values give exactly 0."""
    reach = math.ceil(3 * sigma)
    padded, (height, width) = np.pad(plane, reach), plane.shape
    across, down = np.zeros_like(plane), np.zeros_like(plane)

    def moved(y, x):
        return padded[reach + y : reach + y + height, reach + x : reach + x + width]

    for near in range(1, reach + 1):
        for far in range(-reach, reach + 1):
            weight = near * math.exp(-(near**2 + far**2) / (2 * sigma**2))
            across += weight * (moved(far, -near) - moved(far, near))
            down += weight * (moved(-near, far) - moved(near, far))
    return across, down


def gain(down, across, scale, orientation, wavelength):
    """Of one frequency, in cycles a pixel."""
    distance = math.hypot(down, across)
    if distance == 0:
        return 0.0
    radial = math.exp(-(math.log(distance * wavelength * 1.31**scale) ** 2) / (2 * math.log(0.55) ** 2))
    off = abs(math.atan2(-down, across) - orientation * math.pi / 4)
    off = min(off, 2 * math.pi - off)
    return radial * math.exp(-(off**2) / (2 * (math.pi / 4 / 1.1) ** 2))


def frequency(index, length):
    return (index if index < length / 2 else index - length) / length


def fourier(length):
    places = np.arange(length)
    return np.exp(-2j * np.pi * np.outer(places, places) / length)


def responses(plane, wavelength):
    height, width = plane.shape
    down, across = fourier(height), fourier(width)
    spectrum = down @ plane @ across
    out = []
    for scale in range(3):
        for orientation in range(4):
            gains = [
                [gain(frequency(i, height), frequency(j, width), scale, orientation, wavelength) for j in range(width)]
                for i in range(height)
            ]
            out.append(down.conj() @ (np.array(gains) * spectrum) @ across.conj() / (height * width))
    return out


def weibull(values):
    """Scale and shape."""
    logs = np.log(np.ravel(values))
    if logs.min() == logs.max():
        return math.exp(logs[0]), math.nan

    def equation(shape):
        powers = np.exp(shape * (logs - logs.max()))
        return (powers * logs).sum() / powers.sum() - logs.mean() - 1 / shape

    shape = brentq(equation, 1e-6, 1e6, xtol=1e-14, rtol=1e-14)
    return math.exp(logs.max()) * np.exp(shape * (logs - logs.max())).mean() ** (1 / shape), shape


def symmetric(block):
    """Shape, and the mean of both scales."""
    shape, low, high = slow.aggd(np.ravel(block).tolist())
    return [shape, (low + high) / 2 * slow.beta(shape)] if shape > 0 else [math.nan, math.nan]


def structure(block):
    block = block.tolist()
    features = symmetric(block)
    for down, right in slow.NEIGHBOURS:
        shape, low, high = slow.aggd(slow.products(block, down, right))
        if math.isnan(shape):
            features += [math.nan] * 4
            continue
        mean = (high - low) * slow.beta(shape) * math.gamma(2 / shape) / math.gamma(1 / shape)
        features += [shape, mean, low * slow.beta(shape), high * slow.beta(shape)]
    return features


def length(pair):
    return np.sqrt(pair[0] ** 2 + pair[1] ** 2) + np.finfo(float).eps


def halved(plane):
    padded = np.pad(plane, (2, 3), mode="edge")
    window = gaussian(6, 0.9)
    out = np.empty(((plane.shape[0] + 1) // 2, (plane.shape[1] + 1) // 2))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            seen = padded[2 * i : 2 * i + 6, 2 * j : 2 * j + 6]
            out[i, j] = seen[0, 0] if seen.min() == seen.max() else (window * seen).sum()
    return out


def scale_features(colours, scale):
    side, sigma = 84 // scale, 1.66 / scale**0.28
    hundredths = [sum(round(100 * w) * c for w, c in zip(row, colours, strict=True)) for row in OPPONENT]
    opponents = [plane / 100 for plane in hundredths]
    of_colours = [slopes(plane, sigma) for plane in opponents]
    parts = [p for r in responses(opponents[2], 2.4 / scale**0.87) for p in (r.real, r.imag)]
    of_parts = [slopes(part, sigma) for part in parts]
    red, green, blue = (np.log(c + 1e-5) - np.log(c + 1e-5).mean() for c in colours)
    light = [(red + green + blue) / 3**0.5, (red + green - 2 * blue) / 6**0.5, (red - green) / 2**0.5]
    normalised = contrast(opponents[2])
    features = []
    for top in range(0, normalised.shape[0], side):
        for left in range(0, normalised.shape[1], side):
            here = (slice(top, top + side), slice(left, left + side))
            row = structure(normalised[here])
            row += [v for pair in of_colours for v in weibull(length(pair)[here])]
            row += [v for plane in light for v in (plane[here].mean(), plane[here].var(ddof=1))]
            for plane in (*(p for pair in of_colours for p in pair), *parts, *(p for pair in of_parts for p in pair)):
                row += symmetric(plane[here])
            row += [v for pair in of_parts for v in weibull(length(pair)[here])]
            features.append(row)
    return features


def block_features(levels):
    """468 of every block of 84x84, row by row."""
    colours = [levels[:, :, k].astype(float) for k in range(3)]
    first = scale_features(colours, 1)
    second = scale_features([halved(colour) for colour in colours], 2)
    return [a + b for a, b in zip(first, second, strict=True)]


def distances(features, mean, covariance, centre, directions):
    points = [directions.T @ (row - centre) for row in features]
    whole = [point for point in points if not np.isnan(point).any()]
    middle = sum(whole) / len(whole)
    spread = sum((np.outer(p - middle, p - middle) for p in whole), np.zeros_like(covariance)) / max(len(whole) - 1, 1)
    inverse = np.linalg.pinv((covariance + spread) / 2)
    points = [middle if np.isnan(point).any() else point for point in points]
    return [math.sqrt((point - mean) @ inverse @ (point - mean)) for point in points]
