"""Images that differ from the original by what the JND model says is just not noticed (eq. 2)."""

from enum import StrEnum

import numpy as np
from jaxtyping import Float, Float64
from pydantic import BaseModel, ConfigDict, Field


class NoiseSign(StrEnum):
    """Which way a pixel is moved."""

    PLUS = "plus"
    MINUS = "minus"
    RANDOM = "random"


class JndNoise(BaseModel):
    """How the map becomes noise. The defaults are eq. 2 as printed; docs/curation.md says what speaks for them.

    Attributes:
        gain: factor of the map; Wu et al. take 0.7.
        sign: the same everywhere, or up and down with probability 1/2 each, independent of the neighbours, as Wu et al.
            take it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    gain: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    sign: NoiseSign = NoiseSign.PLUS


def add_jnd_noise(
    image: Float[np.ndarray, "h w *c"],
    jnd: Float64[np.ndarray, "h w"],
    noise: JndNoise,
    generator: np.random.Generator,
) -> Float[np.ndarray, "h w *c"]:
    """Add a JND map to its image as noise.

    I_JND = clip(I + gain s JND), s = +1 or -1, the same in all channels.

    Args:
        image: RGB (H, W, 3) or a plane (H, W), floating point in [0, 1].
        jnd: its map, in the same unit.
        noise: gain and sign.
        generator: of random signs; not used otherwise.

    Returns:
        The image in its own precision, in [0, 1], not rounded to 8 bits.

    Reference: FGResQ, eq. 2; Wu et al. (2017) for sign and gain.
    """
    change = noise.gain * jnd
    if noise.sign is NoiseSign.RANDOM:
        change *= 2.0 * generator.integers(0, 2, size=jnd.shape) - 1
    elif noise.sign is NoiseSign.MINUS:
        change *= -1
    change = change.astype(image.dtype)
    return np.clip(image + (change if image.ndim == 2 else change[..., np.newaxis]), 0, 1)
