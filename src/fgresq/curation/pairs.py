"""All pairs of images of one source, task, content and, where votes were within one, scale.

Images of a group stand next to one another in a sorted table, so the partners of an image are the rows from the next
one to its group's end. Each image gets the list of those rows, and a join brings the partners' columns: every pair is
made once and none is thrown away. Cut into batches of images, this needs the memory of one batch.
"""

from collections.abc import Iterator, Mapping

import polars as pl

from fgresq.curation.tables import GROUP, IMAGE_TYPES, PAIR_TYPES
from fgresq.errors import UserError
from fgresq.names import first_few

BATCH = 2_000_000


def all_pairs(images: pl.DataFrame) -> pl.DataFrame:
    """All pairs at once; about 170 bytes a pair.

    Args:
        images: `fgresq.curation.tables`; images without a task have no partner.

    Returns:
        pairs (`fgresq.curation.tables`), sorted by source, task, content, scale, image_a, image_b.

    Raises:
        UserError: two images have one identity.
    """
    return _pairs(_sorted(images))


def pair_batches(images: pl.DataFrame, size: int = BATCH) -> Iterator[pl.DataFrame]:
    """The rows of `all_pairs`, in the same order, in several frames.

    Args:
        images: as `all_pairs`.
        size: pairs of a frame, exceeded by fewer than one image has partners; above 0.

    Raises:
        UserError: as `all_pairs`.
    """
    table = _sorted(images)
    partners = (pl.col("end") - pl.col("row") - 1).cast(pl.Int64)
    made = table.select((partners.cum_sum() - 1) // size)  # the batch in which an image's last pair falls
    start = 0
    for length in made.to_series().rle().struct.field("len"):
        batch = _pairs(table, start, length)
        start += length
        if batch.height:
            yield batch


def count_pairs(pairs: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    """Contents, images and pairs of each source and task.

    Returns:
        source, task, contents, images, pairs.
    """
    return (
        pairs.lazy()
        .group_by("source", "task")
        .agg(
            contents=pl.col("content").n_unique(),
            images=pl.col("image_a").append(pl.col("image_b")).n_unique(),
            pairs=pl.len(),
        )
        .sort("source", "task")
        .collect()
    )


def count_possible(images: pl.DataFrame) -> pl.DataFrame:
    """What `count_pairs` would count of all pairs, without making them.

    Returns:
        source, task, contents, images, pairs; only images that have a partner are counted.
    """
    groups = images.filter(pl.col("task").is_not_null()).group_by(GROUP).len("images").filter(pl.col("images") > 1)
    size = pl.col("images").cast(pl.Int64)
    return (
        groups.group_by("source", "task")
        .agg(
            contents=pl.col("content").n_unique(),
            images=size.sum(),
            pairs=(size * (size - 1) // 2).sum(),
        )
        .sort("source", "task")
    )


def funnel(stages: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """How many pairs are left after each stage, of each source and task.

    Args:
        stages: name to what `count_pairs` or `count_possible` counted after it; the first is what there was.

    Returns:
        source, task, and for each stage `contents_NAME`, `images_NAME`, `pairs_NAME`, 0 where nothing was left.
    """
    keys = ["source", "task"]
    table = pl.concat([counts.select(keys) for counts in stages.values()]).unique().sort(keys)
    for stage, counts in stages.items():
        renamed = counts.select(
            *keys, *(pl.col(name).cast(pl.Int64).alias(f"{name}_{stage}") for name in ("contents", "images", "pairs"))
        )
        table = table.join(renamed, on=keys, how="left", maintain_order="left")
    return table.with_columns(pl.exclude(keys).fill_null(0))


def _sorted(images: pl.DataFrame) -> pl.DataFrame:
    """Images that can have a partner, sorted, with their `row` and the row after their group's `end`."""
    twice = images.filter(pl.col("image_id").is_duplicated())["image_id"].unique(maintain_order=True)
    if len(twice):
        raise UserError(f"{len(twice)} image identities occur twice: {first_few(twice.to_list())}; make them unique")
    return (
        images.select(
            pl.col(name).cast(kind) for name, kind in IMAGE_TYPES.items() if name in ("image_id", "mos", *GROUP)
        )
        .filter(pl.col("task").is_not_null())
        .sort(*GROUP, "image_id")
        .with_row_index("row")
        .with_columns(end=pl.col("row").max().over(pl.struct(GROUP).rle_id()) + 1)
    )


def _pairs(table: pl.DataFrame, start: int = 0, length: int | None = None) -> pl.DataFrame:
    """The pairs whose first image is one of the rows."""
    first = table.slice(start, length).filter(pl.col("row") + 1 < pl.col("end"))  # the last of a group has no partner
    reach = int(first["end"][-1]) - start if first.height else 0  # rows that any of them has as partner
    partners = table.slice(start, reach).select(
        pl.col("row").alias("partner"), pl.col("image_id").alias("image_b"), pl.col("mos").alias("mos_b")
    )
    return (
        first.rename({"image_id": "image_a", "mos": "mos_a"})
        .with_columns(partner=pl.int_ranges(pl.col("row") + 1, "end", dtype=pl.UInt32))
        .explode("partner")
        .join(partners, on="partner", how="left", maintain_order="left")
        .with_columns(mos_difference=(pl.col("mos_a") - pl.col("mos_b")).abs())
        .select(*PAIR_TYPES)
    )
