"""`fgresq sources list | show | check`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from fgresq.cli.options import Output, check_output
from fgresq.cli.terminal import cell, notes, results

if TYPE_CHECKING:
    from fgresq.curation.sources import Scan, Source

app = typer.Typer(help="See which data sets pairs can be made of, and check copies of them.", no_args_is_help=True)

_Name = Annotated[str, typer.Argument(metavar="NAME", help="As `fgresq sources list` prints it.")]
_UNKNOWN = "not known here"


@app.command(name="list")
def list_sources(output: Output = None) -> None:
    """All sources: what for, how many images, how labelled, whether a folder can be read."""
    from fgresq.curation.sources import SOURCES

    check_output(output)
    rows = [_summary(source) for source in SOURCES.values()]
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in rows[0]:
        table.add_column(title, justify="right" if title in ("images", "contents") else "left", no_wrap=title != "for")
    for row in rows:
        table.add_row(*(cell("-" if value is None else str(value)) for value in row.values()))
    results.print(table)
    if output is not None:
        import polars as pl

        from fgresq.report.frames import write_frame

        write_frame(output, pl.DataFrame(rows))


@app.command()
def show(
    name: _Name,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.json", help="Write the declaration.")
    ] = None,
) -> None:
    """All that is declared of a source, how a copy is laid out, and how each field is found."""
    from fgresq.curation.sources import find_source
    from fgresq.curation.sources.manifest_form import FORM

    check_output(output, (".json",))
    source = find_source(name)
    _print_lines(*_declared(source))
    if source.layout is None:
        _print_lines("a folder: its layout isn't known here, so it can't be read")
    else:
        _print_lines("a folder laid out so:", *_indented(source.layout), "in it are found:")
        _print_lines(*(f"  {key}: {text}" for key, text in source.found or ()))
    _print_lines("or a CSV with these columns:" if source.layout else "a CSV with these columns:", *_indented(FORM))
    if output is not None:
        from fgresq.report.frames import write_document

        document = source.model_dump(mode="json", exclude={"read"})
        write_document(output, {**document, "tau": str(source.tau), "csv": FORM.splitlines()})


@app.command()
def check(
    name: _Name,
    root: Annotated[Path, typer.Argument(metavar="ROOT", help="Folder of the copy, or its CSV.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.json", help="Write what was found.")
    ] = None,
) -> None:
    """Compare a copy of a source with what is expected; name every missing file, and exit 1 if something is amiss."""
    from fgresq.curation.sources import find_source, scan

    check_output(output, (".json",))
    found = scan(find_source(name), root)
    _print_scan(found)
    if output is not None:
        from fgresq.report.frames import write_document

        write_document(output, _document(found))
    if not found.complete:
        raise typer.Exit(1)


def _summary(source: "Source") -> dict[str, Any]:
    return {
        "name": source.name,
        "images": source.expected.images,
        "contents": source.expected.contents,
        "read from": "folder, CSV" if source.layout else "CSV",
        "for": ", ".join(source.expected.tasks) or source.purpose.value,
    }


def _declared(source: "Source") -> list[str]:
    labels, expected = source.labels, source.expected
    direction = {True: "higher is better", False: "lower is better", None: f"direction {_UNKNOWN}"}
    scale = [labels.kind, direction[labels.higher_is_better]]
    scale += [f"{labels.low:g} to {labels.high:g}" if labels.low is not None else f"range {_UNKNOWN}"]
    scale += [f"read as {labels.turned_at:g} - label"] if labels.turned_at is not None else []
    spread = labels.declared_spread
    counts = [("images", expected.images), ("contents", expected.contents), ("algorithms", expected.algorithms)]
    counts += [("references", expected.references), *expected.tasks.items()]
    return [
        f"{source.name}: {source.title}",
        f"for: {source.purpose.value}",
        f"licence: {source.licence or _UNKNOWN + '; ask its authors before you pass anything on'}",
        f"home page: {source.home_page or _UNKNOWN}",
        f"citation: {source.citation or 'that of your images'}",
        f"labels: {'; '.join(scale)}",
        f"normalised by: {'the range of the labels that are found' if spread is None else f'{spread:g}'}",
        f"tau by default: {source.tau}",
        f"expected: {', '.join(f'{count} {what}' for what, count in counts if count is not None) or _UNKNOWN}",
        *(f"note: {note}" for note in source.notes),
    ]


def _indented(block: str) -> list[str]:
    return [f"  {line}" for line in block.splitlines()]


def _print_lines(*lines: str) -> None:
    """One line each, never folded, so that an address can be copied and searched for."""
    for line in lines:
        results.print(cell(line), soft_wrap=True)


def _print_scan(found: "Scan") -> None:
    table = Table(found.source.name, box=None, header_style="bold", pad_edge=False)
    for title in ("found", "expected"):
        table.add_column(title, justify="right", no_wrap=True)
    for count in found.counts:
        style = "red" if count.differs else ""
        expected = "-" if count.expected is None else str(count.expected)
        table.add_row(cell(count.what, style), cell(str(count.found), style), expected)
    results.print(table)
    mos = found.labelled["mos"].drop_nulls().sort().to_list()
    if mos:
        results.print(f"MOS as read (higher is better): {mos[0]:g} to {mos[-1]:g}", soft_wrap=True)
    for what, names in (("missing", found.missing), ("wrong", found.wrong)):
        for name in names:
            notes.print(cell(f"{what}: {name}", "red"), soft_wrap=True)
    for name in found.unlabelled:
        notes.print(cell(f"without a label: {name}", "yellow"), soft_wrap=True)
    state = "complete" if found.complete else "not as expected"
    counts = f"{len(found.missing)} missing, {len(found.wrong)} wrong, {len(found.unlabelled)} without a label"
    results.print(cell(f"{found.root}: {state}; {counts}", "bold"), soft_wrap=True)


def _document(found: "Scan") -> dict[str, Any]:
    return {
        "source": found.source.name,
        "root": str(found.root),
        "complete": found.complete,
        "counts": [{"what": count.what, "found": count.found, "expected": count.expected} for count in found.counts],
        "missing": list(found.missing),
        "wrong": list(found.wrong),
        "without_label": list(found.unlabelled),
    }
