"""`fgresq rank`."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fgresq.cli.options import BatchSize, Device, Precision, PrecisionOption, Weights, check_output, load, metric_names
from fgresq.cli.terminal import cell, notes, print_failures, progress_bar, results
from fgresq.errors import UserError

if TYPE_CHECKING:
    from fgresq.metrics.base import MetricCard
    from fgresq.results import Ranking
    from fgresq.scoring.gathering import Gathered


def rank(
    places: Annotated[
        list[str],
        typer.Argument(
            metavar="DIR...",
            help="A folder of results; or one an algorithm, as DIR or NAME=DIR; or a table (.csv, .tsv).",
        ),
    ],
    match: Annotated[
        str | None,
        typer.Option(metavar="REGEX", help="Read names by it: groups (?P<content>), (?P<algorithm>), (?P<dataset>)."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be compared, and stop.")] = False,
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
    metrics: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...",
            help="Other metrics to show beside: of `fgresq metrics list`, or your own as `csv:FILE`, `MODULE:FUNCTION` "
            "or `program:COMMAND`.",
        ),
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of references, matched by name, for full-reference --metrics."),
    ] = None,
    crop_border: Annotated[
        int, typer.Option(min=0, metavar="PIXELS", help="Border to cut off for full-reference --metrics.")
    ] = 0,
    modcrop: Annotated[
        int, typer.Option(min=1, metavar="SCALE", help="Cut references to multiples of it, for --metrics.")
    ] = 1,
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

    DIR holds one subfolder an algorithm, with data sets below if there are
    some, or is flat (CONTENT_ALGORITHM.png, or one content). Contents are
    matched by name: what says nothing of them (the algorithm's name, a scale,
    what all names of a folder share) is taken off where the rest then agrees,
    and that is printed first. Every image is encoded once.

    Strengths are Bradley-Terry's, of the probabilities; intervals come from
    resampling the contents. One algorithm is called better than another if the
    paired bootstrap of their difference says so after Holm's correction, and
    never on fewer than 6 contents.
    """
    from fgresq.report.excel import check_excel
    from fgresq.report.tables import RANKING_FORMATS, ranking_csv, ranking_json, write_ranking
    from fgresq.scoring.gathering import gather
    from fgresq.scoring.ranking import RankingSettings

    to_stdout = output == Path("-")
    if to_stdout and json:
        raise UserError("--json and --output - both print to standard output; choose one")
    if output is not None and not to_stdout:
        check_output(output, RANKING_FORMATS)
        if output.suffix.lower() == ".xlsx":
            check_excel()
    check_output(report, (".html", ".htm"))
    gathered = gather(places, pattern=match)
    if dry_run:
        _print_matching(gathered)
        return
    settings = RankingSettings(confidence, resamples, seed, baseline)
    settings.check_baseline(gathered.images)
    beside = _Beside(gathered, metrics, reference, crop_border, modcrop)
    scorer = load(weights, device, precision, batch_size)
    for line in (*gathered.summary(), *beside.notes):
        notes.print(cell(f"matched: {line}", "dim"), soft_wrap=True)
    with progress_bar("encoding", sum(map(len, gathered.images.values()))) as bar:
        ranking = scorer.rank(gathered, settings=settings, progress=lambda done: bar.advance(bar.task_ids[0], done))
    ranking = beside.added_to(ranking)
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
    if ranking.failures or any(each.failures for each in ranking.beside):
        raise typer.Exit(1)


class _Beside:
    """What `--metrics` and its companions ask for, checked before any work."""

    def __init__(
        self, gathered: "Gathered", metrics: str | None, reference: Path | None, border: int, modulo: int
    ) -> None:
        self._images = gathered.images
        self._references: Mapping[str, Path] = {}
        self._metrics: list[MetricCard] = []
        self.notes: tuple[str, ...] = ()
        if metrics is None:
            if reference is not None or border or modulo > 1:
                raise UserError(
                    "--reference, --crop-border and --modcrop are for --metrics; name some, or leave them out"
                )
            return
        from fgresq.benchmark.beside import Cut, identify_all
        from fgresq.scoring.gathering import gather_references

        self._cut = Cut(modulo, border)
        self._metrics = identify_all(metric_names(metrics))
        needing = [card.name for card in self._metrics if card.full_reference]
        if needing and reference is None:
            raise UserError(f"{needing[0]} compares with a reference; name their folder by --reference DIR")
        if reference is not None and not needing:
            raise UserError("none of --metrics looks at a reference; leave --reference out")
        if reference is not None:
            self._references, self.notes = gather_references(gathered, reference)

    def added_to(self, ranking: "Ranking") -> "Ranking":
        """The ranking with what these metrics say."""
        if not self._metrics:
            return ranking
        from fgresq.benchmark.beside import measured

        total = len(self._metrics) * sum(map(len, self._images.values()))
        with progress_bar("other metrics", total) as bar:
            found = measured(
                ranking,
                self._images,
                self._references,
                self._metrics,
                self._cut,
                lambda done: bar.advance(bar.task_ids[0], done),
            )
        return replace(ranking, beside=found)


def _print_matching(gathered: "Gathered") -> None:
    """Every content with its files, by algorithm; then how names were read and what is left over."""
    from fgresq.images.decode import printable

    for content in gathered.shared:
        results.print(cell(content, "bold"), soft_wrap=True)
        for algorithm, contents in gathered.images.items():
            if content in contents:
                results.print(cell(f"  {algorithm}: {printable(contents[content])}"), soft_wrap=True)
    for line in gathered.summary(shown=1_000_000):
        results.print(cell(line), soft_wrap=True)
