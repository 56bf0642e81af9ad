"""`fgresq benchmark store list | remove`: what a store holds, and taking some of it out."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from fgresq.cli.options import check_output
from fgresq.cli.terminal import cell, notes, results
from fgresq.errors import UserError

if TYPE_CHECKING:
    from fgresq.benchmark.sets import BenchmarkSet
    from fgresq.benchmark.store.contents import Failure, MetricContents

app = typer.Typer(
    help="See what a store holds, and take metrics, data sets or failures out of it.", no_args_is_help=True
)

_Store = Annotated[Path, typer.Option(metavar="DIR", help="That `fgresq benchmark run` wrote.")]
# What a file says of a metric, by the names of its card.
_CARD = (
    *("name", "metric", "title", "full_reference", "higher_is_better", "compares"),
    *("engine", "version", "parameters", "settings", "note"),
)
_Named = "Or the key that `list` prints. Repeatable."


@app.command(name="list")
def list_contents(
    store: _Store,
    failures: Annotated[bool, typer.Option("--failures", help="Name every file that failed, with the reason.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.json", help="Write it, failures too.")
    ] = None,
) -> None:
    """The metrics of a store with what they have answered, its data sets, and what failed."""
    from fgresq.benchmark.store import open_store
    from fgresq.benchmark.store.contents import failures_in, metrics_in

    check_output(output, (".json",))
    opened = open_store(store)
    metrics, sets, failed = metrics_in(opened), opened.sets(), failures_in(opened)
    _print_metrics(metrics)
    _print_sets(sets)
    names = {each.key: each.name for each in metrics}
    for each in failed if failures else ():
        results.print(cell(f"failed: {names[each.metric]}: {each.path}: {each.reason}", "red"), soft_wrap=True)
    if failed and not failures:
        results.print(f"\n{len(failed)} files failed; --failures names them")
    if output is not None:
        from fgresq.report.frames import write_document

        write_document(output, _document(metrics, sets, failed))


@app.command()
def remove(
    store: _Store,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            "--metric", "--judge", metavar="NAME", help=f"A metric, with all its scores and comparisons. {_Named}"
        ),
    ] = None,
    only_set: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME", help="A data set's labels; the scores of its files stay. Repeatable."),
    ] = None,
    failures_of: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help=f"What a metric couldn't judge, or `all` of them. {_Named}"),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Remove without being asked.")] = False,
) -> None:
    """Take metrics, data sets or failures out of a store; it says what goes, and asks. The rest stays as it is.

    Images, references and manifests that the store was made from aren't touched.
    """
    from fgresq.benchmark.store import open_store
    from fgresq.benchmark.store.contents import (
        find_metric,
        metrics_in,
        remove_failures,
        remove_metric,
        remove_set,
        set_names,
    )
    from fgresq.names import nearest

    opened = open_store(store)
    if not (metric or only_set or failures_of):
        raise UserError("nothing to remove is named; use --metric, --set or --failures-of")
    known = metrics_in(opened)
    gone = list({each.key: each for each in (find_metric(known, name) for name in metric or ())}.values())
    sets, there = list(dict.fromkeys(only_set or ())), set_names(opened)
    for name in sets:
        if name not in there:
            raise UserError(f"{store}: has no set {name!r}; {nearest(name, there)}")
    asked_again = known if "all" in (failures_of or ()) else [find_metric(known, name) for name in failures_of or ()]
    asked_again = [each for each in asked_again if each not in gone and each.failed + each.not_compared]
    plan = [
        *(f"metric {each.name} ({each.key}): {_answers(each)}" for each in gone),
        *(f"set {name}: its labels; scores of its files stay" for name in sets),
        *(f"failures of {each.name} ({each.key}): {_failures(each)}" for each in asked_again),
    ]
    if not plan:
        results.print("there is nothing of that to remove")
        return
    for line in plan:
        results.print(cell(line), soft_wrap=True)
    _ask(store, yes)
    for each in gone:
        remove_metric(opened, each.key)
    for name in sets:
        remove_set(opened, name)
    if asked_again:
        remove_failures(opened, [each.key for each in asked_again])
    results.print(cell(f"removed from {store}"), soft_wrap=True)


def _ask(store: Path, given: bool) -> None:
    if given:
        return
    if not sys.stdin.isatty():
        raise UserError(f"{store}: nothing was removed, as there is nobody to ask here; --yes removes the above")
    if not typer.confirm("Remove this?"):
        notes.print("nothing was removed")
        raise typer.Exit(1)


def _print_metrics(metrics: "tuple[MetricContents, ...]") -> None:
    table = Table("metric", "key", "engine", "last run", box=None, header_style="bold", pad_edge=False)
    for title in ("scored", "failed", "compared"):
        table.add_column(title, justify="right")
    for each in metrics:
        card, last = each.card, each.last_run
        compares = card is not None and card.compares
        table.add_row(
            cell("(not described)" if card is None else card.name),
            each.key,
            "-" if card is None else card.engine,
            "-" if last is None else f"{last:%Y-%m-%d %H:%M}",
            str(each.scored),
            str(each.failed),
            str(each.compared) if compares or each.compared else "-",
        )
    results.print(table if metrics else "no metric has worked for this store")


def _print_sets(sets: "tuple[BenchmarkSet, ...]") -> None:
    table = Table("set", box=None, header_style="bold", pad_edge=False)
    for title in ("images", "pairs"):
        table.add_column(title, justify="right")
    table.add_column("read from", overflow="fold")
    for each in sets:
        manifest = each.manifest
        origin = cell(str(manifest.about.get("read from", "-")))
        table.add_row(cell(each.name), str(len(manifest.images)), str(len(manifest.pairs)), origin)
    results.print()
    results.print(table if sets else "it holds no data set")


def _answers(metric: "MetricContents") -> str:
    pairs = f", {metric.compared + metric.not_compared} comparisons" if metric.compared + metric.not_compared else ""
    return f"{metric.scored} scores, {metric.failed} failures{pairs}"


def _failures(metric: "MetricContents") -> str:
    pairs = f", {metric.not_compared} pairs that weren't compared" if metric.not_compared else ""
    return f"{metric.failed} files{pairs}"


def _document(
    metrics: "tuple[MetricContents, ...]", sets: "tuple[BenchmarkSet, ...]", failed: "tuple[Failure, ...]"
) -> dict[str, Any]:
    return {
        "judges": [
            {
                "key": each.key,
                **({} if each.card is None else {name: getattr(each.card, name) for name in _CARD}),
                "last_run": None if each.last_run is None else each.last_run.isoformat(),
                "scored": each.scored,
                "failed": each.failed,
                "compared": each.compared,
                "not_compared": each.not_compared,
            }
            for each in metrics
        ],
        "sets": [
            {
                "name": each.name,
                "images": len(each.manifest.images),
                "pairs": len(each.manifest.pairs),
                "read_from": each.manifest.about.get("read from"),
            }
            for each in sets
        ],
        "failures": [{"judge": each.metric, "path": each.path, "reason": each.reason} for each in failed],
    }
