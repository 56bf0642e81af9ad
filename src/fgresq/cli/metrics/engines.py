"""`fgresq metrics engines | install | remove`: other people's metrics, in environments of their own."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from fgresq.cli.terminal import cell, notes, results
from fgresq.errors import UserError

if TYPE_CHECKING:
    from fgresq.metrics.engines.declarations import EngineSpec

_Name = Annotated[str, typer.Argument(metavar="NAME", help="As `fgresq metrics engines` prints it.")]
_Yes = Annotated[bool, typer.Option("--yes", "-y", help="Consent to the licences without being asked.")]


def list_engines() -> None:
    """The engines, whether each is installed, what it runs, and what of it has been tried."""
    from fgresq.metrics.engines.declarations import ENGINES
    from fgresq.metrics.engines.environment import State, find

    table = Table("engine", "state", "runs", "disk", box=None, header_style="bold", pad_edge=False)
    for spec in ENGINES.values():
        found = find(spec)
        style = {State.READY: "green", State.ABSENT: ""}.get(found.state, "red")
        table.add_row(spec.name, cell(found.state.value, style), cell(spec.what), cell(spec.disk))
    results.print(table)
    for spec in ENGINES.values():
        found = find(spec)
        _print_lines(f"{spec.name}: {found.why or found.folder}", f"  {spec.tried}")


def install(name: _Name, yes: _Yes = False) -> None:
    """Make an engine's environment: shows the licences, asks for consent, then fetches from the package index."""
    from fgresq.metrics.engines.environment import State, find
    from fgresq.metrics.engines.environment import install as make

    spec = _engine(name)
    found = find(spec)
    if found.state is State.READY:
        _print_lines(f"{name} is installed: {found.folder}")
        return
    _print_lines(
        f"{name} runs {spec.what}. It isn't part of fgresq; these licences are others':",
        *(f"  {licence}" for licence in spec.licences),
        f"It goes into {found.folder} and takes {spec.disk}.",
        f"What has been tried of it: {spec.tried}.",
    )
    _ask_for_consent(spec, yes)
    found = make(spec, lambda line: notes.print(cell(line, "dim"), soft_wrap=True))
    _print_lines(f"{name} is installed: {found.folder}")


def remove(name: _Name) -> None:
    """Remove an engine's environment. Weights that it fetched lie in the caches of its libraries, and stay there."""
    from fgresq.metrics.engines.environment import remove as delete

    removed = delete(_engine(name))
    _print_lines(f"{name} is removed" if removed else f"{name} wasn't installed; there was nothing to remove")


def _engine(name: str) -> "EngineSpec":
    """The engine; of a metric's name, the error says which engine runs it."""
    from fgresq.metrics.catalogue import cards
    from fgresq.metrics.engines.declarations import ENGINES, find_engine

    for metric in cards():
        if metric.name == name and name not in ENGINES and metric.engine in ENGINES:
            raise UserError(f"{name} is a metric; the engine {metric.engine} runs it")
    return find_engine(name)


def _ask_for_consent(spec: "EngineSpec", given: bool) -> None:
    if given:
        return
    if not sys.stdin.isatty():
        raise UserError(
            f"{spec.name}: consent to the licences above is needed, and there is nobody to ask here; read them, then "
            f"run `fgresq metrics install {spec.name} --yes`"
        )
    if not typer.confirm("Do you consent to these licences, and install it?"):
        _print_lines("nothing was installed")
        raise typer.Exit(1)


def _print_lines(*lines: str) -> None:
    """One line each, never folded, so that a path can be copied."""
    for line in lines:
        results.print(cell(line), soft_wrap=True)
