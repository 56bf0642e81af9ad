"""`fgresq score`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from fgresq.cli.options import BatchSize, Device, Output, Precision, PrecisionOption, Weights, check_output, load
from fgresq.cli.terminal import (
    cell,
    notes,
    number,
    print_alpha,
    print_failures,
    print_provenance,
    progress_bar,
    results,
)
from fgresq.results import ImageScore


def score(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Image files, folders, or quoted patterns.")],
    weights: Weights = "compact",
    output: Output = None,
    device: Device = "auto",
    precision: PrecisionOption = Precision.FP32,
    batch_size: BatchSize = None,
) -> None:
    """Score images: one number each, in (0, 1), higher is better.

    Folders are searched to the bottom. An image that can't be read is named and counted, the others are scored, and
    the exit code is 1.
    """
    from fgresq.images.discover import about_unread, find_images

    check_output(output)
    images = find_images(paths)
    scorer = load(weights, device, precision, batch_size)
    with progress_bar("scoring", len(images)) as bar:
        scores, _ = scorer.judge(images, progress=lambda done: bar.advance(bar.task_ids[0], done))
    if output is not None:  # before printing, since the reader of a pipe may leave early
        from fgresq.report.tables import write_scores

        write_scores(output, scores, scorer.provenance)
    _print(scores)
    print_alpha([entry.path for entry in scores if entry.error is None])
    for line in about_unread(Path(path) for path in paths if Path(path).is_dir()):
        notes.print(cell(line, "dim"), soft_wrap=True)
    print_provenance(scorer.provenance)
    if any(entry.error is not None for entry in scores):
        raise typer.Exit(1)


def _print(scores: list[ImageScore]) -> None:
    failed = [entry for entry in scores if entry.error is not None]
    table = Table("image", "score", box=None, header_style="bold", pad_edge=False)
    table.columns[1].justify = "right"
    for entry in scores:
        table.add_row(cell(entry.path), number(entry.score))
    results.print(table, soft_wrap=False)
    print_failures(failed)
    results.print(f"\n{len(scores) - len(failed)} of {len(scores)} images scored, {len(failed)} failed", style="bold")
