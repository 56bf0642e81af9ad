"""All steps of a build, from copies of source data sets to a manifest of fine-grained pairs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from fgresq.curation.calibration import Calibration, calibrate
from fgresq.curation.filters import CoarseFilter
from fgresq.curation.jnd.threshold import JndThreshold, write_threshold
from fgresq.curation.pipeline.checkpoints import PAUSE, resumed
from fgresq.curation.pipeline.config import BuildConfig
from fgresq.curation.pipeline.files import (
    FileState,
    changed,
    files_of,
    from_plain,
    hash_files,
    one_path_each,
    readable,
    to_plain,
)
from fgresq.curation.pipeline.judging import GivenThreshold, judge_pairs, settle_threshold
from fgresq.curation.pipeline.left_out import LeftOut, as_table
from fgresq.curation.pipeline.sampling import sample_pairs
from fgresq.curation.pipeline.scanning import Scanned, scan_sources
from fgresq.curation.pipeline.workplace import Workplace, open_workplace, write_table
from fgresq.curation.pipeline.writing import (
    described,
    make_manifest,
    shared_scenes,
    write_counts,
    write_distributions,
    write_files,
    write_splits,
    write_table_1,
)
from fgresq.errors import UserError
from fgresq.locks import only_writer
from fgresq.manifest import write_manifest
from fgresq.version import __version__
from fgresq.workers import Map

Begin = Callable[[str, int], Callable[[int], None]]


def _silent(stage: str, total: int) -> Callable[[int], None]:
    return lambda done: None


@dataclass(frozen=True)
class _Work:
    """How a build works; nothing of it changes the result."""

    place: Workplace
    map: Map
    pause: float
    begin: Begin


def build(
    config: BuildConfig,
    out: Path,
    *,
    map: Map = map,  # noqa: A002 - it is one
    pause: float = PAUSE,
    begin: Begin = _silent,
) -> Workplace:
    """Make a data set of fine-grained pairs, or go on making it.

    Scan, pair, coarse filter (eq. 1), JND threshold and JND filter (eq. 2 and 3), sample, split, write. Results that
    come from pixels are kept as they come, so a process that was killed goes on where it stood, to the same files.
    `close_workplace` ends the build, after whatever else is to lie in the folder. Both belong into one `only_writer` of
    the folder, where other processes may build there too.

    Args:
        config: what to make.
        out: folder, new, or of the same build.
        map: what spreads the work.
        pause: seconds of results that a killed process loses at most, besides the items under way.
        begin: called with a step's name and its number of items; what it answers is called with the items finished
            since the last call.

    Returns:
        The folder, with everything in it.

    Raises:
        UserError: a source isn't there or isn't laid out as documented, tau is missing, no pair is left.
        OutputError: the folder holds something else, settings or inputs changed since, another process builds there, or
            the disk is full.

    Reference: FGResQ, sections "Image and Pair Collection" and "Data Filtration".
    """
    with only_writer(out):
        scanned = scan_sources(config)
        coarse = CoarseFilter.for_images(scanned.images, config.taus)
        # Only now: a configuration that can't be built leaves no folder that belongs to it.
        work = _Work(open_workplace(out, config.settings()), map, pause, begin)
        return _built(config, scanned, coarse, work)


def _built(config: BuildConfig, scanned: Scanned, coarse: CoarseFilter, work: _Work) -> Workplace:
    states = _files(scanned.images, work)
    if work.place.finished:
        return work.place
    readable_ones, unread = readable(scanned.images, states)
    images = one_path_each(readable_ones, states)
    calibration = calibrate(images, coarse)
    threshold = _threshold(config, images, work)
    tables, unjudged = _judged(config, images, calibration, threshold, work)
    left_out = [*scanned.left_out, *unread, *_failed(threshold), *unjudged]
    _write(config, images, tables, calibration, threshold, states, left_out, work.place)
    return work.place


def _files(images: pl.DataFrame, work: _Work) -> list[FileState]:
    """Hash every file; a build that goes on sees whether they still hold what they did."""
    work.place.require_same_images(images)
    paths = files_of(images)
    kept = resumed(work.map, work.place.state / "files", to_plain=to_plain, from_plain=from_plain, pause=work.pause)
    states = hash_files(paths, kept, work.begin("hashing", len(paths)))
    differing = changed(states)
    if differing:
        work.place.refuse_inputs(differing)
    return states


def _threshold(config: BuildConfig, images: pl.DataFrame, work: _Work) -> GivenThreshold | JndThreshold:
    rule = config.jnd.threshold
    measured = 0 if rule.ssim is not None or rule.file is not None else min(rule.images, images["path"].n_unique())
    threshold = settle_threshold(
        config.jnd,
        images,
        work.place,
        map=work.map,
        pause=work.pause,
        progress=work.begin("JND threshold", measured) if measured else lambda done: None,
    )
    if isinstance(threshold, JndThreshold):
        write_threshold(work.place.out / "threshold.json", threshold)
    return threshold


def _judged(
    config: BuildConfig,
    images: pl.DataFrame,
    calibration: Calibration,
    threshold: GivenThreshold | JndThreshold,
    work: _Work,
) -> tuple[list[Path], list[LeftOut]]:
    passed = int(calibration.pairs["kept"].sum())
    if not passed:
        pairs = int(calibration.pairs["pairs"].sum())
        raise UserError(f"none of {pairs} pairs passes the coarse filter; `fgresq curate calibrate` shows the taus")
    return judge_pairs(
        images,
        calibration.coarse,
        threshold,
        work.place,
        sizes=config.jnd.sizes,
        map=work.map,
        pause=work.pause,
        progress=work.begin("JND filter", passed),
    )


def _failed(threshold: GivenThreshold | JndThreshold) -> list[LeftOut]:
    if isinstance(threshold, GivenThreshold):
        return []
    return [LeftOut("threshold", "", "image", image.path, image.failure or "") for image in threshold.failed]


def _write(
    config: BuildConfig,
    images: pl.DataFrame,
    tables: list[Path],
    calibration: Calibration,
    threshold: GivenThreshold | JndThreshold,
    states: list[FileState],
    left_out: list[LeftOut],
    place: Workplace,
) -> None:
    out = place.out
    judged = pl.scan_parquet(tables)
    write_table(out / "left-out.csv", as_table(left_out))
    kept = judged.filter("kept").collect()
    if not kept.height:
        raise UserError(
            f"none of {int(calibration.pairs['kept'].sum())} pairs passes the JND filter (SSIM at most "
            f"{threshold.ssim:.4f}); {out / 'left-out.csv'} names what couldn't be judged"
        )
    targets = {task.value: number for task, number in config.sample.targets.items()} if config.sample else {}
    chosen = sample_pairs(kept, targets, config.sample.seed) if config.sample else kept
    counts = write_counts(out / "counts.csv", images, judged, chosen, sampled=config.sample is not None)
    write_distributions(out, config, calibration, judged)
    write_files(out / "files.csv", states)
    manifest = make_manifest(out, images, chosen, {})
    write_table_1(out / "table-1.csv", manifest, config.name)
    splits = write_splits(out, manifest, config.split.test_share, config.split.seed)
    about = _about(config, images, counts, threshold, left_out)
    cropped = int(chosen["cropped"].sum())
    told = {**about, "pairs of two sizes": cropped, "splits": splits, "one scene": shared_scenes(manifest)}
    write_manifest(replace(manifest, about=told))


def _noise(threshold: GivenThreshold | JndThreshold) -> Mapping[str, Any] | None:
    """What the images were noised with; it moves the threshold more than anything else does."""
    if isinstance(threshold, GivenThreshold):
        return None
    return {"sign": threshold.noise.sign.value, "gain": threshold.noise.gain, "seed": threshold.seed}


def _about(
    config: BuildConfig,
    images: pl.DataFrame,
    counts: pl.DataFrame,
    threshold: GivenThreshold | JndThreshold,
    left_out: list[LeftOut],
) -> Mapping[str, Any]:
    measured = isinstance(threshold, JndThreshold)
    used = sum(image.ssim is not None for image in threshold.images) if isinstance(threshold, JndThreshold) else 0
    return {
        "name": config.name,
        "made_by": f"fgresq {__version__}, fgresq curate build",
        "procedure": "All pairs of one source, task, content and, where votes were within one, scale; coarse filter "
        "(eq. 1), JND filter (eq. 3). Settings are in build.json, every judged pair is in judged/, what was left out "
        "in left-out.csv.",
        "preferences": "none: the pairs have to be judged. mos is on each source's own scale, where there is one.",
        "threshold": {
            "ssim": threshold.ssim,
            "measured on images": used,
            "interval": threshold.interval if isinstance(threshold, JndThreshold) else None,
            "noise": _noise(threshold),
            "matlab downsampling": threshold.matlab_downsampling,
            "origin": "threshold.json" if measured else "given in the configuration",
        },
        "counts": counts.to_dicts(),
        "left_out": {
            "faults": sum(row.fault for row in left_out),
            "by a rule": sum(not row.fault for row in left_out),
        },
        "sources": described(images),
    }
