"""`fgresq annotate withdraw | add`: who takes part."""

from typing import Annotated

import typer

from fgresq.cli.annotate.options import StudyName, opened
from fgresq.cli.terminal import cell, results


def withdraw(
    study: StudyName,
    people: Annotated[list[str], typer.Argument(metavar="PERSON...", help="As `annotate status` names them.")],
) -> None:
    """Let annotators or experts leave. Their answers are kept, but no verdict counts them or waits for them."""
    with opened(study) as opened_study:
        for name in people:
            opened_study.person(name)
        for name in people:
            opened_study.withdraw(name)
            results.print(cell(f"withdrawn: {name}"), soft_wrap=True)


def add(
    study: StudyName,
    team: Annotated[int, typer.Argument(metavar="TEAM", help="Number of the team that gets one more annotator.")],
) -> None:
    """Add an annotator to a team, in the place of one who left or besides the others; pairs wait for their votes."""
    with opened(study) as opened_study:
        person = opened_study.add_annotator(team)
    told = f"added: {person.person_id}; `fgresq annotate links {study} {person.person_id}` makes their link"
    results.print(cell(told), soft_wrap=True)
