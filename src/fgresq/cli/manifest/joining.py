"""`fgresq manifest join`."""

from pathlib import Path
from typing import Annotated

import typer

from fgresq.cli.terminal import cell, results


def join(
    folders: Annotated[list[Path], typer.Argument(metavar="FOLDER...", help="Data sets with a manifest, two or more.")],
    out: Annotated[Path, typer.Option("--out", metavar="OUT", help="Folder of the joined manifest; new or empty.")],
) -> None:
    """Join data sets: one manifest of all their images and pairs. The pictures stay where they are."""
    from fgresq.errors import OutputError
    from fgresq.locks import only_writer
    from fgresq.manifest import joined, read_manifest, write_manifest

    manifest = joined([read_manifest(folder) for folder in folders], out)
    try:
        if out.is_dir() and any(out.iterdir()):
            raise OutputError(f"{out}: isn't empty; name a new folder")
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{out}: can't be made ({error.strerror})") from error
    with only_writer(out):
        write_manifest(manifest)
    results.print(
        cell(f"{len(manifest.images)} images and {len(manifest.pairs)} pairs of {len(folders)} data sets, in {out}"),
        soft_wrap=True,
    )
