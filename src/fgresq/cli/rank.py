"""`fgresq rank`."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from fgresq.cli.options import BatchSize, Device, Precision, PrecisionOption, Weights, check_output, load
from fgresq.cli.terminal import about_alpha, cell, notes, print_failures, progress_bar
from fgresq.errors import UserError


def rank(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="One subfolder an algorithm, or one flat folder.")],
    weights: Weights = "compact",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write FILE.csv, .json, .md, .parquet, .tex or .xlsx; `-` prints CSV and nothing else.",
        ),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write a page with the ranking and the images.")
    ] = None,
    report_contents: Annotated[int, typer.Option(min=0, help="Contents whose images the page holds.")] = 20,
    report_size: Annotated[float, typer.Option(min=0, metavar="MB", help="That the page's images take at most.")] = 25,
    baseline: Annotated[
        str | None, typer.Option(metavar="NAME", help="Compare every other algorithm with this one.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON and nothing else.")] = False,
    confidence: Annotated[
        float, typer.Option(min=0.5, max=0.999, help='Of the intervals; 1 minus it is the level of "better than".')
    ] = 0.95,
    resamples: Annotated[int, typer.Option(min=4, help="Bootstrap resamples of the contents.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 0,
    device: Device = "auto",
    precision: PrecisionOption = Precision.FP32,
    batch_size: BatchSize = None,
) -> None:
    """Rank restoration algorithms by comparing all pairs of their images, content by content.

    DIR holds one subfolder an algorithm, in which files of the same name show the same content; or it is flat, and
    all its images show one content. Every image is encoded once. Strengths are Bradley-Terry's, of the probabilities;
    intervals come from resampling the contents. One algorithm is called better than another if the paired bootstrap of
    their difference says so after Holm's correction, and never on fewer than 6 contents.
    """
    from fgresq.images.discover import algorithms_in
    from fgresq.report.excel import check_excel
    from fgresq.report.tables import RANKING_FORMATS, ranking_csv, ranking_json, write_ranking
    from fgresq.scoring.ranking import RankingSettings

    to_stdout = output == Path("-")
    if to_stdout and json:
        raise UserError("--json and --output - both print to standard output; choose one")
    if output is not None and not to_stdout:
        check_output(output, RANKING_FORMATS)
        if output.suffix.lower() == ".xlsx":
            check_excel()
    check_output(report, (".html", ".htm"))
    images = algorithms_in(folder)
    settings = RankingSettings(confidence, resamples, seed, baseline)
    scorer = load(weights, device, precision, batch_size)
    with progress_bar("encoding", sum(map(len, images.values()))) as bar:
        ranking = scorer.rank(images, settings=settings, progress=lambda done: bar.advance(bar.task_ids[0], done))
    alpha = about_alpha([path for contents in images.values() for path in contents.values()])
    ranking = replace(ranking, warnings=(*ranking.warnings, *alpha))
    if output is not None and not to_stdout:  # before printing, since the reader of a pipe may leave early
        write_ranking(output, ranking)
    if report is not None:
        from fgresq.report.ranking_page import write_ranking_page

        write_ranking_page(ranking, report, contents=report_contents, megabytes=report_size)
        notes.print(cell(f"report: {report}, {report.stat().st_size / 1e6:.1f} MB"), soft_wrap=True)
    if json or to_stdout:
        print_failures(list(ranking.failures))
        sys.stdout.write(ranking_json(ranking) if json else ranking_csv(ranking))
    else:
        from fgresq.cli.ranking_text import print_ranking

        print_ranking(ranking)
    if ranking.failures:
        raise typer.Exit(1)
