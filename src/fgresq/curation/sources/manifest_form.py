"""A source described by a CSV with `ImageRecord`'s columns."""

from dataclasses import astuple
from pathlib import Path

import polars as pl

from fgresq.curation.sources.declaration import Purpose, Source
from fgresq.curation.tables import IMAGE_TYPES
from fgresq.errors import ManifestError
from fgresq.images.decode import printable
from fgresq.manifest import check, images_from_csv
from fgresq.names import first_few

FORM = """\
image_id     unique
path         of the image, from the CSV's folder or absolute
source       the data set's name
task         SuperResolution, Deblurring, Denoising, Deraining, Dehazing or MixtureRestoration
content      the scene, unique over all sources
algorithm    what made the image
mos          may be empty; higher is better
reference    may be empty; of the pristine image, like path
scale        may be absent; pairs are made within one scale"""


def read_csv(source: Source, path: Path) -> tuple[pl.DataFrame, list[str]]:
    """Read the CSV of a source.

    Args:
        source: the declared one, to which all rows must then belong, or the one called manifest, which takes any.
        path: of the CSV.

    Returns:
        images (`fgresq.curation.tables`) with absolute paths, and what is wrong with some of them.

    Raises:
        ManifestError: a row is wrong, identities aren't unique, a content stands in two sources, or a row belongs to
            another source.
    """
    records = images_from_csv(path)
    check(records, (), printable(path))
    strangers = sorted({record.source for record in records} - {source.name})
    if strangers and source.purpose is not Purpose.ANY:
        raise ManifestError(
            f"{printable(path)}: has rows of {first_few(strangers)}; all of them must be of {source.name}"
        )
    table = pl.DataFrame([astuple(record) for record in records], schema=IMAGE_TYPES, orient="row")
    folder = str(path.parent.absolute())
    table = table.with_columns(
        pl.col(column).map_elements(lambda file: str(Path(folder, file)), return_dtype=pl.String)
        for column in ("path", "reference")
    )
    if source.purpose is Purpose.RANGE_ANALYSIS:  # its images are never paired
        table = table.with_columns(task=pl.lit(None, pl.String))
    twice = table.filter(pl.col("path").is_duplicated()).unique("path", keep="last", maintain_order=True)
    return table, [f"{file}: is named twice; as {name} too" for file, name in twice.select("path", "image_id").rows()]
