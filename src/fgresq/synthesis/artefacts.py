"""What learned restorers get wrong, imitated by stated procedures; `ARTEFACTS` names them all.

No network is run. Each artefact is a pure function (image, strength, generator) -> image that puts one typical fault
into a picture: RGB in [0, 1], strength in [0, 1] where larger is worse.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import cv2
import numpy as np
from numpy.random import Generator

from fgresq.synthesis.pictures import Picture, Plane, box, clip, gaussian, guided, luma, smooth_noise

Artefact: TypeAlias = Callable[[Picture, float, Generator], Picture]


def over_smoothing(image: Picture, strength: float, generator: Generator) -> Picture:
    """Fine texture goes, outlines stay: what training on squared error does.

    Two passes of a guided filter whose threshold (variance 0.0003 to 0.02) decides what is texture.
    """
    radius = int(generator.integers(2, 5))
    epsilon = 0.0003 * (0.02 / 0.0003) ** strength
    smooth = image
    for _ in range(2):
        smooth = np.stack([guided(smooth[..., c], luma(smooth), radius, epsilon) for c in range(3)], axis=-1)
    return clip(smooth)


def ringing(image: Picture, strength: float, generator: Generator) -> Picture:
    """Echoes beside outlines: the picture's band about a cutoff is amplified, as by an over-confident deblurrer.

    J + a (J * sinc), where sinc is a windowed radial low-pass difference about a cutoff of 0.18 to 0.35 cycles a pixel.
    """
    cutoff, reach = generator.uniform(0.16, 0.32), 10
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    distance = np.hypot(x, y)
    echo = np.cos(2 * np.pi * cutoff * distance) * np.exp(-0.5 * (distance / 4.0) ** 2)
    echo -= echo.sum() / np.sum(window := np.exp(-0.5 * (distance / 4.0) ** 2)) * window
    echo /= np.abs(np.fft.fft2(echo)).max()  # the band's gain is then exactly `a`
    return clip(image + np.float32(0.1 + 1.1 * strength) * cv2.filter2D(image, -1, echo.astype(np.float32)))


def hallucinated_texture(image: Picture, strength: float, generator: Generator) -> Picture:
    """Plausible detail that isn't there, as from an adversarial loss.

    The picture's own fine detail is cut into tiles, shuffled, flipped and put back where the picture has some
    structure, with the local amplitude of that structure; the true detail fades in exchange.
    """
    sigma = generator.uniform(1.0, 2.0)
    base = gaussian(image, sigma)
    detail = image - base
    amplitude = np.sqrt(box(luma(detail) ** 2, 4) + np.float32(1e-6))
    relative = np.clip(detail / amplitude[..., np.newaxis], -2, 2)  # a lone outline would dominate its tile
    foreign = _shuffled(relative, int(generator.integers(12, 28)), generator)
    share = np.float32(0.1 + 0.8 * strength)
    mix = foreign * (amplitude + np.float32(0.006))[..., np.newaxis] * np.float32(1 + 0.2 * strength)
    return clip(base + np.sqrt(1 - share**2) * detail + share * mix)


def _shuffled(detail: Picture, side: int, generator: Generator) -> Picture:
    """Each tile of the result is a tile from elsewhere, perhaps mirrored, with soft seams."""
    height, width = detail.shape[:2]
    side = min(side, height, width)
    out = np.zeros_like(detail)
    weight = np.full((height, width, 1), 1e-6, dtype=np.float32)
    ramp = np.sin(np.pi * (np.arange(side) + 0.5) / side)
    window = np.outer(ramp, ramp).astype(np.float32)[..., np.newaxis]
    for top in range(-side // 2, height, side // 2):
        for left in range(-side // 2, width, side // 2):
            row, column = generator.integers(0, height - side + 1), generator.integers(0, width - side + 1)
            tile = detail[row : row + side, column : column + side]
            tile = (tile[:, ::-1] if generator.random() < 0.5 else tile) * window
            rows, columns = slice(max(0, top), min(height, top + side)), slice(max(0, left), min(width, left + side))
            part = np.s_[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
            out[rows, columns] += tile[part]
            weight[rows, columns] += window[part] ** 2
    return out / np.sqrt(weight)


def checkerboard(image: Picture, strength: float, generator: Generator) -> Picture:
    """The regular pattern of a strided transposed convolution, period 2, 4 or 8 pixels.

    A fixed random tile of that period multiplies the picture and is strongest where the picture has detail.
    """
    period = int(generator.choice([2, 4, 8]))
    tile = generator.normal(0, 1, (period, period, 3)) * 0.35 + generator.normal(0, 1, (period, period, 1))
    tile -= tile.mean(axis=(0, 1))
    tile /= tile.std()
    height, width = image.shape[:2]
    pattern = np.tile(tile, (height // period + 1, width // period + 1, 1))[:height, :width].astype(np.float32)
    activity = gaussian(np.abs(luma(image) - gaussian(luma(image), 2.0)), 3.0)
    gain = np.float32(0.01 + 0.08 * strength) * (0.4 + clip(12 * activity))[..., np.newaxis]
    return clip(image + gain * pattern * (0.3 + image))


def colour_shift(image: Picture, strength: float, generator: Generator) -> Picture:
    """Colours drift: saturation, a tint, and brightness, partly by place, as from a badly normalised network."""
    amount = np.float32(0.01 + 0.12 * strength)
    tint = generator.normal(0, 1, 3)
    tint = (tint / np.linalg.norm(tint)).astype(np.float32)
    place: Plane = 0.6 + 0.8 * smooth_noise((image.shape[0], image.shape[1]), 2, generator)
    grey = luma(image)[..., np.newaxis]
    saturation = np.float32(1 + amount * 1.5 * generator.choice([-1.0, 1.0]))
    toned = grey + saturation * (image - grey)
    return clip(toned + (amount * 0.8 * tint * place[..., np.newaxis] * (0.25 + grey * (1 - grey) * 3)))


ARTEFACTS: Mapping[str, Artefact] = {
    "over-smoothing": over_smoothing,
    "ringing": ringing,
    "hallucinated-texture": hallucinated_texture,
    "checkerboard": checkerboard,
    "colour-shift": colour_shift,
}
