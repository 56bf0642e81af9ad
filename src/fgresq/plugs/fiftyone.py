"""A ranking as a data set of FiftyOne: one group a content, in it one picture an algorithm.

    dataset = fgresq.plugs.fiftyone.to_fiftyone(ranking, name="my restorers")
    fiftyone.launch_app(dataset)

FiftyOne isn't a requirement of fgresq. Written to the interface of FiftyOne 1.22.1.
"""

from pathlib import Path
from typing import Any

from fgresq.errors import UserError
from fgresq.results import Ranking

try:
    import fiftyone
except ModuleNotFoundError as error:
    if error.name != "fiftyone":
        raise
    raise UserError("this export needs FiftyOne: pip install fiftyone") from error


def to_fiftyone(ranking: Ranking, name: str | None = None) -> Any:
    """Make a grouped data set.

    Args:
        ranking: of images that are files; those that failed have no sample.
        name: of the data set; by default FiftyOne draws one.

    Returns:
        A `fiftyone.Dataset` with group field `group`, a slice an algorithm (the best is shown first), and a sample's
        fields `content`, `algorithm`, `fgresq` (score), `won` (share of its comparisons, a tie one half) and
        `best_of_content`; in `info`, the leaderboard and the provenance.

    Raises:
        UserError: an image that isn't a file, or no image at all.
    """
    missing = [each.path for entry in ranking.contents for each in entry.candidates if not Path(each.path).is_file()]
    if missing:
        raise UserError(f"{missing[0]}: not a file; FiftyOne shows files, so rank folders or paths")
    samples = []
    for entry in ranking.contents:
        group = fiftyone.Group()
        for each in entry.candidates:
            compared = each.wins + each.ties + each.losses
            samples.append(
                fiftyone.Sample(
                    filepath=str(Path(each.path).resolve()),
                    group=group.element(each.algorithm),
                    content=entry.content,
                    algorithm=each.algorithm,
                    fgresq=each.score,
                    won=(each.wins + each.ties / 2) / compared if compared else None,
                    best_of_content=each.algorithm in entry.winners,
                )
            )
    if not samples:
        raise UserError("the ranking has no image that could be judged")
    dataset = fiftyone.Dataset(name)
    dataset.add_group_field("group", default=ranking.leaderboard[0].algorithm)
    dataset.add_samples(samples)
    rows = ranking.to_polars().select("place", "algorithm", "strength", "low", "high", "mean_score", "contents")
    dataset.info = {"leaderboard": rows.to_dicts(), "weights_sha256": ranking.provenance.weights_sha256}
    dataset.save()
    return dataset
