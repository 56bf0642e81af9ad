"""What is declared of a source data set; one declaration a source, checked when it is made."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, model_validator

from fgresq.curation.sources.reading import Reading
from fgresq.curation.sources.tree import Tree
from fgresq.curation.tau import Tau
from fgresq.records import RestorationTask


class Purpose(StrEnum):
    """What a source is for."""

    FGRESTORE = "FGRestore"
    RANGE_ANALYSIS = "range analysis only"
    ANY = "any"


class _Declared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Labels(_Declared):
    """The scale of a source's labels.

    Attributes:
        kind: what a label is, in the source's words.
        higher_is_better: its direction; None when it isn't known.
        low, high: least and greatest label as published; None when they aren't known.
        turned_at: a label of which lower is better is read as `turned_at - label`; differences stay as they are.
        spread: what a normalised difference is divided by; None takes high - low, or what is observed.
    """

    kind: str
    higher_is_better: bool | None = None
    low: float | None = None
    high: float | None = None
    turned_at: float | None = None
    spread: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _whole(self) -> "Labels":
        if (self.low is None) != (self.high is None):
            raise ValueError("low and high are known together or not at all")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError("low must be below high")
        if (self.turned_at is not None) != (self.higher_is_better is False):
            raise ValueError("turned_at belongs to labels of which lower is better, and only to them")
        return self

    @property
    def declared_spread(self) -> float | None:
        """What a normalised difference is divided by, if that can be said without the labels."""
        if self.spread is None and self.low is not None and self.high is not None:
            return self.high - self.low
        return self.spread

    def turned(self, label: float) -> float:
        """A label as MOS of which higher is better."""
        return label if self.turned_at is None else self.turned_at - label


class Expected(_Declared):
    """How many of what a complete copy holds; None when it isn't known.

    Attributes:
        images: distorted or restored ones, without references.
        contents, algorithms, references: distinct ones.
        tasks: images of each task.
    """

    images: int | None = None
    contents: int | None = None
    algorithms: int | None = None
    references: int | None = None
    tasks: Mapping[RestorationTask, int] = {}

    @model_validator(mode="after")
    def _adds_up(self) -> "Expected":
        if self.images is not None and sum(self.tasks.values()) > self.images:
            raise ValueError("the tasks have more images than there are")
        return self


class Found(_Declared):
    """How each field of an image is found in a copy laid out as documented, in words."""

    content: str
    task: str
    algorithm: str
    label: str
    reference: str = "there is none"
    scale: str = "votes weren't within a scale, as far as is known"


class Source(_Declared):
    """A data set that images and their labels come from.

    Attributes:
        name: unique, as in the paper.
        title: what it is.
        purpose: what it is used for here.
        licence: as its authors state it; None when no statement of theirs is known here.
        home_page: where it is described or downloaded; None when that isn't known here.
        citation: of the paper that brought it.
        labels, expected: their scale, and the counts of a complete copy.
        tau: our default of tau_d (eq. 1); `docs/curation.md` says how it was chosen.
        layout: the files of a copy, as documented; None when the layout isn't known, and then only a CSV is read.
        found: how each field is found; with `layout`.
        read: reads a copy; with `layout`.
        notes: what a user should know.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9@-]+$")
    title: str
    purpose: Purpose
    licence: str | None = None
    home_page: str | None = Field(default=None, pattern=r"^https?://")
    citation: str | None
    labels: Labels
    expected: Expected
    tau: Tau = Tau(normalised=0.1)
    layout: str | None = None
    found: Found | None = None
    read: Callable[[Tree], Reading] | None = None
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _layout_is_whole(self) -> "Source":
        if len({part is None for part in (self.layout, self.found, self.read)}) != 1:
            raise ValueError("layout, found and read are known together or not at all")
        if self.purpose is Purpose.FGRESTORE and not self.expected.tasks:
            raise ValueError("a source of FGRestore says which tasks it serves")
        return self
