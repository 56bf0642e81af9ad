"""The steps that look at pixels: the JND threshold, and the JND filter of all pairs that passed the coarse one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from fgresq.curation.filters import CoarseFilter
from fgresq.curation.jnd.filtering import NOT_JUDGED, ContentSsim, SizeRule, Threshold, filter_unnoticeable
from fgresq.curation.jnd.threshold import JndThreshold, NoisedImage, jnd_threshold, read_threshold
from fgresq.curation.pairs import pair_batches
from fgresq.curation.pipeline.checkpoints import make_folder, resumed
from fgresq.curation.pipeline.config import JndRule
from fgresq.curation.pipeline.left_out import LeftOut
from fgresq.curation.pipeline.workplace import Workplace, write_table
from fgresq.errors import UserError
from fgresq.images.decode import printable
from fgresq.workers import Map

JUDGED = "judged"


@dataclass(frozen=True, slots=True)
class GivenThreshold:
    """SSIM_med as a number that somebody chose."""

    ssim: float
    matlab_downsampling: bool


def settle_threshold(
    rule: JndRule,
    images: pl.DataFrame,
    place: Workplace,
    *,
    map: Map,  # noqa: A002 - it is one
    pause: float,
    progress: Callable[[int], None],
) -> GivenThreshold | JndThreshold:
    """SSIM_med by the rule: given, read from a file, or measured on the build's own images.

    Args:
        rule: of the configuration.
        images: to draw from; those that can be paired.
        place: of the build; what is measured is kept there as it comes.
        map, pause: of the work, see `resumed`.
        progress: called with the number of images finished since the last call.

    Raises:
        UserError: the file isn't a threshold, or was measured with another form of SSIM; no image could be used.
    """
    wanted = rule.threshold
    if wanted.ssim is not None:
        return GivenThreshold(wanted.ssim, rule.matlab_downsampling)
    if wanted.file is not None:
        read = read_threshold(wanted.file)
        if read.matlab_downsampling != rule.matlab_downsampling:
            raise UserError(
                f"{printable(wanted.file)}: was measured with matlab_downsampling {read.matlab_downsampling}, and jnd "
                f"says {rule.matlab_downsampling}; both have to be the same"
            )
        return read
    folder = place.state / "threshold"
    return jnd_threshold(
        [Path(path) for path in images["path"].unique()],
        wanted=wanted.images,
        seed=wanted.seed,
        noise=wanted.noise,
        matlab_downsampling=rule.matlab_downsampling,
        map=resumed(map, folder, to_plain=NoisedImage.model_dump, from_plain=NoisedImage.model_validate, pause=pause),
        progress=progress,
    )


def judge_pairs(
    images: pl.DataFrame,
    coarse: CoarseFilter,
    threshold: Threshold,
    place: Workplace,
    *,
    sizes: SizeRule,
    map: Map,  # noqa: A002 - it is one
    pause: float,
    progress: Callable[[int], None],
) -> tuple[list[Path], list[LeftOut]]:
    """The SSIM of all pairs that pass the coarse filter, and whether it is low enough.

    Pairs are made anew at every start, which takes seconds; what is kept is what was computed from pixels.

    Args:
        images: of the build.
        coarse, threshold, sizes: of both filters.
        place: of the build; the tables go into its `judged`.
        map, pause: of the work, see `resumed`.
        progress: called with the number of pairs finished since the last call.

    Returns:
        The tables: pairs (`fgresq.curation.tables`) with the columns of `JndFiltered`; and what can't be judged.
    """
    make_folder(place.out / JUDGED)
    tables: list[Path] = []
    failed: dict[str, str] = {}
    not_judged = []
    for number, batch in enumerate(pair_batches(images)):
        spread = resumed(
            map, place.state / "jnd" / f"{number:06}", to_plain=_to_plain, from_plain=_from_plain, pause=pause
        )
        judged = filter_unnoticeable(coarse.keep(batch), images, threshold, sizes=sizes, map=spread, progress=progress)
        tables.append(place.out / JUDGED / f"{number:06}.parquet")
        write_table(tables[-1], judged.pairs)
        failed.update(judged.failed)
        not_judged.append(judged.pairs.filter(pl.col(NOT_JUDGED).is_not_null()))
    return tables, [*_bad_images(images, failed), *_bad_pairs(not_judged, failed)]


def _bad_images(images: pl.DataFrame, failed: Mapping[str, str]) -> list[LeftOut]:
    found = images.filter(pl.col("image_id").is_in(list(failed))).select("source", "image_id")
    return [LeftOut("jnd", source, "image", identity, failed[identity]) for source, identity in found.iter_rows()]


def _bad_pairs(tables: Sequence[pl.DataFrame], failed: Mapping[str, str]) -> list[LeftOut]:
    """Pairs that weren't judged; by a rule, unless an image of them is bad."""
    return [
        LeftOut("jnd", source, "pair", f"{a} | {b}", reason, fault=a in failed or b in failed)
        for table in tables
        for source, a, b, reason in table.select("source", "image_a", "image_b", NOT_JUDGED).iter_rows()
    ]


def _to_plain(found: ContentSsim) -> object:
    return [found.ssim.tolist(), list(found.reasons.items()), list(found.failed.items()), found.cropped]


def _from_plain(plain: Sequence[Any]) -> ContentSsim:
    ssim, reasons, failed, cropped = plain
    return ContentSsim(np.array(ssim, dtype=np.float64), dict(reasons), dict(failed), tuple(cropped))
