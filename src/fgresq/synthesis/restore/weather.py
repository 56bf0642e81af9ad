"""Against rain and haze."""

import cv2
import numpy as np
from jaxtyping import Float32
from numpy.random import Generator

from fgresq.synthesis.pictures import (
    Degraded,
    Picture,
    Plane,
    clip,
    from_bytes,
    gaussian,
    guided,
    luma,
    to_bytes,
    with_luma,
)

_CLEAREST = 0.12


def _median(image: Picture, side: int) -> Picture:
    return from_bytes(cv2.medianBlur(to_bytes(image), side))


def rain_median(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Pixels brighter than the median of their surroundings (5x5 to 9x9) give way to it."""
    image, base = degraded.image, _median(degraded.image, 5 + 2 * round(2 * strength))
    excess = luma(image) - luma(base)
    rain = gaussian(clip((excess - 0.02) / np.float32(0.12 - 0.09 * strength)), 0.6)[..., np.newaxis]
    return np.asarray(image * (1 - rain) + base * rain, dtype=np.float32)


def rain_layers(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """A guided filter splits off fine detail; its grey, positive part counts as rain and is damped.

    Reference: after Kang, Lin, Fu, "Automatic single-image-based rain streaks removal via image decomposition",
    IEEE TIP 2012, with a rule in place of the learned dictionary.
    """
    image = degraded.image
    base = guided(image, gaussian(luma(image), 1.5), 4, 1e-3)
    detail = image - base
    grey = detail.min(axis=-1)
    rain = np.maximum(grey, 0) * np.float32(0.35 + 0.65 * strength)
    return clip(base + detail - rain[..., np.newaxis])


def rain_opening(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Bright lines narrower than 3 to 7 pixels across the fall are cut off, in every colour at once.

    The morphological opening with a horizontal bar; only what it takes away from all three colours alike is removed.
    """
    image = degraded.image
    bar = np.ones((1, 3 + 2 * round(2 * strength)), dtype=np.uint8)
    taken = image - cv2.morphologyEx(image, cv2.MORPH_OPEN, bar)
    rain = taken.min(axis=-1) * np.float32(0.6 + 0.4 * strength)
    return clip(image - rain[..., np.newaxis])


def inpainting(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """What stands out from its wide surroundings is cut out and filled in from its rim.

    Reference: Telea, "An image inpainting technique based on the fast marching method", J. Graphics Tools 2004.
    """
    pixels = to_bytes(degraded.image)
    wide = cv2.medianBlur(pixels, 21)
    difference = gaussian(np.abs(pixels.astype(np.float32) - wide).max(axis=-1), 1.0)
    limit = np.quantile(difference, 0.985 - 0.10 * strength)
    mask = cv2.dilate((difference > max(limit, 12)).astype(np.uint8), np.ones((3, 3), np.uint8))
    return from_bytes(cv2.inpaint(pixels, mask, 3, cv2.INPAINT_TELEA))


def _unveil(image: Picture, airlight: Float32[np.ndarray, "3"], transmission: Plane) -> Picture:
    t = np.maximum(transmission, np.float32(_CLEAREST))[..., np.newaxis]
    return clip((image - airlight) / t + airlight)


def _airlight(image: Picture, veil: Plane) -> Float32[np.ndarray, "3"]:
    """Mean colour of the haziest thousandth of the picture."""
    count = max(10, veil.size // 1000)
    haziest = np.argpartition(veil.ravel(), -count)[-count:]
    return np.asarray(np.maximum(image.reshape(-1, 3)[haziest].mean(axis=0), 0.3), dtype=np.float32)


def dark_channel(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Dark channel prior: t = 1 - omega min over 15x15 and colours of I / A, refined by a guided filter.

    omega from 0.5 to 1.

    Reference: He, Sun, Tang, "Single image haze removal using dark channel prior", CVPR 2009.
    """
    image, patch = degraded.image, np.ones((15, 15), dtype=np.uint8)
    airlight = _airlight(image, cv2.erode(image.min(axis=-1), patch))
    dark = cv2.erode((image / airlight).min(axis=-1), patch)
    rough = (1 - np.float32(0.5 + 0.5 * strength) * dark).astype(np.float32)
    return _unveil(image, airlight, guided(rough, luma(image), 20, 1e-3))


def colour_attenuation(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Colour attenuation prior: depth = 0.122 + 0.960 value - 0.780 saturation.

    t = exp(-beta depth), beta 0.4 to 1.8.

    Reference: Zhu, Mai, Shao, "A fast single image haze removal algorithm using color attenuation prior", TIP 2015.
    """
    image = degraded.image
    value = image.max(axis=-1)
    saturation = 1 - image.min(axis=-1) / np.maximum(value, np.float32(1e-3))
    depth = cv2.erode(
        np.float32(0.121779) + np.float32(0.959710) * value - np.float32(0.780245) * saturation, np.ones((9, 9))
    )
    refined = guided(depth, luma(image), 16, 1e-3)
    return _unveil(image, _airlight(image, refined), np.exp(-np.float32(0.4 + 1.4 * strength) * np.maximum(refined, 0)))


def clahe(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Contrast-limited adaptive histogram equalisation of the luma, clip limit 1 to 5, 2x2 to 6x6 tiles."""
    tiles = int(generator.integers(2, 7))
    grey = np.rint(luma(degraded.image) * 255).astype(np.uint8)
    equal = cv2.createCLAHE(1 + 4 * strength, (tiles, tiles)).apply(grey)
    return with_luma(degraded.image, from_bytes(equal))


def _wide_gaussian(image: Picture, sigma: float) -> Picture:
    """Gaussian filter of tens of pixels, done on a smaller picture."""
    height, width = image.shape[:2]
    factor = max(1.0, sigma / 4)
    small = cv2.resize(
        image, (max(4, round(width / factor)), max(4, round(height / factor))), interpolation=cv2.INTER_AREA
    )
    return cv2.resize(gaussian(small, sigma / factor), (width, height), interpolation=cv2.INTER_CUBIC)


def _retinex(image: Picture, sigmas: tuple[float, ...], strength: float) -> Picture:
    """Mean over scales of log I - log(G * I), spread to the picture's range, mixed in at 0.25 to 1."""
    light = image + np.float32(0.02)
    surrounds = [np.log(np.maximum(_wide_gaussian(light, sigma), np.float32(0.02))) for sigma in sigmas]
    reflectance = np.log(light) - np.mean(surrounds, axis=0, dtype=np.float32)
    low, high = np.quantile(reflectance, [0.01, 0.99])
    spread = clip((reflectance - np.float32(low)) / np.float32(max(high - low, 1e-3)))
    share = np.float32(0.25 + 0.75 * strength)
    return (1 - share) * image + share * spread


def retinex(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Single-scale Retinex, surround of a fifth to a third of the picture's shorter side.

    Reference: Jobson, Rahman, Woodell, "Properties and performance of a center/surround retinex", IEEE TIP 1997.
    """
    return _retinex(degraded.image, (min(degraded.image.shape[:2]) * generator.uniform(0.2, 0.35),), strength)


def multiscale_retinex(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Multi-scale Retinex, surrounds of 4 %, 12 % and 35 % of the picture's shorter side.

    Reference: Jobson, Rahman, Woodell, "A multiscale retinex for bridging the gap", IEEE TIP 1997.
    """
    side = min(degraded.image.shape[:2])
    return _retinex(degraded.image, (0.04 * side, 0.12 * side, 0.35 * side), strength)


def contrast_stretch(degraded: Degraded, strength: float, generator: Generator) -> Picture:
    """Each colour's 0.1 to 3 % tails are cut and the rest is spread over the range, half to fully."""
    tail = 0.001 * 30**strength
    low, high = np.quantile(degraded.image, [tail, 1 - tail], axis=(0, 1)).astype(np.float32)
    share = np.float32(0.5 + 0.5 * strength)
    low, high = share * low, 1 - share * (1 - high)
    return clip((degraded.image - low) / np.maximum(high - low, np.float32(0.05)))
