"""`fgresq train degradation | quality | baseline | curves`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from fgresq.cli.terminal import cell, notes, number, progress_bar, results
from fgresq.errors import UserError

if TYPE_CHECKING:
    from fgresq.training.checkpoint import Progress
    from fgresq.training.config import RunConfig

app = typer.Typer(help="Train both stages, the ablation and baselines.", no_args_is_help=True)

_Data = Annotated[Path, typer.Argument(metavar="MANIFEST", help="Folder with manifest.json.")]
_Out = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Checkpoints and log; goes on if it holds some.")]
_Config = Annotated[Path | None, typer.Option("--config", metavar="FILE.yaml", help="Settings; the rest are defaults.")]
_Set = Annotated[list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Change one setting; repeatable.")]


@app.command()
def degradation(manifest: _Data, out: _Out, config: _Config = None, change: _Set = None) -> None:
    """Stage 1: teach the degradation encoder to tell the restoration tasks apart (eq. 4)."""
    from fgresq.training.config import DegradationConfig, read_config

    _train(manifest, read_config(DegradationConfig, config, _changes(change)), out)


@app.command()
def quality(
    manifest: _Data,
    out: _Out,
    config: _Config = None,
    change: _Set = None,
    degradation: Annotated[
        Path | None, typer.Option(metavar="FILE.pt", help="Of stage 1: its best.pt, or last.pt.")
    ] = None,
    without_degradation: Annotated[bool, typer.Option(help='The ablation "w/o DFL" of Table S1.')] = False,
) -> None:
    """Stage 2: train score and comparison (eq. 6 to 9); writes model.safetensors for --weights."""
    from fgresq.training.config import QualityConfig, read_config

    changes = _changes(change)
    if degradation is not None:
        changes["degradation"] = str(degradation)
    if without_degradation:
        changes["without_degradation"] = True
    _train(manifest, read_config(QualityConfig, config, changes), out)


@app.command()
def baseline(manifest: _Data, out: _Out, config: _Config = None, change: _Set = None) -> None:
    """Train any module that scores an image under the same scene-aware loss."""
    from fgresq.training.config import BaselineConfig, read_config

    _train(manifest, read_config(BaselineConfig, config, _changes(change)), out)


@app.command()
def curves(
    log: Annotated[Path, typer.Argument(metavar="LOG", help="log.jsonl of a training.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help=".png, .svg or .pdf")] = Path("curves.png"),
) -> None:
    """Draw a training's loss and scores."""
    from fgresq.report.curves import draw_curves
    from fgresq.training.log import read_log

    draw_curves(read_log(log), out, str(log))
    results.print(cell(str(out)))


def _changes(pairs: list[str] | None) -> dict[str, Any]:
    import yaml

    changes = {}
    for pair in pairs or ():
        name, equals, value = pair.partition("=")
        if not equals:
            raise UserError(f"--set {pair}: NAME=VALUE is needed")
        try:
            changes[name.strip()] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise UserError(f"--set {pair}: the value can't be read as YAML ({str(error).splitlines()[0]})") from error
    return changes


def _train(manifest: Path, config: "RunConfig", out: Path) -> None:
    from fgresq.manifest import read_manifest
    from fgresq.training import distributed
    from fgresq.training.run import run

    with progress_bar("updates", 1) as bar:

        def watch(done: int, of: int, loss: float) -> None:
            bar.update(bar.task_ids[0], completed=done, total=of, description=f"loss {loss:.4f}")

        progress = run(read_manifest(manifest), config, out, watch)
    if distributed.is_main():
        _print_scores(progress)
        notes.print(cell(f"in {out}"), soft_wrap=True)


def _print_scores(progress: "Progress") -> None:
    """The validation side after the last and the best epoch, and the test side by what is kept."""
    shown = {}
    if progress.scores:
        shown[f"validation\nlast, epoch {progress.epoch}"] = progress.scores
    if progress.best_epoch is not None:
        shown[f"validation\nbest, epoch {progress.best_epoch}"] = progress.best_scores
    shown[f"test\nkept, epoch {progress.kept_epoch}"] = progress.test_scores
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("", no_wrap=True)
    for title in shown:
        table.add_column(title, justify="right")
    for name in dict.fromkeys(name for scores in shown.values() for name in scores):
        table.add_row(name, *(number(scores.get(name)) for scores in shown.values()))
    results.print(table)
