"""What people see: results on stdout, progress and notes on stderr."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from fgresq.results import ImageScore, Provenance

results = Console(highlight=False)
notes = Console(stderr=True, highlight=False)


def one_line(text: str) -> str:
    """The text with line ends and other unprintable characters as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def cell(text: str, style: str = "") -> Text:
    """A table cell that shows the text as it is, whatever brackets or line ends are in it."""
    return Text(one_line(text), style=style, overflow="fold")


def number(value: float | None, digits: int = 4) -> str:
    """A number with fixed digits, or a dash where there is none."""
    return "-" if value is None else f"{value:.{digits}f}"


def print_provenance(provenance: Provenance) -> None:
    """One line that says which weights the numbers above come from."""
    from fgresq.report.wording import weights_line

    line = weights_line(provenance)
    results.print(cell(line, "yellow" if provenance.weights_note.startswith("untrained") else "dim"), soft_wrap=True)


def print_failures(failures: list[ImageScore]) -> None:
    """Name every image that couldn't be judged."""
    for failure in failures:
        notes.print(cell(f"failed: {failure.path}: {failure.error}", "red"), soft_wrap=True)


def print_alpha(images: Sequence[str | Path]) -> None:
    """Say which images have an alpha channel, since it isn't judged."""
    from fgresq.images.decode import about_alpha, holds_alpha, printable

    for line in about_alpha([printable(image) for image in images if holds_alpha(image)], len(images)):
        notes.print(cell(line, "dim"), soft_wrap=True)


@contextmanager
def progress_bar(task: str, total: int) -> Iterator[Progress]:
    """A bar on a terminal, nothing elsewhere; advance task 0."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=notes, transient=True, disable=not notes.is_terminal) as bar:
        bar.add_task(task, total=total)
        yield bar
