"""`--side` and `--split-of`, alike in every command of the benchmark."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fgresq.errors import UserError

if TYPE_CHECKING:
    from fgresq.benchmark.sides import Side


class SideName(StrEnum):
    """Sides of a training's split."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


SideOption = Annotated[
    SideName | None, typer.Option("--side", help="Look at this side of a training's split alone; with --split-of.")
]
SplitOf = Annotated[
    Path | None,
    typer.Option("--split-of", metavar="FOLDER|FILE", help="That `fgresq train` wrote; or its weights, or split.json."),
]


def chosen_side(side: SideName | None, split_of: Path | None) -> "Side | None":
    """The side that was asked for; None where none was.

    Raises:
        UserError: one of the options without the other, or as `fgresq.benchmark.sides.read_side`.
    """
    from fgresq.benchmark.sides import read_side
    from fgresq.records import Split

    if side is None and split_of is None:
        return None
    if split_of is None:
        raise UserError(f"--side {side} of which training? Name its folder with --split-of")
    if side is None:
        raise UserError(f"--split-of {split_of}: which side of it? Use --side test, which it wasn't trained on")
    return read_side(Split(side.value), split_of)
