"""NIQE and BRISQUE once more, from the papers, a pixel at a time and with the standard library's numbers alone.

Pictures are nested lists of 8-bit levels; planes are nested lists of floats. Nothing here is shared with the package.
"""

import math
import statistics
from fractions import Fraction

import numpy as np

GREY = (0.298936021293776, 0.587043074451121, 0.114020904255103)
GRID = [step / 1000 for step in range(200, 10_001)]
RATIOS = [math.exp(2 * math.lgamma(2 / a) - math.lgamma(1 / a) - math.lgamma(3 / a)) for a in GRID]
NEIGHBOURS = ((0, -1), (-1, 0), (-1, -1), (1, -1))  # left, upper, upper left, lower left


def grey(pixels):
    return [[float(math.floor(sum(c * v for c, v in zip(GREY, p, strict=True)) + 0.5)) for p in row] for row in pixels]


def keys(x):
    x = abs(x)
    if x <= 1:
        return Fraction(3, 2) * x**3 - Fraction(5, 2) * x**2 + 1
    return -Fraction(1, 2) * x**3 + Fraction(5, 2) * x**2 - 4 * x + 2 if x < 2 else Fraction(0)


def mirrored(index, length):
    index %= 2 * length
    return index if index < length else 2 * length - 1 - index


def half_line(line):
    """Output i lies at 2 i + 1/2; the kernel reaches twice as far as without shrinking."""
    out = []
    for i in range((len(line) + 1) // 2):
        centre = 2 * i + Fraction(1, 2)
        total = Fraction(0)
        for j in range(2 * i - 4, 2 * i + 6):
            total += keys((centre - j) / 2) / 2 * Fraction(line[mirrored(j, len(line))])
        out.append(float(total))
    return out


def halved(plane):
    down = [half_line(column) for column in zip(*plane, strict=True)]
    return [half_line(row) for row in zip(*down, strict=True)]


def gaussian():
    weights = [[math.exp(-(x * x + y * y) / (2 * (7 / 6) ** 2)) for x in range(-3, 4)] for y in range(-3, 4)]
    total = math.fsum(map(math.fsum, weights))
    return [[w / total for w in row] for row in weights]


def contrast(plane, border):
    """Normalised contrast and deviation. A window of one value gives exactly 0, as in real arithmetic."""
    window, height, width = gaussian(), len(plane), len(plane[0])
    normalised = [[0.0] * width for _ in range(height)]
    deviations = [[0.0] * width for _ in range(height)]
    for i in range(height):
        for j in range(width):
            seen = []
            for y in range(-3, 4):
                for x in range(-3, 4):
                    inside = 0 <= i + y < height and 0 <= j + x < width
                    near = plane[min(max(i + y, 0), height - 1)][min(max(j + x, 0), width - 1)]
                    seen.append((window[y + 3][x + 3], near if inside or border == "repeated" else 0.0))
            if len({value for _, value in seen}) == 1:
                continue
            mean = math.fsum(w * v for w, v in seen)
            variance = math.fsum(w * v * v for w, v in seen) - mean * mean
            deviations[i][j] = math.sqrt(abs(variance))
            normalised[i][j] = (plane[i][j] - mean) / (deviations[i][j] + 1)
    return normalised, deviations


def nearest(wanted, values):
    best = min(range(len(values)), key=lambda k: abs(values[k] - wanted))
    return GRID[best]


def aggd(values):
    """Shape and both root mean squares."""
    left = [v for v in values if v < 0]
    right = [v for v in values if v > 0]
    if not left or not right:
        return math.nan, math.nan, math.nan
    low = math.sqrt(math.fsum(v * v for v in left) / len(left))
    high = math.sqrt(math.fsum(v * v for v in right) / len(right))
    g = low / high
    moments = (math.fsum(map(abs, values)) / len(values)) ** 2 / (math.fsum(v * v for v in values) / len(values))
    return nearest(moments * (g**3 + 1) * (g + 1) / (g**2 + 1) ** 2, RATIOS), low, high


def ggd(values):
    """Shape and variance."""
    square = math.fsum(v * v for v in values) / len(values)
    return nearest(square / (math.fsum(map(abs, values)) / len(values)) ** 2, [1 / r for r in RATIOS]), square


def products(block, down, right):
    """Of every value with the neighbour so many rows down and columns right; the block wraps round."""
    height, width = len(block), len(block[0])
    return [block[i][j] * block[(i + down) % height][(j + right) % width] for i in range(height) for j in range(width)]


def beta(shape):
    return math.sqrt(math.gamma(1 / shape) / math.gamma(3 / shape))


def blocks(plane, side):
    for top in range(0, len(plane) - side + 1, side):
        for left in range(0, len(plane[0]) - side + 1, side):
            yield [row[left : left + side] for row in plane[top : top + side]]


def niqe_features(block):
    shape, low, high = aggd([v for row in block for v in row])
    features = [shape, (low + high) / 2 * beta(shape)]
    for down, right in NEIGHBOURS:
        shape, low, high = aggd(products(block, down, right))
        mean = (high - low) * beta(shape) * math.gamma(2 / shape) / math.gamma(1 / shape)
        features += [shape, mean, low * beta(shape), high * beta(shape)]
    return features


def niqe_blocks(pixels):
    """Features of every block, and its mean deviation."""
    height, width = len(pixels) // 96 * 96, len(pixels[0]) // 96 * 96
    plane = grey([row[:width] for row in pixels[:height]])
    fine, deviations = contrast(plane, "repeated")
    coarse, _ = contrast(halved(plane), "repeated")
    features = [niqe_features(a) + niqe_features(b) for a, b in zip(blocks(fine, 96), blocks(coarse, 48), strict=True)]
    return features, [statistics.fmean(v for row in block for v in row) for block in blocks(deviations, 96)]


def niqe(pixels, mean, covariance):
    """The distance, with NumPy for the inverse alone."""
    features, _ = niqe_blocks(pixels)
    count, size = len(features), len(mean)
    means = [math.fsum(row[k] for row in features) / count for k in range(size)]
    pooled = [
        [
            (covariance[a][b] + math.fsum((row[a] - means[a]) * (row[b] - means[b]) for row in features) / (count - 1))
            / 2
            for b in range(size)
        ]
        for a in range(size)
    ]
    difference = np.array(mean) - np.array(means)
    return math.sqrt(difference @ np.linalg.inv(np.array(pooled)) @ difference)


def brisque_features(pixels):
    plane, features = grey(pixels), []
    for _ in range(2):
        values, _ = contrast(plane, "zero")
        features += ggd([v for row in values for v in row])
        for down, right in NEIGHBOURS:
            shape, low, high = aggd(products(values, down, right))
            mean = (high - low) * beta(shape) * math.gamma(2 / shape) / math.gamma(1 / shape)
            features += [shape, mean, low * low, high * high]
        plane = halved(plane)
    return features
