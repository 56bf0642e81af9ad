"""`fgresq annotate simulate`."""

from typing import Annotated

import typer
from rich.table import Table

from fgresq.cli.terminal import progress_bar, results

_TARGETS = (0.8, 0.85, 0.9, 0.95)


def simulate(
    images: Annotated[int, typer.Option(min=3, max=100, help="A content.")] = 10,
    contents: Annotated[int, typer.Option(min=1, help="More of them give a steadier figure, and take longer.")] = 30,
    passes: Annotated[int, typer.Option(min=1, help="How often the random order asks every pair.")] = 4,
    spread: Annotated[
        float, typer.Option(min=0.01, help="Standard deviation of true scores, in units of a judgement's noise.")
    ] = 2.0,
    seed: Annotated[int, typer.Option(min=0, help="Of scores, answers and orders.")] = 0,
) -> None:
    """Show how many answers asking the most informative pairs first would save, by simulated observers.

    Only a study that ends before everybody has judged every pair can save them.
    """
    from fgresq.annotation.active.simulation import compare_orders

    with progress_bar("judging", contents) as bar:
        curves = compare_orders(
            images=images,
            contents=contents,
            passes=passes,
            spread=spread,
            seed=seed,
            step=lambda: bar.advance(bar.task_ids[0]),
        )
    table = Table("mean SRCC", box=None, header_style="bold", pad_edge=False)
    for title in ("random", "active", "saved"):
        table.add_column(title, justify="right", no_wrap=True)
    for target in _TARGETS:
        saving = curves.saving(target)
        counts = ["-" if count is None else f"{count:.0f}" for count in (saving.random, saving.active)]
        table.add_row(f"{target:g}", *counts, "-" if saving.share is None else f"{saving.share:.0%}")
    results.print(f"answers a content, {contents} contents of {images} images")
    results.print(table)
