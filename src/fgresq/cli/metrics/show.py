"""`fgresq metrics list | show`: which metrics there are, and what each is and needs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from fgresq.cli.options import Output, check_output
from fgresq.cli.terminal import cell, results

if TYPE_CHECKING:
    from fgresq.cli.metrics.needs import Standing
    from fgresq.metrics.base import MetricSpec

_Name = Annotated[str, typer.Argument(metavar="NAME", help="As `fgresq metrics list` prints it.")]


def list_metrics(output: Output = None) -> None:
    """All metrics: with or without a reference, which way they go, what runs them, and what a missing one needs."""
    from fgresq.cli.metrics.needs import READY, standing
    from fgresq.metrics.catalogue import declarations
    from fgresq.metrics.engines.caches import NOT_ON_DISK

    check_output(output)
    styles = {READY: "green", NOT_ON_DISK: "yellow"}
    found = [(spec, standing(spec)) for spec in declarations()]
    table = Table(
        "name", "reference", "better", "range", "engine", "here", box=None, header_style="bold", pad_edge=False
    )
    for spec, stands in found:
        here = cell(stands.here, styles.get(stands.here, ""))
        kind = "yes" if spec.full_reference else "no"
        table.add_row(spec.name, kind, _better(spec), _range(spec), spec.engine, here)
    results.print(table)
    without: dict[str, list[str]] = {}
    for spec, stands in found:
        if stands.needs is not None:
            without.setdefault(stands.needs, []).append(spec.name)
    for need, names in without.items():
        _print_lines(f"{', '.join(names)}: {need}")
    if output is not None:
        import polars as pl

        from fgresq.report.frames import write_frame

        write_frame(output, pl.DataFrame([_row(spec, stands) for spec, stands in found], infer_schema_length=None))


def show(
    name: _Name,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.json", help="Write the declaration.")
    ] = None,
) -> None:
    """All that is declared of a metric, its licences among it, and what it needs here."""
    from fgresq.cli.metrics.needs import ABSENT, standing
    from fgresq.metrics.catalogue import declaration

    check_output(output, (".json",))
    spec = declaration(name)
    stands = standing(spec)
    said = f"it doesn't work; {stands.needs}" if stands.here == ABSENT else stands.needs or "it works"
    _print_lines(*_declared(spec), f"here: {said}")
    if output is not None:
        from fgresq.report.frames import write_document

        write_document(output, {**spec.model_dump(mode="json"), **_here(stands)})


def _declared(spec: "MetricSpec") -> list[str]:
    runs = f"{spec.engine}, as {spec.engine_name}" if spec.engine_name else spec.engine
    return [
        f"{spec.name}: {spec.title}",
        f"judges: {'a picture against its reference' if spec.full_reference else 'a picture alone'}",
        f"scores: {_range(spec)}; {_better(spec)} is better",
        f"least side: {spec.least_side} pixel{'s' if spec.least_side > 1 else ''}",
        f"engine: {runs}",
        f"licence of the code: {spec.licence}",
        f"licence of weights and parameters: {spec.licence_of_parameters or 'there are none'}",
        *([f"weights and parameters: {spec.parameters_from}"] if spec.parameters_from else []),
        *([f"home page: {spec.home_page}"] if spec.home_page else []),
        f"citation: {spec.citation}",
        *(f"note: {note}" for note in spec.notes),
    ]


def _better(spec: "MetricSpec") -> str:
    return "higher" if spec.higher_is_better else "lower"


def _range(spec: "MetricSpec") -> str:
    lowest = "no end" if spec.lowest is None else f"{spec.lowest:g}"
    highest = "no end" if spec.highest is None else f"{spec.highest:g}"
    return "no ends" if spec.lowest is None and spec.highest is None else f"{lowest} to {highest}"


def _row(spec: "MetricSpec", stands: "Standing") -> dict[str, Any]:
    row = spec.model_dump(mode="json")
    joined = {key: "; ".join(row[key]) for key in ("parameter_files", "weights_in", "notes")}
    return {**row, **joined, **_here(stands)}


def _here(stands: "Standing") -> dict[str, Any]:
    return {"works_here": stands.needs is None, "here": stands.here, "needs": stands.needs}


def _print_lines(*lines: str) -> None:
    """One line each, never folded, so that an address or a path can be copied."""
    for line in lines:
        results.print(cell(line), soft_wrap=True)
