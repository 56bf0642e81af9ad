"""What the runner asks of a judge: files in, a score or a reason for each of them out."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from fgresq.records import Preference
from fgresq.seen import Seen


class Declaration(BaseModel):
    """What is stored of a judge, so that a store can be read where the judge isn't.

    Attributes:
        name: what it is called by, unique in a table.
        metric: its name in the catalogue of metrics.
        title: as tables write it.
        full_reference: whether it needs the pristine image.
        higher_is_better: the direction of its scores as stored; tables orient by it once.
        compares: whether it also answers for pairs, beside what follows from its scores.
        engine: what runs it.
        version: of its code; scores of another version are another judge's.
        parameters: SHA-256 of its weights or parameter files in hexadecimal; None where it has none.
        settings: what else the answers depend on, such as the precision.
        note: what a reader must know of it, in one line.
        seen: what its weights were trained on, so that a table over that can say so; None where that isn't on record.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    metric: str
    title: str
    full_reference: bool
    higher_is_better: bool
    compares: bool = False
    engine: str = "native"
    version: str
    parameters: str | None = None
    settings: str = ""
    note: str = ""
    seen: Seen | None = None

    @cached_property
    def key(self) -> str:
        """Sixteen hexadecimal digits that change with everything that its answers depend on."""
        told = [self.metric, self.engine, self.version, self.parameters, self.settings]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]

    def oriented(self, score: float) -> float:
        """The score so that higher is better."""
        return score if self.higher_is_better else -score


@dataclass(frozen=True, slots=True)
class Subject:
    """What to judge.

    Attributes:
        image: path of the image.
        reference: path of the pristine one; None for a judge that needs none.
    """

    image: str
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judge's answer.

    Attributes:
        score: in the judge's own unit; PSNR's may be infinite. None where there is none.
        error: why there is none.
        keep: whether the store keeps it; not what befell the judge before it came to the file.
    """

    score: float | None
    error: str | None = None
    keep: bool = True


@dataclass(frozen=True, slots=True)
class PairVerdict:
    """A judge's answer for a pair.

    Attributes:
        preference: which image looks better; None where an image can't be judged.
        p_a_better, p_b_better, p_equal: probabilities that add up to 1; None where there are none.
        scores: of A and B, found on the way.
    """

    preference: Preference | None
    p_a_better: float | None
    p_b_better: float | None
    p_equal: float | None
    scores: tuple[Verdict, Verdict]


@runtime_checkable
class Judge(Protocol):
    """Something that scores image files. A bad file is a verdict, never an exception."""

    @property
    def declaration(self) -> Declaration:
        """What is stored of it."""

    @property
    def at_once(self) -> int:
        """How many files it likes to be given at once."""

    @property
    def spreads(self) -> bool:
        """Whether several processes may each open one."""

    def scores(self, subjects: Sequence[Subject]) -> list[Verdict]:
        """One verdict a subject, in their order."""


@runtime_checkable
class PairJudge(Judge, Protocol):
    """A judge that also compares two images."""

    def compare(self, pairs: Sequence[tuple[str, str]]) -> list[PairVerdict]:
        """One verdict a pair of image files, A first, in their order."""
