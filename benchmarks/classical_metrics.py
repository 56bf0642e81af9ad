"""Speed of the no-reference metrics against straightforward code.

`python benchmarks/classical_metrics.py [ROUNDS] [METRIC ...]`

The peers below are what one writes from the papers with scikit-image, SciPy and Pillow: one picture at a time, block by
block, two-dimensional filters, every shape searched on the whole grid. A round times each peer and then ours, in one
thread; the table shows the median of the rounds' ratios, the lowest and the highest, and how far the scores are apart.
BRISQUE's regression and IL-NIQE's model are stand-ins of the released ones' size, since time doesn't depend on their
numbers.
"""

import math
import sys
import time
from collections.abc import Callable, Collection, Iterator
from statistics import median

import cv2
import numpy as np
import skimage.data
from PIL import Image
from scipy.ndimage import convolve, gaussian_filter
from scipy.optimize import brentq
from scipy.special import gamma
from skimage.color import rgb2gray
from skimage.filters import laplace

from fgresq.metrics.brisque import brisque
from fgresq.metrics.ilniqe import ilniqe
from fgresq.metrics.natural_scenes.enriched.model import TemplateModel
from fgresq.metrics.natural_scenes.svr import SupportVectorRegression
from fgresq.metrics.niqe import niqe, own_model
from fgresq.metrics.piqe import piqe
from fgresq.metrics.sharpness import sharpness

IMAGES, SIDE = 12, 512
FEW = {"IL-NIQE": 3}  # images, where the peer takes seconds each
GRID = np.arange(0.2, 10.001, 0.001)
RISING = gamma(2 / GRID) ** 2 / (gamma(1 / GRID) * gamma(3 / GRID))
SHIFTS = ((0, 1), (1, 0), (1, 1), (-1, 1))


def window() -> np.ndarray:
    """The 7x7 Gaussian."""
    y, x = np.mgrid[-3:4, -3:4]
    weights = np.exp(-(x**2 + y**2) / (2 * (7 / 6) ** 2))
    return weights / weights.sum()


WINDOW = window()


def grey(image: np.ndarray) -> np.ndarray:
    """Grey levels, 0 to 255."""
    return np.round(255 * image.astype(float) @ np.array([0.29893602, 0.58704307, 0.1140209]))


def mscn(plane: np.ndarray, mode: str) -> np.ndarray:
    """Normalised contrast."""
    mean = convolve(plane, WINDOW, mode=mode)
    return (plane - mean) / (np.sqrt(np.abs(convolve(plane**2, WINDOW, mode=mode) - mean**2)) + 1)


def half(plane: np.ndarray) -> np.ndarray:
    """Bicubic, against aliasing; Pillow's differs from MATLAB's at the border only."""
    size = ((plane.shape[1] + 1) // 2, (plane.shape[0] + 1) // 2)
    return np.asarray(Image.fromarray(plane.astype(np.float32)).resize(size, Image.Resampling.BICUBIC), dtype=float)


def aggd(values: np.ndarray) -> tuple[float, float, float]:
    """Shape and both deviations."""
    left, right = np.sqrt(np.mean(values[values < 0] ** 2)), np.sqrt(np.mean(values[values > 0] ** 2))
    g = left / right
    wanted = np.mean(np.abs(values)) ** 2 / np.mean(values**2) * (g**3 + 1) * (g + 1) / (g**2 + 1) ** 2
    return GRID[np.argmin((RISING - wanted) ** 2)], left, right


def squares(plane: np.ndarray, side: int) -> Iterator[np.ndarray]:
    """Blocks."""
    for top in range(0, plane.shape[0] - side + 1, side):
        for left in range(0, plane.shape[1] - side + 1, side):
            yield plane[top : top + side, left : left + side]


def niqe_block(block: np.ndarray) -> list[float]:
    """Eighteen features."""
    shape, left, right = aggd(block)
    ratio = np.sqrt(gamma(1 / shape) / gamma(3 / shape))
    features = [shape, (left + right) / 2 * ratio]
    for shift in SHIFTS:
        shape, left, right = aggd(block * np.roll(block, shift, (0, 1)))
        ratio = np.sqrt(gamma(1 / shape) / gamma(3 / shape))
        features += [shape, (right - left) * ratio * gamma(2 / shape) / gamma(1 / shape), left * ratio, right * ratio]
    return features


def peer_niqe(image: np.ndarray) -> float:
    """NIQE, block by block."""
    height, width = (side // 96 * 96 for side in image.shape[:2])
    plane, columns = grey(image[:height, :width]), []
    for side in (96, 48):
        columns.append([niqe_block(block) for block in squares(mscn(plane, "nearest"), side)])
        plane = half(plane)
    features = np.hstack(columns)
    model = own_model()
    difference = model.mean - features.mean(axis=0)
    return float(np.sqrt(difference @ np.linalg.pinv((model.covariance + np.cov(features.T)) / 2) @ difference))


def peer_brisque(image: np.ndarray) -> float:
    """BRISQUE."""
    plane, features = grey(image), []
    for _ in range(2):
        contrast = mscn(plane, "constant")
        square = np.mean(contrast**2)
        features += [GRID[np.argmin(np.abs(1 / RISING - square / np.mean(np.abs(contrast)) ** 2))], square]
        for shift in SHIFTS:
            shape, left, right = aggd(contrast * np.roll(contrast, shift, (0, 1)))
            ratio = np.sqrt(gamma(1 / shape) / gamma(3 / shape)) * gamma(2 / shape) / gamma(1 / shape)
            features += [shape, (right - left) * ratio, left**2, right**2]
        plane = half(plane)
    x = REGRESSION.scaled(np.array(features))
    kernel = np.exp(-REGRESSION.gamma * ((REGRESSION.vectors - x) ** 2).sum(axis=1))
    return float((REGRESSION.coefficients * kernel).sum() - REGRESSION.rho)


def peer_piqe(image: np.ndarray) -> float:
    """PIQE, block by block."""
    plane = grey(image)
    plane = np.pad(plane, [(0, -side % 16) for side in plane.shape], mode="edge")
    active, total = 0, 0.0
    for block in squares(mscn(plane, "nearest"), 16):
        variance = block.var(ddof=1)
        if variance <= 0.1:
            continue
        active += 1
        edges = (block[0], block[-1], block[:, 0], block[:, -1])
        if any(edge[start : start + 6].std(ddof=1) < 0.1 for edge in edges for start in range(11)):
            total += 1 - variance
        ratio = block[:, 7:9].std(ddof=1) / np.delete(block, (7, 9), axis=1).std(ddof=1)
        deviation = np.sqrt(variance)
        if deviation > 2 * abs(deviation - ratio) / max(deviation, ratio):
            total += variance
    return 100 * (total + 1) / (active + 1)


def slopes(plane: np.ndarray, scale: int) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives of a Gaussian."""
    sigma = 1.66 / scale**0.28
    reach = math.ceil(3 * sigma)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    bell = np.exp(-(x**2 + y**2) / (2 * sigma**2))
    return convolve(plane, x * bell, mode="constant"), convolve(plane, y * bell, mode="constant")


def log_gabor(side: int, scale: int) -> list[np.ndarray]:
    """Twelve filters."""
    across, down = np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side))
    distance, angle = np.hypot(across, down), np.arctan2(-down, across)
    distance[0, 0] = 1
    filters = []
    for k in range(3):
        radial = np.exp(-(np.log(distance * 2.4 / scale**0.87 * 1.31**k) ** 2) / (2 * np.log(0.55) ** 2))
        radial[0, 0] = 0
        for o in range(4):
            off = np.abs(angle - o * np.pi / 4)
            off = np.minimum(off, 2 * np.pi - off)
            filters.append(radial * np.exp(-(off**2) / (2 * (np.pi / 4 / 1.1) ** 2)))
    return filters


def weibull(values: np.ndarray) -> list[float]:
    """Scale and shape."""
    logs = np.log(values).ravel()
    top = logs.max()

    def equation(shape: float) -> float:
        powers = np.exp(shape * (logs - top))
        return float((powers * logs).sum() / powers.sum() - logs.mean() - 1 / shape)

    shape = brentq(equation, 1e-3, 1e3)
    return [float(np.exp(top) * np.exp(shape * (logs - top)).mean() ** (1 / shape)), shape]


def symmetric(block: np.ndarray) -> list[float]:
    """Shape and mean scale."""
    shape, left, right = aggd(block)
    return [shape, (left + right) / 2 * np.sqrt(gamma(1 / shape) / gamma(3 / shape))]


def ilniqe_planes(colours: np.ndarray, scale: int) -> tuple[np.ndarray, ...]:
    """All that one scale is measured on: contrast, lengths, light, signed planes, lengths of the responses' slopes."""
    opponents = np.tensordot([[0.3, 0.04, -0.35], [0.34, -0.6, 0.17], [0.06, 0.63, 0.27]], colours, axes=1)
    y, x = np.mgrid[-2:3, -2:3]
    window = np.exp(-(x**2 + y**2) / (2 * (5 / 6) ** 2))
    window /= window.sum()
    mean = convolve(opponents[2], window, mode="nearest")
    deviation = np.sqrt(np.abs(convolve(opponents[2] ** 2, window, mode="nearest") - mean**2))
    spectrum = np.fft.fft2(opponents[2])
    responses = [np.fft.ifft2(each * spectrum) for each in log_gabor(len(mean), scale)]
    parts = [part for each in responses for part in (each.real, each.imag)]
    pairs, of_parts = [slopes(plane, scale) for plane in opponents], [slopes(part, scale) for part in parts]
    logs = np.log(colours + 1e-5)
    red, green, blue = logs - logs.mean(axis=(1, 2), keepdims=True)
    light = [(red + green + blue) / 3**0.5, (red + green - 2 * blue) / 6**0.5, (red - green) / 2**0.5]
    signed = [p for pair in pairs for p in pair] + parts + [p for pair in of_parts for p in pair]
    lengths = [np.array([np.hypot(*pair) + 2e-16 for pair in group]) for group in (pairs, of_parts)]
    return (opponents[2] - mean) / (deviation + 1), lengths[0], np.array(light), np.array(signed), lengths[1]


def peer_ilniqe(image: np.ndarray) -> float:
    """IL-NIQE, block by block."""
    levels = Image.fromarray(np.round(255 * image).astype(np.uint8)).resize((524, 524), Image.Resampling.BICUBIC)
    colours, columns = np.asarray(levels, dtype=float)[:504, :504].transpose(2, 0, 1), []
    for scale, side in ((1, 84), (2, 42)):
        contrast, lengths, light, signed, longer = ilniqe_planes(colours, scale)
        rows = []
        for top in range(0, contrast.shape[0], side):
            for left in range(0, contrast.shape[1], side):
                here = (..., slice(top, top + side), slice(left, left + side))
                row = niqe_block(contrast[here]) + [v for plane in lengths[here] for v in weibull(plane)]
                row += [v for plane in light[here] for v in (plane.mean(), plane.var(ddof=1))]
                row += [v for plane in signed[here] for v in symmetric(plane)]
                rows.append(row + [v for plane in longer[here] for v in weibull(plane)])
        columns.append(rows)
        colours = np.array([gaussian_filter(colour, 0.9, mode="nearest") for colour in colours])[:, ::2, ::2]
    points = (np.hstack(columns) - TEMPLATE.centre) @ TEMPLATE.directions
    inverse = np.linalg.pinv((TEMPLATE.covariance + np.cov(points.T)) / 2)
    return float(np.mean([np.sqrt((p - TEMPLATE.mean) @ inverse @ (p - TEMPLATE.mean)) for p in points]))


def peer_sharpness(image: np.ndarray) -> float:
    """Variance of scikit-image's Laplacian of scikit-image's grey."""
    return float(laplace(rgb2gray(image)).var())


def stand_in() -> SupportVectorRegression:
    """As many vectors and features as the released model has; smooth, so that scores can be compared."""
    draw = np.random.default_rng(0)
    vectors = draw.uniform(-1, 1, (774, 36))
    return SupportVectorRegression(draw.normal(0, 10, 774), vectors, 0.05, 0.0, np.zeros(36), np.ones(36), -1.0, 1.0)


def template() -> TemplateModel:
    """As many features and directions as the released model has."""
    draw = np.random.default_rng(1)
    directions = np.linalg.qr(draw.normal(size=(468, 430)))[0]
    return TemplateModel(np.zeros(430), np.eye(430), np.ones(468), directions)


REGRESSION, TEMPLATE = stand_in(), template()
PAIRS: dict[str, tuple[Callable[[np.ndarray], float], Callable[[np.ndarray], float], float]] = {
    "NIQE": (peer_niqe, lambda image: niqe(image, own_model()), 3),
    "IL-NIQE": (peer_ilniqe, lambda image: ilniqe(image, TEMPLATE), 3),
    "BRISQUE": (peer_brisque, lambda image: brisque(image, REGRESSION), 3),
    "PIQE": (peer_piqe, piqe, 3),
    "sharpness": (peer_sharpness, sharpness, 0),
}


def photographs() -> list[np.ndarray]:
    """Different 512x512 crops of photographs in scikit-image's wheel."""
    sources = [skimage.data.astronaut(), skimage.data.coffee(), skimage.data.chelsea(), skimage.data.rocket()]
    images = []
    for index in range(IMAGES):
        source, shift = sources[index % len(sources)], index // len(sources)
        crop = Image.fromarray(source).crop((shift, shift, source.shape[1] - 16 + shift, source.shape[0] - 16 + shift))
        images.append(np.asarray(crop.resize((SIDE, SIDE), Image.Resampling.BICUBIC), dtype=np.float32) / 255)
    return images


def timed(score: Callable[[np.ndarray], float], images: list[np.ndarray]) -> tuple[float, np.ndarray]:
    """Milliseconds an image, and the scores."""
    start = time.perf_counter()
    scores = np.array([score(image) for image in images])
    return 1000 * (time.perf_counter() - start) / len(images), scores


def main(rounds: int, names: Collection[str]) -> None:
    """Measure and print a Markdown table."""
    cv2.setNumThreads(1)
    pictures = photographs()
    print(f"{IMAGES} photographs of {SIDE}x{SIDE}, one thread, {rounds} rounds; OpenCV {cv2.__version__}\n")
    print("| metric | ratio, median | lowest to highest | goal | peer, ms | ours, ms | largest difference |")
    print("|---|---|---|---|---|---|---|")
    for name in names:
        (peer, ours, goal), images = PAIRS[name], pictures[: FEW.get(name, IMAGES)]
        timed(ours, images[:2])
        times, apart = [], 0.0
        for _ in range(rounds):
            (slow, expected), (fast, scores) = timed(peer, images), timed(ours, images)
            times.append((slow, fast))
            apart = float(np.max(np.abs(scores / expected - 1)))
        ratios = [slow / fast for slow, fast in times]
        print(
            f"| {name} | {median(ratios):.1f} | {min(ratios):.1f} to {max(ratios):.1f} | {goal or 'none'} "
            f"| {median(slow for slow, _ in times):.1f} | {median(fast for _, fast in times):.1f} | {apart:.1%} |"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5, sys.argv[2:] or PAIRS)
