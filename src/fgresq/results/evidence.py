"""All that a benchmark's report shows: tables, tests, disagreements, coverage, and where it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass

from fgresq.results.tables import BenchmarkResult


@dataclass(frozen=True, slots=True)
class MetricTest:
    """One metric against another.

    Attributes:
        first, second: their places in the matrix' `titles`.
        difference: the first's criterion minus the second's; None where it is undefined.
        low, high: 95 % interval of the difference; None where it is undefined.
        p: two-sided; None where it is undefined.
        adjusted: by Holm's correction over all tests of the matrix.
    """

    first: int
    second: int
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    adjusted: float | None


@dataclass(frozen=True, slots=True)
class SignificanceMatrix:
    """Every two metrics compared on the same images or pairs.

    Attributes:
        group: a restoration task, "Average", or a data set.
        criterion: "SRCC" or "ACC".
        titles: of the metrics, best first.
        values: their criterion, on what all of them have judged.
        tests: of every two; empty where `why` says that there are none.
        n: images or pairs that all of them have judged.
        contents: that these show.
        left_out: metrics that aren't compared, with the reason, a sentence each.
        why: why nothing is tested; None where something is.
    """

    group: str
    criterion: str
    titles: tuple[str, ...]
    values: tuple[float | None, ...]
    tests: tuple[MetricTest, ...]
    n: int
    contents: int
    left_out: tuple[str, ...]
    why: str | None = None


@dataclass(frozen=True, slots=True)
class SeenImage:
    """One image of a disagreement.

    Attributes:
        path: of the file.
        algorithm: what made it.
        mos: of people, on the source's scale; None when unknown.
        score: of the metric, in its own unit.
    """

    path: str
    algorithm: str
    mos: float | None
    score: float


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two images of one content of which people and a metric prefer different ones.

    Attributes:
        metric: its name.
        source, task, content: of both images; the task is None where they have none.
        by_people: the image that people prefer.
        by_metric: the image that the metric prefers.
        basis: "preferences" of people for this pair, or their "MOS" of each image.
        size: 0 to 1; how far apart, in shares of the source's images, the scores put the two; with MOS, the lesser of
            what the scores and the MOS say.
    """

    metric: str
    source: str
    task: str | None
    content: str
    by_people: SeenImage
    by_metric: SeenImage
    basis: str
    size: float


@dataclass(frozen=True, slots=True)
class SetCoverage:
    """How much of a data set a metric has judged; images without a reference are 0 for a no-reference metric."""

    name: str
    images: int
    scored: int
    failed: int
    without_reference: int
    open: int
    pairs: int
    compared: int


@dataclass(frozen=True, slots=True)
class MetricRecord:
    """A metric: what made its scores, how much it has judged, what it failed on.

    Attributes:
        name, title: as in the tables.
        full_reference, higher_is_better, compares: as it is declared.
        engine, version, parameters, settings, note: as it is declared; `parameters` is a SHA-256 or None.
        last_run: when it last worked for the store, in ISO form.
        coverage: one a data set.
        failures: path and reason of each image that couldn't be judged.
        seen: images that it has judged and that its weights have seen in their training, or the scenes of which.
    """

    name: str
    title: str
    full_reference: bool
    higher_is_better: bool
    compares: bool
    engine: str
    version: str
    parameters: str | None
    settings: str
    note: str
    last_run: str
    coverage: tuple[SetCoverage, ...]
    failures: tuple[tuple[str, str], ...]
    seen: int = 0


@dataclass(frozen=True, slots=True)
class SetRecord:
    """A data set of the store.

    Attributes:
        name: in the store.
        origin: where it was read.
        images, contents, with_mos: how many, of the images looked at.
        pairs: with a preference of people, of the images looked at.
        tables_sha256: of the store's tables of its labels, by name of the table.
        files_sha256: over the sorted hashes of all its image files.
        unreadable: files without a hash.
    """

    name: str
    origin: str
    images: int
    contents: int
    with_mos: int
    pairs: int
    tables_sha256: Mapping[str, str]
    files_sha256: str
    unreadable: int


@dataclass(frozen=True, slots=True)
class BenchmarkEvidence:
    """All that a report shows.

    Attributes:
        by_task, by_range: tables; None where `missing` says why.
        missing: why tables, or their intervals, aren't there; a sentence each.
        matrices: of significance.
        disagreements: of each metric, the greatest first.
        metrics: in the order of the tables.
        sets: in name order.
        settings: name to value of every choice that the figures depend on.
        software: name to version of what computed them.
        notes: what else must be said, a sentence each.
        warnings: what makes figures look too good, a sentence each.
    """

    by_task: BenchmarkResult | None
    by_range: BenchmarkResult | None
    missing: tuple[str, ...]
    matrices: tuple[SignificanceMatrix, ...]
    disagreements: tuple[Disagreement, ...]
    metrics: tuple[MetricRecord, ...]
    sets: tuple[SetRecord, ...]
    settings: Mapping[str, str]
    software: Mapping[str, str]
    notes: tuple[str, ...]
    warnings: tuple[str, ...] = ()
