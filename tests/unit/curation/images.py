"""Small tables of images."""

from collections.abc import Sequence

import polars as pl

from fgresq.curation.tables import IMAGE_TYPES


def table(*groups: tuple[str, str | None, str, str | None, Sequence[float | None]]) -> pl.DataFrame:
    """Images of groups: source, task, content, scale, and the scores of its images, whose names are their places."""
    rows = []
    for source, task, content, scale, scores in groups:
        name = "/".join(filter(None, (source, task, content, scale)))
        for place, mos in enumerate(scores):
            rows.append(
                (f"{name}/{place:02}", "/x", source, task, f"{source}/{content}", f"m{place}", mos, None, scale)
            )
    return pl.DataFrame(rows, schema=IMAGE_TYPES, orient="row")
