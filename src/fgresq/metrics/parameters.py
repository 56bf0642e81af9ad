"""Where the authors' parameter files are. They aren't shipped, and nothing here fetches them."""

from pathlib import Path

from fgresq.errors import UserError
from fgresq.files import home
from fgresq.metrics.base import MetricCard


def parameters_folder() -> Path:
    """Where files are looked for when no path is given: `metrics` in $FGRESQ_HOME, else in fgresq's cache folder."""
    return home() / "metrics"


def find_parameters(card: MetricCard, given: Path | None) -> Path:
    """The file that a metric reads its parameters from, or the folder that holds its files.

    Args:
        card: of the metric.
        given: a file, or a folder with files of the declared names; None looks in `parameters_folder`.

    Returns:
        The file or folder; it exists.

    Raises:
        UserError: nothing is there; the message says where to get it.
    """
    place = given if given is not None else parameters_folder()
    if place.is_file() or (place.is_dir() and any((place / name).is_file() for name in card.parameter_files)):
        return place
    problem = f"holds none of {', '.join(card.parameter_files)}" if place.is_dir() else "doesn't exist"
    raise UserError(
        f"{place}: {problem}; {card.title} needs the authors' parameters, which aren't shipped. "
        f"{card.parameters_from} Put them into {parameters_folder()}, or pass their path"
    )
