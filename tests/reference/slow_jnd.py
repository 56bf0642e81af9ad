"""The JND model of Wu et al. (2017), transcribed pixel by pixel from its formulas: the measure of the fast one.

Lists, loops and `math` only; a plane is a list of rows of grey levels, 0 to 255. Nothing is shared with `fgresq`.
"""

import math

EDGE_KERNELS = [
    [[0, 0, 0, 0, 0], [1, 3, 8, 3, 1], [0, 0, 0, 0, 0], [-1, -3, -8, -3, -1], [0, 0, 0, 0, 0]],
    [[0, 0, 1, 0, 0], [0, 8, 3, 0, 0], [1, 3, 0, -3, -1], [0, 0, -3, -8, 0], [0, 0, -1, 0, 0]],
    [[0, 0, 1, 0, 0], [0, 0, 3, 8, 0], [-1, -3, 0, 3, 1], [0, -8, -3, 0, 0], [0, 0, -1, 0, 0]],
    [[0, 1, 0, -1, 0], [0, 3, 0, -3, 0], [0, 8, 0, -8, 0], [0, 3, 0, -3, 0], [0, 1, 0, -1, 0]],
]


def size(plane):
    return len(plane), len(plane[0])


def made(plane, value):
    height, width = size(plane)
    return [[value(r, c) for c in range(width)] for r in range(height)]


def zero_beyond(plane, r, c):
    height, width = size(plane)
    return plane[r][c] if 0 <= r < height and 0 <= c < width else 0.0


def symmetric_beyond(plane, r, c):
    """One pixel beyond the border stands the border's pixel again."""
    height, width = size(plane)
    r = -1 - r if r < 0 else 2 * height - 1 - r if r >= height else r
    c = -1 - c if c < 0 else 2 * width - 1 - c if c >= width else c
    return plane[r][c]


def repeated_beyond(plane, r, c):
    height, width = size(plane)
    return plane[min(max(r, 0), height - 1)][min(max(c, 0), width - 1)]


def correlated(plane, kernel, r, c, beyond=zero_beyond):
    reach = len(kernel) // 2
    return math.fsum(
        weight * beyond(plane, r + i - reach, c + j - reach)
        for i, row in enumerate(kernel)
        for j, weight in enumerate(row)
        if weight
    )


def half_away_from_zero(value):
    return math.copysign(math.floor(abs(value) + 0.5), value)


def gaussian_kernel(side, sigma):
    reach = side // 2
    kernel = [
        [math.exp(-(i * i + j * j) / (2 * sigma * sigma)) for j in range(-reach, reach + 1)]
        for i in range(-reach, reach + 1)
    ]
    total = sum(map(sum, kernel))
    return [[weight / total for weight in row] for row in kernel]


def luminance_adaptation(plane):
    kernel = [[1] * 5, [1, 2, 2, 2, 1], [1, 2, 0, 2, 1], [1, 2, 2, 2, 1], [1] * 5]

    def at(r, c):
        b = math.floor(correlated(plane, kernel, r, c) / 32)
        if b <= 127:
            b = half_away_from_zero(32 + 95 * b / 127)
        t = 17 * (1 - math.sqrt(b / 127)) + 3 if b <= 127 else 3 * (b - 127) / 128 + 3
        return 0.7 * t

    return made(plane, at)


def luminance_contrast(plane):
    height, width = size(plane)

    def at(r, c):
        if r < 2 or c < 2 or r >= height - 2 or c >= width - 2:
            return 0.0
        values = [plane[r + i][c + j] for i in range(-2, 3) for j in range(-2, 3)]
        mean = math.fsum(values) / 25
        return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / 25)

    return made(plane, at)


def pattern_complexity(plane):
    height, width = size(plane)
    horizontal = [[-1, 0, 1]] * 3
    vertical = [[-1, -1, -1], [0, 0, 0], [1, 1, 1]]

    def orientation(r, c):
        gx = correlated(plane, horizontal, r, c, symmetric_beyond) / 3
        gy = correlated(plane, vertical, r, c, symmetric_beyond) / 3
        if math.sqrt(gx * gx + gy * gy) < 5:
            return 16
        theta = half_away_from_zero(math.degrees(math.atan2(gy, gx)))
        if theta > 90:
            theta -= 180
        elif theta < -90:
            theta += 180
        return int(half_away_from_zero((theta + 90) / 12))

    bins = made(plane, orientation)

    def complexity(r, c):
        if r in (0, height - 1) or c in (0, width - 1) or bins[r][c] == 16:
            return 1.0
        return float(len({bins[r + i][c + j] for i in (-1, 0, 1) for j in (-1, 0, 1)}))

    counts = made(plane, complexity)
    kernel = gaussian_kernel(3, 1.0)
    return made(plane, lambda r, c: correlated(counts, kernel, r, c))


def gradient_kernels(sigma):
    reach = math.ceil(4 * sigma)
    smooth = [math.exp(-(x * x) / (2 * sigma * sigma)) for x in range(-reach, reach + 1)]
    total = sum(smooth)
    smooth = [value / total for value in smooth]
    slope = [smooth[1] - smooth[0]]
    slope += [(smooth[i + 1] - smooth[i - 1]) / 2 for i in range(1, 2 * reach)]
    slope += [smooth[-1] - smooth[-2]]
    rise = sum(value for value in slope if value > 0)
    return smooth, [value / rise for value in slope]


def gradients(plane, sigma):
    """Convolution with a Gaussian along one axis and its derivative along the other."""
    smooth, slope = gradient_kernels(sigma)
    reach = len(smooth) // 2

    def along_rows(image, kernel):
        return made(
            image,
            lambda r, c: math.fsum(w * repeated_beyond(image, r, c - k + reach) for k, w in enumerate(kernel)),
        )

    def along_columns(image, kernel):
        return made(
            image,
            lambda r, c: math.fsum(w * repeated_beyond(image, r - k + reach, c) for k, w in enumerate(kernel)),
        )

    return along_rows(along_columns(plane, smooth), slope), along_columns(along_rows(plane, smooth), slope)


def canny(plane, low, high, sigma):
    height, width = size(plane)
    gx, gy = gradients(plane, sigma)
    magnitude = made(plane, lambda r, c: math.hypot(gx[r][c], gy[r][c]))
    largest = max(map(max, magnitude))
    edges = [[False] * width for _ in range(height)]
    if largest <= 1e-9 * max(map(max, plane)):
        return edges
    slack = 1e-9 * largest  # sums that are equal on paper differ by their rounding

    def neighbour(r, c, turn):
        """Magnitude where the line along the gradient leaves the 3x3 around a pixel."""
        x, y = turn * gx[r][c], turn * gy[r][c]
        longer = max(abs(x), abs(y))
        x, y = x / longer, y / longer  # one of them is now -1 or 1
        down, right = math.floor(y), math.floor(x)
        total = 0.0
        for i in (down, down + 1):
            for j in (right, right + 1):
                weight = (1 - abs(y - i)) * (1 - abs(x - j))
                if weight > 0:
                    total += weight * magnitude[r + i][c + j]
        return total

    ridges = {
        (r, c)
        for r in range(1, height - 1)
        for c in range(1, width - 1)
        if magnitude[r][c] > low * largest + slack
        and magnitude[r][c] + slack >= neighbour(r, c, 1)
        and magnitude[r][c] + slack >= neighbour(r, c, -1)
    }
    waiting = [(r, c) for r, c in ridges if magnitude[r][c] > high * largest + slack]
    while waiting:
        r, c = waiting.pop()
        if not edges[r][c]:
            edges[r][c] = True
            waiting += [(r + i, c + j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (r + i, c + j) in ridges]
    return edges


def edge_protection(plane):
    height, width = size(plane)
    tallest = max(
        abs(correlated(plane, kernel, r, c)) / 16
        for r in range(2, height - 2)  # as in the authors' code, where a kernel doesn't reach beyond the border
        for c in range(2, width - 2)
        for kernel in EDGE_KERNELS
    )
    high = min(0.8, 60 / tallest) if tallest else 0.8
    edges = canny(plane, 0.4 * high, high, math.sqrt(2))
    disk = [(i, j) for i in range(-3, 4) for j in range(-3, 4) if i * i + j * j <= 9]
    away = made(plane, lambda r, c: 0.0 if any(zero_beyond(edges, r + i, c + j) for i, j in disk) else 1.0)
    kernel = gaussian_kernel(5, 0.8)
    return made(plane, lambda r, c: correlated(away, kernel, r, c))


def jnd(plane):
    adaptation, contrast = luminance_adaptation(plane), luminance_contrast(plane)
    complexity, protection = pattern_complexity(plane), edge_protection(plane)

    def at(r, c):
        l_c, p_c = contrast[r][c], complexity[r][c]
        cm = 0.115 * 16 * l_c**2.4 / (l_c**2 + 26**2)
        pm = l_c * 0.3 * p_c**2.7 / (p_c**2 + 1)
        sm = max(cm, pm * protection[r][c])
        return adaptation[r][c] + sm - 0.3 * min(adaptation[r][c], sm)

    return made(plane, at)
