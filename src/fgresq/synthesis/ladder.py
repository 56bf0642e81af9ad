"""Graded ladders: a picture against itself after more and more of one distortion.

Which of two steps is the better picture is known by construction, whatever a metric says. A distortion is a pure
function (image, strength, generator) -> image: RGB in [0, 1], strength in [0, 1] where larger is worse. The generator
draws a distortion's kind and pattern, so steps of one ladder must be given generators of one seed.
"""

import io
from collections.abc import Callable, Mapping
from typing import TypeAlias

import cv2
import numpy as np
from numpy.random import Generator
from PIL import Image as PillowImage

from fgresq.synthesis.pictures import Low, Picture, clip, from_bytes, gaussian, jpeg, luma, resize, to_bytes

Distort: TypeAlias = Callable[[Picture, float, Generator], Picture]


def _between(strength: float, low: float, high: float) -> float:
    """From `low` at strength 0 to `high` at 1, in equal ratios."""
    return float(low * (high / low) ** strength)


def compression(image: Picture, strength: float, generator: Generator) -> Picture:
    """JPEG with 4:2:0 colour, quality 95 to 8."""
    return jpeg(image, round(_between(strength, 95.0, 8.0)))


def webp(image: Picture, strength: float, generator: Generator) -> Picture:
    """Lossy WebP, quality 90 to 2."""
    code = io.BytesIO()
    PillowImage.fromarray(to_bytes(image)).save(code, "WEBP", quality=round(_between(strength, 90.0, 2.0)), method=2)
    return from_bytes(np.asarray(PillowImage.open(code).convert("RGB")))


def blur(image: Picture, strength: float, generator: Generator) -> Picture:
    """Gaussian, sigma 0.45 to 4 pixels."""
    return gaussian(image, _between(strength, 0.45, 4.0))


def noise(image: Picture, strength: float, generator: Generator) -> Picture:
    """White noise of deviation 0.008 to 0.2, of each colour channel or of the luma alone, sometimes coarse."""
    height, width = image.shape[:2]
    channels = 1 if generator.random() < 0.3 else 3
    coarse = 2 if generator.random() < 0.3 else 1
    grain = generator.standard_normal((-(-height // coarse), -(-width // coarse), channels)).astype(np.float32)
    pattern = grain.repeat(coarse, axis=0).repeat(coarse, axis=1)[:height, :width]
    if coarse > 1:
        soft = gaussian(pattern[..., 0] if channels == 1 else pattern, 0.8).reshape(height, width, channels)
        pattern = np.float32(1.6) * soft
    return clip(image + np.float32(_between(strength, 0.008, 0.2)) * pattern)


def blocks(image: Picture, strength: float, generator: Generator) -> Picture:
    """Pixels of 1/1.5 to 1/8 of the resolution, shown by repeating them."""
    return resize(_reduced(image, _between(strength, 1.5, 8.0), "box"), _size(image), "nearest")


def rescaling(image: Picture, strength: float, generator: Generator) -> Picture:
    """Reduced to 1/1.25 to 1/8 of each side and enlarged again by a smooth filter."""
    small = _reduced(image, _between(strength, 1.25, 8.0), "bicubic")
    return clip(resize(small, _size(image), str(generator.choice(["bilinear", "bicubic", "lanczos"]))))


def banding(image: Picture, strength: float, generator: Generator) -> Picture:
    """48 to 4 levels a channel."""
    steps = np.float32(_between(strength, 47.0, 3.0))
    return clip(np.rint(image * steps) / steps)


def colour_cast(image: Picture, strength: float, generator: Generator) -> Picture:
    """The channels' gains drift apart, up to a factor of 1.05 to 2 each way; brightness stays."""
    direction = generator.normal(0, 1, 3)
    direction = (direction - direction.mean()) / np.abs(direction - direction.mean()).max()
    gains = np.exp(direction * np.log(_between(strength, 1.05, 2.0))).astype(np.float32)
    cast = image * gains
    return clip(cast * (luma(image).mean() / max(luma(cast).mean(), 1e-6)))


def hue(image: Picture, strength: float, generator: Generator) -> Picture:
    """All colours turn around the grey axis by 12 to 180 degrees."""
    angle = np.deg2rad(_between(strength, 12.0, 180.0)) * generator.choice([-1.0, 1.0])
    axis = np.full(3, 1 / np.sqrt(3))
    cross = np.cross(np.eye(3), axis)
    turn = np.cos(angle) * np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * np.outer(axis, axis)
    return clip(cv2.transform(image, turn.astype(np.float32)))


def swapped(image: Picture, strength: float, generator: Generator) -> Picture:
    """Red and blue change places, by a share of 0.15 to 1."""
    share = np.float32(_between(strength, 0.15, 1.0))
    return clip((1 - share) * image + share * image[..., ::-1])


def overexposure(image: Picture, strength: float, generator: Generator) -> Picture:
    """1.08 to 2.5 times as bright; what exceeds white is lost."""
    return clip(image * np.float32(_between(strength, 1.08, 2.5)))


def crushed_shadows(image: Picture, strength: float, generator: Generator) -> Picture:
    """Everything below 0.03 to 0.45 becomes black."""
    black = np.float32(_between(strength, 0.03, 0.45))
    return clip((image - black) / (1 - black))


def darkening(image: Picture, strength: float, generator: Generator) -> Picture:
    """0.92 to 0.2 times as bright."""
    return image * np.float32(_between(strength, 0.92, 0.2))


def fading(image: Picture, strength: float, generator: Generator) -> Picture:
    """Contrast falls to 0.92 to 0.15 around a grey of random brightness, as in haze."""
    kept = np.float32(_between(strength, 0.92, 0.15))
    return clip(kept * image + (1 - kept) * np.float32(generator.uniform(0.4, 0.9)))


def greying(image: Picture, strength: float, generator: Generator) -> Picture:
    """Colour fades by a share of 0.15 to 1."""
    share = np.float32(_between(strength, 0.15, 1.0))
    return clip((1 - share) * image + share * luma(image)[..., np.newaxis])


def _size(image: Picture) -> tuple[int, int]:
    return image.shape[0], image.shape[1]


def _reduced(image: Picture, factor: float, filter_name: str) -> Low:
    height, width = _size(image)
    return clip(resize(image, (max(4, round(height / factor)), max(4, round(width / factor))), filter_name))


DISTORTIONS: Mapping[str, Distort] = {
    "jpeg": compression,
    "webp": webp,
    "blur": blur,
    "noise": noise,
    "blocks": blocks,
    "rescaling": rescaling,
    "banding": banding,
    "colour-cast": colour_cast,
    "hue": hue,
    "swapped": swapped,
    "overexposure": overexposure,
    "crushed-shadows": crushed_shadows,
    "darkening": darkening,
    "fading": fading,
    "greying": greying,
}


def blank(image: Picture, generator: Generator) -> tuple[str, Picture]:
    """What a failed restoration may leave: black, white, grey, one colour, the mean colour, or pure noise.

    Returns:
        Its name, and the picture.
    """
    shape = image.shape
    kind = str(generator.choice(["black", "white", "grey", "one-colour", "mean-colour", "white-noise", "grey-noise"]))
    if kind == "white-noise":
        return kind, generator.random(shape, dtype=np.float32)
    if kind == "grey-noise":
        spread = np.float32(generator.uniform(0.05, 0.3))
        grain = generator.standard_normal((*shape[:2], 1), dtype=np.float32) * np.ones(3, dtype=np.float32)
        return kind, clip(np.float32(0.5) + spread * grain)
    colour = {
        "black": np.zeros(3),
        "white": np.ones(3),
        "grey": np.full(3, generator.uniform(0.2, 0.8)),
        "one-colour": generator.random(3),
        "mean-colour": image.mean(axis=(0, 1)),
    }[kind]
    return kind, np.broadcast_to(colour.astype(np.float32), shape).copy()
