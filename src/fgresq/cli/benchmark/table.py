"""`fgresq benchmark table`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from fgresq.cli.benchmark.sides import SideOption, SplitOf, chosen_side
from fgresq.cli.options import check_output, metric_names
from fgresq.cli.terminal import cell, notes, results

if TYPE_CHECKING:
    from fgresq.results import BenchmarkTable, TableCell

_FORMATS = (".json", ".csv", ".parquet", ".md", ".tex", ".html")


class By(StrEnum):
    """What a table's columns are over."""

    TASK = "task"
    RANGE = "range"


class Compared(StrEnum):
    """What may stand beside the figures."""

    PUBLISHED = "published"


class Mapping(StrEnum):
    """From scores to MOS, before PLCC."""

    RAW = "raw"
    LOGISTIC4 = "logistic4"
    LOGISTIC5 = "logistic5"


class Ties(StrEnum):
    """How ACC counts ties."""

    HALF = "half"
    THREE_CLASS = "three-class"


class OverSources(StrEnum):
    """How a task's SRCC and PLCC come from several sources."""

    MEAN = "mean"
    POOLED = "pooled"


def table(
    store: Annotated[Path, typer.Option(metavar="DIR", help="That `fgresq benchmark run` wrote.")],
    by: Annotated[By, typer.Option(help="Restoration task (Table 3), or range of MOS (Tables 2, S2-S14).")],
    metrics: Annotated[str | None, typer.Option(metavar="A,B,...", help="By default all in the store.")] = None,
    data_set: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Sources of images. Repeatable; by default all.")
    ] = None,
    only_set: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME", help="Manifests of the store. Repeatable.")
    ] = None,
    side: SideOption = None,
    split_of: SplitOf = None,
    compare: Annotated[Compared | None, typer.Option(help="Set the paper's figures beside ours.")] = None,
    intervals: Annotated[bool, typer.Option("--intervals", help="Bootstrap the contents.")] = False,
    confidence: Annotated[float, typer.Option(min=0.5, max=0.999, help="Of the intervals.")] = 0.95,
    resamples: Annotated[int, typer.Option(min=2, help="Of the contents.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of the resamples.")] = 0,
    mapping: Annotated[Mapping, typer.Option(help="Of scores to MOS before PLCC.")] = Mapping.RAW,
    ties: Annotated[Ties, typer.Option(help="How ACC counts them.")] = Ties.HALF,
    sources: Annotated[OverSources, typer.Option(help="Of SRCC and PLCC by task.")] = OverSources.MEAN,
    output: Annotated[
        list[Path] | None,
        typer.Option("--output", "-o", metavar="FILE", help=f"{', '.join(_FORMATS)}. Repeatable."),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the fall of SRCC by range: FILE.png or FILE.svg.")
    ] = None,
) -> None:
    """Make the paper's tables from a store: how well each metric agrees with people.

    Best figures are bold, second ones underlined; "-" is a figure that is undefined, and files say why. With
    `--compare published`, figures that something speaks against have a question mark. A model is measured on what it
    hasn't seen by `--side test --split-of` its folder; figures over images of its training are red, with a dagger.
    """
    from fgresq.benchmark.store import open_store
    from fgresq.benchmark.tables import TableSettings
    from fgresq.benchmark.tables.build import make_tables
    from fgresq.benchmark.tables.labels import gather
    from fgresq.errors import UserError
    from fgresq.report.benchmark import draw_fall, write_result

    for path in output or ():
        check_output(path, _FORMATS)
    check_output(picture, (".png", ".svg"))
    if picture is not None and by is not By.RANGE:
        raise UserError("--picture draws the fall of SRCC in ranges of MOS; use it with --by range")
    settings = TableSettings(
        mapping=mapping.value,
        ties=ties.value,
        over_sources=sources.value,
        intervals=intervals,
        confidence=confidence,
        resamples=resamples,
        seed=seed,
    )
    wanted = metric_names(metrics or "")
    gathered = gather(
        open_store(store),
        sets=only_set or (),
        sources=data_set or (),
        metrics=wanted,
        side=chosen_side(side, split_of),
    )
    result = make_tables(gathered, by.value, settings, published=compare is Compared.PUBLISHED)
    for path in output or ():
        write_result(path, result)
    if picture is not None:
        draw_fall(result, picture)
    for each in result.tables:
        _print(each)
    for path in (*(output or ()), *((picture,) if picture is not None else ())):
        notes.print(cell(f"written: {path}"), soft_wrap=True)


def _print(shown: "BenchmarkTable") -> None:
    """One block a group of columns, since all of them are too wide for a terminal."""
    from fgresq.report.benchmark.marks import groups, kind, marks, number_in, remarks, seen, warnings

    styles = {"best": "bold", "second": "underline", "": ""}
    places = marks(shown)
    results.print(cell(shown.title, "bold"), soft_wrap=True)
    for warning in warnings(shown):
        results.print(cell(warning, "bold red"), soft_wrap=True)
    start = 0
    for group, span in groups(shown.columns):
        columns = range(start, start + span)
        start += span
        block = Table(box=None, header_style="bold", pad_edge=False, title=None)
        block.add_column("", no_wrap=True)
        block.add_column(group, overflow="fold")
        for number in columns:
            block.add_column(f"{shown.columns[number].criterion} (n={number_in(shown, number)})", justify="right")
        for row, marked in zip(shown.rows, places, strict=True):
            cells = [
                cell(_figure(row.cells[number]), "red" if seen(row.cells[number]) else styles[marked[number]])
                for number in columns
            ]
            block.add_row(kind(row.full_reference), cell(row.title), *cells)
        results.print(block)
        results.print()
    for remark in remarks(shown):
        results.print(cell(remark, "dim"), soft_wrap=True)


def _figure(shown: "TableCell") -> str:
    from fgresq.report.benchmark.marks import figure, interval, published, seen

    paper = published(shown)
    value = f"{figure(shown.value)}{seen(shown)}"
    return " ".join(part for part in (value, interval(shown), f"(paper {paper})" if paper else "") if part)
