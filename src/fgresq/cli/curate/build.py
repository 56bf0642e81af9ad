"""`fgresq curate build`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from fgresq.cli.options import Address, EngineName, EngineOption, spread_over
from fgresq.cli.terminal import cell, notes, progress_bar, results

if TYPE_CHECKING:
    import polars as pl

_SHOWN = 10  # faults; left-out.csv names all of them


def build(
    config: Annotated[Path, typer.Argument(metavar="CONFIG.yaml", help="Sources, taus, JND, sample, splits.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The data set; goes on if it holds a part of it.")],
    workers: Annotated[
        int | None, typer.Option(min=1, help="By default the configuration's, or one a core of this machine.")
    ] = None,
    engine: EngineOption = EngineName.PROCESSES,
    address: Address = None,
    save_every: Annotated[float, typer.Option(min=0, help="Seconds; what a killed run loses at most.")] = 10.0,
) -> None:
    """Build a data set of fine-grained pairs: sources, pairs, coarse filter, JND filter, sample, splits, data card.

    A run that was broken off goes on when it is started again, to the same files. What can't be used is named in
    left-out.csv; if something of it is a fault, and not left out by a rule, the exit code is 1.
    """
    from fgresq.curation.pipeline.build import build as make
    from fgresq.curation.pipeline.config import read_config
    from fgresq.curation.pipeline.workplace import close_workplace
    from fgresq.locks import only_writer
    from fgresq.report.curation.card import require_matplotlib, write_card

    settings = read_config(config)
    require_matplotlib()  # now, not after hours
    count = workers if address is not None else workers or settings.workers
    with only_writer(out):
        with spread_over(engine, count, address) as spread, _bars() as begin:
            place = make(settings, out, map=spread, pause=save_every, begin=begin)
        if not place.finished:
            write_card(out)
        checksum = close_workplace(place)
    faults = _print(out, checksum)
    if faults:
        raise typer.Exit(1)


@contextmanager
def _bars() -> "Iterator[Callable[[str, int], Callable[[int], None]]]":
    """One bar, for one step after the other."""
    with progress_bar("scanning", 0) as bar:

        def begin(step: str, total: int) -> Callable[[int], None]:
            bar.reset(bar.task_ids[0], description=step, total=total)
            return partial(bar.advance, bar.task_ids[0])

        yield begin


def _print(out: Path, checksum: str) -> int:
    """What the data set holds; answers how many faults there were."""
    import polars as pl

    counts = pl.read_csv(out / "counts.csv", infer_schema_length=None)
    left_out = pl.read_csv(out / "left-out.csv", infer_schema=False)  # it may have no rows, and so no types
    stages = [name for name in counts.columns if name.startswith("pairs_")]
    table = Table("source", "task", box=None, header_style="bold", pad_edge=False)
    for stage in stages:
        table.add_column(f"{stage.removeprefix('pairs_')} pairs", justify="right", no_wrap=True)
    for source, task, *numbers in counts.select("source", "task", *stages).iter_rows():
        table.add_row(cell(str(source)), cell(task), *(f"{number:,}" for number in numbers))
    results.print(table)
    faults = left_out.filter(fault="true")
    for row in faults.head(_SHOWN).iter_rows(named=True):
        named = ": ".join(str(row[key]) for key in ("source", "name") if row[key])
        notes.print(cell(f"fault: {named}: {row['reason']}", "red"), soft_wrap=True)
    rest = f"; {out / 'left-out.csv'} names them" if left_out.height else ""
    by_rule = left_out.height - faults.height
    results.print(cell(f"{faults.height} faults, {by_rule} left out by a rule{rest}"), soft_wrap=True)
    results.print(_total(counts, stages[-1]), style="bold")
    results.print(cell(f"in {out}: card.md, manifest.json; checksum {checksum}"), soft_wrap=True)
    return faults.height


def _total(counts: "pl.DataFrame", last: str) -> str:
    images = last.replace("pairs", "images")
    return f"\n{counts[images].sum():,} images, {counts[last].sum():,} pairs"
