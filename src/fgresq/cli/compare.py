"""`fgresq compare`."""

from collections.abc import Callable, Mapping, Sequence
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
    metric_names,
)
from fgresq.cli.terminal import cell, notes, number, print_alpha, print_failures, print_provenance, results
from fgresq.errors import UserError
from fgresq.records import Preference
from fgresq.results import Comparison

if TYPE_CHECKING:
    from fgresq.metrics.base import MetricCard
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
    figure: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Draw both images with what every metric says of them: FILE.html, .png, .svg or .pdf.",
        ),
    ] = None,
    metrics: Annotated[str | None, typer.Option(metavar="NAME,...", help="Other metrics on the figure.")] = None,
    reference: Annotated[
        Path | None,
        typer.Option(metavar="FILE|DIR", help="Reference of the two images, or folder of references, for --metrics."),
    ] = None,
    truth: Annotated[
        str | None,
        typer.Option(
            metavar="WORD",
            help="What the figure's ticks go by: A, B or equal (people's word), one of --metrics, or fgresq.",
        ),
    ] = None,
    figure_pairs: Annotated[
        int, typer.Option(min=1, help="Contents of two folders to draw: those on which the most metrics are wrong.")
    ] = 4,
    device: Device = "auto",
    precision: PrecisionOption = Precision.FP32,
    batch_size: BatchSize = None,
) -> None:
    """Compare two images of the same content: which looks better, or are they equal.

    Two folders are compared content by content, matched by name as `rank` does; which of two algorithms is better on
    the whole is for `rank A B` to say, with intervals.
    """
    check_output(output)
    drawing = _Figure(figure, metrics, reference, truth, figure_pairs)
    if a.is_dir() and b.is_dir():
        _compare_folders(a, b, order, output, drawing, lambda: load(weights, device, precision, batch_size))
        return
    drawing.check(1)
    scorer = load(weights, device, precision, batch_size)
    comparison = scorer.compare(a, b, order=order.value)
    if output is not None:  # before printing, since the reader of a pipe may leave early
        from fgresq.report.tables import write_comparison

        write_comparison(output, comparison, scorer.provenance)
    title = a.stem if a.stem == b.stem else f"{a.name}, {b.name}"
    references = {} if reference is None else {title: reference}
    drawing.draw({title: (a, b)}, (comparison.path_a, comparison.path_b), references, {title: comparison})
    _print(comparison)
    print_alpha([a, b])
    print_provenance(scorer.provenance)


class _Figure:
    """What `--figure` and its companions ask for, checked before any work."""

    def __init__(
        self, path: Path | None, metrics: str | None, reference: Path | None, truth: str | None, pairs: int
    ) -> None:
        self._path, self._truth, self._pairs, self.reference = path, truth, pairs, reference
        self._cards: list[MetricCard] = []
        if path is None:
            if metrics is not None or reference is not None or truth is not None:
                raise UserError("--metrics, --reference and --truth are for --figure; add it, or leave them out")
            return
        from fgresq.benchmark.beside import identify_all
        from fgresq.report.pair_figure import PAIR_FIGURE_FORMATS

        check_output(path, PAIR_FIGURE_FORMATS)
        self._cards = identify_all(metric_names(metrics)) if metrics is not None else []
        needing = [card.name for card in self._cards if card.full_reference]
        if needing and reference is None:
            raise UserError(f"{needing[0]} compares with a reference; name it by --reference")
        if reference is not None and not needing:
            raise UserError("none of --metrics looks at a reference; leave --reference out")

    def check(self, pairs: int) -> None:
        """Refuse a truth that is none for so many pairs, and a folder as the reference of two images."""
        if self._path is None:
            return
        from fgresq.benchmark.pair_figure import check_truth

        check_truth(self._truth, self._cards, pairs)
        if pairs == 1 and self.reference is not None and not self.reference.is_file():
            raise UserError(f"{self.reference}: isn't a file; --reference takes the reference of the two images")

    def draw(
        self,
        pairs: Mapping[str, tuple[Path, Path]],
        names: tuple[str, str],
        references: Mapping[str, Path],
        comparisons: Mapping[str, Comparison],
    ) -> None:
        """Ask the metrics, and draw; nothing where no figure is asked for, or no pair could be judged."""
        if self._path is None or not comparisons:
            return
        from fgresq.benchmark.pair_figure import most_telling, pair_figures
        from fgresq.report.pair_figure import write_pair_figures

        found = pair_figures(pairs, names, references, comparisons, self._cards, self._truth)
        write_pair_figures(self._path, most_telling(found, self._pairs))
        notes.print(cell(f"figure: {self._path}"), soft_wrap=True)


def _compare_folders(
    a: Path, b: Path, order: OrderName, output: Path | None, drawing: _Figure, load_scorer: Callable[[], "Scorer"]
) -> None:
    from fgresq.scoring.gathering import gather, gather_references

    gathered = gather([a, b])
    first, second = gathered.images.values()
    contents = gathered.shared
    drawing.check(len(contents))
    references: Mapping[str, Path] = {}
    if drawing.reference is not None:
        references, said = gather_references(gathered, drawing.reference)
        for line in said:
            notes.print(cell(f"matched: {line}", "dim"), soft_wrap=True)
    images = [side[content] for content in contents for side in (first, second)]
    scorer = load_scorer()
    for line in gathered.summary():
        notes.print(cell(f"matched: {line}", "dim"), soft_wrap=True)
    pairs = [(2 * i, 2 * i + 1) for i in range(len(contents))]
    scores, comparisons = scorer.judge(images, pairs, order=order.value)
    if output is not None:
        from fgresq.report.tables import write_comparisons

        write_comparisons(output, dict(zip(contents, comparisons, strict=True)), scorer.provenance)
    judged = {content: each for content, each in zip(contents, comparisons, strict=True) if each is not None}
    one, other = gathered.images
    drawing.draw({content: (first[content], second[content]) for content in contents}, (one, other), references, judged)
    _print_contents(contents, comparisons, [one, other])
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
