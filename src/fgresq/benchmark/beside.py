"""Any metric of the catalogue beside a ranking: values, the order that they give, and where both disagree."""

import itertools
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from fgresq.criteria.correlation import srcc
from fgresq.errors import ImageError, UserError
from fgresq.images.decode import decode, printable
from fgresq.metrics.base import Item, MetricCard, Score
from fgresq.metrics.composites import COMPOSITES, parts_of
from fgresq.metrics.registry import check, open_metric
from fgresq.metrics.runners import MetricSettings
from fgresq.results import Ranking
from fgresq.results.beside import BesideStanding, MetricBeside, MetricDisagreement
from fgresq.results.judging import ImageScore

Images = Mapping[str, Mapping[str, Path]]
"""Algorithm to content to file."""

_DISAGREEMENTS = 5
_FEWEST_ALGORITHMS = 3


@dataclass(frozen=True, slots=True)
class Cut:
    """What is cut off both pictures before a full-reference metric sees them, as papers on super-resolution do.

    Attributes:
        modulo: first, the reference is cut at its right and lower end to sides that this divides; 1 leaves it.
        border: then so many pixels are cut off each side of both.
    """

    modulo: int = 1
    border: int = 0

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing."""
        if self.modulo < 1 or self.border < 0:
            raise UserError(f"modulo {self.modulo} and border {self.border}: they must be at least 1 and 0")

    @property
    def words(self) -> str:
        """After a metric's name."""
        parts = [f"sides cut to multiples of {self.modulo}"] if self.modulo > 1 else []
        return ", ".join([*parts, *([f"{self.border} pixels cut off"] if self.border else [])])


def identify_all(metrics: Sequence[str]) -> list[MetricCard]:
    """The metrics by their names, before any work; what a sum of metrics adds up comes before it.

    Raises:
        UserError: an unknown metric, one that doesn't work here (with the remedy), or one that is named twice.
    """
    twice = [name for name in dict.fromkeys(metrics) if metrics.count(name) > 1]
    if twice:
        raise UserError(f"--metrics names {twice[0]} twice")
    cards: dict[str, MetricCard] = {}
    for name in metrics:
        card = check(name)
        parts = [part for part in parts_of(card) if part not in metrics]
        cards |= {part: check(part) for part in parts if part not in cards}
        cards[name] = card
    return sorted(cards.values(), key=lambda card: bool(parts_of(card)))


def measured(
    ranking: Ranking,
    images: Images,
    references: Mapping[str, Path],
    metrics: Sequence[MetricCard],
    cut: Cut,
    progress: Callable[[int], None] = lambda done: None,
) -> tuple[MetricBeside, ...]:
    """Every metric on every image of a ranking.

    Args:
        ranking: of these images.
        images: that it ranked.
        references: content to file, for full-reference metrics; a content without one has no value.
        metrics: of `identify_all`.
        cut: for full-reference metrics.
        progress: called with the number of images dealt with since the last call.
    """
    found: dict[str, _Values] = {}
    for card in metrics:
        if parts := parts_of(card):
            found[card.name] = _sums(card, images, {name: found[name] for name in parts})
            progress(sum(map(len, images.values())))
        else:
            found[card.name] = _values(card, images, references, cut, progress)
    return tuple(_beside(ranking, card, images, found[card.name], cut) for card in metrics)


_Values = dict[tuple[str, str], Score]
"""By algorithm and content."""


def _sums(card: MetricCard, images: Images, parts: Mapping[str, _Values]) -> _Values:
    """A sum of metrics whose values are there."""
    composite = COMPOSITES[card.engine_name]
    return {
        (algorithm, content): composite.of({name: values[algorithm, content] for name, values in parts.items()})
        for algorithm, contents in images.items()
        for content in contents
    }


def _values(
    card: MetricCard,
    images: Images,
    references: Mapping[str, Path],
    cut: Cut,
    progress: Callable[[int], None],
) -> _Values:
    metric = open_metric(card, MetricSettings())
    cuts = card.full_reference and cut != Cut()
    found: _Values = {}
    cells = [(algorithm, content) for algorithm, contents in images.items() for content in contents]
    for start in range(0, len(cells), metric.card.at_once):
        batch = cells[start : start + metric.card.at_once]
        with tempfile.TemporaryDirectory(prefix="fgresq-cut-") if cuts else nullcontext("") as folder:
            items: list[tuple[str, str, Item]] = []
            for number, (algorithm, content) in enumerate(batch):
                path, reference = images[algorithm][content], references.get(content)
                try:
                    item = _item(card, path, reference, cut, Path(folder) / str(number))
                except ImageError as error:
                    found[algorithm, content] = Score(None, error.reason)
                else:
                    items.append((algorithm, content, item))
            answers = metric.score([item for _, _, item in items]) if items else []
            found |= {
                (algorithm, content): answer for (algorithm, content, _), answer in zip(items, answers, strict=True)
            }
        progress(len(batch))
    return found


def _item(card: MetricCard, path: Path, reference: Path | None, cut: Cut, target: Path) -> Item:
    """Files as they are, or copies of what is left of them."""
    if not card.full_reference:
        return str(path), None
    if reference is None:
        raise ImageError(str(path), "no reference has this content's name")
    if cut == Cut():
        return str(path), str(reference)
    image, pristine = decode(path), decode(reference)
    height, width = (side // cut.modulo * cut.modulo for side in pristine.shape[:2])
    pristine = pristine[:height, :width]
    if image.shape[:2] != (height, width):
        raise ImageError(
            str(path),
            f"{image.shape[1]}x{image.shape[0]} pixels, and its reference {width}x{height}"
            + ("" if cut.modulo > 1 else "; --modcrop SCALE cuts references to multiples of the scale"),
        )
    if 2 * cut.border >= min(height, width):
        raise ImageError(str(path), f"{width}x{height} pixels: a border of {cut.border} leaves nothing")
    inner = slice(cut.border, height - cut.border), slice(cut.border, width - cut.border)
    target.mkdir()
    files = target / "image.png", target / "reference.png"
    for file, pixels in zip(files, (image[inner], pristine[inner]), strict=True):
        if not cv2.imwrite(str(file), np.ascontiguousarray(pixels[..., ::-1])):
            raise ImageError(str(path), f"what is left of it can't be written to {file}; is the disk full?")
    return str(files[0]), str(files[1])


def _beside(ranking: Ranking, card: MetricCard, images: Images, values: _Values, cut: Cut) -> MetricBeside:
    scores: dict[str, dict[str, float]] = {algorithm: {} for algorithm in images}
    failures = []
    for (algorithm, content), answer in values.items():
        if answer.value is None:
            reason = answer.error or "no reason given"
            failures.append(ImageScore(printable(images[algorithm][content]), None, reason))
        else:
            scores[algorithm][content] = answer.value
    standings: dict[str, BesideStanding] = {}
    contents, order = 0, None
    for number, group in enumerate(ranking.groups):
        means, common = _means(group.algorithms, scores)
        places = _places(means, card)
        standings |= {name: BesideStanding(name, means.get(name), places.get(name)) for name in group.algorithms}
        if number == 0:
            contents, order = common, _order(ranking, group.algorithms, means, card)
    for row in ranking.leaderboard:
        standings.setdefault(row.algorithm, BesideStanding(row.algorithm, None, None))
    found = list(_pairs(ranking, scores, card))
    same = sum(pair.same for pair in found)
    parameters = f", parameters {card.parameters[:12]}" if card.parameters else ""
    return MetricBeside(
        metric=card.name,
        cut=cut.words if card.full_reference else "",
        higher_is_better=card.higher_is_better,
        made_by=f"{card.engine} {card.version}{parameters}",
        scores=scores,
        standings=tuple(standings[row.algorithm] for row in ranking.leaderboard),
        contents=contents,
        order_srcc=order,
        pairs=len(found),
        agreed=same / len(found) if found else None,
        disagreements=_clearest(found),
        failures=tuple(failures),
    )


def _means(algorithms: Sequence[str], scores: Mapping[str, Mapping[str, float]]) -> tuple[dict[str, float], int]:
    """Means over the contents that all have a value of, and how many these are."""
    common = set.intersection(*(set(scores[name]) for name in algorithms))
    if not common:
        return {}, 0
    return {name: sum(scores[name][each] for each in sorted(common)) / len(common) for name in algorithms}, len(common)


def _places(means: Mapping[str, float], card: MetricCard) -> dict[str, int]:
    turned = {name: card.oriented(mean) for name, mean in means.items()}
    return {name: 1 + sum(other > own for other in turned.values()) for name, own in turned.items()}


def _order(ranking: Ranking, algorithms: Sequence[str], means: Mapping[str, float], card: MetricCard) -> float | None:
    strengths = {row.algorithm: row.strength for row in ranking.leaderboard}
    both = [(strengths[name], means[name]) for name in algorithms if name in means]
    if len(both) < _FEWEST_ALGORITHMS:
        return None
    # Ranks alone count, so infinity (PSNR of equal pictures) may stand for the largest finite number.
    turned = np.nan_to_num(np.array([card.oriented(mean) for _, mean in both]))
    return srcc(turned, np.array([strength for strength, _ in both], dtype=np.float64))


@dataclass(frozen=True, slots=True)
class _Pair:
    content: str
    better: str
    worse: str
    values: tuple[float, float]
    wins: float
    distance: float
    same: bool


def _pairs(ranking: Ranking, scores: Mapping[str, Mapping[str, float]], card: MetricCard) -> Iterator[_Pair]:
    """Two images of a content, the one that wins more comparisons first, which both order."""
    for entry in ranking.contents:
        for a, b in itertools.combinations(entry.candidates, 2):
            ours = [each.wins + each.ties / 2 for each in (a, b)]
            values = [scores.get(each.algorithm, {}).get(entry.content) for each in (a, b)]
            if ours[0] == ours[1] or values[0] is None or values[1] is None or values[0] == values[1]:
                continue
            first, second = (a, b) if ours[0] > ours[1] else (b, a)
            own, other = (values[0], values[1]) if ours[0] > ours[1] else (values[1], values[0])
            same = card.oriented(own) > card.oriented(other)
            yield _Pair(
                entry.content, first.algorithm, second.algorithm, (own, other), abs(ours[0] - ours[1]),
                float(np.nan_to_num(abs(own - other))), same,
            )  # fmt: skip


def _clearest(pairs: Sequence[_Pair]) -> tuple[MetricDisagreement, ...]:
    if not pairs:
        return ()
    most_wins, furthest = max(pair.wins for pair in pairs), max(pair.distance for pair in pairs)
    differ = sorted(
        (pair for pair in pairs if not pair.same),
        key=lambda pair: (-pair.wins / most_wins * pair.distance / furthest, pair.content, pair.better, pair.worse),
    )
    return tuple(
        MetricDisagreement(pair.content, pair.better, pair.worse, *pair.values) for pair in differ[:_DISAGREEMENTS]
    )
