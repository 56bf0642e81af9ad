"""Options that several commands share, and the output formats."""

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fgresq.errors import OutputError
from fgresq.files import check_can_write

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from fgresq.scoring.scorer import Scorer
    from fgresq.workers import Map


class Precision(StrEnum):
    """Arithmetic of the encoders."""

    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"


class OrderName(StrEnum):
    """Which orders of a pair a comparison looks at."""

    SYMMETRIC = "symmetric"
    RELEASED = "released"


class EngineName(StrEnum):
    """What spreads the work."""

    PROCESSES = "processes"
    RAY = "ray"


Weights = Annotated[
    str, typer.Option("--weights", "-w", metavar="NAME|FILE", help="`compact`, `released`, or a weights file.")
]
Device = Annotated[str, typer.Option(help="`auto`, `cpu`, `cuda`, `cuda:N` or `mps`.")]
PrecisionOption = Annotated[
    Precision, typer.Option(help="bf16 is faster on a GPU or with AVX-512, and exact to 0.01; fp16 needs a GPU.")
]
BatchSize = Annotated[
    int | None, typer.Option(min=1, help="Images a pass; shows in the last digits of results only (about 1e-7).")
]
Workers = Annotated[
    int | None,
    typer.Option(min=1, help="By default one a core of this machine. Results are the same; a model's scores to 1e-6."),
]
EngineOption = Annotated[
    EngineName, typer.Option("--engine", help="Processes of this machine, or Ray (needs the extra `ray`).")
]
Address = Annotated[
    str | None,
    typer.Option(metavar="HOST:PORT", help="Of a running Ray cluster, or `auto`; without it, Ray starts here."),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write FILE.csv, FILE.json or FILE.parquet.")
]

_OUTPUT_SUFFIXES = (".csv", ".json", ".parquet")


def check_output(path: Path | None, suffixes: tuple[str, ...] = _OUTPUT_SUFFIXES) -> None:
    """Find out before the work, not after it, that its result can't be written.

    Raises:
        OutputError: another suffix, or a place where no file can be made.
    """
    if path is None:
        return
    if path.suffix.lower() not in suffixes:
        raise OutputError(f"{path}: the name must end in {', '.join(suffixes)}")
    check_can_write(path)


def metric_names(given: str) -> list[str]:
    """Names that stand between commas; a comma that belongs to a name is written with a backslash before it."""
    parts = re.split(r"(?<!\\),", given)
    return [name for part in parts if (name := part.replace("\\,", ",").strip())]


def load(weights: str, device: str, precision: Precision, batch_size: int | None) -> "Scorer":
    """Load a scorer; torch is imported here and not before."""
    import fgresq

    return fgresq.load(weights, device=device, precision=precision.value, batch_size=batch_size)


def spread_over(
    engine: EngineName, workers: int | None, address: str | None, items: int | None = None
) -> "AbstractContextManager[Map]":
    """What spreads a command's work: see `fgresq.workers.engine`."""
    from fgresq.workers import Engine
    from fgresq.workers import engine as opened

    return opened(Engine(engine.value), workers, address, items=items)
