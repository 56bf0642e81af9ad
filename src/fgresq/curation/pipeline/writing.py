"""The tables of a finished build, for training, for people, and for the data card."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from fgresq.curation.calibration import BINS, Calibration
from fgresq.curation.pairs import count_pairs, count_possible, funnel
from fgresq.curation.pipeline.config import DEFAULT, BuildConfig, documented_default
from fgresq.curation.pipeline.files import FileState
from fgresq.curation.pipeline.workplace import write_json, write_table
from fgresq.curation.sources import SOURCES
from fgresq.data.splits import DataSplit, leaks, scenes, split_by_content, split_by_pair
from fgresq.errors import UserError
from fgresq.manifest import Manifest
from fgresq.records import ImageRecord, Pair, RestorationTask, Split

_LABELLED = 3  # where a row of Table 1 has the number of images with a label
SSIM_BINS = 100  # of the range from 0 to 1; what lies below 0 is counted in the first
_KEYS = ("source", "task")


def make_manifest(root: Path, images: pl.DataFrame, pairs: pl.DataFrame, about: Mapping[str, Any]) -> Manifest:
    """The images that stand in a pair, and the pairs, which nobody has judged yet."""
    used = pl.concat([pairs["image_a"], pairs["image_b"]]).unique()
    rows = images.filter(pl.col("image_id").is_in(used.implode())).iter_rows(named=True)
    records = tuple(ImageRecord(**{**row, "task": RestorationTask(row["task"])}) for row in rows)
    return Manifest(root, records, tuple(Pair(a, b) for a, b in pairs.select("image_a", "image_b").iter_rows()), about)


def write_counts(
    path: Path, images: pl.DataFrame, judged: pl.LazyFrame, chosen: pl.DataFrame, *, sampled: bool
) -> pl.DataFrame:
    """Contents, images and pairs of each source and task before and after every filter, as CSV.

    Returns:
        The table: see `funnel`; its stages are all, coarse, jnd, and sampled if there was a sampling.
    """
    stages = {
        "all": count_possible(images),
        "coarse": count_pairs(judged),
        "jnd": count_pairs(judged.filter("kept")),
    }
    if sampled:
        stages["sampled"] = count_pairs(chosen)
    table = funnel(stages)
    write_table(path, table)
    return table


def write_distributions(folder: Path, config: BuildConfig, calibration: Calibration, judged: pl.LazyFrame) -> None:
    """How far scores differ (`differences.csv`), how alike images are (`ssims.csv`), and tau (`taus.csv`)."""
    last = pl.col("bin") / BINS
    write_table(folder / "differences.csv", calibration.histogram.select(*_KEYS, "bin", last.alias("up_to"), "pairs"))
    place = (pl.col("ssim").clip(0, 1) * SSIM_BINS).floor().clip(0, SSIM_BINS - 1).cast(pl.Int64)
    counts = (
        judged.filter(pl.col("ssim").is_not_null())
        .group_by(*_KEYS, bin=place)
        .agg(pairs=pl.len(), kept=pl.col("kept").sum())
        .sort(*_KEYS, "bin")
        .collect()
    )
    write_table(folder / "ssims.csv", counts.select(*_KEYS, (pl.col("bin") / SSIM_BINS).alias("from"), "pairs", "kept"))
    coarse = calibration.coarse
    rows = [
        (
            name,
            str(config.taus[name]),
            documented_default(name) if config.tau[name] == DEFAULT else "given in the configuration",
            None if config.taus[name].keeps_all else threshold,
            coarse.spreads[name],
        )
        for name, threshold in coarse.thresholds.items()
    ]
    types = {**dict.fromkeys(("source", "tau", "origin"), pl.String), **dict.fromkeys(("own", "spread"), pl.Float64)}
    write_table(folder / "taus.csv", pl.DataFrame(rows, schema=types, orient="row"))


def write_table_1(path: Path, manifest: Manifest, name: str) -> None:
    """The sources in the columns of the paper's Table 1, and the data set itself in the last row.

    Nobody has judged the pairs, so they have no annotations; images bring their source's labels.
    """
    rows = []
    for source in sorted({image.source for image in manifest.images}):
        declared = SOURCES.get(source)
        year = re.search(r"\b(?:19|20)\d\d\b", declared.citation or "") if declared else None
        row = _row(manifest, source)
        kind = (declared.labels.kind if declared else "MOS of the CSV") if row[_LABELLED] else "none"
        rows.append((source, year and year.group(), *row, kind))
    rows.append((name, None, *_row(manifest, None), "labels of the sources; pairs aren't judged"))
    types = {
        **dict.fromkeys(("dataset", "year"), pl.String),
        **dict.fromkeys(("tasks", "algorithms", "images", "labelled", "pairs"), pl.Int64),
        "annotation": pl.String,
    }
    write_table(path, pl.DataFrame(rows, schema=types, orient="row"))


def _row(manifest: Manifest, source: str | None) -> tuple[int, ...]:
    images = [image for image in manifest.images if source in (None, image.source)]
    known = {image.image_id for image in images}
    return (
        len({image.task for image in images}),
        len({image.algorithm for image in images}),
        len(images),
        sum(image.mos is not None for image in images),
        sum(pair.image_a in known for pair in manifest.pairs),
    )


def write_splits(folder: Path, manifest: Manifest, test_share: float, seed: int) -> dict[str, Any]:
    """Both splits, as `fgresq train` draws them from this manifest with the same share and seed.

    Returns:
        Of each: contents, images and pairs of both sides, and what stands on both; or why there is none.
    """
    told: dict[str, Any] = {}
    for name, draw in (("content", split_by_content), ("pair", split_by_pair)):
        try:
            split = draw(manifest, test_share, seed)
        except UserError as error:  # too few contents or pairs for two sides
            told[name] = {"none": str(error)}
            continue
        _write_split(folder, name, split, manifest)
        found = leaks(split, manifest)
        both = {"contents": len(found.contents), "images": len(found.images), "files": len(found.files)}
        told[name] = {**{side.value: _side(split, side, manifest) for side in split.sides}, "on both sides": both}
    write_json(folder / "splits.json", {"test_share": test_share, "seed": seed, **told})
    return told


def _write_split(folder: Path, name: str, split: DataSplit, manifest: Manifest) -> None:
    images = [(identity, side.value) for side in split.sides for identity in split.images(side)]
    side_of = {index: side.value for side in split.sides for index in split.pairs(side)}
    pairs = [(pair.image_a, pair.image_b, side_of[index]) for index, pair in enumerate(manifest.pairs)]
    for what, columns, rows in (
        ("images", ("image_id", "side"), images),
        ("pairs", ("image_a", "image_b", "side"), pairs),
    ):
        table = pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")
        write_table(folder / f"split-by-{name}-{what}.csv", table)


def _side(split: DataSplit, side: Split, manifest: Manifest) -> dict[str, int]:
    content = {image.image_id: image.content for image in manifest.images}
    images = split.images(side)
    return {
        "contents": len({content[image] for image in images}),
        "images": len(images),
        "pairs": len(split.pairs(side)),
    }


def write_files(path: Path, states: Iterable[FileState]) -> None:
    """Every file of an image or a reference with its size and SHA-256, as CSV."""
    rows = [(state.path, state.size, state.sha256) for state in states if state.sha256 is not None]
    types = {"path": pl.String, "size": pl.Int64, "sha256": pl.String}
    write_table(path, pl.DataFrame(rows, schema=types, orient="row"))


def shared_scenes(manifest: Manifest) -> list[Sequence[str]]:
    """Contents that are one scene, since they share a file."""
    return [list(scene) for scene in scenes(manifest) if len(scene) > 1]


def described(images: pl.DataFrame) -> list[dict[str, str | None]]:
    """Licence and citation of every source, as far as they are known here."""
    told = []
    for name in images["source"].unique().sort():
        declared = SOURCES.get(name)
        fields = ("title", "licence", "home_page", "citation")
        told.append({"name": name, **{field: getattr(declared, field) if declared else None for field in fields}})
    return told
