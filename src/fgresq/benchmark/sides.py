"""One side of a training's split, found again in data sets by the hashes of their files.

Weights are measured on what they haven't seen: the test side of their own training, whatever the data set that holds
those images calls them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from fgresq.benchmark.sets import BenchmarkSet
from fgresq.data.split_file import RecordedSide, RecordedSplit, read_split
from fgresq.errors import UserError
from fgresq.names import first_few
from fgresq.records import Pair, Split


@dataclass(frozen=True)
class Side:
    """A side of a split.

    Attributes:
        side: which one.
        split: of a training.
        place: where it was read, for messages.
    """

    side: Split
    split: RecordedSplit
    place: str

    def of(self, sets: Sequence[BenchmarkSet]) -> tuple[BenchmarkSet, ...]:
        """The data sets with nothing but the side. A pair is on it if both its images are, and no other side has it.

        Raises:
            UserError: nothing does; the split is of another data set.
        """
        found = tuple(map(self._of, sets))
        if not any(data.manifest.images for data in found):
            images = sum(len(data.manifest.images) for data in sets)
            raise UserError(
                f"{self.place}: none of the {images} images of {first_few([data.name for data in sets])} is on its "
                f"{self.side} side; the split is of other image files"
            )
        return found

    @property
    def told(self) -> Mapping[str, str]:
        """For the settings of a result."""
        return {"side": self.side.value, "split": self.split.sha256}

    def note(self, sets: Sequence[BenchmarkSet], chosen: Sequence[BenchmarkSet]) -> str:
        """What is measured on, as a sentence."""
        (images, pairs), (some, of_them) = (_counted(sets), _counted(chosen))
        return (
            f"Only the {self.side} side of a split by {self.split.method} (seed {self.split.seed}) is measured on: "
            f"{some:,} of {images:,} images, {of_them:,} of {pairs:,} pairs with a preference."
        )

    def _of(self, data: BenchmarkSet) -> BenchmarkSet:
        hashes = {image.image_id: data.files[image.path].sha256 for image in data.manifest.images}
        images = tuple(image for image in data.manifest.images if hashes[image.image_id] in self._files)
        known = {image.image_id for image in images}

        def stands(pair: Pair) -> bool:
            both = (pair.image_a, pair.image_b)
            return known.issuperset(both) and frozenset(hashes[name] for name in both) not in self._pairs_of_others

        pairs = tuple(pair for pair in data.manifest.pairs if stands(pair))
        return replace(data, manifest=replace(data.manifest, images=images, pairs=pairs))

    @cached_property
    def _files(self) -> frozenset[str | None]:
        return frozenset(self.split.sides[self.side].images.values())

    @cached_property
    def _pairs_of_others(self) -> frozenset[frozenset[str | None]]:
        """By pair, one image may stand on two sides, and then not every pair of two images of a side is on it."""
        own = _pairs(self.split.sides[self.side])
        others = (_pairs(side) for name, side in self.split.sides.items() if name is not self.side)
        return frozenset().union(*others) - own


def read_side(side: Split, place: Path) -> Side:
    """A side of the split of a training.

    Args:
        side: which one.
        place: as for `fgresq.data.split_file.read_split`.

    Raises:
        UserError: there is no split, or it has no such side.
    """
    split = read_split(place)
    if side not in split.sides:
        raise UserError(f"{place}: this split has no {side} side; it has {', '.join(split.sides)}")
    return Side(side, split, str(place))


def _pairs(side: RecordedSide) -> frozenset[frozenset[str | None]]:
    return frozenset(frozenset((side.images[a], side.images[b])) for a, b in side.pairs)


def _counted(sets: Sequence[BenchmarkSet]) -> tuple[int, int]:
    """Images, and pairs with a preference."""
    pairs = sum(pair.preference is not None for data in sets for pair in data.manifest.pairs)
    return sum(len(data.manifest.images) for data in sets), pairs
