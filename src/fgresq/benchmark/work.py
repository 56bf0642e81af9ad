"""What a process is asked to do: open a metric, and let it judge some files."""

from fgresq.metrics.base import Item, PairMetric, PairScore, Score
from fgresq.metrics.registry import open_metric
from fgresq.metrics.runners import MetricSettings

ScoreJob = tuple[str, MetricSettings, tuple[Item, ...]]
PairJob = tuple[str, MetricSettings, tuple[tuple[str, str], ...]]


def score_files(job: ScoreJob) -> list[Score]:
    """The scores of some files, in their order; the metric stays open for the next job of this process."""
    name, settings, items = job
    return open_metric(name, settings).score(items)


def compare_files(job: PairJob) -> list[PairScore]:
    """The answers for some pairs of files, in their order."""
    name, settings, pairs = job
    metric = open_metric(name, settings)
    if not isinstance(metric, PairMetric):
        raise TypeError(f"{name} doesn't compare")
    return metric.compare(pairs)
