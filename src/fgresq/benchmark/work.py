"""What a process is asked to do: open a metric, and let it judge some files."""

from fgresq.metrics.base import Item, MetricCard, PairMetric, PairScore, Score
from fgresq.metrics.registry import open_metric
from fgresq.metrics.runners import MetricSettings

ScoreJob = tuple[MetricCard, MetricSettings, tuple[Item, ...]]
PairJob = tuple[MetricCard, MetricSettings, tuple[tuple[str, str], ...]]


def score_files(job: ScoreJob) -> list[Score]:
    """The scores of some files, in their order; the metric stays open for the next job of this process."""
    card, settings, items = job
    return open_metric(card, settings).score(items)


def compare_files(job: PairJob) -> list[PairScore]:
    """The answers for some pairs of files, in their order."""
    card, settings, pairs = job
    metric = open_metric(card, settings)
    if not isinstance(metric, PairMetric):
        raise TypeError(f"{card.name} doesn't compare")
    return metric.compare(pairs)
