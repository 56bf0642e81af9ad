"""All restorers by name, with the tasks that each serves, and combinations of two."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from numpy.random import Generator

from fgresq.records import RestorationTask
from fgresq.synthesis.degrade import Degradation
from fgresq.synthesis.pictures import Degraded, Picture
from fgresq.synthesis.restore import deblur, denoise, upscale, weather

Restore: TypeAlias = Callable[[Degraded, float, Generator], Picture]

_T = RestorationTask
_BLUR = frozenset({_T.DEBLURRING, _T.MIXTURE})
_NOISE = frozenset({_T.DENOISING, _T.MIXTURE})
_RAIN = frozenset({_T.DERAINING, _T.MIXTURE})
_HAZE = frozenset({_T.DEHAZING, _T.MIXTURE})
_LOW = frozenset({_T.SUPER_RESOLUTION})


@dataclass(frozen=True, slots=True)
class Restorer:
    """A restorer and the tasks it serves."""

    name: str
    tasks: frozenset[RestorationTask]
    apply: Restore


def then(first: Restore, second: Restore) -> Restore:
    """One restorer after the other; the second works at a random strength up to 0.7."""

    def apply(degraded: Degraded, strength: float, generator: Generator) -> Picture:
        middle = replace(degraded, image=first(degraded, strength, generator))
        return second(middle, generator.uniform(0.05, 0.7), generator)

    return apply


RESTORERS: Mapping[str, Restorer] = {
    name: Restorer(name, tasks, apply)
    for name, tasks, apply in (
        ("wiener", _BLUR, deblur.wiener),
        ("misjudged-wiener", _BLUR, deblur.misjudged_wiener),
        ("richardson-lucy", _BLUR, deblur.richardson_lucy),
        ("tv-deconvolution", _BLUR, deblur.tv_deconvolution),
        ("unsharp", _BLUR, deblur.unsharp),
        ("shock-filter", _BLUR, deblur.shock_filter),
        ("richardson-lucy+tv", _BLUR, then(deblur.richardson_lucy, denoise.tv)),
        ("wiener+bilateral", _BLUR, then(deblur.wiener, denoise.bilateral)),
        ("non-local-means", _NOISE | _RAIN, denoise.non_local_means),
        ("bilateral", _NOISE | _RAIN, denoise.bilateral),
        ("tv", _NOISE | _RAIN, denoise.tv),
        ("median", _NOISE | _RAIN, denoise.median),
        ("guided-filter", _NOISE, denoise.guided_filter),
        ("smoothing", _NOISE, denoise.smoothing),
        ("wavelet", _NOISE, denoise.wavelet),
        ("dct-threshold", _NOISE | _RAIN, denoise.dct_threshold),
        ("non-local-means+unsharp", _NOISE | _BLUR, then(denoise.non_local_means, deblur.unsharp)),
        ("dct-threshold+wiener", _BLUR, then(denoise.dct_threshold, deblur.wiener)),
        ("rain-median", _RAIN, weather.rain_median),
        ("rain-layers", _RAIN, weather.rain_layers),
        ("rain-opening", _RAIN, weather.rain_opening),
        ("inpainting", _RAIN, weather.inpainting),
        ("rain-opening+bilateral", _RAIN, then(weather.rain_opening, denoise.bilateral)),
        ("rain-layers+unsharp", _RAIN, then(weather.rain_layers, deblur.unsharp)),
        ("dark-channel", _HAZE, weather.dark_channel),
        ("colour-attenuation", _HAZE, weather.colour_attenuation),
        ("clahe", _HAZE, weather.clahe),
        ("retinex", _HAZE, weather.retinex),
        ("multiscale-retinex", _HAZE, weather.multiscale_retinex),
        ("contrast-stretch", _HAZE, weather.contrast_stretch),
        ("dark-channel+unsharp", _HAZE, then(weather.dark_channel, deblur.unsharp)),
        ("bilateral+dark-channel", _HAZE, then(denoise.bilateral, weather.dark_channel)),
        ("nearest", _LOW, upscale.nearest),
        ("bilinear", _LOW, upscale.bilinear),
        ("bicubic", _LOW, upscale.bicubic),
        ("lanczos", _LOW, upscale.lanczos),
        ("back-projection", _LOW, upscale.back_projection),
        ("tv-back-projection", _LOW, upscale.tv_back_projection),
        ("edge-directed", _LOW, upscale.edge_directed),
        ("gradient-sharpened", _LOW, upscale.gradient_sharpened),
        ("deconvolved", _LOW, upscale.deconvolved),
        ("cleaned-first", _LOW, upscale.cleaned_first),
    )
}


def suited(degradation: Degradation) -> tuple[Restorer, ...]:
    """The restorers for a degradation: they serve its task, and at least one of its faults."""
    return tuple(
        restorer
        for restorer in RESTORERS.values()
        if degradation.task in restorer.tasks and restorer.tasks & degradation.faults
    )
