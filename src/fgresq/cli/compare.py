"""`fgresq compare`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from fgresq.cli.terminal import cell, notes, number, print_alpha, print_failures, print_provenance, results
from fgresq.records import Preference
from fgresq.results import Comparison

if TYPE_CHECKING:
    from fgresq.scoring.scorer import Scorer


def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="An image file, or a folder.")],
    b: Annotated[
        Path, typer.Argument(metavar="B", help="Another of the same content, or a folder of the same contents.")
    ],
    order: Annotated[
        OrderName, typer.Option(help="`symmetric` averages both orders; `released` is the authors' single order.")
    ] = OrderName.SYMMETRIC,
    weights: Weights = "compact",
    output: Output = None,
    device: Device = "auto",
    precision: PrecisionOption = Precision.FP32,
    batch_size: BatchSize = None,
) -> None:
    """Compare two images of the same content: which looks better, or are they equal.

    Two folders are compared content by content, matched by name as `rank` does; which of two algorithms is better on
    the whole is for `rank A B` to say, with intervals.
    """
    check_output(output)
    if a.is_dir() and b.is_dir():
        _compare_folders(a, b, order, output, lambda: load(weights, device, precision, batch_size))
        return
    scorer = load(weights, device, precision, batch_size)
    comparison = scorer.compare(a, b, order=order.value)
    if output is not None:  # before printing, since the reader of a pipe may leave early
        from fgresq.report.tables import write_comparison

        write_comparison(output, comparison, scorer.provenance)
    _print(comparison)
    print_alpha([a, b])
    print_provenance(scorer.provenance)


def _compare_folders(
    a: Path, b: Path, order: OrderName, output: Path | None, load_scorer: Callable[[], "Scorer"]
) -> None:
    from fgresq.scoring.gathering import gather

    gathered = gather([a, b])
    first, second = gathered.images.values()
    contents = gathered.shared
    images = [side[content] for content in contents for side in (first, second)]
    scorer = load_scorer()
    for line in gathered.summary():
        notes.print(cell(f"matched: {line}", "dim"), soft_wrap=True)
    pairs = [(2 * i, 2 * i + 1) for i in range(len(contents))]
    scores, comparisons = scorer.judge(images, pairs, order=order.value)
    if output is not None:
        from fgresq.report.tables import write_comparisons

        write_comparisons(output, dict(zip(contents, comparisons, strict=True)), scorer.provenance)
    _print_contents(contents, comparisons, list(gathered.images))
    failures = [score for score in scores if score.error is not None]
    print_failures(failures)
    print_alpha([score.path for score in scores if score.error is None])
    print_provenance(scorer.provenance)
    if failures:
        raise typer.Exit(1)


def _print_contents(
    contents: Sequence[str], comparisons: Sequence[Comparison | None], algorithms: Sequence[str]
) -> None:
    table = Table("content", "A", "B", "P(A)", "P(B)", "equal", "better", box=None, header_style="bold", pad_edge=False)
    for column in table.columns[1:6]:
        column.justify = "right"
    for content, comparison in zip(contents, comparisons, strict=True):
        if comparison is None:
            continue
        table.add_row(
            cell(content),
            number(comparison.score_a),
            number(comparison.score_b),
            number(comparison.p_a_better),
            number(comparison.p_b_better),
            number(comparison.p_equal),
            "-" if comparison.preference is Preference.EQUAL else comparison.preference.value,
        )
    results.print(table)
    found = [comparison.preference for comparison in comparisons if comparison is not None]
    counted = {preference: found.count(preference) for preference in Preference}
    results.print(
        cell(
            f"A ({algorithms[0]}) is better on {counted[Preference.A]}, B ({algorithms[1]}) on "
            f"{counted[Preference.B]} of {len(found)} contents; neither on {counted[Preference.EQUAL]}",
            "bold",
        ),
        soft_wrap=True,
    )


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
