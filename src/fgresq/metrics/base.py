"""What a metric is: a card that says what it is, and `score`, which judges image files.

`Metric` is all that the commands know of one, whatever runs it: a function of pictures, FGResQ, a program, a table of
scores. What can't be judged is a `Score` with the reason, never an exception and never left out.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from jaxtyping import Float, Float64
from pydantic import BaseModel, ConfigDict, Field, model_validator

from fgresq.errors import UserError
from fgresq.images.arrays import fault_of_range
from fgresq.records import Preference
from fgresq.seen import Seen

Picture: TypeAlias = Float[np.ndarray, "h w 3"] | Float[np.ndarray, "h w"]
# Letters of its own: that the sizes differ is an error of ours.
Reference: TypeAlias = Float[np.ndarray, "h2 w2 3"] | Float[np.ndarray, "h2 w2"]
Scores: TypeAlias = Float64[np.ndarray, " n"]

Item: TypeAlias = tuple[str | os.PathLike[str], str | os.PathLike[str] | None]
"""What to judge: the path of an image, and of its pristine reference (None for a metric that needs none)."""

_NOT_DECLARED = {"compares", "metric", "version", "parameters", "settings", "note", "seen", "at_once", "spreads"}
_NEEDED = "a NumPy array (height, width, 3) or (height, width) of floating point in [0, 1] is needed"


class MetricCard(BaseModel):
    """What is said of a metric. A store keeps it, so that its scores can be read where the metric isn't.

    Attributes:
        name: what it is called by, unique in a table; of the catalogue, lower case with hyphens.
        title: as the literature writes it.
        full_reference: whether it needs the pristine picture.
        higher_is_better: its direction; orient by it once, never by an absolute value.
        compares: whether it also answers for pairs (`PairMetric`), beside what follows from its scores.
        lowest, highest: of its range; None where it has no end, or none is known.
        least_side: pixels that both sides of a picture must have, as far as it is known.
        engine: what runs it: "native" is code here, "fgresq" a model that `fgresq.load` loads; else "csv", "python",
            "program", or the name of an engine, a program in an environment of its own.
        engine_name: what that calls it: a metric of pyiqa, a repository on the hub, weights of `fgresq.load`, a file,
            `MODULE:FUNCTION`, a command. Empty for native ones.
        licence: of the code that runs it; what can't be established says so.
        parameter_files: names of files, not shipped, that it reads; none for most.
        licence_of_parameters: of those, of the weights that its engine fetches, or of the fitted numbers that ship.
            None where there are none.
        parameters_from: where those files or weights come from; empty where it needs none or they ship.
        weights_in: where the libraries of its engine keep its weights, all of them: `torch:FILE` in torch's hub folder,
            `home:FILE` in the user's folder, `hub:OWNER/NAME`, a repository in the Hugging Face hub's cache.
        home_page: of its authors' code, else empty.
        revision: raised when what is declared here comes to give other scores; stored scores of another one are void.
        notes: what else there is to know, a sentence each.
        citation: of the paper; empty where there is none.
        metric: its name in the catalogue, whatever weights it has; by it the paper's figures are found. Empty until
            the metric is identified.
        version: of what computes the scores; scores of another version are another metric's. Empty until identified.
        parameters: SHA-256 of its weights, parameter files or table in hexadecimal; None where it has none.
        settings: what else the scores depend on, such as the precision.
        note: what a reader of a table must know of it, in one line.
        seen: what its weights were trained on, so that a table over that can say so; None where that isn't on record.
        at_once: how many files it likes to be given at once.
        spreads: whether several processes may each open one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str = Field(min_length=1)
    title: str = Field(min_length=1)
    full_reference: bool
    higher_is_better: bool
    compares: bool = False
    lowest: float | None = None
    highest: float | None = None
    least_side: int = Field(default=1, ge=1)
    engine: str = Field(default="native", min_length=1)
    engine_name: str = ""
    licence: str = Field(default="Apache-2.0", min_length=1)
    parameter_files: tuple[str, ...] = ()
    licence_of_parameters: str | None = None
    parameters_from: str = ""
    weights_in: tuple[Annotated[str, Field(pattern=r"^(torch|home):[^/].*$|^hub:[^/]+/[^/]+$")], ...] = ()
    home_page: str = ""
    revision: int = Field(default=1, ge=1)
    notes: tuple[str, ...] = ()
    citation: str = ""
    metric: str = ""
    version: str = ""
    parameters: str | None = None
    settings: str = ""
    note: str = ""
    seen: Seen | None = None
    at_once: int = Field(default=16, ge=1)
    spreads: bool = True

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "MetricCard":
        if bool(self.parameters_from) and not self.licence_of_parameters:
            raise ValueError(
                f"{self.name}: parameters that come from somewhere have a licence, or one that isn't known"
            )
        if self.weights_in and not self.parameters_from:
            raise ValueError(f"{self.name}: weights that are kept somewhere come from somewhere")
        if self.parameter_files and not self.parameters_from:
            raise ValueError(f"{self.name}: files that it reads come from somewhere")
        if self.lowest is not None and self.highest is not None and self.lowest >= self.highest:
            raise ValueError(f"{self.name}: the range from {self.lowest} to {self.highest} is empty")
        return self

    @cached_property
    def key(self) -> str:
        """Sixteen hexadecimal digits that change with everything that its scores depend on; stored scores have it.

        Raises:
            ValueError: the metric isn't identified.
        """
        if not self.version:
            raise ValueError(f"{self.name} isn't identified, so its scores can't be told from others")
        fields = [self.metric, self.engine, self.version, self.parameters, self.settings]
        return hashlib.sha256(json.dumps(fields).encode()).hexdigest()[:16]

    def identified(self, *, version: str, parameters: str | None = None, settings: str = "") -> "MetricCard":
        """The card with all that `key` depends on."""
        fields = {"version": version, "parameters": parameters, "settings": settings}
        return self.model_copy(update={"metric": self.metric or self.name, **fields})

    def declared(self) -> dict[str, Any]:
        """All that is declared of the metric, as plain values; not what identifies it."""
        return self.model_dump(mode="json", exclude=_NOT_DECLARED)

    def oriented(self, score: float) -> float:
        """The score so that higher is better: as it is, or with its sign changed."""
        return score if self.higher_is_better else -score


@dataclass(frozen=True, slots=True)
class Score:
    """A metric's answer for one image.

    Attributes:
        value: in the metric's own unit and direction; PSNR's may be infinite. None where there is none.
        error: why there is none; None where there is a value.
        retry: whether nothing is known of the image itself, since the metric failed before it came to it. Such an
            answer isn't stored, and the image is asked for again by the next run.
    """

    value: float | None
    error: str | None = None
    retry: bool = False


@dataclass(frozen=True, slots=True)
class PairScore:
    """A metric's answer for a pair.

    Attributes:
        preference: which image looks better; None where an image can't be judged.
        p_a_better, p_b_better, p_equal: probabilities that add up to 1; None where there are none.
        scores: of A and B, found on the way.
    """

    preference: Preference | None
    p_a_better: float | None
    p_b_better: float | None
    p_equal: float | None
    scores: tuple[Score, Score]


@runtime_checkable
class Metric(Protocol):
    """Something that scores image files."""

    @property
    def card(self) -> MetricCard:
        """What it is."""

    def score(self, items: Sequence[Item]) -> list[Score]:
        """One answer an item, in their order. A file that can't be judged is an answer with the reason."""


@runtime_checkable
class PairMetric(Metric, Protocol):
    """A metric that also compares two images."""

    def compare(self, pairs: Sequence[tuple[str, str]]) -> list[PairScore]:
        """One answer a pair of image files, A first, in their order."""


def check_picture(image: object, least: int) -> None:
    """Refuse what isn't a picture, RGB or grey, of floating point in [0, 1], or is too small. Every metric calls it.

    The type decides, never the values: a picture of 8 bits may hold nothing but zeros and ones.

    Args:
        image: what the metric was given.
        least: pixels that both sides must have.

    Raises:
        UserError: another type or shape; a side that is too short; a value that is NaN, infinite or outside [0, 1].
    """
    if not isinstance(image, np.ndarray):
        raise UserError(f"an object of type {type(image).__name__} isn't a picture; {_NEEDED}")
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] != 3):
        hint = "; transpose it, its channels come first" if image.ndim == 3 and image.shape[0] in (1, 3) else ""
        raise UserError(f"an image has shape {image.shape}; {_NEEDED}{hint}")
    if not np.issubdtype(image.dtype, np.floating):
        white = {"uint8": "; divide it by 255", "uint16": "; divide it by 65535"}.get(image.dtype.name, "")
        raise UserError(f"an image has {image.dtype} values; {_NEEDED}{white}")
    height, width = image.shape[:2]
    if min(height, width) < least:
        raise UserError(f"an image of {width}x{height} pixels is too small; at least {least}x{least} are needed")
    values = np.asarray(image)  # a masked array would hide its NaN
    fault = fault_of_range(float(values.min()), float(values.max()))  # NaN passes through both
    if fault is not None:
        raise UserError(f"an image {fault}")


def check_same_size(image: Picture, reference: Reference) -> None:
    """Refuse a picture and a reference of two sizes, or one that is grey and one in colour.

    Raises:
        UserError: names both sizes.
    """
    if image.ndim != reference.ndim:
        raise UserError("of picture and reference one is grey and the other in colour; pass both alike")
    if image.shape != reference.shape:
        sizes = " and ".join(f"{each.shape[1]}x{each.shape[0]}" for each in (image, reference))
        raise UserError(f"picture and reference must be of one size, not {sizes} pixels; crop or resize one of them")
