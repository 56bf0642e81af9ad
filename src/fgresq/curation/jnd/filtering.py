"""Which pairs differ visibly (eq. 3). Images of a content are decoded once, whatever the number of its pairs."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import polars as pl
from jaxtyping import Float, Float64, Int

from fgresq.curation.jnd.reading import named, read_picture
from fgresq.errors import ImageError, ManifestError
from fgresq.metrics.ssim import WINDOW, grey_plane, matlab_downsampled, ssim_of_pairs
from fgresq.names import first_few
from fgresq.workers import Map

SSIM, KEPT, CROPPED, NOT_JUDGED = "ssim", "kept", "cropped", "not_judged"
_ROW = "row"
_MOST_PAIRS = (
    20_000  # of one item: a content of 1,000 images is cut, so that its pairs are shared out and kept in parts
)


@runtime_checkable
class Threshold(Protocol):
    """SSIM_med, as measured (`fgresq.curation.jnd.threshold.JndThreshold`) or given."""

    @property
    def ssim(self) -> float:
        """At most this much SSIM leaves a visible difference."""

    @property
    def matlab_downsampling(self) -> bool:
        """Whether SSIM shrinks images first."""


class SizeRule(StrEnum):
    """What to do with a pair of images of different sizes."""

    SKIP = "skip"
    CROP = "crop"


@dataclass(frozen=True, slots=True)
class ContentPairs:
    """Pairs among the images of one content, all of them or a part.

    Attributes:
        content: the scene depicted.
        paths: of the images.
        pairs: places in `paths`.
    """

    content: str
    paths: tuple[Path, ...]
    pairs: Int[np.ndarray, "n 2"]


@dataclass(frozen=True, slots=True)
class ContentSsim:
    """What became of the pairs of one content.

    Attributes:
        ssim: of each pair; NaN where it wasn't judged.
        reasons: why, by the pair's place.
        failed: images that couldn't be used, by their place in `paths`, with the reason.
        cropped: places of the pairs whose images have different sizes and were judged all the same.
    """

    ssim: Float64[np.ndarray, " n"]
    reasons: Mapping[int, str]
    failed: Mapping[int, str]
    cropped: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class JndFiltered:
    """All pairs, judged.

    Attributes:
        pairs: the rows and columns that came in, and: `ssim`; `kept`, whether it is at or below the threshold;
            `cropped`, whether its images have different sizes and only what they share was compared; `not_judged`, the
            reason where there is neither.
        failed: images that couldn't be used, by identity, with the reason.
    """

    pairs: pl.DataFrame
    failed: Mapping[str, str]


def filter_unnoticeable(
    pairs: pl.DataFrame,
    images: pl.DataFrame,
    threshold: Threshold,
    *,
    sizes: SizeRule = SizeRule.SKIP,
    map: Map = map,  # noqa: A002 - it is one
    progress: Callable[[int], None] = lambda done: None,
) -> JndFiltered:
    """Tell pairs with a visible difference from those without.

    kept = SSIM(A, B) <= SSIM_med.

    Args:
        pairs: with `content`, `image_a` and `image_b`, as the coarse filter leaves them.
        images: with `image_id` and `path`.
        threshold: SSIM_med, with the form of SSIM that it was measured in.
        sizes: pairs of different sizes aren't judged, or are both cropped to what they share from the top left corner.
        map: what spreads the contents.
        progress: called with the number of pairs finished since the last call.

    Returns:
        Every row that came in, in its order.

    Raises:
        ManifestError: a pair names an image that isn't in the table.

    Reference: FGResQ, eq. 3.
    """
    rows, jobs = _jobs(pairs, images)
    ssim = np.full(len(pairs), np.nan)
    reasons: list[str | None] = [None] * len(pairs)
    cropped = np.zeros(len(pairs), dtype=bool)
    failed: dict[str, str] = {}
    judge = partial(ssim_of_content, sizes=sizes, matlab_downsampling=threshold.matlab_downsampling)
    for (places, identities), judged in zip(rows, map(judge, jobs), strict=True):
        ssim[places] = judged.ssim
        for pair, reason in judged.reasons.items():
            reasons[places[pair]] = reason
        cropped[[places[pair] for pair in judged.cropped]] = True
        failed.update({identities[image]: reason for image, reason in judged.failed.items()})
        progress(len(places))
    columns = [
        pl.Series(SSIM, ssim, dtype=pl.Float64).fill_nan(None),
        pl.Series(CROPPED, cropped, dtype=pl.Boolean),
        pl.Series(NOT_JUDGED, reasons, dtype=pl.String),
    ]
    judged_pairs = pairs.with_columns(columns).with_columns((pl.col(SSIM) <= threshold.ssim).alias(KEPT))
    return JndFiltered(judged_pairs.select(*pairs.columns, SSIM, KEPT, CROPPED, NOT_JUDGED), failed)


def ssim_of_content(
    content: ContentPairs, sizes: SizeRule = SizeRule.SKIP, matlab_downsampling: bool = False
) -> ContentSsim:
    """SSIM of the pairs of one content, in float32.

    Args:
        content: its images and pairs.
        sizes, matlab_downsampling: as in `filter_unnoticeable`.

    Returns:
        One SSIM a pair, or the reason why there is none. A bad image spoils its own pairs only.
    """
    planes: dict[int, Float[np.ndarray, "h w"]] = {}
    failed: dict[int, str] = {}
    for image in np.unique(content.pairs).tolist():
        try:
            planes[image] = _read(content.paths[image])
        except ImageError as error:
            failed[image] = str(error)
    reasons: dict[int, str] = {}
    cropped = []
    groups: dict[tuple[int, int], list[int]] = {}
    for pair, (a, b) in enumerate(content.pairs.tolist()):
        faults = [failed[image] for image in (a, b) if image in failed] or _size_faults(planes[a], planes[b], sizes)
        if faults:
            reasons[pair] = "; ".join(faults)
        else:
            shared = np.minimum(planes[a].shape, planes[b].shape).tolist()
            groups.setdefault((shared[0], shared[1]), []).append(pair)
            if planes[a].shape != planes[b].shape:
                cropped.append(pair)
    ssim = np.full(len(content.pairs), np.nan)
    for (height, width), group in groups.items():
        members, places = np.unique(content.pairs[group], return_inverse=True)
        shapes = [np.ascontiguousarray(planes[image][:height, :width]) for image in members.tolist()]
        if matlab_downsampling:
            shapes = [matlab_downsampled(plane) for plane in shapes]
        ssim[group] = ssim_of_pairs(shapes, places.reshape(-1, 2))
    return ContentSsim(ssim, reasons, failed, tuple(cropped))


def _read(path: Path) -> Float[np.ndarray, "h w"]:
    with named(path):
        return grey_plane(read_picture(path))


def _size_faults(a: Float[np.ndarray, "h w"], b: Float[np.ndarray, "h2 w2"], sizes: SizeRule) -> list[str]:
    if a.shape == b.shape or (sizes is SizeRule.CROP and min(*a.shape, *b.shape) >= WINDOW):
        return []
    return ["the images have different sizes, " + " and ".join(f"{w}x{h}" for h, w in (a.shape, b.shape)) + " pixels"]


def _jobs(
    pairs: pl.DataFrame, images: pl.DataFrame
) -> tuple[list[tuple[list[int], list[str]]], Iterator[ContentPairs]]:
    """For each content, or part of a large one: its pairs' rows and its images' identities; and what to compute."""
    paths = dict(images.select("image_id", "path").iter_rows())
    named = pl.concat([pairs["image_a"], pairs["image_b"]]).unique()
    unknown = [identity for identity in named if identity not in paths]
    if unknown:
        raise ManifestError(f"pairs name images that aren't in the table of images: {first_few(sorted(unknown))}")
    groups = [
        part
        for group in pairs.with_row_index(_ROW).partition_by("content", maintain_order=True)
        for part in group.iter_slices(_MOST_PAIRS)
    ]
    groups.sort(key=lambda part: -part.height)  # the largest first, so that none is alone at the end
    rows, contents = [], []
    for group in groups:
        identities = pl.concat([group["image_a"], group["image_b"]]).unique().sort().to_list()
        place = {identity: number for number, identity in enumerate(identities)}
        ends = [[place[a], place[b]] for a, b in group.select("image_a", "image_b").iter_rows()]
        rows.append((group[_ROW].to_list(), identities))
        files = tuple(Path(paths[identity]) for identity in identities)
        contents.append(ContentPairs(group["content"][0], files, np.array(ends)))
    return rows, iter(contents)
