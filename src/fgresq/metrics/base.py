"""What a metric is: a declaration of its own, and something that can be called.

A metric knows nothing of files. It takes pictures as RGB arrays in [0, 1] and answers a number; what can't be judged is
a `UserError` that says why, and who holds the file adds its name.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np
from jaxtyping import Float, Float64
from pydantic import BaseModel, ConfigDict, Field, model_validator

from fgresq.errors import UserError
from fgresq.images.arrays import fault_of_range

Picture: TypeAlias = Float[np.ndarray, "h w 3"] | Float[np.ndarray, "h w"]
# Letters of its own: that the sizes differ is an error of ours.
Reference: TypeAlias = Float[np.ndarray, "h2 w2 3"] | Float[np.ndarray, "h2 w2"]
Scores: TypeAlias = Float64[np.ndarray, " n"]

# What runs a metric: code here; a model that `fgresq.load` loads; or a program in an environment of its own.
Engine: TypeAlias = Literal["native", "fgresq", "pyiqa", "deqa", "hf"]

_NEEDED = "a NumPy array (height, width, 3) or (height, width) of floating point in [0, 1] is needed"


class MetricSpec(BaseModel):
    """The declaration of a metric.

    Attributes:
        name: unique, lower case.
        title: as the literature writes it.
        full_reference: whether it needs the pristine picture.
        higher_is_better: its direction; orient by it once, never by an absolute value.
        lowest, highest: of its range; None where it has no end.
        least_side: pixels that both sides of a picture must have, as far as it is known.
        engine: what runs it.
        engine_name: what the engine calls it: a metric of pyiqa, a repository on the hub, weights of `fgresq.load`.
            Empty for native ones.
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
        citation: of the paper.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    title: str = Field(min_length=1)
    full_reference: bool
    higher_is_better: bool
    lowest: float | None
    highest: float | None
    least_side: int = Field(default=1, ge=1)
    engine: Engine = "native"
    engine_name: str = ""
    licence: str = Field(default="Apache-2.0", min_length=1)
    parameter_files: tuple[str, ...] = ()
    licence_of_parameters: str | None = None
    parameters_from: str = ""
    weights_in: tuple[Annotated[str, Field(pattern=r"^(torch|home):[^/].*$|^hub:[^/]+/[^/]+$")], ...] = ()
    home_page: str = ""
    revision: int = Field(default=1, ge=1)
    notes: tuple[str, ...] = ()
    citation: str = Field(min_length=1)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "MetricSpec":
        if (self.engine == "native") != (self.engine_name == ""):
            raise ValueError(f"{self.name}: an engine that isn't native has a name for it, and only such a one")
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

    def oriented(self, score: float) -> float:
        """The score so that higher is better: as it is, or with its sign changed."""
        return score if self.higher_is_better else -score


@runtime_checkable
class Metric(Protocol):
    """Something that judges pictures. `batch` gives exactly what single calls give."""

    @property
    def spec(self) -> MetricSpec:
        """Its declaration."""

    def __call__(self, image: Picture, reference: Reference | None = None) -> float:
        """The score of one picture; a no-reference metric leaves `reference` aside.

        Raises:
            UserError: the picture can't be judged, or a full-reference metric got no reference.
        """

    def batch(self, images: Sequence[np.ndarray], references: Sequence[np.ndarray] | None = None) -> Scores:
        """The scores of pictures of any sizes, in their order. One that can't be judged is an error for all of them."""


@dataclass(frozen=True, slots=True)
class NoReferenceMetric:
    """A metric that sees the picture alone.

    Attributes:
        spec: its declaration.
        judge: the score of one picture.
    """

    spec: MetricSpec
    judge: Callable[[Picture], float]

    def __call__(self, image: Picture, reference: Reference | None = None) -> float:
        """The score of one picture; as `Metric`."""
        return self.judge(image)

    def batch(self, images: Sequence[np.ndarray], references: Sequence[np.ndarray] | None = None) -> Scores:
        """The scores of pictures of any sizes; as `Metric`."""
        return np.array([self.judge(image) for image in images], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class FullReferenceMetric:
    """A metric that compares the picture with the pristine one.

    Attributes:
        spec: its declaration.
        compare: the score of one picture against its reference.
    """

    spec: MetricSpec
    compare: Callable[[Picture, Reference], float]

    def __call__(self, image: Picture, reference: Reference | None = None) -> float:
        """The score of one picture; as `Metric`."""
        if reference is None:
            raise UserError(f"{self.spec.title} compares a picture with its reference; none was given")
        return self.compare(image, reference)

    def batch(self, images: Sequence[np.ndarray], references: Sequence[np.ndarray] | None = None) -> Scores:
        """The scores of pictures of any sizes; as `Metric`."""
        if references is None:
            raise UserError(f"{self.spec.title} compares pictures with their references; none were given")
        if len(references) != len(images):
            raise UserError(f"{len(images)} pictures and {len(references)} references were given; one each is needed")
        return np.array([self.compare(*pair) for pair in zip(images, references, strict=True)], dtype=np.float64)


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
