"""Scores and preferences of pairs, from a manifest or a CSV of votes, gathered into one row a pair."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from fgresq.errors import ManifestError
from fgresq.manifest import read_manifest
from fgresq.names import first_few
from fgresq.records import Preference

REQUIRED = ("image_a", "image_b", "preference", "mos_a", "mos_b")
OPTIONAL = ("votes", "source", "content")
_NUMBERS = ("mos_a", "mos_b", "votes")
_PAIR = ("source", "first", "second")
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Votes:
    """Pairs with their scores and votes.

    Attributes:
        pairs: one row a pair, in the order of the file: source, content (null where a CSV has none), image_a, image_b,
            mos_a, mos_b (null where there is none), for_a, equal, for_b (votes).
        spreads: greatest minus least score of each source's images, in pairs or not; a source whose images don't
            differ, or have no scores, isn't there.
    """

    pairs: pl.DataFrame
    spreads: Mapping[str, float]


def read_votes(path: Path) -> Votes:
    """Read pairs with their scores and votes.

    Args:
        path: a manifest's folder, or its `manifest.json`: one vote for each of its pairs that is judged. Or a CSV with
            the columns `REQUIRED` and perhaps `OPTIONAL`: one row for each vote, or for `votes` equal ones.
            `preference` is A, B, equal, or empty where nobody judged; an empty score is a missing one. Rows of the same
            two images are votes on one pair, whichever is named first.

    Raises:
        ManifestError: it can't be read, lacks a column, or rows are wrong or contradict one another; they are named.
    """
    if path.is_dir() or path.name == "manifest.json":
        rows, scores = _of_manifest(path if path.is_dir() else path.parent)
    elif path.suffix.lower() == ".csv":
        rows = _of_csv(path)
        scores = pl.concat([rows.select("source", mos=f"mos_{side}") for side in "ab"])
    else:
        raise ManifestError(f"{path}: neither a manifest's folder nor a .csv")
    _check(rows, str(path))
    ranges = scores.drop_nulls().group_by("source", maintain_order=True).agg(pl.col("mos").max() - pl.col("mos").min())
    return Votes(_gathered(rows, str(path)), {source: spread for source, spread in ranges.iter_rows() if spread > 0})


def _of_manifest(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    manifest = read_manifest(folder)
    images = {image.image_id: image for image in manifest.images}
    rows = []
    for pair in manifest.pairs:
        a, b = images[pair.image_a], images[pair.image_b]
        rows.append((a.source, a.content, a.image_id, b.image_id, a.mos, b.mos, pair.preference, 1.0))
    types = {
        **dict.fromkeys(("source", "content", "image_a", "image_b"), pl.String),
        **dict.fromkeys(("mos_a", "mos_b"), pl.Float64),
        "preference": pl.String,
        "votes": pl.Float64,
    }
    scores = pl.DataFrame(
        [(image.source, image.mos) for image in manifest.images],
        schema={"source": pl.String, "mos": pl.Float64},
        orient="row",
    )
    return pl.DataFrame(rows, schema=types, orient="row").with_row_index("row", offset=1), scores


def _of_csv(path: Path) -> pl.DataFrame:
    try:
        table = pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ManifestError(f"{path}: can't be read as CSV ({str(error).splitlines()[0]})") from error
    missing = [name for name in REQUIRED if name not in table.columns]
    if missing:
        found = ", ".join(table.columns)
        raise ManifestError(f"{path}: lacks the columns {', '.join(missing)}; found {found}")
    known = [name for name in (*REQUIRED, *OPTIONAL) if name in table.columns]
    table = table.select(pl.col(known).replace("", None)).with_row_index("row", offset=1)
    for name, value in (("votes", "1"), ("source", path.stem), ("content", None)):
        if name not in table.columns:
            table = table.with_columns(pl.lit(value, dtype=pl.String).alias(name))
    numbers = table.select("row", pl.col(_NUMBERS).cast(pl.Float64, strict=False))
    for name in _NUMBERS:
        odd = table.filter(table[name].is_not_null() & ~numbers[name].is_finite().fill_null(False))
        _refuse(odd, f"{name} isn't a number", str(path))
    return table.with_columns(numbers.select(_NUMBERS))


def _check(rows: pl.DataFrame, name: str) -> None:
    """Refuse rows that say nothing that could be used; leaving them out would be a silent loss."""
    a, b = pl.col("image_a"), pl.col("image_b")
    known = [preference.value for preference in Preference]
    _refuse(
        rows.filter(a.is_null() | b.is_null() | pl.col("source").is_null()), "an image or its source is empty", name
    )
    _refuse(rows.filter(a == b), "an image is paired with itself", name)
    odd = rows.filter(~pl.col("preference").is_in(known))
    _refuse(odd, f"preference must be {', '.join(known)} or empty", name)
    votes = pl.col("votes")
    whole = (votes > 0) & (votes == votes.round())
    _refuse(rows.filter(~whole.fill_null(False)), "votes must be a whole number from 1", name)


def _refuse(rows: pl.DataFrame, reason: str, name: str) -> None:
    if rows.height:
        raise ManifestError(f"{name}: {reason}, in {rows.height} rows: {first_few(rows['row'].to_list(), _SHOWN)}")


def _gathered(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """One row a pair, the way round that comes first."""
    turned = pl.col("image_a") > pl.col("image_b")
    rows = rows.with_columns(
        turned=turned,
        first=pl.when(turned).then("image_b").otherwise("image_a"),
        second=pl.when(turned).then("image_a").otherwise("image_b"),
    )
    _check_scores(rows, name)
    prefers = pl.col("preference")
    for_first = (prefers == "A") != pl.col("turned")
    votes = pl.col("votes")
    pairs = rows.group_by(_PAIR, maintain_order=True).agg(
        pl.col("content", "image_a", "image_b", "mos_a", "mos_b", "turned").first(),
        contents=pl.col("content").n_unique(),
        row=pl.col("row").first(),
        for_first=votes.filter(prefers.is_in(["A", "B"]) & for_first).sum(),
        equal=votes.filter(prefers == "equal").sum(),
        for_second=votes.filter(prefers.is_in(["A", "B"]) & ~for_first).sum(),
    )
    _refuse(pairs.filter(pl.col("contents") > 1), "a pair has several contents", name)
    for side, same, other in (("for_a", "for_first", "for_second"), ("for_b", "for_second", "for_first")):
        pairs = pairs.with_columns(pl.when("turned").then(other).otherwise(same).alias(side))
    return pairs.select("source", "content", "image_a", "image_b", "mos_a", "mos_b", "for_a", "equal", "for_b")


def _check_scores(rows: pl.DataFrame, name: str) -> None:
    """An image has one score in all its rows, or none in all."""
    sides = [rows.select("source", image=f"image_{side}", mos=f"mos_{side}") for side in "ab"]
    several = pl.concat(sides).group_by("source", "image", maintain_order=True).agg(pl.col("mos").n_unique())
    wrong = several.filter(pl.col("mos") > 1)["image"].to_list()
    if wrong:
        raise ManifestError(f"{name}: images with several scores: {first_few(wrong, _SHOWN)}")
