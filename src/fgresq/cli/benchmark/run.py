"""`fgresq benchmark run`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from fgresq.cli.benchmark.sides import SideOption, SplitOf, chosen_side
from fgresq.cli.options import (
    Address,
    BatchSize,
    Device,
    EngineName,
    EngineOption,
    OrderName,
    Precision,
    PrecisionOption,
    Workers,
    metric_names,
    spread_over,
)
from fgresq.cli.terminal import cell, notes, progress_bar, results
from fgresq.errors import UserError

if TYPE_CHECKING:
    from fgresq.benchmark.coverage import Coverage
    from fgresq.benchmark.sets import BenchmarkSet
    from fgresq.metrics.base import MetricCard

_SHOWN = 10


def run(
    metrics: Annotated[
        str,
        typer.Option(
            metavar="A,B,...",
            help="By name; `fgresq:FILE`, `csv:FILE`, `MODULE:FUNCTION` or `program:COMMAND` for your own; or `all` "
            "that work here.",
        ),
    ],
    manifest: Annotated[
        list[str],
        typer.Option(metavar="[NAME=]PATH", help="A manifest's folder, or a CSV of images. Repeatable."),
    ],
    store: Annotated[Path, typer.Option(metavar="DIR", help="Where scores are kept; made if it isn't there.")],
    side: SideOption = None,
    split_of: SplitOf = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Judge again what failed before.")] = False,
    parameters: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The authors' parameter files of NIQE and the like.")
    ] = None,
    save_every: Annotated[float, typer.Option(min=0, help="Seconds; what a killed run loses at most.")] = 10.0,
    workers: Workers = None,
    engine: EngineOption = EngineName.PROCESSES,
    address: Address = None,
    device: Device = "auto",
    precision: PrecisionOption = Precision.FP32,
    batch_size: BatchSize = None,
    order: Annotated[OrderName, typer.Option(help="Of FGResQ's comparisons.")] = OrderName.SYMMETRIC,
) -> None:
    """Score every image of the data sets with every metric, and keep the scores.

    Only what the store lacks is computed: run it again with one more metric or data set, or after it was interrupted.
    An image that a metric can't judge is kept unscored with the reason, and the exit code is 1. With `--side test
    --split-of` the folder of a training, only what that held out is judged; give `table` and `report` the same.
    """
    from fgresq.benchmark.coverage import known_in
    from fgresq.benchmark.runner import run_metric
    from fgresq.benchmark.store import create_store
    from fgresq.metrics.registry import all_that_work, check
    from fgresq.metrics.runners import MetricSettings

    folder = None if parameters is None else str(parameters)
    settings = MetricSettings(folder, device, precision.value, batch_size, order.value)
    if metrics.strip() == "all":
        cards, reasons = all_that_work(settings)
        for name, reason in reasons.items():
            notes.print(cell(f"left out: {name}: {reason}", "dim"), soft_wrap=True)
    else:
        # Before any work, since a misspelt one would end it in the middle.
        cards = [check(name, settings) for name in _names(metrics)]
    looked_at = chosen_side(side, split_of)
    kept = create_store(store)
    sets = _read_sets(manifest)
    chosen = sets if looked_at is None else looked_at.of(sets)
    for data in sets:
        kept.add_set(data)
    known = known_in(kept)
    done = []
    with spread_over(engine, workers, address) as spread:
        for card in cards:
            with _bar() as begin:
                coverage = run_metric(
                    card,
                    settings,
                    chosen,
                    kept,
                    known,
                    spread=spread,
                    retry_failed=retry_failed,
                    save_every=save_every,
                    begin=begin,
                )
            done.append(coverage)
    if looked_at is not None:
        results.print(cell(looked_at.note(sets, chosen)), soft_wrap=True)
    _print(done, store)
    if any(coverage.failed for coverage in done):
        raise typer.Exit(1)


def _names(metrics: str) -> list[str]:
    names = list(dict.fromkeys(metric_names(metrics)))
    if not names:
        raise UserError("--metrics names none; `fgresq metrics list` shows those that work here")
    return names


def _read_sets(manifests: list[str]) -> "list[BenchmarkSet]":
    from fgresq.benchmark.sets import read_set

    sets = []
    for given in manifests:
        with progress_bar(f"hashing {given}", 0) as bar:
            sets.append(read_set(given, partial(bar.advance, bar.task_ids[0])))
    names = [data.name for data in sets]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(f"two of the manifests are called {twice[0]}; tell them apart with NAME=PATH")
    return sets


@contextmanager
def _bar() -> "Iterator[Callable[[MetricCard, int], Callable[[int], None]]]":
    """A bar that shows its metric once that is known."""
    with progress_bar("", 0) as bar:

        def begin(card: "MetricCard", total: int) -> Callable[[int], None]:
            bar.update(bar.task_ids[0], description=card.title, total=total)
            return partial(bar.advance, bar.task_ids[0])

        yield begin


def _print(done: "list[Coverage]", store: Path) -> None:
    table = Table("metric", box=None, header_style="bold", pad_edge=False)
    for title in ("images", "scored", "failed", "no reference", "new", "pairs", "compared"):
        table.add_column(title, justify="right")
    for row in done:
        counts = (row.images, row.scored, len(row.failed), row.without_reference, row.computed)
        pairs = (row.pairs, row.compared) if row.card.compares else ("-", "-")
        table.add_row(cell(row.card.name), *map(str, (*counts, *pairs)))
    results.print(table)
    for row in done:
        for path, reason in row.failed[:_SHOWN]:
            notes.print(cell(f"failed: {row.card.name}: {path}: {reason}", "red"), soft_wrap=True)
        if len(row.failed) > _SHOWN:
            more = len(row.failed) - _SHOWN
            notes.print(cell(f"failed: {row.card.name}: {more} more; the store names them", "red"), soft_wrap=True)
    computed = sum(row.computed for row in done)
    results.print(f"\n{computed} scores computed now, {sum(len(row.failed) for row in done)} failed", style="bold")
    results.print(cell(f"in {store}"), soft_wrap=True)
