"""`fgresq manifest import`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fgresq.cli.terminal import cell, notes, results
from fgresq.errors import OutputError, UserError
from fgresq.records import RestorationTask

if TYPE_CHECKING:
    from fgresq.records import ImageRecord


def import_(
    table: Annotated[Path, typer.Argument(metavar="META.csv", help="As pyiqa's loaders read it.")],
    root: Annotated[Path, typer.Option(metavar="DIR", help="Where its images are: pyiqa's dataroot_target.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Of the manifest; made if it isn't there.")],
    reference_root: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where its references are, if elsewhere: dataroot_ref.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Of the data set; needed without a column `source`.")] = None,
    task: Annotated[RestorationTask | None, typer.Option(help="Of all images, where no column `task` says it.")] = None,
    turned_at: Annotated[
        float | None, typer.Option(metavar="VALUE", help="Lower labels are better: read VALUE - label.")
    ] = None,
    higher_is_better: Annotated[
        bool, typer.Option("--higher-is-better", help="Even though the labels are called dmos.")
    ] = False,
    only: Annotated[
        str | None, typer.Option(metavar="COLUMN=SIDE", help="Rows of one side: official_split=test.")
    ] = None,
) -> None:
    """Make a manifest of a meta CSV, to benchmark metrics on its images.

    The images stay where they are; every one must be there. Columns that a manifest has no place for are named.
    """
    import hashlib

    from fgresq.locks import only_writer
    from fgresq.manifest import Manifest, write_manifest
    from fgresq.meta_csv import MetaCsv, read_meta_csv

    column, equals, side = (only or "").partition("=")
    if only is not None and not (column and equals and side):
        raise UserError(f"--only {only}: COLUMN=SIDE is needed, such as official_split=test")
    how = MetaCsv(
        root=root.resolve(),
        reference_root=None if reference_root is None else reference_root.resolve(),
        source=name,
        task=task,
        turned_at=turned_at,
        higher_is_better=higher_is_better,
        only=(column, side) if only is not None else None,
    )
    images, not_kept = read_meta_csv(table, how)
    about = {
        "labels": f"the scores of {table.name}",
        "table": str(table),
        "table_sha256": hashlib.sha256(table.read_bytes()).hexdigest(),
        "turned_at": turned_at,
        "only": only,
    }
    records = tuple(_below(image, out.resolve()) for image in images)
    with only_writer(out):
        if (out / "manifest.json").exists():
            raise OutputError(f"{out}: holds a manifest already; choose another folder")
        write_manifest(Manifest(out, records, (), {"made_by": "fgresq manifest import", **about}))
    results.print(cell(f"written: {out}, {len(records)} images of {records[0].source}"), soft_wrap=True)
    if not_kept:
        notes.print(cell(f"columns that a manifest doesn't keep: {', '.join(not_kept)}"), soft_wrap=True)


def _below(image: "ImageRecord", folder: Path) -> "ImageRecord":
    """Paths below the manifest's folder start from it, so that it can be moved; others are absolute."""
    from dataclasses import replace

    def shorter(path: str) -> str:
        return str(Path(path).relative_to(folder)) if Path(path).is_relative_to(folder) else path

    return replace(
        image, path=shorter(image.path), reference=None if image.reference is None else shorter(image.reference)
    )
