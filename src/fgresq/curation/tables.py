"""The columns of the tables that curation's steps hand to one another.

Images: `records.ImageRecord`'s columns. Paths are absolute; `mos` is on the source's own scale, higher is better;
`task` is null for an image that no restoration made, which is never paired.

Pairs: two images of one source, task, content and scale; `image_a` comes before `image_b` in the order of their names,
so an unordered pair stands in one row. A filter keeps rows and their order, and may add columns.
"""

import polars as pl

IMAGE_TYPES = {
    "image_id": pl.String(),
    "path": pl.String(),
    "source": pl.String(),
    "task": pl.String(),
    "content": pl.String(),
    "algorithm": pl.String(),
    "mos": pl.Float64(),
    "reference": pl.String(),
    "scale": pl.String(),
}

GROUP = ("source", "task", "content", "scale")

PAIR_TYPES = {
    **dict.fromkeys(GROUP, pl.String()),
    "image_a": pl.String(),
    "image_b": pl.String(),
    "mos_a": pl.Float64(),
    "mos_b": pl.Float64(),
    "mos_difference": pl.Float64(),
}
