"""PIQE once more, step by step as MATLAB's `piqe` takes them, on nested lists and with the standard library alone.

Nothing here is shared with the package, nor with `slow_natural_scenes.py`. The two departures of pyiqa 0.1.16 can be
switched on, which is how they were found to be all that sets it apart.

Venkatanath, Praneeth, Chandrasekhar, Channappayya, Medasani, "Blind image quality evaluation using perception based
features", NCC 2015; MATLAB's documentation of `piqe` (Image Processing Toolbox, since R2018b).
"""

import math
import statistics
from collections.abc import Sequence
from itertools import product

Plane = list[list[float]]

BLOCK, SEGMENT, RADIUS = 16, 6, 3
ACTIVE = IMPAIRED = 0.1
RGB2GRAY = (0.298936021293776, 0.587043074451121, 0.114020904255103)
PYIQA_GRAY = (0.299, 0.587, 0.114)


def score(pixels: Sequence[Sequence[Sequence[int]]], *, as_pyiqa: bool = False) -> float:
    """PIQE of a picture of 8-bit RGB.

    `as_pyiqa`: the grey picture isn't rounded before it's stretched so that its brightest level is 255, and the last
    rows and columns are mirrored by the size's remainder by 16, so that what isn't a whole block then is left out.
    """
    if as_pyiqa:
        grey = [[sum(w * c / 255 for w, c in zip(PYIQA_GRAY, pixel, strict=True)) for pixel in row] for row in pixels]
        brightest = max(map(max, grey))
        levels = mirrored([[float(round(255 * value / brightest)) for value in row] for row in grey])
    else:
        levels = repeated(
            [[half_up(sum(map(math.prod, zip(RGB2GRAY, pixel, strict=True)))) for pixel in row] for row in pixels]
        )
    return pooled(blocks(normalised(levels)))


def half_up(value: float) -> float:
    return float(math.floor(value + 0.5))


def repeated(plane: Plane) -> Plane:
    """The last row and column again, until both sides are whole blocks."""
    wide = [row + [row[-1]] * (-len(row) % BLOCK) for row in plane]
    return wide + [wide[-1]] * (-len(wide) % BLOCK)


def mirrored(plane: Plane) -> Plane:
    """As many more rows and columns, mirrored, as are left over behind the whole blocks."""
    wide = [row + row[::-1][: len(row) % BLOCK] for row in plane]
    return wide + wide[::-1][: len(plane) % BLOCK]


def normalised(plane: Plane) -> Plane:
    """(I - mu) / (sigma + 1) under a 7x7 Gaussian of deviation 7/6; the border is repeated."""
    height, width = len(plane), len(plane[0])
    reach = range(-RADIUS, RADIUS + 1)
    bell = {(y, x): math.exp(-(y * y + x * x) / (2 * (7 / 6) ** 2)) for y, x in product(reach, reach)}
    whole = math.fsum(bell.values())
    found = []
    for i in range(height):
        found.append([0.0] * width)
        for j in range(width):
            mean, square = [], []
            for (y, x), weight in bell.items():
                level = plane[min(max(i + y, 0), height - 1)][min(max(j + x, 0), width - 1)]
                mean.append(weight / whole * level)
                square.append(weight / whole * level * level)
            mu = math.fsum(mean)
            sigma = math.sqrt(abs(math.fsum(square) - mu * mu))
            found[i][j] = (plane[i][j] - mu) / (sigma + 1)
    return found


def blocks(plane: Plane) -> list[Plane]:
    tops, lefts = range(0, len(plane) - BLOCK + 1, BLOCK), range(0, len(plane[0]) - BLOCK + 1, BLOCK)
    return [[row[left : left + BLOCK] for row in plane[top : top + BLOCK]] for top, left in product(tops, lefts)]


def pooled(every: list[Plane]) -> float:
    """The mean distortion of the active blocks, as a share of 100, with 1 added above and below."""
    active, distortion = 0, 0.0
    for block in every:
        variance = statistics.variance(value for row in block for value in row)
        if variance > ACTIVE:
            active += 1
            distortion += (1 - variance) * shows_artifacts(block) + variance * shows_noise(block, variance)
    return 100 * (distortion + 1) / (active + 1)


def shows_artifacts(block: Plane) -> bool:
    """Whether one of the eleven segments of an edge hardly varies."""
    columns = list(zip(*block, strict=True))
    edges = (block[0], block[-1], columns[0], columns[-1])
    segments = (edge[start : start + SEGMENT] for edge in edges for start in range(BLOCK - SEGMENT + 1))
    return any(statistics.stdev(segment) < IMPAIRED for segment in segments)


def shows_noise(block: Plane, variance: float) -> bool:
    """Whether the centre varies as the surround does, for what the whole block varies."""
    columns = [list(column) for column in zip(*block, strict=True)]
    centre = columns[7] + columns[8]
    # MATLAB takes column 8 out, and then column 9 of the fifteen that are left, which was the tenth.
    del columns[7]
    del columns[8]
    surround = statistics.stdev(value for column in columns for value in column)
    ratio = statistics.stdev(centre) / surround if surround else 0.0
    sigma = math.sqrt(variance)
    return sigma > 2 * abs(sigma - ratio) / max(sigma, ratio)
