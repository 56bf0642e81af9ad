"""All sources of a build as one table of images, and what of them can't be used."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from fgresq.curation.pipeline.config import BuildConfig
from fgresq.curation.pipeline.left_out import LeftOut
from fgresq.curation.sources import Scan, find_source, scan
from fgresq.curation.tau import Tau
from fgresq.errors import ManifestError, UserError
from fgresq.names import first_few


@dataclass(frozen=True)
class Scanned:
    """What the copies hold.

    Attributes:
        images: those that can be paired (`fgresq.curation.tables`): they have a task, and their file is there.
        scans: one a copy.
        left_out: what can't be used, and what differs from what was expected.
    """

    images: pl.DataFrame
    scans: tuple[Scan, ...]
    left_out: tuple[LeftOut, ...]


def scan_sources(config: BuildConfig) -> Scanned:
    """Look through all copies.

    Raises:
        UserError: as `scan`; or no image has a task.
        ManifestError: one identity stands in two copies, or one content in two sources.
    """
    scans = tuple(scan(find_source(copy.name), copy.root) for copy in config.sources)
    labelled = pl.concat([found.labelled for found in scans])
    _check_names(labelled)
    with_task = labelled.filter(pl.col("task").is_not_null())
    if not with_task.height:
        raise UserError("no image of these sources has a restoration task, so there is nothing to pair")
    left_out = [row for found in scans for row in _left_out(found)]
    left_out += _without_label(with_task.filter("here"), config.taus)
    return Scanned(with_task.filter("here").drop("here"), scans, tuple(left_out))


def _check_names(labelled: pl.DataFrame) -> None:
    twice = labelled.filter(pl.col("image_id").is_duplicated())["image_id"].unique(maintain_order=True)
    if len(twice):
        raise ManifestError(
            f"{len(twice)} image identities stand in two of the sources: {first_few(twice.to_list())}; make them unique"
        )
    astray = labelled.group_by("content").agg(pl.col("source").n_unique()).filter(pl.col("source") > 1)
    if astray.height:
        raise ManifestError(
            f"contents that stand in two sources: {first_few(sorted(astray['content']))}; give each its source's name "
            "in front (that they show one scene is found by their files)"
        )


def _left_out(found: Scan) -> Iterable[LeftOut]:
    labelled = found.labelled
    sources = labelled["source"].unique().to_list()
    name = sources[0] if len(sources) == 1 else found.source.name  # a CSV of one source speaks for it
    known = dict(labelled.select("path", "image_id").iter_rows())
    for file in found.missing:
        yield LeftOut("scan", name, "image" if file in known else "file", known.get(file, file), "the file isn't there")
    for problem in found.wrong:
        place, _, reason = problem.partition(": ")
        yield LeftOut("scan", name, "label", place, reason)
    for count in found.counts:
        if count.differs:
            yield LeftOut("scan", name, "count", count.what, f"{count.found} found, {count.expected} expected")
    for file in found.unlabelled:
        yield LeftOut("scan", name, "file", file, "the source says nothing of it", fault=False)
    for source, images in (
        labelled.filter(pl.col("task").is_null()).group_by("source", maintain_order=True).len().rows()
    ):
        reason = "no restoration made them, so they are never paired"
        yield LeftOut("scan", source, "image", f"{images} images", reason, fault=False)


def _without_label(images: pl.DataFrame, taus: Mapping[str, Tau]) -> Iterable[LeftOut]:
    """Images that no pair can be made with, since the source's tau needs scores."""
    needing = [name for name, tau in taus.items() if not tau.keeps_all]
    lacking = images.filter(pl.col("mos").is_null() & pl.col("source").is_in(needing))
    reason = "has no label, so the coarse filter drops its pairs"
    return [
        LeftOut("scan", source, "label", identity, reason, fault=False)
        for source, identity in lacking.select("source", "image_id").iter_rows()
    ]
