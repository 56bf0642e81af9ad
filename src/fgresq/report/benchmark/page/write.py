"""The page of a benchmark, from its evidence."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fgresq.report.benchmark import marks
from fgresq.report.benchmark.page.embedded import Embedded, Gallery, embed
from fgresq.report.benchmark.page.grid import LEVEL, caveats, grid, headlines, not_separated_from_best
from fgresq.report.benchmark.page.heat import HeatMap, heat_maps, level
from fgresq.report.benchmark.page.record import failures_by_file, totals
from fgresq.report.benchmark.page.views import viewer_index
from fgresq.report.pages import asset, content_security_policy, environment, write_page
from fgresq.results import BenchmarkEvidence

_MIB = 2**20


@dataclass(frozen=True, slots=True)
class PageLimits:
    """How large the page may become.

    Attributes:
        images: bytes that all images in it may take, as the file holds them.
        failures: files named in the list of failures; the others are counted.
    """

    images: int = 40 * _MIB
    failures: int = 500


@dataclass(frozen=True, slots=True)
class WrittenPage:
    """What came into the page: disagreements with their images, and those without."""

    with_images: int
    without_images: int


def write_benchmark_page(evidence: BenchmarkEvidence, path: Path, limits: PageLimits | None = None) -> WrittenPage:
    """Write the self-contained page of a benchmark.

    Args:
        evidence: whose disagreements' paths are image files on this machine; one that can't be read is named there.
        path: of the page; replaced as a whole, or left as it was.
        limits: of its size.

    Raises:
        OutputError: the page can't be written there.
    """
    limits = limits or PageLimits()
    gallery = embed(evidence.disagreements, limits.images)
    write_page(path, _page(evidence, gallery, limits))
    return WrittenPage(len(gallery.entries) - gallery.left_out, gallery.left_out)


def _page(evidence: BenchmarkEvidence, gallery: Gallery, limits: PageLimits) -> Iterator[str]:
    style, script = asset("ranking.css", "benchmark_page.css"), asset("viewer.js")
    titles = {metric.name: metric.title for metric in evidence.metrics}
    index, numbers = viewer_index(gallery, titles)
    galleries = [(title, _of_metric(gallery, numbers, name)) for name, title in titles.items()]
    failures = failures_by_file(evidence.metrics)
    resamples = int(evidence.settings["resamples"])
    yield from (
        environment()
        .get_template("benchmark_page.html.j2")
        .generate(
            evidence=evidence,
            marks=marks,
            heat_level_of=level,
            maps=_maps(evidence),
            matrices=[(matrix, grid(matrix), caveats(matrix, resamples)) for matrix in evidence.matrices],
            headlines=[(matrix, not_separated_from_best(matrix)) for matrix in headlines(evidence.matrices)],
            test_level=LEVEL,
            titles=titles,
            seen_titles={metric.title for metric in evidence.metrics if metric.seen},
            galleries=galleries,
            agreeing=[title for title, of_metric in galleries if not of_metric],
            gallery=gallery,
            limits=limits,
            viewer_index=index,
            viewer_images=([uri] for uri in gallery.images),
            totals=[(metric, totals(metric)) for metric in evidence.metrics],
            failures=failures[: limits.failures],
            failures_left=max(0, len(failures) - limits.failures),
            failed_files=len({failure.path for failure in failures}),
            style=style,
            script=script,
            policy=content_security_policy(style, script),
        )
    )


def _maps(evidence: BenchmarkEvidence) -> tuple[HeatMap, ...]:
    return () if evidence.by_task is None else heat_maps(evidence.by_task.tables[0])


def _of_metric(gallery: Gallery, numbers: Sequence[int | None], name: str) -> list[tuple[Embedded, int | None]]:
    """A metric's disagreements, each with the number of its view."""
    return [pair for pair in zip(gallery.entries, numbers, strict=True) if pair[0].shown.metric == name]
