"""`fgresq manifest export`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fgresq.cli.options import check_output
from fgresq.cli.terminal import cell, notes, results
from fgresq.errors import UserError
from fgresq.names import first_few, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fgresq.manifest import Manifest
    from fgresq.records import ImageRecord, Split


def export(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Of a manifest.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.csv", help="The table to write.")],
    references: Annotated[
        bool, typer.Option("--references", help="For metrics that compare with a reference.")
    ] = False,
    data_set: Annotated[
        str | None, typer.Option(metavar="NAME", help="The source to write; needed where there are several.")
    ] = None,
    test_share: Annotated[
        float | None, typer.Option(metavar="SHARE", help="Add a column `split`, drawn by content.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the split.")] = 0,
) -> None:
    """Write a manifest's images as a meta CSV, which pyiqa's loaders read.

    An image without a MOS, or without a reference where references are asked for, is left out and named, and the exit
    code is 1.
    """
    from fgresq.manifest import read_manifest
    from fgresq.meta_csv import write_meta_csv

    check_output(out, (".csv",))
    manifest = read_manifest(folder)
    images = _of_source(manifest, data_set)
    sides = None if test_share is None else _sides(manifest, test_share, seed)
    left_out = write_meta_csv(out, images, references=references, sides=sides)
    root = folder.resolve()
    results.print(
        cell(f"written: {out}, {len(images) - len(left_out)} images; dataroot_target: {root}"), soft_wrap=True
    )
    if left_out:
        needed = "a MOS and a reference" if references else "a MOS"
        why = f"{len(left_out)} images left out, which lack {needed}: {first_few(left_out)}"
        notes.print(cell(why, "red"), soft_wrap=True)
        raise typer.Exit(1)


def _of_source(manifest: "Manifest", name: str | None) -> "list[ImageRecord]":
    if name is None:
        return list(manifest.images)
    known = {image.source for image in manifest.images}
    if name not in known:
        raise UserError(f"{manifest.root}: has no images of {name!r}; {nearest(name, known)}")
    return [image for image in manifest.images if image.source == name]


def _sides(manifest: "Manifest", test_share: float, seed: int) -> "Mapping[str, Split]":
    from fgresq.data.splits import split_by_content

    split = split_by_content(manifest, test_share, seed)
    return {identity: side for side in split.sides for identity in split.images(side)}
