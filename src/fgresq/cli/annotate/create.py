"""`fgresq annotate create`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fgresq.cli.annotate.options import StudyName, need_databases
from fgresq.cli.terminal import cell, results


class OrderName(StrEnum):
    """In which order an annotator sees the pairs."""

    RANDOM = "random"
    ACTIVE = "active"


def create(
    manifest: Annotated[
        Path, typer.Argument(metavar="MANIFEST", help="Folder of the data set whose pairs are to be judged.")
    ],
    study: StudyName,
    training: Annotated[
        Path | None,
        typer.Option(metavar="MANIFEST", help="Data set of pairs with known preferences, shown to everybody first."),
    ] = None,
    groups: Annotated[int, typer.Option(min=1, help="Into which pairs are divided; each has a team.")] = 2,
    team_size: Annotated[int, typer.Option(min=1, help="Annotators a team; each judges every pair of its group.")] = 5,
    experts: Annotated[int, typer.Option(min=1, help="Who review disagreements.")] = 1,
    deciding_share: Annotated[
        float, typer.Option(max=1.0, help="Share of a pair's votes that decides it, above 0.5; 1 is unanimity.")
    ] = 1.0,
    equal: Annotated[bool, typer.Option("--equal/--no-equal", help="Whether people may say equal.")] = True,
    repeats: Annotated[float, typer.Option(min=0, max=0.5, help="Share of pairs shown again as a check.")] = 0.05,
    swapped_repeats: Annotated[
        float, typer.Option(min=0, max=0.5, help="Share shown again with the sides swapped.")
    ] = 0.05,
    session_length: Annotated[int, typer.Option(min=1, help="Trials until a break.")] = 120,
    break_minutes: Annotated[float, typer.Option(min=0, help="How long a break should be.")] = 5.0,
    order: Annotated[OrderName, typer.Option(help="Of the pairs; active: most informative first.")] = OrderName.RANDOM,
    seed: Annotated[int, typer.Option(min=0, help="Of all random choices.")] = 0,
) -> None:
    """Make a study: pairs into groups, one team a group, the images' checksums.

    What the manifest says of preferences is shown to nobody. A study's design doesn't change any more.
    """
    need_databases()
    from fgresq.annotation.protocol.design import PairOrder, StudyDesign
    from fgresq.annotation.store import create_study, open_study
    from fgresq.errors import UserError
    from fgresq.manifest import read_manifest

    if not deciding_share > 0.5:
        raise UserError(f"--deciding-share {deciding_share}: more than 0.5 is needed, so that only one can reach it")
    design = StudyDesign(
        seed=seed,
        groups=groups,
        team_size=team_size,
        experts=experts,
        deciding_share=deciding_share,
        equal_allowed=equal,
        repeats=repeats,
        swapped_repeats=swapped_repeats,
        session_length=session_length,
        break_minutes=break_minutes,
        order=PairOrder(order.value),
    )
    shown = None if training is None else read_manifest(training)
    create_study(study, read_manifest(manifest), design, shown)
    made = open_study(study)
    judged = [pair.group for pair in made.pairs.values() if pair.group is not None]
    for group in range(1, groups + 1):
        trials = len(made.trials(f"team{group}-1"))
        line = f"group {group}: {judged.count(group)} pairs; {trials} trials each for {team_size} annotators"
        results.print(cell(line), soft_wrap=True)
    results.print(
        cell(f"{len(made.pairs) - len(judged)} training pairs, {experts} experts; in {study}"), soft_wrap=True
    )
    made.close()
