"""`fgresq synth`."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from fgresq.cli.terminal import cell, notes, progress_bar, results
from fgresq.records import RestorationTask

if TYPE_CHECKING:
    from fgresq.manifest import Manifest


def synth(
    sources: Annotated[
        list[str], typer.Argument(metavar="SRC...", help="Pristine photographs: files, folders, or quoted patterns.")
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder of the data set; new or empty.")],
    per_content: Annotated[
        int, typer.Option(min=0, help="Images made of each photograph, over all its tasks; 0 with --restored alone.")
    ] = 33,
    seed: Annotated[int, typer.Option(min=0, help="Of all random choices.")] = 0,
    crop: Annotated[
        int | None, typer.Option(min=64, metavar="PIXELS", help="Cut a random square of this side out of each.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; by default one a core. Doesn't change the result.")
    ] = None,
    source_name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the data set; by default the photographs' folder.")
    ] = None,
    licence: Annotated[
        str, typer.Option(metavar="TEXT", help="What the manifest says of it.")
    ] = "that of the photographs",
    restorers: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...",
            help="Learned restorers to use as well as classical ones, or `learned`: all that `fgresq restorers` lists.",
        ),
    ] = None,
    restored: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Results of your own restorers to add: one folder an algorithm, files named like the photographs.",
        ),
    ] = None,
    ladders: Annotated[
        float,
        typer.Option(min=0, max=0.3, help="Ladders of one growing distortion for each image; a ladder has 3 images."),
    ] = 0.12,
    restored_task: Annotated[
        RestorationTask | None,
        typer.Option(
            help="What those results restore, unless their algorithms' folders lie below one named by a task."
        ),
    ] = None,
) -> None:
    """Make a training set: restored images of pristine photographs, with labels computed from the photographs.

    Each photograph is degraded for some of the six tasks and restored by many classical algorithms at many strengths,
    and by learned ones where they are asked for. Ready results join in. The labels are a consensus of full-reference
    metrics, not human preference. A run that was broken off goes on when it is started again. A photograph or result
    that can't be used is named and counted, and the exit code is 1.
    """
    import os

    from fgresq.images.discover import find_images
    from fgresq.synthesis.pipeline import synthesise

    photographs = find_images(sources)
    with progress_bar("making", len(photographs)) as bar:
        manifest = synthesise(
            photographs,
            out,
            per_content=per_content,
            seed=seed,
            crop=crop,
            workers=workers or os.cpu_count() or 1,
            source_name=source_name,
            licence=licence,
            restorers=[] if restorers is None else [name for part in restorers.split(",") if (name := part.strip())],
            restored=restored,
            restored_task=restored_task,
            ladders=ladders,
            progress=lambda done: bar.advance(bar.task_ids[0], done),
        )
    _print(manifest, len(photographs))
    if manifest.about["failed"] or manifest.about["left_out"]:
        raise typer.Exit(1)


def _print(manifest: "Manifest", photographs: int) -> None:
    tasks = {image.image_id: str(image.task) for image in manifest.images}
    images = Counter(tasks.values())
    contents = Counter(task for _, task in {(image.content, str(image.task)) for image in manifest.images})
    pairs = Counter((tasks[pair.image_a], str(pair.preference)) for pair in manifest.pairs)
    table = Table("task", box=None, header_style="bold", pad_edge=False)
    for title in ("contents", "images", "pairs A", "pairs B", "equal"):
        table.add_column(title, justify="right", no_wrap=True)
    for task in sorted(images):
        counts = (contents[task], images[task], *(pairs[task, label] for label in ("A", "B", "equal")))
        table.add_row(cell(task), *map(str, counts))
    results.print(table, soft_wrap=False)
    failed = manifest.about["failed"]
    for path, reason in {**failed, **manifest.about["left_out"]}.items():
        notes.print(cell(f"failed: {path}: {reason}", "red"), soft_wrap=True)
    results.print(cell(f"labels: {manifest.about['labels']}", "dim"), soft_wrap=True)
    used = f"{photographs - len(failed)} of {photographs} photographs used, {len(failed)} failed"
    if manifest.about["restored"]:
        ready = sum(sum(algorithms.values()) for algorithms in manifest.about["restored"].values())
        left_out = len(manifest.about["left_out"])
        used += f"; {ready - left_out} of {ready} ready results used, {left_out} failed"
    results.print(f"\n{used}; {len(manifest.images)} images, {len(manifest.pairs)} pairs", style="bold", soft_wrap=True)
    results.print(cell(f"in {manifest.root}"), soft_wrap=True)
