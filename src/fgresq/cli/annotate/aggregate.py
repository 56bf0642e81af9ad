"""`fgresq annotate aggregate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fgresq.cli.annotate.options import StudyName, opened
from fgresq.cli.terminal import cell, notes, results

if TYPE_CHECKING:
    from fgresq.annotation.aggregation.verdicts import Aggregated

_FILES = ("verdicts.parquet", "votes.csv", "scales.parquet", "algorithms.parquet", "pairs.parquet")


def aggregate(
    study: StudyName,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder of the new data set; made if it isn't there.")],
    screen: Annotated[
        bool, typer.Option("--screen/--no-screen", help="Leave out the votes of suspected annotators.")
    ] = False,
    exclude: Annotated[
        list[str] | None, typer.Option(metavar="PERSON", help="Leave out this person's votes. Repeatable.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the resamples of intervals.")] = 0,
) -> None:
    """Turn verdicts into a data set: the manifest with preferences, how each came, and strengths from all votes.

    OUT gets the manifest, verdicts.parquet, votes.csv, scales.parquet (the images of each content), algorithms.parquet
    and pairs.parquet (algorithms over contents, as `fgresq rank` has them) and, where images have a MOS, the folder
    consistency with the analysis of the paper's Figure 4. Pairs that aren't decided yet have no preference; they are
    counted, and the exit code is 1.
    """
    with opened(study) as opened_study:
        import polars as pl

        from fgresq.annotation.aggregation.scales import algorithm_standings, content_scales, limits
        from fgresq.annotation.aggregation.verdicts import aggregate as decide
        from fgresq.annotation.aggregation.verdicts import votes_table
        from fgresq.annotation.quality.people import people_quality
        from fgresq.annotation.quality.screening import suspected
        from fgresq.annotation.store.frames import answers_frame, votes_frame
        from fgresq.criteria.standings import IntervalSettings
        from fgresq.locks import only_writer
        from fgresq.manifest import write_manifest
        from fgresq.report.frames import write_frame

        answers = answers_frame(opened_study)
        excluded = {opened_study.person(name).person_id for name in exclude or []}
        for suspicion in suspected(people_quality(answers)):
            what = "left out" if screen else "counted all the same (--screen leaves them out)"
            line = f"{suspicion.person}: {'; '.join(suspicion.reasons)}; {what}"
            notes.print(cell(line, "yellow"), soft_wrap=True)
            excluded |= {suspicion.person} if screen else set()
        done = decide(opened_study, out, sorted(excluded))
        counted, settings = votes_frame(answers).filter(~pl.col("person").is_in(excluded)), IntervalSettings(seed=seed)
        scales = content_scales(counted, settings)
        algorithms, pairs = algorithm_standings(counted, settings)
    votes = votes_table(done.manifest, done.verdicts)
    with only_writer(out):
        write_frame(out / "verdicts.parquet", done.verdicts)
        write_frame(out / "scales.parquet", scales)
        write_frame(out / "algorithms.parquet", algorithms)
        write_frame(out / "pairs.parquet", pairs)
        write_frame(out / "votes.csv", votes)
        write_manifest(done.manifest)
        if votes["mos_a"].is_not_null().any():
            from fgresq.cli.consistency.commands import consistency

            consistency(out / "votes.csv", out / "consistency", None, seed)
    for limit in limits(scales, algorithms, pairs):
        results.print(cell(limit, "yellow"), soft_wrap=True)
    _print(done, out)


def _print(done: "Aggregated", out: Path) -> None:
    states = done.manifest.about["annotation"]["pairs"]
    decided = sum(pair.preference is not None for pair in done.manifest.pairs)
    results.print(cell(", ".join(f"{count} {state}" for state, count in states.items())), soft_wrap=True)
    results.print(f"{decided} of {len(done.manifest.pairs)} pairs decided", style="bold")
    results.print(cell(f"in {out}: a manifest, {', '.join(_FILES)}"), soft_wrap=True)
    if decided < len(done.manifest.pairs):
        raise typer.Exit(1)
