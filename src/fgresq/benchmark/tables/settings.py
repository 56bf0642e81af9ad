"""The choices that a table depends on."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from fgresq.criteria.correlation import ScoreMapping

TieRule = Literal["half", "three-class"]
OverSources = Literal["mean", "pooled"]


class TableSettings(BaseModel):
    """How figures are computed.

    Attributes:
        mapping: of scores to MOS before PLCC.
        ties: of ACC. "half": pairs that people judged equal are left out, a predicted tie counts one half.
            "three-class": the share of pairs whose class (A, B, equal) is predicted; scores tie when they are equal.
        over_sources: SRCC and PLCC of a task with several sources. "mean": within each source, then the plain mean,
            since MOS of two sources are on two scales. "pooled": over all images, MOS brought to [0, 1] in each source.
        intervals: whether to bootstrap the contents.
        confidence, resamples, seed: of the intervals.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mapping: ScoreMapping = "raw"
    ties: TieRule = "half"
    over_sources: OverSources = "mean"
    intervals: bool = False
    confidence: float = Field(default=0.95, gt=0, lt=1)
    resamples: int = Field(default=1000, ge=2)
    seed: int = Field(default=0, ge=0)

    def told(self) -> dict[str, str]:
        """Name to value, for a result's file; those of the intervals only where there are intervals."""
        left_out = set() if self.intervals else {"confidence", "resamples", "seed"}
        return {name: str(value) for name, value in self.model_dump(exclude=left_out).items()}
