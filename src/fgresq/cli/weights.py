"""`fgresq weights list | fetch | verify | info`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from fgresq.cli.terminal import cell, results
from fgresq.errors import UserError
from fgresq.names import nearest

if TYPE_CHECKING:
    from fgresq.seen import Seen

app = typer.Typer(help="See, fetch and verify weights.", no_args_is_help=True)

_NameOrFile = Annotated[str, typer.Argument(metavar="NAME|FILE", help="`compact`, `released`, or a weights file.")]


@app.command(name="list")
def list_weights() -> None:
    """The weights that can be used by name, and whether they are here."""
    from fgresq.files import home
    from fgresq.model.checkpoints import read_header
    from fgresq.model.store import EARLIER, RELEASED, locate, read_record

    table = Table("name", "here", "what", box=None, header_style="bold", pad_edge=False)
    _, training = read_header(locate("compact").path)
    table.add_row("compact", "yes", cell(f"ships with fgresq; {training.note}"))
    record = read_record()
    here = "yes" if record is not None and record.path.is_file() else "no"
    table.add_row(
        "released", here, cell(f"the authors', {RELEASED.repository} on the hub; licence: {RELEASED.licence}")
    )
    earlier = home() / f"{EARLIER}.safetensors"
    table.add_row(
        EARLIER,
        "yes" if earlier.is_file() else "no",
        cell(f"`compact` before, to reproduce earlier numbers: weights/{EARLIER}.safetensors of the repository"),
    )
    results.print(table)


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    local_dir: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Keep the file here, or use the one that is here.")
    ] = None,
) -> None:
    """Fetch weights once; HF_ENDPOINT names a mirror, HF_HUB_OFFLINE forbids the network."""
    from fgresq.model.fetching import fetch as fetch_released
    from fgresq.model.store import EARLIER, NAMES, RELEASED, locate

    if name == "compact":
        results.print("compact ships with fgresq; there is nothing to fetch")
        return
    if name == EARLIER:
        results.print(cell(f"{locate(name).path} is here; nothing is fetched"), soft_wrap=True)
        return
    if name != "released":
        raise UserError(f"no weights are called {name!r}; {nearest(name, NAMES)}")
    _print_lines(f"{RELEASED.repository}/{RELEASED.filename}; licence: {RELEASED.licence}")
    record = fetch_released(local_dir)
    _print_lines(
        f"{record.path} ({record.size} bytes)",
        f"revision {record.revision or 'unknown, given by hand'}",
        f"SHA-256 {record.sha256}, recorded",
    )


@app.command()
def verify(weights: _NameOrFile) -> None:
    """Read a weights file anew and compare it with the recorded hash; exit 1 if it has changed."""
    from fgresq.model.store import verify as verify_file

    path, digest, recorded = verify_file(weights)
    state = "as recorded" if recorded else "no hash is recorded for a file given by its path"
    _print_lines(str(path), f"SHA-256 {digest}", state)


@app.command()
def info(weights: _NameOrFile = "compact") -> None:
    """Load weights strictly and say what they are."""
    from fgresq.model.checkpoints import load_checkpoint
    from fgresq.model.store import locate

    located = locate(weights)
    checkpoint = load_checkpoint(located.path, located.sha256)
    config = checkpoint.config
    rows = {
        "file": str(located.path),
        "SHA-256": checkpoint.sha256,
        "note": checkpoint.training.note,
        **{name: str(value) for name, value in (checkpoint.training.model_extra or {}).items() if value},
        "has seen": _seen(checkpoint.training.seen),
        "encoder": config.encoder,
        "degradation branch": "yes" if config.degradation_branch else "no",
        "comparison": f"{config.comparison_classes}, on {config.comparison_input}",
        "preprocessing": str(config.preprocessing),
        "parameters": f"{sum(p.numel() for p in checkpoint.model.parameters()):,}",
    }
    width = max(map(len, rows)) + 2
    _print_lines(*(f"{key:{width}}{value}" for key, value in rows.items()))


def _seen(seen: "Seen | None") -> str:
    if seen is None:
        return "not on record: nothing can tell which images these weights were trained on"
    return f"{seen.images:,} images, listed in the header; split.json has SHA-256 {seen.split}"


def _print_lines(*lines: str) -> None:
    """One line each, never folded, so that a hash or a path can be copied and searched for."""
    for line in lines:
        results.print(cell(line), soft_wrap=True)
