"""A training's log as a picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fgresq.errors import OutputError, UserError
from fgresq.files import written_whole
from fgresq.report.picture import new_figure

_FORMATS = (".png", ".svg", ".pdf")


def draw_curves(entries: Sequence[Mapping[str, Any]], path: Path, name: str = "the log") -> None:
    """Draw the loss of every update, with its running mean, and the scores of every evaluation on the validation side.

    Args:
        entries: of a training log.
        path: to write; .png, .svg or .pdf.
        name: of the log, for the error.

    Raises:
        UserError: the log has no update yet, or matplotlib isn't installed.
        OutputError: it can't be written there.
    """
    if path.suffix.lower() not in _FORMATS:
        raise OutputError(f"{path}: the name must end in {', '.join(_FORMATS)}")
    steps = [entry for entry in entries if entry["event"] == "step"]
    evaluations = [entry for entry in entries if entry["event"] == "evaluation"]
    if not steps:
        raise UserError(f"{name}: has no update yet; there is nothing to draw")
    figure = new_figure(9.0, 3.6, "train")
    left, right = figure.subplots(1, 2)
    at = [entry["step"] for entry in steps]
    for part, colour in (("loss", "black"), ("scene", "tab:blue"), ("rank", "tab:orange")):
        values = [entry[part] for entry in steps if part in entry]
        if len(values) == len(at):
            left.plot(at, values, color=colour, alpha=0.15, linewidth=0.8)
            left.plot(at, _running_mean(values), color=colour, label=part)
    left.set(xlabel="update", ylabel="loss (running mean)")
    left.legend(frameon=False)
    for score in ("acc", "acc_score", "srcc", "task_accuracy", "most_frequent_task"):
        points = [(entry["step"], entry[score]) for entry in evaluations if entry.get(score) is not None]
        if points:
            right.plot(*zip(*points, strict=True), marker="o", markersize=3, label=score)
    right.set(xlabel="update", ylabel="validation side")
    if right.lines:
        right.legend(frameon=False)
    with written_whole(path) as temporary:
        figure.savefig(temporary, format=path.suffix[1:].lower(), dpi=130)


def _running_mean(values: Sequence[float], share: float = 0.05) -> list[float]:
    """Exponential mean over about a twentieth of the updates, without the pull of its start."""
    decay = 1 - 1 / max(1.0, share * len(values))
    mean, weight, means = 0.0, 0.0, []
    for value in values:
        mean, weight = decay * mean + (1 - decay) * value, decay * weight + (1 - decay)
        means.append(mean / weight)
    return means
