"""Verdicts as a data set: a manifest with preferences, and beside it how each came."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from fgresq.annotation.protocol.verdicts import Verdict, VerdictState
from fgresq.annotation.store.study import Study
from fgresq.manifest import Manifest, read_manifest
from fgresq.records import ImageRecord, Pair
from fgresq.version import __version__

VERDICT_TYPES = {
    **dict.fromkeys(("pair", "group"), pl.Int64),
    **dict.fromkeys(("content", "image_a", "image_b", "preference", "state"), pl.String),
    **dict.fromkeys(("votes_a", "votes_equal", "votes_b", "expected"), pl.Int64),
    "review": pl.String,
    "confidence": pl.Float64,
}


@dataclass(frozen=True, slots=True)
class Aggregated:
    """A study's outcome.

    Attributes:
        manifest: the study's, with the verdicts as preferences; undecided pairs have none. Paths are absolute.
        verdicts: one row a pair, undecided ones too; columns `VERDICT_TYPES`. `confidence` is the share of all votes,
            the expert's among them, for the preference.
        excluded: annotators whose votes weren't counted.
    """

    manifest: Manifest
    verdicts: pl.DataFrame
    excluded: tuple[str, ...]


def aggregate(study: Study, root: Path, excluded: Collection[str] = ()) -> Aggregated:
    """Turn a study's verdicts into a data set.

    Args:
        study: open; may still run, and then has undecided pairs.
        root: of the new manifest, which isn't written here.
        excluded: people whose votes don't count, such as suspected ones; nobody waits for them either.

    Returns:
        The manifest and the verdicts.

    Raises:
        StudyError: the manifest was changed since the study was made, or the database doesn't answer.
        ManifestError: the manifest can't be read.
    """
    study.check_manifest()
    source = read_manifest(study.manifest)
    verdicts = study.verdicts(excluded)
    pairs = tuple(
        Pair(pair.image_a, pair.image_b, verdicts[number].preference) for number, pair in enumerate(source.pairs)
    )
    images = tuple(_absolute(image, source) for image in source.images)
    about = {**source.about, "labels": _labels(source), "annotation": _about(study, verdicts, excluded)}
    rows = [_row(study, number, verdict) for number, verdict in verdicts.items()]
    table = pl.DataFrame(rows, schema=VERDICT_TYPES, orient="row")
    return Aggregated(Manifest(root, images, pairs, about), table, tuple(excluded))


def _labels(source: Manifest) -> str:
    """Where the labels are from: people's preferences took the place of what gave the manifest's own, but for MOS."""
    kept = source.about.get("labels") if any(image.mos is not None for image in source.images) else None
    return "preferences of people, asked by fgresq annotate" + (f"; MOS: {kept}" if kept else "")


def votes_table(manifest: Manifest, verdicts: pl.DataFrame) -> pl.DataFrame:
    """The votes of round one as `fgresq curate consistency` reads them: a row for each vote that a pair got.

    Args:
        manifest: with the images' MOS, where there is one.
        verdicts: of `aggregate`.

    Returns:
        Columns image_a, image_b, preference, votes, mos_a, mos_b, source, content.
    """
    images = {image.image_id: image for image in manifest.images}
    rows = [
        (
            *(row["image_a"], row["image_b"], preference, row[column]),
            *(images[row["image_a"]].mos, images[row["image_b"]].mos),
            *(images[row["image_a"]].source, row["content"]),
        )
        for row in verdicts.iter_rows(named=True)
        for preference, column in (("A", "votes_a"), ("equal", "votes_equal"), ("B", "votes_b"))
        if row[column]
    ]
    types = {
        **dict.fromkeys(("image_a", "image_b", "preference"), pl.String),
        "votes": pl.Int64,
        **dict.fromkeys(("mos_a", "mos_b"), pl.Float64),
        **dict.fromkeys(("source", "content"), pl.String),
    }
    return pl.DataFrame(rows, schema=types, orient="row")


def _absolute(image: ImageRecord, source: Manifest) -> ImageRecord:
    reference = None if image.reference is None else str((source.root / image.reference).absolute())
    return replace(image, path=str(source.path_of(image).absolute()), reference=reference)


def _about(study: Study, verdicts: Mapping[int, Verdict], excluded: Collection[str]) -> dict[str, Any]:
    states = {state.value: sum(v.state == state for v in verdicts.values()) for state in VerdictState}
    return {
        "made": f"fgresq {__version__}, annotate aggregate",
        "preferences": "judged by people in two rounds; verdicts.parquet says how each came",
        "design": json.loads(study.design.model_dump_json()),
        "pairs": states,
        "excluded": sorted(excluded),
    }


def _row(study: Study, number: int, verdict: Verdict) -> tuple[Any, ...]:
    pair = study.pairs[number]
    return (
        *(number, pair.group, pair.content, pair.image_a.image_id, pair.image_b.image_id),
        verdict.preference and verdict.preference.value,
        verdict.state.value,
        *(verdict.votes_a, verdict.votes_equal, verdict.votes_b, verdict.expected),
        verdict.review and verdict.review.value,
        verdict.confidence,
    )
