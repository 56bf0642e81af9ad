"""`fgresq annotate status`."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from fgresq.cli.annotate.options import StudyName, opened
from fgresq.cli.options import check_output
from fgresq.cli.terminal import cell, number, results

if TYPE_CHECKING:
    from fgresq.annotation.quality.overview import GroupOverview, Overview
    from fgresq.annotation.quality.people import PersonQuality
    from fgresq.annotation.quality.rate import Rate
    from fgresq.criteria.raters import RaterAgreement

_WIDTH = 112  # of the tables, which say nothing when they are cut to a narrow terminal


def status(
    study: StudyName,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.json", help="Write all figures.")
    ] = None,
) -> None:
    """Show how a study stands: progress, agreement, everybody's figures, and who should be looked at."""
    check_output(output, (".json",))
    with opened(study) as opened_study:
        from fgresq.annotation.quality.overview import overview

        seen = overview(opened_study)
    _print_groups(seen)
    _print_people(seen)
    for suspicion in seen.suspicions:
        results.print(cell(f"look at {suspicion.person}: {'; '.join(suspicion.reasons)}", "yellow"), soft_wrap=True)
    if output is not None:
        from fgresq.report.frames import write_document

        write_document(output, _document(seen))


def _print_groups(seen: "Overview") -> None:
    table = Table("group", box=None, header_style="bold", pad_edge=False)
    for title in ("pairs", "open", "disputed", "unanimous", "majority", "expert", "Fleiss kappa", "Krippendorff alpha"):
        table.add_column(title, justify="right", no_wrap=True)
    for group in seen.groups:
        table.add_row("all" if group.group is None else str(group.group), str(group.pairs), *_states(group))
    Console(highlight=False, width=max(results.width, _WIDTH)).print(table)


def _states(group: "GroupOverview") -> list[str]:
    from fgresq.annotation.protocol.verdicts import VerdictState

    order = (
        *(VerdictState.OPEN, VerdictState.DISPUTED, VerdictState.UNANIMOUS),
        *(VerdictState.MAJORITY, VerdictState.EXPERT),
    )
    return [*(str(group.states.get(state, 0)) for state in order), _agreement(group.kappa), _agreement(group.alpha)]


def _agreement(found: "RaterAgreement") -> str:
    if found.low is None or found.high is None:
        return number(found.value, 2)
    return f"{number(found.value, 2)} ({found.low:.2f} to {found.high:.2f})"


def _print_people(seen: "Overview") -> None:
    figures = {person.person: person for person in seen.people}
    table = Table("person", box=None, header_style="bold", pad_edge=False)
    for title in ("done", "repeats", "swapped", "training", "as others", "left", "circular", "equal", "median s"):
        table.add_column(title, justify="right", no_wrap=True)
    for person, progress in seen.progress:
        of = figures.get(person.person_id)
        table.add_row(cell(person.person_id), f"{progress.done}/{progress.total}", *(_figures(of) if of else ["-"] * 8))
    for found in seen.people:
        if found.team is None:
            table.add_row(cell(found.person), "-", *_figures(found))
    Console(highlight=False, width=max(results.width, _WIDTH)).print(table)


def _figures(person: "PersonQuality") -> list[str]:
    rates = (person.repeats, person.swapped, person.training, person.with_others, person.left, person.triads)
    seconds = None if person.median_ms is None else person.median_ms / 1000
    return [*map(_rate, rates), _rate(person.equal), number(seconds, 1)]


def _rate(rate: "Rate") -> str:
    return "-" if rate.share is None else f"{rate.share:.0%} of {rate.of}"


def _document(seen: "Overview") -> dict[str, Any]:
    return {
        "answers": seen.answers,
        "progress": [{**asdict(person), **asdict(progress)} for person, progress in seen.progress],
        "groups": [asdict(group) for group in seen.groups],
        "people": [asdict(person) for person in seen.people],
        "suspicions": [asdict(suspicion) for suspicion in seen.suspicions],
    }
