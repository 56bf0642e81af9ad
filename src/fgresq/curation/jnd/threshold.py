"""The threshold of the JND filter: the median SSIM of images and the same images with noise that isn't noticed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float64
from pydantic import BaseModel, ConfigDict, ValidationError

from fgresq.criteria.uncertainty import bootstrap_counts, percentile_interval
from fgresq.curation.jnd.model import jnd_map
from fgresq.curation.jnd.noise import JndNoise, add_jnd_noise
from fgresq.curation.jnd.reading import named, read_picture
from fgresq.errors import ImageError, UserError
from fgresq.files import written_whole
from fgresq.images.decode import printable
from fgresq.metrics.ssim import grey_plane, matlab_downsampled, ssim_of_pairs
from fgresq.version import __version__
from fgresq.workers import Map

PAPER_IMAGES = 20_000
_CONFIDENCE = 0.95
_RESAMPLES = 2000
_RESAMPLES_AT_ONCE = 50  # 8 MB for 20,000 images


class NoisedImage(BaseModel):
    """One image of the sample, with the SSIM between it and its JND-noised version; or why there is none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    ssim: float | None
    failure: str | None = None


class JndThreshold(BaseModel):
    """A threshold and all that it depends on.

    Attributes:
        ssim: the median; a pair is kept when its SSIM is at most this (eq. 3).
        interval: percentile interval of the median over resampled images; None with fewer than two.
        confidence, resamples: of the interval.
        seed: of the sample, of random signs and of the resamples.
        noise: gain and sign of the noise.
        matlab_downsampling: whether SSIM shrinks images first; the filter has to do the same.
        wanted: images asked for; all there are when there are fewer.
        images: the sample, in name order.
        made_by: the program and its version.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ssim: float
    interval: tuple[float, float] | None
    confidence: float
    resamples: int
    seed: int
    noise: JndNoise
    matlab_downsampling: bool
    wanted: int
    images: tuple[NoisedImage, ...]
    made_by: str

    @property
    def failed(self) -> tuple[NoisedImage, ...]:
        """Images of the sample that couldn't be used."""
        return tuple(image for image in self.images if image.ssim is None)


def jnd_threshold(
    paths: Sequence[Path],
    *,
    wanted: int = PAPER_IMAGES,
    seed: int = 0,
    noise: JndNoise | None = None,
    matlab_downsampling: bool = False,
    map: Map = map,  # noqa: A002 - it is one
    progress: Callable[[int], None] = lambda done: None,
) -> JndThreshold:
    """The median SSIM between random images and their JND-noised versions.

    SSIM_med = median SSIM(I, I_JND) over images drawn without replacement.

    Args:
        paths: of the images to draw from; their order doesn't matter.
        wanted: images to draw (20,000 in the paper), all when there are fewer.
        seed: of the draw and of random signs; the number of processes doesn't matter.
        noise: gain and sign, by default those of eq. 2.
        matlab_downsampling: as in `fgresq.metrics.ssim.ssim`.
        map: what spreads the work.
        progress: called with the number of images finished since the last call.

    Returns:
        The threshold. An image that can't be used stays in its list, with the reason, and isn't replaced.

    Raises:
        UserError: there is no image, or none could be used.

    Reference: FGResQ, section "Data Filtration".
    """
    if not paths or wanted < 1:
        raise UserError(f"a threshold needs at least one image; {len(paths)} were found and {wanted} wanted")
    noise = noise or JndNoise()
    candidates = sorted(set(paths))
    drawn = np.random.default_rng(seed).permutation(len(candidates))[:wanted]
    tasks = [_Task(candidates[place], (seed, number)) for number, place in enumerate(np.sort(drawn))]
    images = []
    for image in map(partial(_measure, noise=noise, matlab_downsampling=matlab_downsampling), tasks):
        images.append(image)
        progress(1)
    values = np.array([image.ssim for image in images if image.ssim is not None])
    if not len(values):
        raise UserError(f"none of the {len(images)} images could be used; {images[0].failure}")
    return JndThreshold(
        ssim=float(np.median(values)),
        interval=median_interval(values, seed) if len(values) > 1 else None,
        confidence=_CONFIDENCE,
        resamples=_RESAMPLES,
        seed=seed,
        noise=noise,
        matlab_downsampling=matlab_downsampling,
        wanted=wanted,
        images=tuple(images),
        made_by=f"fgresq {__version__}",
    )


def median_interval(
    values: Float64[np.ndarray, " n"], seed: int, resamples: int = _RESAMPLES, confidence: float = _CONFIDENCE
) -> tuple[float, float]:
    """Percentile interval of a median, images drawn anew with replacement.

    Args:
        values: one an image, at least 2; any unit.
        seed: of the resamples.
        resamples: how many, at least 2.
        confidence: share of the resamples' medians inside.

    Returns:
        Lower and upper end.

    Reference: Efron and Tibshirani (1993), section 13.3.
    """
    ordered, n = np.sort(values), len(values)
    medians = []
    seeds = np.random.SeedSequence(seed).generate_state(-(-resamples // _RESAMPLES_AT_ONCE), np.uint64)
    for block in seeds.tolist():
        # The k-th smallest value of a resample is where the counts first sum up to k.
        reached = np.cumsum(bootstrap_counts(n, _RESAMPLES_AT_ONCE, block), axis=1)
        lower, upper = ((reached >= k).argmax(axis=1) for k in ((n + 1) // 2, n // 2 + 1))
        medians.append((ordered[lower] + ordered[upper]) / 2)
    low, high = percentile_interval(np.concatenate(medians)[:resamples], confidence)
    return float(low), float(high)


def write_threshold(path: Path, threshold: JndThreshold) -> None:
    """Write a threshold as JSON.

    Raises:
        OutputError: it can't be written there.
    """
    with written_whole(path) as temporary:
        temporary.write_text(threshold.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_threshold(path: Path) -> JndThreshold:
    """Read what `write_threshold` wrote.

    Raises:
        UserError: it isn't there or isn't a threshold.
    """
    try:
        return JndThreshold.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UserError(f"{printable(path)}: can't be read ({error.strerror})") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise UserError(
            f"{printable(path)}: isn't a threshold that `fgresq curate threshold` wrote ({place}: {first['msg']})"
        ) from error


@dataclass(frozen=True, slots=True)
class _Task:
    path: Path
    seed: tuple[int, int]


def _measure(task: _Task, noise: JndNoise, matlab_downsampling: bool) -> NoisedImage:
    name = printable(task.path.absolute())
    try:
        with named(task.path):
            image = read_picture(task.path)
            noised = add_jnd_noise(image, jnd_map(image), noise, np.random.default_rng(task.seed))
            planes = [grey_plane(image), grey_plane(noised)]
    except ImageError as error:
        return NoisedImage(path=name, ssim=None, failure=str(error))
    if matlab_downsampling:
        planes = [matlab_downsampled(plane) for plane in planes]
    return NoisedImage(path=name, ssim=float(ssim_of_pairs(planes, np.array([[0, 1]]))[0]))
