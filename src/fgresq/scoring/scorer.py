"""The object that users hold: loaded weights, ready to score, compare and rank."""

import os
from collections.abc import Mapping, Sequence
from typing import TypeAlias, overload

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from fgresq.errors import ImageError, UserError
from fgresq.images.preprocessing import Preprocessing
from fgresq.model.fgresq import FGResQ, Order
from fgresq.results import Comparison, ImageScore, ImageScores, Provenance, Ranking
from fgresq.scoring.encoding import Encoded, ImageEncoder, Progress
from fgresq.scoring.exactness import keep_backward_exact, without_autocast
from fgresq.scoring.gathering import Gathered, gather, gather_mapping
from fgresq.scoring.inputs import ImageInput, ManyImages, OneImage, as_list, check_batch, cut_tensor
from fgresq.scoring.looks import Look, look_at, what_to_know
from fgresq.scoring.ranking import JudgedContent, RankingSettings, preferred, rank_contents

_SETTINGS = RankingSettings()

OfAlgorithm: TypeAlias = str | os.PathLike[str] | ManyImages | NDArray[np.generic] | Mapping[str, ImageInput]
Rankable: TypeAlias = str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | Mapping[str, OfAlgorithm] | Gathered


class Scorer:
    """Scores images, compares two, ranks algorithms. Made by `fgresq.load`.

    Attributes:
        provenance: where the numbers come from; every result of `rank` carries it.
        model: the network, on its device, in evaluation mode and without gradients of its own.
    """

    def __init__(self, encoder: ImageEncoder, provenance: Provenance) -> None:
        self._encoder = encoder
        self.provenance = provenance

    @property
    def model(self) -> FGResQ:
        """The network, on its device, in evaluation mode; its weights take no gradient."""
        return self._encoder.model

    @property
    def preprocessing(self) -> Preprocessing:
        """From a picture of any size to the network's input."""
        return self._encoder.preprocessing

    def forward(self, images: Tensor) -> Float[Tensor, " b"]:
        """Scores that can be differentiated with respect to the images, for use as a loss (1 - score, say).

        The same preprocessing as for files, in float32, and the same answer inside `torch.autocast` as outside, on the
        way back too.

        Args:
            images: (b, 3, h, w), RGB of floating point in [0, 1], on the scorer's device; b may be 0. What overshoots
                by up to 0.001 is clipped, as `score` does, and takes no gradient.

        Returns:
            (b), float32 in (0, 1), higher is better.

        Raises:
            UserError: another type, shape or device; sides that are too short.
            ImageError: an image with values that are NaN, infinite or outside [0, 1].
        """
        check_batch(images, self.model.regression.linear.weight.device)
        if len(images) == 0:
            return images.new_empty(0, dtype=torch.float32)
        with without_autocast(self._encoder.device):
            pixels = images.to(torch.float32).clamp(0, 1)
            scores: Tensor = self.model(cut_tensor(pixels, self.preprocessing))
        keep_backward_exact(scores, pixels)
        return scores

    __call__ = forward

    # A string is a sequence of strings to the type checker, hence the ignored overlaps; at run time it is one path.
    @overload
    def score(self, images: OneImage, *, progress: Progress | None = None) -> ImageScore: ...  # type: ignore[overload-overlap]
    @overload
    def score(self, images: ManyImages, *, progress: Progress | None = None) -> ImageScores: ...
    def score(self, images: OneImage | ManyImages, *, progress: Progress | None = None) -> ImageScore | ImageScores:
        """Score one image, or several.

        Args:
            images: a path, a Pillow image, an array (H, W[, C]) of uint8, uint16 or floating point in [0, 1], a tensor
                (N, 3, H, W) of floating point in [0, 1], or a list of images of any kinds and sizes.
            progress: called with the number of images dealt with since the last call.

        Returns:
            One result for a single image, else a list in the same order. In a list, an image that can't be read has
            no score and says why.

        Raises:
            ImageError: a single image that can't be read; in a list, if that is so of all of them (`judge` answers even
                then).
        """
        items, single = as_list(images)
        encoded = self._encoder.encode(items, progress)
        if single:
            _raise_first(encoded)
        results = self._image_scores(encoded, self._scores(encoded.features))
        if single:
            return results[0]
        if results and all(result.score is None for result in results):
            first = next(iter(encoded.errors.values()))
            raise (
                first
                if len(results) == 1
                else ImageError(
                    first.name, f"{first.reason}; nor could any other of the {len(results)} images be scored"
                )
            )
        return results

    def features(self, images: OneImage | ManyImages) -> Float[Tensor, "n q"]:
        """Quality features F_q (eq. 5), one row an image, float32 on the CPU.

        Raises:
            ImageError: an image that can't be read.
        """
        encoded = self._encoder.encode(as_list(images)[0])
        _raise_first(encoded)
        return encoded.features

    @overload
    def compare(self, a: OneImage, b: OneImage, *, order: Order = "symmetric") -> Comparison: ...  # type: ignore[overload-overlap]
    @overload
    def compare(self, a: ManyImages, b: ManyImages, *, order: Order = "symmetric") -> list[Comparison]: ...
    def compare(
        self,
        a: OneImage | ManyImages,
        b: OneImage | ManyImages,
        *,
        order: Order = "symmetric",
    ) -> Comparison | list[Comparison]:
        """Compare two images, or two lists of images, pair by pair.

        Args:
            a, b: as for `score`; both single or both lists of one length.
            order: "symmetric" averages both orders, so that compare(a, b) and compare(b, a) agree; "released" puts A
                first only, as the authors' code.

        Raises:
            ImageError: an image that can't be read.
            UserError: lists of different lengths, an unknown order.
        """
        if order not in ("symmetric", "released"):
            raise UserError(f"order {order!r} isn't known; use 'symmetric' or 'released'")
        items_a, single_a = as_list(a)
        items_b, single_b = as_list(b)
        if single_a != single_b or len(items_a) != len(items_b):
            raise UserError(f"{len(items_a)} images to compare with {len(items_b)}; both sides need the same number")
        # Each side in batches of its own: where an image stands in a batch shows in its last bits, and swapping A and B
        # must not.
        side_a = self._encoder.encode(items_a)
        side_b = self._encoder.encode(items_b, first=len(items_a))
        for side in (side_a, side_b):
            _raise_first(side)
        device = self._encoder.device
        with self._encoder.at_work():
            rows = self.model.preference(side_a.features.to(device), side_b.features.to(device), order)
        scores_a, scores_b = self._scores(side_a.features), self._scores(side_b.features)
        results = [
            self._comparison((side_a.names[i], scores_a[i]), (side_b.names[i], scores_b[i]), row, order)
            for i, row in enumerate(rows.tolist())
        ]
        return results[0] if single_a else results

    def judge(
        self,
        images: ManyImages,
        pairs: Sequence[tuple[int, int]] = (),
        *,
        order: Order = "symmetric",
        progress: Progress | None = None,
    ) -> tuple[ImageScores, list[Comparison | None]]:
        """Score images and compare pairs of them; each image is encoded once, however many pairs it is in.

        Args:
            images: as for `score`.
            pairs: numbers of two of the images, A first.
            order: as for `compare`.
            progress: as for `score`.

        Returns:
            One score an image, as of `score`, and one comparison a pair; None where an image of it can't be read.
        """
        encoded = self._encoder.encode(as_list(images)[0], progress)
        values = self._scores(encoded.features)
        scores = self._image_scores(encoded, values)
        rows = [(encoded.rows[a], encoded.rows[b]) for a, b in pairs]
        good = [(a, b) for a, b in rows if a is not None and b is not None]
        features = encoded.features.to(self._encoder.device)
        with self._encoder.at_work():
            judged = self.model.preference(features[[a for a, _ in good]], features[[b for _, b in good]], order)
        answers = iter(judged.tolist())
        comparisons: list[Comparison | None] = []
        for (a, b), found in zip(pairs, rows, strict=True):
            sides = [(scores[n].path, values[row]) for n, row in zip((a, b), found, strict=True) if row is not None]
            comparisons.append(self._comparison(sides[0], sides[1], next(answers), order) if len(sides) == 2 else None)
        return scores, comparisons

    def rank(
        self,
        images: Rankable,
        *,
        match: str | None = None,
        settings: RankingSettings = _SETTINGS,
        progress: Progress | None = None,
    ) -> Ranking:
        """Rank restoration algorithms by comparing, content by content, all pairs of their images.

        Args:
            images: what `fgresq rank` takes: a folder of results, a table, or a list of folders (one an algorithm, DIR
                or NAME=DIR); or a mapping of algorithms to folders, to lists of paths, to lists of images or batches
                (those at one place show one content), or to mappings of content to image; or what `gather` found.
            match: a regular expression with groups named content, algorithm, dataset that reads the files' names.
            settings: confidence, resamples and seed of the intervals; the baseline.
            progress: called with the number of images dealt with since the last call.

        Raises:
            LayoutError: names don't tell what is to be compared with what, or two files are one algorithm's of one
                content.
            UserError: fewer than two algorithms; none of them is the baseline; no two have an image of one content.
        """
        table, gathered = _table_of(images, match)
        if len(table) < 2:
            raise UserError(f"{len(table)} algorithms to rank; at least two are needed")
        settings.check_baseline(table)
        cells = [(algorithm, content) for algorithm, contents in table.items() for content in contents]
        inputs = [table[algorithm][content] for algorithm, content in cells]
        looks: dict[int, Look] = {}
        encoded = self._encoder.encode(inputs, progress, look=lambda i, rgb: looks.update({i: look_at(rgb)}))
        by_content: dict[str, list[int]] = {content: [] for content in sorted({content for _, content in cells})}
        for i, row in enumerate(encoded.rows):
            if row is not None:
                by_content[cells[i][1]].append(i)
        return rank_contents(
            [self._judge(content, members, cells, encoded) for content, members in by_content.items()],
            algorithms=tuple(table),
            failures=[ImageScore(encoded.names[i], None, error.reason) for i, error in encoded.errors.items()],
            missing=[(name, content) for name in table for content in by_content if content not in table[name]],
            provenance=self.provenance,
            settings=settings,
            warnings=(
                *(gathered.notes if gathered is not None else ()),
                *what_to_know(cells, inputs, encoded.names, looks),
            ),
            datasets=gathered.datasets if gathered is not None else {},
        )

    def _judge(
        self, content: str, members: Sequence[int], cells: Sequence[tuple[str, str]], encoded: Encoded
    ) -> JudgedContent:
        features = encoded.features[[encoded.rows[i] for i in members]].to(self._encoder.device)
        with self._encoder.at_work():
            scores = self.model.regression(features)
            probabilities = self.model.all_preferences(features)
        return JudgedContent(
            content,
            algorithms=tuple(cells[i][0] for i in members),
            paths=tuple(encoded.names[i] for i in members),
            scores=tuple(scores.tolist()),
            probabilities=probabilities.cpu().numpy(),
        )

    def _scores(self, features: Float[Tensor, "n q"]) -> list[float]:
        with self._encoder.at_work():
            values: list[float] = self.model.regression(features.to(self._encoder.device)).tolist()
        return values

    def _image_scores(self, encoded: Encoded, values: Sequence[float]) -> ImageScores:
        return ImageScores(
            (
                ImageScore(
                    name, None if row is None else values[row], encoded.errors[i].reason if row is None else None
                )
                for i, (name, row) in enumerate(zip(encoded.names, encoded.rows, strict=True))
            ),
            self.provenance,
        )

    def _comparison(self, a: tuple[str, float], b: tuple[str, float], row: Sequence[float], order: Order) -> Comparison:
        """Of two images, each with its name and its score."""
        p_a, p_b, p_equal = row
        return Comparison(
            path_a=a[0],
            path_b=b[0],
            score_a=a[1],
            score_b=b[1],
            p_a_better=p_a,
            p_b_better=p_b,
            p_equal=p_equal,
            preference=preferred(p_a, p_b, p_equal),
            order=order,
            provenance=self.provenance,
        )


def _table_of(images: Rankable, match: str | None) -> tuple[Mapping[str, Mapping[str, ImageInput]], Gathered | None]:
    if isinstance(images, Gathered):
        return images.images, images
    if isinstance(images, Mapping):
        return gather_mapping(images, pattern=match)
    gathered = gather([images] if isinstance(images, str | os.PathLike) else images, pattern=match)
    return gathered.images, gathered


def _raise_first(encoded: Encoded) -> None:
    for error in encoded.errors.values():
        raise error
