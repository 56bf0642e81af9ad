"""Learned restorers as users run them: on what they were made for, and on what they weren't."""

import numpy as np
from numpy.random import Generator

from fgresq.records import RestorationTask
from fgresq.synthesis.degrade import Degradation
from fgresq.synthesis.pictures import Degraded, Picture, clip, resize
from fgresq.synthesis.restore.learned import LEARNED

_T = RestorationTask
# What enlarges is also tried on blurred, noisy and compressed pictures, reduced first; rain and haze it leaves.
_ALSO_ENLARGED = frozenset({_T.DEBLURRING, _T.DENOISING, _T.MIXTURE})


def suited(names: tuple[str, ...], degradation: Degradation) -> list[str]:
    """Which of some learned restorers have something to do for a degradation, by name."""
    task = degradation.task
    return [
        name for name in names if task in LEARNED[name].tasks or (LEARNED[name].scale > 1 and task in _ALSO_ENLARGED)
    ]


def restored(name: str, degraded: Degraded, generator: Generator) -> Picture:
    """The output at the degraded picture's size.

    What enlarges gets the picture of low resolution, or else the degraded one reduced to between 1 / scale and twice
    that; its output is resampled to the size by a bicubic filter.
    """
    restorer, image = LEARNED[name], degraded.image
    if restorer.scale == 1:
        return restorer.apply(image)
    size = image.shape[0], image.shape[1]
    low = degraded.low
    if low is None:
        factor = float(generator.uniform(max(1.0, restorer.scale / 2), restorer.scale))
        low = clip(resize(image, (max(16, round(size[0] / factor)), max(16, round(size[1] / factor))), "bicubic"))
    out = restorer.apply(np.ascontiguousarray(low))
    return out if out.shape[:2] == size else clip(resize(out, size, "bicubic"))
