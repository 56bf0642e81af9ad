"""What other metrics say of the images of a ranking."""

from collections.abc import Mapping
from dataclasses import dataclass

from fgresq.results.judging import ImageScore


@dataclass(frozen=True, slots=True)
class BesideStanding:
    """One algorithm by another metric.

    Attributes:
        algorithm: its name.
        mean: over the contents that all algorithms of its group have a value of; None without any.
        place: by it in its group, the best value first; None without a mean.
    """

    algorithm: str
    mean: float | None
    place: int | None


@dataclass(frozen=True, slots=True)
class MetricDisagreement:
    """Two images of one content that the ranking and the metric order differently.

    Attributes:
        content: what they show.
        preferred: the algorithm that wins more of its comparisons on this content.
        other: the one to which the metric gives the better value.
        preferred_value, other_value: the metric's values.
    """

    content: str
    preferred: str
    other: str
    preferred_value: float
    other_value: float


@dataclass(frozen=True, slots=True)
class MetricBeside:
    """Another metric of the same images, with its own order.

    Attributes:
        metric: its name.
        cut: what was cut off first, such as "4 pixels cut off"; empty where nothing was.
        higher_is_better: the direction of its values.
        made_by: what computed them: engine, version, parameters.
        scores: algorithm to content to value; without images that it couldn't judge.
        standings: in the order of the leaderboard.
        contents: how many the means of the largest group are over.
        order_srcc: rank correlation of its means and the strengths in the largest group; None under three algorithms.
        pairs: two images of one content that both order; ties are left out.
        agreed: share of these that both order in the same way; None without any.
        disagreements: the clearest ones, by the product of both differences, each as a share of its largest.
        failures: images that it couldn't judge, with the reason.
    """

    metric: str
    cut: str
    higher_is_better: bool
    made_by: str
    scores: Mapping[str, Mapping[str, float]]
    standings: tuple[BesideStanding, ...]
    contents: int
    order_srcc: float | None
    pairs: int
    agreed: float | None
    disagreements: tuple[MetricDisagreement, ...]
    failures: tuple[ImageScore, ...]
