"""`fgresq rank`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from fgresq.cli.options import BatchSize, Device, Output, Precision, PrecisionOption, Weights, check_output, load
from fgresq.cli.terminal import (
    cell,
    notes,
    number,
    print_alpha,
    print_failures,
    print_provenance,
    progress_bar,
    results,
)
from fgresq.results import AlgorithmStanding, Ranking

_MISSING_SHOWN = 10
# Below this the percentile interval's real coverage is clearly under its nominal one.
_FEW_CONTENTS = 10


def rank(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="One subfolder an algorithm, or one flat folder.")],
    weights: Weights = "compact",
    output: Output = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write a page with the ranking and the images.")
    ] = None,
    report_contents: Annotated[int, typer.Option(min=0, help="Contents whose images the page holds.")] = 20,
    confidence: Annotated[float, typer.Option(min=0.5, max=0.999, help="Of the intervals.")] = 0.95,
    resamples: Annotated[int, typer.Option(min=2, help="Bootstrap resamples of the contents.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 0,
    device: Device = "auto",
    precision: PrecisionOption = Precision.FP32,
    batch_size: BatchSize = None,
) -> None:
    """Rank restoration algorithms by comparing all pairs of their images, content by content.

    DIR holds one subfolder an algorithm, in which files of the same name show the same content; or it is flat, and
    all its images show one content. Every image is encoded once. Strengths are Bradley-Terry's, with ties; intervals
    come from resampling the contents, and algorithms whose intervals overlap are not separated.
    """
    from fgresq.images.discover import algorithms_in
    from fgresq.scoring.ranking import RankingSettings

    check_output(output)
    check_output(report, (".html", ".htm"))
    images = algorithms_in(folder)
    settings = RankingSettings(confidence, resamples, seed)
    scorer = load(weights, device, precision, batch_size)
    with progress_bar("encoding", sum(map(len, images.values()))) as bar:
        ranking = scorer.rank(images, settings=settings, progress=lambda done: bar.advance(bar.task_ids[0], done))
    if output is not None:  # before printing, since the reader of a pipe may leave early
        from fgresq.report.tables import write_ranking

        write_ranking(output, ranking)
    if report is not None:
        from fgresq.report.ranking_page import write_ranking_page

        write_ranking_page(ranking, report, contents=report_contents)
        notes.print(cell(f"report: {report}"), soft_wrap=True)
    _print(ranking)
    print_alpha([path for contents in images.values() for path in contents.values()])
    if ranking.failures:
        raise typer.Exit(1)


def _print(ranking: Ranking) -> None:
    percent = f"{100 * ranking.confidence:g} %"
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("algorithm", overflow="fold")
    for title in ("strength", f"{percent} interval", "won", "W/T/L", "score", "on"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("not separated from", overflow="fold", max_width=30)
    for standing in ranking.leaderboard:
        table.add_row(
            str(standing.place),
            cell(standing.algorithm),
            f"{standing.strength:+.2f}",
            _interval(standing),
            "-" if standing.win_rate is None else f"{100 * standing.win_rate:.0f} %",
            f"{standing.wins}/{standing.ties}/{standing.losses}",
            number(standing.mean_score),
            f"{standing.contents}/{len(ranking.contents)}",
            cell(_not_separated(standing, len(ranking.leaderboard) - 1)),
        )
    results.print(table)
    print_failures(list(ranking.failures))
    _print_missing(ranking)
    if len(ranking.contents) < 2:
        results.print("\none content gives no interval: nothing here is known to be separated", style="bold")
    else:
        results.print(
            f"\n{len(ranking.contents)} contents, {ranking.resamples} resamples of them, {len(ranking.failures)} "
            "images failed; overlapping intervals are not separated"
            + ("; intervals from so few contents are too short" if len(ranking.contents) < _FEW_CONTENTS else ""),
            style="bold",
            soft_wrap=True,
        )
    print_provenance(ranking.provenance)


def _not_separated(standing: AlgorithmStanding, others: int) -> str:
    if standing.low is None:
        return "?"
    if len(standing.not_separated_from) == others:
        return "any other"
    return ", ".join(standing.not_separated_from) or "-"


def _interval(standing: AlgorithmStanding) -> str:
    return "-" if standing.low is None or standing.high is None else f"[{standing.low:+.2f}, {standing.high:+.2f}]"


def _print_missing(ranking: Ranking) -> None:
    for algorithm, content in ranking.missing[:_MISSING_SHOWN]:
        notes.print(cell(f"missing: {algorithm} has no image of {content}", "yellow"), soft_wrap=True)
    if len(ranking.missing) > _MISSING_SHOWN:
        notes.print(f"missing: {len(ranking.missing) - _MISSING_SHOWN} more; --output FILE.json lists all")
