"""`fgresq metrics list | show`: which metrics there are, what each is, and what it lacks here."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from fgresq.cli.options import Output, check_output
from fgresq.cli.terminal import cell, results

if TYPE_CHECKING:
    from fgresq.metrics.base import MetricCard
    from fgresq.metrics.runners import Missing

_Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="As `fgresq metrics list` prints it; or `fgresq:FILE`, `csv:FILE`, `MODULE:FUNCTION`, `program:COMMAND`.",
    ),
]
_READY, _ABSENT = "yes", "no"


def list_metrics(output: Output = None) -> None:
    """All metrics: with or without a reference, which way they go, what runs them, and what a missing one needs."""
    from fgresq.metrics.engines.caches import NOT_ON_DISK
    from fgresq.metrics.registry import FORMS, all_cards, missing

    check_output(output)
    styles = {_READY: "green", NOT_ON_DISK: "yellow"}
    found = [(card, missing(card)) for card in all_cards()]
    table = Table(
        "name", "reference", "better", "range", "engine", "here", box=None, header_style="bold", pad_edge=False
    )
    for card, need in found:
        here = cell(_here(need), styles.get(_here(need), ""))
        kind = "yes" if card.full_reference else "no"
        table.add_row(cell(card.name), kind, _better(card), _range(card), card.engine, here)
    results.print(table)
    without: dict[str, list[str]] = {}
    for card, need in found:
        if need is not None:
            without.setdefault(need.what, []).append(card.name)
    for what, names in without.items():
        _print_lines(f"{', '.join(names)}: {what}")
    _print_lines("metrics of your own:", *(f"  {form}: {what}" for form, what in FORMS.items()))
    if output is not None:
        import polars as pl

        from fgresq.report.frames import write_frame

        write_frame(output, pl.DataFrame([_row(card, need) for card, need in found], infer_schema_length=None))


def show(
    name: _Name,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE.json", help="Write the card.")] = None,
) -> None:
    """All that is declared of a metric, its licences among it, and what it needs here."""
    from fgresq.metrics.registry import find_card, missing

    check_output(output, (".json",))
    card = find_card(name)
    need = missing(card)
    said = "it works" if need is None else f"it doesn't work; {need.what}" if not need.is_fetched else need.what
    _print_lines(*_declared(card), f"here: {said}")
    if output is not None:
        from fgresq.report.frames import write_document

        write_document(output, {**card.declared(), **_stands(need)})


def _declared(card: "MetricCard") -> list[str]:
    runs = f"{card.engine}, as {card.engine_name}" if card.engine_name else card.engine
    return [
        f"{card.name}: {card.title}",
        f"judges: {'a picture against its reference' if card.full_reference else 'a picture alone'}",
        f"scores: {_range(card)}; {_better(card)} is better",
        f"least side: {card.least_side} pixel{'s' if card.least_side > 1 else ''}",
        f"engine: {runs}",
        f"licence of the code: {card.licence}",
        f"licence of weights and parameters: {card.licence_of_parameters or 'there are none'}",
        *([f"weights and parameters: {card.parameters_from}"] if card.parameters_from else []),
        *([f"home page: {card.home_page}"] if card.home_page else []),
        *([f"citation: {card.citation}"] if card.citation else []),
        *(f"note: {note}" for note in card.notes),
    ]


def _better(card: "MetricCard") -> str:
    return "higher" if card.higher_is_better else "lower"


def _range(card: "MetricCard") -> str:
    lowest = "no end" if card.lowest is None else f"{card.lowest:g}"
    highest = "no end" if card.highest is None else f"{card.highest:g}"
    return "no ends" if card.lowest is None and card.highest is None else f"{lowest} to {highest}"


def _row(card: "MetricCard", need: "Missing | None") -> dict[str, Any]:
    row = card.declared()
    joined = {key: "; ".join(row[key]) for key in ("parameter_files", "weights_in", "notes")}
    return {**row, **joined, **_stands(need)}


def _here(need: "Missing | None") -> str:
    from fgresq.metrics.engines.caches import NOT_ON_DISK

    return _READY if need is None else NOT_ON_DISK if need.is_fetched else _ABSENT


def _stands(need: "Missing | None") -> dict[str, Any]:
    return {"works_here": need is None, "here": _here(need), "needs": None if need is None else need.what}


def _print_lines(*lines: str) -> None:
    """One line each, never folded, so that an address or a path can be copied."""
    for line in lines:
        results.print(cell(line), soft_wrap=True)
