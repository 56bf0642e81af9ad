"""Rain streaks, drops on the lens, and haze."""

import cv2
import numpy as np
from numpy.random import Generator

from fgresq.synthesis.pictures import Degraded, Picture, Plane, clip, gaussian, guided, luma, smooth_noise


def rain_streaks(image: Picture, strength: float, generator: Generator) -> Degraded:
    """Two layers of streaks of one slant, near ones longer and wider, over a faint veil.

    J (1 - a) + a, with a = the streaks' brightness; the veil lifts the picture towards grey by up to 12 %.
    """
    slant = generator.normal(0, 0.25)
    shape = (image.shape[0], image.shape[1])
    layer = np.zeros(shape, dtype=np.float32)
    for length, width, density in ((14.0, 0.45, 0.010), (26.0, 0.7, 0.004)):
        stretch = generator.uniform(0.8, 1.3)
        layer += _streaks(shape, stretch * length, width, density * (0.35 + 0.9 * strength), slant, generator)
    cover = clip(layer * np.float32(0.25 + 0.5 * strength))[..., np.newaxis] * np.float32(0.85)
    veil = np.float32(0.12 * strength)
    hazy = image * (1 - veil) + veil * np.float32(0.7)
    return Degraded(clip(hazy * (1 - cover) + cover * np.float32(0.92)))


def _streaks(
    shape: tuple[int, int], length: float, width: float, density: float, slant: float, generator: Generator
) -> Plane:
    """Bright lines: random points, each smeared along the fall; the brightness of a line varies from drop to drop."""
    points = (generator.random(shape) < density) * generator.uniform(0.4, 1.0, shape)
    radius = int(np.ceil(length / 2)) + 2
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    along, across = y * np.cos(slant) + x * np.sin(slant), x * np.cos(slant) - y * np.sin(slant)
    line = np.exp(-0.5 * (across / width) ** 2) * np.clip(length / 2 + 1 - np.abs(along), 0, 1)
    return cv2.filter2D(points.astype(np.float32), -1, line.astype(np.float32), borderType=cv2.BORDER_REFLECT)


def rain_drops(image: Picture, strength: float, generator: Generator) -> Degraded:
    """Drops on the lens: each shows a wide view of the scene behind, upside down and out of focus, with a dark rim.

    The number of drops grows with the strength, and so does their size, from 4 to 20 pixels of radius at 256 pixels.
    """
    height, width = image.shape[:2]
    unit = min(height, width) / 256
    count = round((6 + 50 * strength) * height * width / (256 * unit) ** 2)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    source_x, source_y = columns.copy(), rows.copy()
    cover, rim = np.zeros((2, height, width), dtype=np.float32)
    for _ in range(count):
        radius = unit * generator.uniform(4, 9 + 11 * strength)
        x, y = generator.uniform(0, width), generator.uniform(0, height)
        tall, wobble, phase = generator.uniform(0.9, 1.4), generator.uniform(0, 0.15), generator.uniform(0, 2 * np.pi)
        reach = int(radius * 1.8) + 2
        part = np.s_[max(0, int(y) - reach) : int(y) + reach, max(0, int(x) - reach) : int(x) + reach]
        dx, dy = columns[part] - np.float32(x), (rows[part] - np.float32(y)) / np.float32(tall)
        outline = radius * (1 + wobble * np.sin(2 * np.arctan2(dy, dx) + phase))
        inside = np.clip(outline - np.hypot(dx, dy) + 0.5, 0, 1).astype(np.float32)
        relative = np.minimum(np.hypot(dx, dy) / outline, 1)
        wide = np.float32(3.0) + 3 * relative.astype(np.float32) ** 2  # the view widens towards the rim
        taken = inside > 0.5
        source_x[part][taken] = (np.float32(x) - wide * dx)[taken]
        source_y[part][taken] = (np.float32(y) - wide * dy)[taken]
        cover[part] = np.maximum(cover[part], inside)
        rim[part][taken] = (relative**6 * (0.6 - 0.6 * dy / outline)).astype(np.float32)[taken]
    seen = cv2.remap(gaussian(image, 2.5 * unit), source_x, source_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    seen = gaussian(seen, 0.8) * (1 - 0.7 * rim[..., np.newaxis]) + np.float32(0.04)
    alpha = gaussian(cover, 0.7)[..., np.newaxis] * np.float32(0.95)
    return Degraded(clip(image * (1 - alpha) + seen * alpha))


def haze(image: Picture, strength: float, generator: Generator) -> Degraded:
    """Scattering over a depth-like map: I = J t + A (1 - t), t = exp(-beta d), beta from 0.35 to 2.4.

    The depth d in [0.25, 1] rises towards the top of the picture and wanders smoothly; a guided filter makes it follow
    the picture's outlines, as depth does. The airlight A is light grey with a slight tint.

    Reference: Koschmieder's law, as in Narasimhan, Nayar, "Vision and the atmosphere", IJCV 2002.
    """
    depth = _depth(image, generator)
    beta = np.float32(0.35 * (2.4 / 0.35) ** strength)
    transmission = np.exp(-beta * depth)[..., np.newaxis]
    airlight = generator.uniform(0.75, 0.95) + generator.normal(0, 0.015, 3)
    return Degraded(clip(image * transmission + airlight.astype(np.float32) * (1 - transmission)))


def _depth(image: Picture, generator: Generator) -> Plane:
    shape = (image.shape[0], image.shape[1])
    upward = np.linspace(1, 0, shape[0], dtype=np.float32)[:, np.newaxis] ** np.float32(generator.uniform(0.7, 2.0))
    wander = smooth_noise(shape, int(generator.integers(2, 5)), generator)
    share = np.float32(generator.uniform(0.3, 0.7))
    rough = share * upward + (1 - share) * wander
    follows = guided(rough, luma(image), max(4, min(shape) // 12), 1e-3)
    return np.float32(0.25) + np.float32(0.75) * clip(follows)
