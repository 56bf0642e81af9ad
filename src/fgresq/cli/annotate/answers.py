"""`fgresq annotate export` and `fgresq annotate import`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fgresq.cli.annotate.options import StudyName, opened
from fgresq.cli.options import check_output
from fgresq.cli.terminal import cell, notes, results


class Form(StrEnum):
    """Which columns an export has."""

    FULL = "full"
    PWCMP = "pwcmp"


def export(
    study: StudyName,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Write FILE.parquet, FILE.csv or FILE.json.")
    ],
    form: Annotated[
        Form,
        typer.Option(help="full: every answer and all that is known of it; pwcmp: the votes, as pwcmp reads them."),
    ] = Form.FULL,
) -> None:
    """Write all answers, as they are at one moment; the study may run meanwhile."""
    import polars as pl

    from fgresq.report.frames import write_frame

    check_output(output)
    with opened(study) as opened_study:
        from fgresq.annotation.store.frames import answers_frame, pwcmp_frame

        table = answers_frame(opened_study)
        if form == Form.PWCMP:
            table, equal = pwcmp_frame(opened_study, table)
            if equal:
                notes.print(cell(f"{equal} votes for equal are left out: pwcmp has none", "yellow"), soft_wrap=True)
        elif output.suffix.lower() == ".json":
            table = table.with_columns(pl.col("answered_at").dt.to_string("iso:strict"))
    write_frame(output, table)
    results.print(cell(f"{len(table)} rows in {output}"), soft_wrap=True)


def import_(
    study: StudyName,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="FILE.parquet or FILE.csv: an export, or a table as pwcmp reads it.")
    ],
) -> None:
    """Add answers that were given elsewhere, all of a file or none; what is there already isn't added again."""
    with opened(study) as opened_study:
        from fgresq.annotation.store.importing import import_answers

        done = import_answers(opened_study, file)
    if done.people:
        results.print(cell(f"new annotators without a team: {', '.join(done.people)}"), soft_wrap=True)
    results.print(f"{done.added} answers added, {done.known} known already")
