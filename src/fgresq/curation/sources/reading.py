"""What a reader finds in a copy of a source, before it is known whether every file is there."""

import math
from dataclasses import dataclass, field

from fgresq.records import RestorationTask


@dataclass(frozen=True, slots=True)
class Entry:
    """One image that a source speaks of.

    Attributes:
        path: of its file below the source's root, with forward slashes; where it is, or where it should be.
        content: the scene depicted, unique within the source.
        algorithm: what made the image.
        label: as published; None when the source gives none.
        task: None for an image that no restoration made; it is never paired.
        reference: path of the pristine image, like `path`.
        scale: the magnification, where votes were within one.
    """

    path: str
    content: str
    algorithm: str
    label: float | None
    task: RestorationTask | None = None
    reference: str | None = None
    scale: str | None = None


@dataclass(slots=True)
class Reading:
    """All that a reader found.

    Attributes:
        entries: the images.
        missing: files that should be there and aren't, other than images and references (those are looked for later).
        wrong: lines and values that can't be used, each with its place.
        aside: image files that belong to the source and have no label, such as hazy inputs.
    """

    entries: list[Entry] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    aside: set[str] = field(default_factory=set)

    def add(self, entry: Entry) -> None:
        """Take an entry, or name what is wrong with its label."""
        if entry.label is not None and not math.isfinite(entry.label):
            self.wrong.append(f"{entry.path}: its label is {entry.label}")
        else:
            self.entries.append(entry)
