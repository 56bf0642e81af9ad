"""`fgresq compare`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from fgresq.cli.options import (
    BatchSize,
    Device,
    OrderName,
    Output,
    Precision,
    PrecisionOption,
    Weights,
    check_output,
    load,
)
from fgresq.cli.terminal import cell, number, print_alpha, print_provenance, results
from fgresq.records import Preference
from fgresq.results import Comparison


def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="An image file.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="Another of the same content.")],
    order: Annotated[
        OrderName, typer.Option(help="`symmetric` averages both orders; `released` is the authors' single order.")
    ] = OrderName.SYMMETRIC,
    weights: Weights = "compact",
    output: Output = None,
    device: Device = "auto",
    precision: PrecisionOption = Precision.FP32,
    batch_size: BatchSize = None,
) -> None:
    """Compare two images of the same content: which looks better, or are they equal."""
    check_output(output)
    scorer = load(weights, device, precision, batch_size)
    comparison = scorer.compare(a, b, order=order.value)
    if output is not None:  # before printing, since the reader of a pipe may leave early
        from fgresq.report.tables import write_comparison

        write_comparison(output, comparison, scorer.provenance)
    _print(comparison)
    print_alpha([a, b])
    print_provenance(scorer.provenance)


def _print(comparison: Comparison) -> None:
    table = Table("", "image", "score", "P(better)", box=None, header_style="bold", pad_edge=False)
    for column in table.columns[2:]:
        column.justify = "right"
    rows = (
        (Preference.A, comparison.path_a, comparison.score_a, comparison.p_a_better),
        (Preference.B, comparison.path_b, comparison.score_b, comparison.p_b_better),
    )
    for name, path, score, probability in rows:
        style = "bold green" if comparison.preference is name else ""
        table.add_row(name.value, cell(path, style), number(score), number(probability))
    table.add_row("", "equal", "", number(comparison.p_equal))
    results.print(table)
    results.print(f"\n{_verdict(comparison)} ({comparison.order} order)", style="bold")


def _verdict(comparison: Comparison) -> str:
    """In words that the probabilities above bear out: where A and B are as probable, `equal` needn't be."""
    if comparison.preference is not Preference.EQUAL:
        return f"{comparison.preference.value} is better"
    if comparison.p_equal < max(comparison.p_a_better, comparison.p_b_better):
        return "neither is better: A and B are as probable, within rounding"
    return "A and B are equal"
