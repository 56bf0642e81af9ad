"""`fgresq benchmark report`."""

from pathlib import Path
from typing import Annotated

import typer

from fgresq.cli.benchmark.sides import SideOption, SplitOf, chosen_side
from fgresq.cli.benchmark.table import Compared, Ties
from fgresq.cli.options import check_output, metric_names
from fgresq.cli.terminal import cell, notes, results


def report(
    store: Annotated[Path, typer.Option(metavar="DIR", help="That `fgresq benchmark run` wrote.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.html", help="The page to write.")],
    metrics: Annotated[str | None, typer.Option(metavar="A,B,...", help="By default all in the store.")] = None,
    data_set: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Sources of images. Repeatable; by default all.")
    ] = None,
    only_set: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME", help="Manifests of the store. Repeatable.")
    ] = None,
    side: SideOption = None,
    split_of: SplitOf = None,
    compare: Annotated[Compared | None, typer.Option(help="Set the paper's figures beside ours.")] = None,
    confidence: Annotated[float, typer.Option(min=0.5, max=0.999, help="Of the intervals.")] = 0.95,
    resamples: Annotated[int, typer.Option(min=2, help="Of the contents, for intervals and tests.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Of the resamples.")] = 0,
    ties: Annotated[Ties, typer.Option(help="How ACC counts them.")] = Ties.HALF,
    disagreements: Annotated[int, typer.Option(min=0, help="Pairs shown of each metric, at most.")] = 4,
    image_limit: Annotated[float, typer.Option(min=0, metavar="MIB", help="For all images in the page.")] = 40.0,
) -> None:
    """Write a page with all that a store says: tables, heat maps, intervals, tests, coverage, provenance.

    It also shows the pairs of images on which people and a metric differ most, side by side. The page is one HTML file
    that needs no network and no file beside it. Images that can't be judged are named in it; the exit code is 0.
    """
    from fgresq.benchmark.evidence import make_evidence
    from fgresq.benchmark.store import open_store
    from fgresq.benchmark.tables import TableSettings
    from fgresq.report.benchmark.page import PageLimits, write_benchmark_page

    check_output(out, (".html", ".htm"))
    with notes.status("computing intervals and tests"):  # minutes, where there are many images and metrics
        evidence = make_evidence(
            open_store(store),
            TableSettings(ties=ties.value, confidence=confidence, resamples=resamples, seed=seed),
            sets=only_set or (),
            sources=data_set or (),
            metrics=metric_names(metrics or ""),
            side=chosen_side(side, split_of),
            published=compare is Compared.PUBLISHED,
            disagreements=disagreements,
        )
    written = write_benchmark_page(evidence, out, PageLimits(images=round(image_limit * 2**20)))
    for warning in evidence.warnings:
        notes.print(cell(warning, "bold red"), soft_wrap=True)
    for reason in evidence.missing:
        notes.print(cell(reason, "yellow"), soft_wrap=True)
    size = out.stat().st_size / 2**20
    shown = f"{written.with_images} disagreements with images, {written.without_images} without; {size:.1f} MiB"
    results.print(cell(f"written: {out} ({shown})"), soft_wrap=True)
